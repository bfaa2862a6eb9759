//! What to type next.

use super::{Cause, Fault};
use crate::cmd::Cmd;
use crate::config::Preview;
use crate::kubectl::kubectl;
use crate::state::State;

/// What helps against a fault, in a line. Where it is the application's, its log is what `logs` prints.
pub fn next(preview: &Preview, state: &State, fault: &Fault, is_applications: bool) -> String {
    advice(preview, &kubectl(state), fault, is_applications)
}

/// As [`next`], given kubectl with the cluster's kubeconfig.
pub fn advice(preview: &Preview, kubectl: &Cmd, fault: &Fault, is_applications: bool) -> String {
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
    let logs = || {
        if is_applications {
            preview.command("logs")
        } else {
            all_logs(kubectl, fault)
        }
    };
    match fault.cause {
        Cause::Image if fault.reason == "ErrImageNeverPull" => {
            let up = preview.command("up");
            format!("run `{up}` without --skip-build: this image is not in the cluster")
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
