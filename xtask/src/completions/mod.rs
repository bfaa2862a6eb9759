//! `completions`: what lets a shell complete `cargo xtask k8s …`.
//!
//! A shell completes by the first word, which here is cargo's. So what clap writes for a program `xtask`
//! is followed by a few lines that make `cargo xtask …` complete as `xtask …`, and leave the rest to cargo's
//! own completion.

use clap::{Command, ValueEnum};
use clap_complete::generate;

/// The program that clap writes completions for.
const PROGRAM: &str = "xtask";

/// What `--help` says below the options.
pub const HELP: &str = "\
Examples:
  cargo xtask k8s completions bash >~/.xtask.bash    and in ~/.bashrc: source ~/.xtask.bash
  cargo xtask k8s completions zsh >~/.xtask.zsh      and in ~/.zshrc, after compinit: source ~/.xtask.zsh
  cargo xtask k8s completions fish >~/.config/fish/conf.d/xtask.fish";

/// A shell that can be taught to complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash 4.4 or later
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
}

/// The script for a shell.
pub fn script(shell: Shell, mut command: Command) -> String {
    let (generator, hook) = match shell {
        Shell::Bash => (clap_complete::Shell::Bash, include_str!("hook.bash")),
        Shell::Zsh => (clap_complete::Shell::Zsh, include_str!("hook.zsh")),
        Shell::Fish => (clap_complete::Shell::Fish, include_str!("hook.fish")),
    };
    let mut script = Vec::new();
    generate(generator, &mut command, PROGRAM, &mut script);
    format!("{}\n{hook}", String::from_utf8_lossy(&script))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clap::CommandFactory;

    use super::*;
    use crate::cmd::Cmd;
    use crate::exec::Exec;
    use crate::flags::Xtask;
    use crate::stop::Stop;

    /// What bash offers behind a line, with a completion of cargo's own that offers `build`.
    fn offered(line: &str) -> String {
        let before = "_own() { COMPREPLY=(build); }; complete -F _own cargo";
        let script = script(Shell::Bash, Xtask::command());
        let ask = format!(
            "COMP_WORDS=({line} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _xtask_of_cargo cargo '' last; echo ${{COMPREPLY[*]}}"
        );
        // Twice, as a shell that reads its settings again does.
        let text = [before, &script, &script, &ask].join("\n");
        let exec = Exec::new(Arc::new(Stop::default()));
        exec.read(&Cmd::new("bash").stdin(text)).unwrap()
    }

    #[test]
    fn bash_completes_our_verbs_behind_cargo_and_leaves_the_rest_to_cargo() {
        let verbs = offered("cargo xtask k8s");
        assert!(verbs.contains("valkey-cli"), "{verbs}");
        let stores = offered("cargo xtask k8s forward");
        assert!(stores.contains("postgres valkey"), "{stores}");
        assert_eq!(offered("cargo").trim(), "build");
    }
}
