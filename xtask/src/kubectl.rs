//! kubectl: its argument lists and its words (kubectl 1.28 to 1.37, API server 1.33).
//!
//! Always with `--kubeconfig`, but for what a user types: a `$KUBECONFIG` that is missing silently means `localhost:8080`.

mod typed;

use serde_json::Value;

use crate::cmd::Cmd;
use crate::exec::CmdError;
use crate::names::{Namespace, Port};
use crate::state::State;
use crate::stores::Server;

pub use typed::typed;

/// Who we are to server-side apply.
const FIELD_MANAGER: &str = "xtask-k8s";

/// What a chart of the preview may consist of, for [`charted`].
const CHARTED_KINDS: &str = "deployments.apps,statefulsets.apps,daemonsets.apps,services,configmaps,serviceaccounts,ingresses.networking.k8s.io";

/// What runs, and what it runs on, for [`running`].
const RUNNING_KINDS: &str = "nodes,pods,deployments.apps,statefulsets.apps,daemonsets.apps";

/// kubectl with this cluster's kubeconfig, and without the user's preferences, by which a `delete` may ask
/// first (<https://kubernetes.io/docs/reference/kubectl/kuberc/>).
pub fn kubectl(state: &State) -> Cmd {
    state.with_kubectl(Cmd::new("kubectl")).env("KUBERC", "off")
}

/// Asks the API server whether it is ready.
pub fn ready(state: &State) -> Cmd {
    kubectl(state).args(["get", "--raw", "/readyz", "--request-timeout", "3s"])
}

/// Creates or changes objects to what the manifest says. Exits 0 with the same words whether it changed
/// anything or not.
///
/// Server-side, with the manifest on stdin: so no password stands in an argument or an annotation.
pub fn apply(state: &State, manifest: &Value) -> Cmd {
    apply_text(state, manifest.to_string())
}

/// As [`apply`], for a text of YAML documents or JSON.
pub fn apply_text(state: &State, manifests: String) -> Cmd {
    kubectl(state)
        .args(["apply", "--server-side", "--force-conflicts"])
        .args(["--field-manager", FIELD_MANAGER, "--filename", "-"])
        .stdin(manifests)
        .changes()
}

/// As [`apply`], and prints the object as it is then, for what the server adds to it.
pub fn apply_and_show(state: &State, manifest: &Value) -> Cmd {
    apply(state, manifest).args(["--output", "json"])
}

/// Deletes the objects of these kinds that a selector finds.
pub fn delete(state: &State, namespace: &str, kinds: &str, selector: &str) -> Cmd {
    kubectl(state)
        .args(["delete", kinds, "--namespace", namespace])
        .args([
            "--selector",
            selector,
            "--ignore-not-found",
            "--wait=true",
            "--timeout",
            "60s",
        ])
        .changes()
}

/// Deletes the pods that a selector finds and that do not run yet, without waiting until they are gone.
pub fn delete_pending_pods(state: &State, namespace: &Namespace, selector: &str) -> Cmd {
    kubectl(state)
        .args(["delete", "pods", "--namespace", namespace.as_str()])
        .args(["--selector", selector])
        .args(["--field-selector", "status.phase=Pending"])
        .args(["--ignore-not-found", "--wait=false"])
        .changes()
}

/// Waits until an object is gone.
pub fn wait_deleted(state: &State, name: &str) -> Cmd {
    kubectl(state).args(["wait", "--for=delete", name, "--timeout", "120s"])
}

/// Asks for objects by name, such as `secrets/ghillie`; those that are missing are left out.
pub fn get(state: &State, namespace: &Namespace, names: &[String]) -> Cmd {
    kubectl(state)
        .args(["get", "--namespace", namespace.as_str()])
        .args(names.iter().cloned())
        .args(["--ignore-not-found", "--output", "json"])
}

/// Asks for all objects that Helm manages, and our record of them.
pub fn charted(state: &State) -> Cmd {
    kubectl(state)
        .args(["get", CHARTED_KINDS, "--all-namespaces"])
        .args([
            "--selector",
            "app.kubernetes.io/managed-by in (Helm,xtask-k8s)",
        ])
        .args(["--output", "json"])
}

/// Asks for what runs the pods of a namespace, as far as Helm manages it.
pub fn workloads(state: &State, namespace: &str) -> Cmd {
    let kinds = "deployments.apps,statefulsets.apps,daemonsets.apps";
    kubectl(state)
        .args(["get", kinds, "--namespace", namespace])
        .args(["--selector", "app.kubernetes.io/managed-by=Helm"])
        .args(["--output", "json"])
}

/// Asks for the nodes, all pods and what runs them, patient for a moment only.
pub fn running(state: &State) -> Cmd {
    kubectl(state)
        .args(["get", RUNNING_KINDS, "--all-namespaces"])
        .args(["--request-timeout", "4s", "--output", "json"])
}

/// Asks for the last revision of each Helm release: namespace and labels of the Secrets that Helm keeps,
/// not the Secrets, which hold whole manifests.
pub fn releases(state: &State) -> Cmd {
    kubectl(state)
        .args(["get", "secrets", "--all-namespaces"])
        .args(["--selector", "owner=helm,status!=superseded"])
        .args([
            "--output",
            r#"jsonpath={range .items[*]}{.metadata.namespace} {.metadata.labels}{"\n"}{end}"#,
        ])
}

/// Follows all objects of a kind, in all namespaces: one JSON document a change, without end.
pub fn watch_all(state: &State, kind: &str) -> Cmd {
    watch(kubectl(state).args(["get", kind, "--all-namespaces"]))
}

