//! kubectl as a user types it.

use crate::cmd::Cmd;
use crate::names::Namespace;
use crate::state::State;

/// kubectl with arguments of the user's, in the application's namespace where they name no other.
///
/// A plugin, such as `cnpg`, is known by the first of them, and takes its flags after that only (kubectl 1.32:
/// "flags cannot be placed before plugin name"). The kubeconfig is in the environment, which plugins read too.
pub fn typed(state: &State, namespace: &Namespace, args: &[String]) -> Cmd {
    let is_verb = |arg: &String| !arg.starts_with('-');
    let verb = usize::from(args.first().is_some_and(is_verb));
    let (verb, rest) = args.split_at(verb);
    Cmd::new("kubectl")
        .env("KUBECONFIG", state.kubeconfig().to_string_lossy())
        .env("KUBECACHEDIR", state.kube_cache().to_string_lossy())
        .args(verb.iter().cloned())
        .args(["--namespace", namespace.as_str()])
        .args(rest.iter().cloned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn typed_as(words: &str) -> String {
        let state = State::of(Path::new("/s"), &"c".parse().unwrap());
        let args: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let cmd = typed(&state, &"ours".parse().unwrap(), &args);
        assert_eq!(cmd.env["KUBECONFIG"], "/s/c/kubeconfig");
        cmd.to_string()
    }

    #[test]
    fn a_verb_or_plugin_comes_first_and_a_namespace_of_the_users_wins() {
        for (words, expected) in [
            ("cnpg status", "kubectl cnpg --namespace ours status"),
            ("get pods -n x", "kubectl get --namespace ours pods -n x"),
            ("-n x get pods", "kubectl --namespace ours -n x get pods"),
            (
                "exec p -- ls -l",
                "kubectl exec --namespace ours p -- ls -l",
            ),
            ("", "kubectl --namespace ours"),
        ] {
            assert_eq!(typed_as(words), expected);
        }
    }
}
