//! What is printed of recorded faults.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::config::Preview;
use crate::diagnose::crash::Past;
use crate::diagnose::fixtures::{object, pods, reply};
use crate::diagnose::next::advice;
use crate::diagnose::pods::faults;
use crate::diagnose::valkey_fault;
use crate::project::PROJECT;
use crate::stop::Stop;

fn pod_fault(name: &str) -> Fault {
    faults(&pods(name)[0], &Past::default()).remove(0)
}

/// What would be printed of a recorded fault, its log given.
fn told(name: &str, log: Option<&str>) -> String {
    let warnings = event::warnings(&reply(&format!("get-events.{name}.json")));
    report(&pod_fault(name), &warnings, log.map(Ok)).join("\n")
}

fn log(name: &str) -> String {
    let recorded = reply(name);
    let (_, stdout) = recorded.split_once("--- stdout\n").unwrap();
    stdout.split_once("--- stderr").unwrap().0.to_owned()
}

#[test]
fn a_crash_is_told_with_its_last_words() {
    assert_eq!(
        told("crash-loop", Some(&log("logs.previous.txt"))),
        "\
Pod fx-crash/fx-app-54fbc6dfb8-6xcrb, container app: CrashLoopBackOff
  exit status 3 (Error); started again 4 times
  | starting
  | boom: cannot read DATABASE_URL"
    );
}

#[test]
fn an_init_container_is_named() {
    let told = told("init-crash-loop", Some(&log("logs.init-container.txt")));
    assert!(
        told.starts_with("Pod fx-init/fx-app-698b8866f6-9zf7z, container migrate: CrashLoop"),
        "{told}"
    );
    assert!(
        told.ends_with("\n  | migration failed: relation missing"),
        "{told}"
    );
}

#[test]
fn an_event_that_says_no_more_is_left_out() {
    assert_eq!(
        told("unschedulable", None),
        "\
Pod fx-pending/fx-app-d966d777f-kvwwk: Unschedulable
  0/2 nodes are available: 2 Insufficient cpu."
    );
    assert_eq!(
        told("create-container-config-error", None),
        "\
Pod fx-config/fx-app-b9978fdb9-jb9xx, container app: CreateContainerConfigError
  secret \"nope\" not found"
    );
    assert_eq!(told("image-pull-back-off", None).lines().count(), 2);
    assert_eq!(told("err-image-never-pull", None).lines().count(), 2);
}

#[test]
fn an_event_that_says_more_is_told() {
    assert_eq!(
        told("running-not-ready", Some("")),
        "\
Pod fx-ready/fx-app-67895448bc-rxmww, container app: ContainersNotReady
  containers with unready status: [app]
  Unhealthy (25 times): Readiness probe failed: dial tcp 10.42.0.10:9: connect: connection refused
  its log is empty"
    );
    // Before Kubernetes 1.31 the status did not say why.
    let mut fault = pod_fault("image-pull-back-off");
    fault.message = "Back-off pulling image \"ghcr.io/fx/none:1\"".into();
    let lines = report(
        &fault,
        &event::warnings(&reply("get-events.image-pull-back-off.json")),
        None,
    );
    assert!(
        lines[2].starts_with("  Failed (4 times): Failed to pull image"),
        "{lines:?}"
    );
    assert!(lines[2].ends_with("no such host"), "{lines:?}");
}

#[test]
fn a_custom_resource_is_told_in_its_operators_words() {
    let fault = valkey_fault(&object("get-valkeycluster.user-secret-missing")).unwrap();
    let warnings = event::warnings(&reply("get-events.valkey-user-secret-missing.json"));
    assert_eq!(
        report(&fault, &warnings, None).join("\n"),
        "ValkeyCluster fx-vkbad/fx-vk: UsersACLError\n  user fx: no password or reference found"
    );
}

