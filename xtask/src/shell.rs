//! `env`: what a shell takes over with `eval`.

use anyhow::Result;

use crate::session::Visit;

/// What points kubectl, helm and others at the preview, from this shell only.
///
/// # Errors
/// Where the cluster does not exist or does not run: then there is nothing to point at.
pub fn env(visit: &Visit) -> Result<String> {
    visit.known()?;
    let kubeconfig = visit.state.kubeconfig();
    Ok(export("KUBECONFIG", &kubeconfig.to_string_lossy()))
}

/// A line that sets a variable in a POSIX shell, for it and what it starts.
fn export(name: &str, value: &str) -> String {
    format!("export {name}={}\n", shell_words::quote(value))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cmd::Cmd;
    use crate::exec::Exec;
    use crate::stop::Stop;

    #[test]
    fn a_shell_reads_any_path_as_it_was() {
        let path = "/home/it's \"me\"/$HOME `id`/ü";
        let script = format!("{}printf %s \"$KUBECONFIG\"", export("KUBECONFIG", path));
        let exec = Exec::new(Arc::new(Stop::default()));
        let read = exec.read(&Cmd::new("sh").args(["-c", &script])).unwrap();
        assert_eq!(read, path);
    }
}