/// Follows one object, such as `secrets/ghillie`: one JSON document a change, without end. By a
/// selector, as `get secrets/ghillie --watch` fails at once where the object is not there yet.
pub fn watch_one(state: &State, namespace: &Namespace, resource: &str) -> Cmd {
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    watch(
        kubectl(state)
            .args(["get", kind, "--namespace", namespace.as_str()])
            .args(["--field-selector", &format!("metadata.name={name}")]),
    )
}

fn watch(get: Cmd) -> Cmd {
    get.args(["--watch", "--output-watch-events", "--output", "json"])
}

/// Changes an annotation of all pods that have not started, so that the kubelet tries again at once what
/// failed: by itself it waits 10 s and longer (`backOffPeriod` in its `pkg/kubelet/kubelet.go`, 1.33).
pub fn nudge(state: &State, time: u32) -> Cmd {
    kubectl(state)
        .args(["annotate", "pods", "--all-namespaces"])
        .args(["--field-selector", "status.phase=Pending"])
        .args([&format!("xtask-k8s/nudge={time}"), "--overwrite"])
}

/// Asks for all pods.
pub fn pods(state: &State) -> Cmd {
    kubectl(state).args(["get", "pods", "--all-namespaces", "--output", "json"])
}

/// Asks for the log of one container's last run: all of it, where a selector would give ten lines of each.
pub fn logs(state: &State, namespace: &str, pod: &str, container: &str) -> Cmd {
    kubectl(state)
        .args(["logs", pod, "--namespace", namespace])
        .args(["--container", container])
}

/// Runs a program in a container, which reads our stdin; on a terminal of its own where `terminal`.
///
/// When run it ends with the program's own exit status.
pub fn exec(
    state: &State,
    namespace: &Namespace,
    server: &Server,
    terminal: bool,
    program: impl IntoIterator<Item = String>,
) -> Cmd {
    let streams = if terminal { "--stdin --tty" } else { "--stdin" };
    kubectl(state)
        .args(["exec", "--quiet"])
        .args(streams.split(' '))
        .args(["--namespace", namespace.as_str()])
        .args([&server.pod, "--container", server.container, "--"])
        .args(program)
}

/// Holds a port of this machine, on 127.0.0.1 only, whose connections go to a port of a pod.
pub fn port_forward(state: &State, namespace: &Namespace, pod: &str, from: Port, to: u16) -> Cmd {
    kubectl(state)
        .args(["port-forward", "--address", "127.0.0.1"])
        .args(["--namespace", namespace.as_str()])
        .args([format!("pods/{pod}"), format!("{from}:{to}")])
}

/// The objects of a `get -o json` reply: it prints a List, but one object as itself and none as nothing.
///
/// # Errors
/// Where the reply is not JSON.
pub fn items(reply: &str) -> serde_json::Result<Vec<Value>> {
    if reply.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut reply: Value = serde_json::from_str(reply)?;
    Ok(match reply.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => vec![reply],
    })
}

/// Whether a failure is the cluster's trouble of a moment, worth another try: a connection refused or
/// reset, a webhook that does not answer yet, a conflict, a server error.
pub fn is_transient(error: &CmdError) -> bool {
    const WORDS: [&str; 20] = [
        "failed calling webhook",
        "connection refused",
        "connection reset",
        "was refused - did you specify the right host or port",
        "i/o timeout",
        "TLS handshake timeout",
        "context deadline exceeded",
        "EOF",
        "the object has been modified",
        "Operation cannot be fulfilled",
        "the server is currently unable to handle the request",
        "an error on the server",
        "InternalError",
        "ServiceUnavailable",
        "etcdserver:",
        "too many requests",
        "http2: client connection lost",
        "the server was unable to return a response in the time allotted",
        "Internal error occurred",
        "network is unreachable",
    ];
    WORDS.iter().any(|words| error.says(words))
}

/// Whether a failure says that the API has no such kind (yet): its CRD is missing.
pub fn is_unknown_kind(error: &CmdError) -> bool {
    error.says("the server doesn't have a resource type")
        || error.says("no matches for kind")
        || error.says("could not find the requested resource")
}

/// Whether a failure says that an object is not there, or no longer.
pub fn is_not_found(error: &CmdError) -> bool {
    error.says("(NotFound)")
}

/// Whether a failure says that the kubeconfig is of another cluster, an earlier one of this name.
pub fn is_stale_kubeconfig(error: &CmdError) -> bool {
    [
        "x509:",
        "Unauthorized",
        "must be logged in",
        "certificate signed by unknown authority",
    ]
    .iter()
    .any(|words| error.says(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_applied_from_stdin() {
        let state = State::of("/state".as_ref(), &"c".parse().unwrap());
        let cmd = apply_text(&state, "---\nkind: A\n".into());
        let words = "apply --server-side --force-conflicts --field-manager xtask-k8s --filename -";
        assert!(cmd.to_string().ends_with(words), "{cmd}");
        assert_eq!(cmd.stdin.unwrap().0, "---\nkind: A\n");
        assert!(cmd.changes);
    }

    #[test]
    fn a_reply_is_a_list_an_object_or_nothing() {
        assert_eq!(items("").unwrap().len(), 0);
        assert_eq!(
            items(r#"{"kind":"List","items":[{},{}]}"#).unwrap().len(),
            2
        );
        assert_eq!(
            items(r#"{"kind":"Secret"}"#).unwrap(),
            [serde_json::json!({"kind": "Secret"})]
        );
        assert!(items("error").is_err());
    }
}