#[test]
fn there_are_ten_lines_at_most_and_the_last_of_the_log() {
    let mut warnings = event::warnings(&reply("get-events.image-pull-back-off.json"));
    warnings
        .iter_mut()
        .enumerate()
        .for_each(|(at, it)| it.message = Some(format!("warning {at}: of many")));
    let log: Vec<String> = (0..50)
        .map(|at| format!("{at} {}\n\n", "x".repeat(999)))
        .collect();
    let lines = report(&pod_fault("crash-loop"), &warnings, Some(Ok(&log.concat())));
    assert_eq!(lines.len(), 10);
    assert!(
        lines
            .iter()
            .all(|line| line.chars().count() <= LONGEST + 40)
    );
    assert!(
        lines[3].contains("warning 2")
            && lines[4].starts_with("  | 44 ")
            && lines[9].starts_with("  | 49 ")
    );
}

#[test]
fn a_fault_is_told_even_where_nothing_can_be_asked() {
    let exec = Exec::new(Arc::new(Stop::default()));
    exec.use_program("kubectl", "/nonexistent/kubectl".into());
    let lines = gather(&exec, &Cmd::new("kubectl"), &pod_fault("crash-loop"));
    assert_eq!(
        lines[0],
        "Pod fx-crash/fx-app-54fbc6dfb8-6xcrb, container app: CrashLoopBackOff"
    );
    assert_eq!(
        lines[2],
        "  no log: could not be started: it is not installed (not found on PATH)"
    );
}

#[test]
fn the_kubelets_words_are_not_taken_for_the_containers() {
    // As seen with Kubernetes 1.33, where the container had ended a second time while its first end was asked for.
    assert!(is_dropped(
        "unable to retrieve container logs for containerd://4962fb157fa23cc8b4cba32756581a1d40dbe1daa142d66ae8c7b6e5671b5b90"
    ));
    assert!(!is_dropped(&log("logs.previous.txt")));
}

#[test]
fn the_children_ask_for_no_more_than_is_shown() {
    let (kubectl, fault) = (Cmd::new("kubectl"), pod_fault("init-crash-loop"));
    assert_eq!(
        logs(&kubectl, &fault, true).to_string(),
        "kubectl logs fx-app-698b8866f6-9zf7z -n fx-init -c migrate --tail 6 --request-timeout 5s --previous"
    );
    assert_eq!(
        events(&kubectl, "fx-init", "c95ee2c7").to_string(),
        "kubectl get events -n fx-init --field-selector 'involvedObject.uid=c95ee2c7' -o json --request-timeout 5s"
    );
}

#[test]
fn what_to_type_next_depends_on_the_fault() {
    let kubectl = Cmd::new("kubectl").args(["--kubeconfig", "/home/dev/a b/kubeconfig"]);
    let preview = |cluster: &str| Preview {
        project: &PROJECT,
        root: PathBuf::new(),
        cluster: cluster.parse().unwrap(),
        namespace: "ghillie".parse().unwrap(),
    };
    let (preview, another) = (preview(PROJECT.cluster), preview("another"));
    let told = |name, ours| advice(&preview, &kubectl, &pod_fault(name), ours);
    assert_eq!(
        told("crash-loop", true),
        "the whole log: cargo xtask k8s logs"
    );
    assert_eq!(
        told("init-crash-loop", false),
        "the whole log: kubectl --kubeconfig '/home/dev/a b/kubeconfig' logs fx-app-698b8866f6-9zf7z -n fx-init -c migrate --previous"
    );
    assert!(
        told("image-pull-back-off", false)
            .ends_with("describe pod fx-app-7fd456789c-m5jnk -n fx-pull")
    );
    let never = "err-image-never-pull";
    assert!(told(never, true).starts_with("run `cargo xtask k8s up` without --skip-build"));
    assert!(told("unschedulable", false).contains("more memory"));
    let told = |name| advice(&another, &kubectl, &pod_fault(name), true);
    assert!(told(never).starts_with("run `cargo xtask k8s up --cluster-name another` without"));
    assert!(told("crash-loop").ends_with("cargo xtask k8s logs --cluster-name another"));
}
