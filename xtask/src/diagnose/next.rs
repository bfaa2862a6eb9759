//! What to type next.

use super::{Cause, Fault};
use crate::cmd::Cmd;
use crate::kubectl::kubectl;
use crate::state::State;

/// What helps against a fault, in a line. `logs` is the command that prints the application's log, where
/// the fault is the application's.
pub fn next(state: &State, fault: &Fault, logs: Option<&str>) -> String {
    advice(&kubectl(state), fault, logs)
}

/// As [`next`], given kubectl with the cluster's kubeconfig.
pub fn advice(kubectl: &Cmd, fault: &Fault, logs: Option<&str>) -> String {
    let object = &fault.object;
    let describe = kubectl
        .clone()
        .args([
            "describe",
            &object.kind.to_lowercase(),
            &object.name,
            "-n",
            &object.namespace,
        ])
        .to_string();
    let logs = || logs.map_or_else(|| all_logs(kubectl, fault), ToOwned::to_owned);
    match fault.cause {
        Cause::Image if fault.reason == "ErrImageNeverPull" => {
            "run `cargo xtask k8s up` without --skip-build: this image is not in the cluster".into()
        }
        Cause::Image => format!("check the image's name and the network, then: {describe}"),
        Cause::Create | Cause::Volume => format!("mend what is named above; all of it: {describe}"),
        Cause::Crash if fault.container.is_some() => format!("the whole log: {}", logs()),
        Cause::Memory => format!(
            "raise resources.limits.memory, or see what needs it: {}",
            logs()
        ),
        Cause::Scheduling if fault.message.contains("Insufficient") => {
            "give Docker more memory or processors, or lower resources.requests".into()
        }
        Cause::Probe => format!("see why it is not ready: {}", logs()),
        Cause::Crash | Cause::Scheduling | Cause::Resource => format!("see all of it: {describe}"),
    }
}

fn all_logs(kubectl: &Cmd, fault: &Fault) -> String {
    let container = fault.container.iter().flat_map(|it| ["-c", it]);
    let previous = fault.previous_log.then_some("--previous");
    let cmd = kubectl
        .clone()
        .args(["logs", &fault.object.name, "-n", &fault.object.namespace]);
    cmd.args(container).args(previous).to_string()
}
