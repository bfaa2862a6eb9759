//! What the operators say of their custom resources.

use std::time::Duration;

use serde_json::Value;

use super::{Cause, Fault, Object};

/// The phases of a CloudNativePG `Cluster` that mean failure, by the words that they have in common over
/// the versions (`api/v1/cluster_types.go`, 1.24 to 1.30).
const FAILED_PHASES: [&str; 5] = [
    // `PhaseUnrecoverable`: the `Job` that makes an instance has given up, or no pod is alive.
    "unrecoverable",
    // `PhaseCannotCreateClusterObjects`.
    "Unable to create required cluster objects",
    // `PhaseDefinitionInvalid`.
    "Invalid cluster definition",
    // `PhaseImageCatalogError`.
    "incomplete or invalid image catalog",
    // No constant: it stands in `internal/controller/cluster_controller.go`.
    "Not enough disk space",
];

/// What is wrong with a CloudNativePG `Cluster`. An image that cannot be pulled never shows here, only in
/// its pods.
pub fn postgres_fault(cluster: &Value) -> Option<Fault> {
    let status = &cluster["status"];
    let phase = text(&status["phase"])?;
    let has_failed = FAILED_PHASES.iter().any(|words| phase.contains(words));
    has_failed.then(|| fault(cluster, phase, text(&status["phaseReason"])))
}

/// What is wrong with a `ValkeyCluster` of the Valkey project's operator (0.4.0). Hyperspike's `Valkey`
/// has no failed state: its pods tell.
pub fn valkey_fault(cluster: &Value) -> Option<Fault> {
    let status = &cluster["status"];
    if text(&status["state"])? != "Failed" || is_of_older_generation(cluster) {
        return None;
    }
    Some(fault(
        cluster,
        text(&status["reason"]).unwrap_or("Failed"),
        text(&status["message"]),
    ))
}

/// How a custom resource is, in its operator's words.
pub fn state_words(resource: &Value) -> String {
    let status = &resource["status"];
    let words = ["phase", "message", "state"]
        .into_iter()
        .find_map(|field| text(&status[field]));
    match (words, status["ready"].as_bool()) {
        (Some(words), _) => words.to_owned(),
        (None, Some(true)) => "ready".to_owned(),
        (None, Some(false)) => "not ready yet".to_owned(),
        (None, None) => "not seen by its operator yet".to_owned(),
    }
}

/// Both operators go on trying, and what they say may be of a moment ago.
fn fault(resource: &Value, reason: &str, message: Option<&str>) -> Fault {
    let own = |value: &Value| text(value).unwrap_or_default().to_owned();
    let metadata = &resource["metadata"];
    Fault {
        object: Object {
            kind: own(&resource["kind"]),
            namespace: own(&metadata["namespace"]),
            name: own(&metadata["name"]),
            uid: own(&metadata["uid"]),
        },
        container: None,
        cause: Cause::Resource,
        reason: reason.to_owned(),
        message: message.unwrap_or_default().to_owned(),
        certain_after: Duration::from_secs(10),
        release: None,
        previous_log: false,
    }
}

/// Whether the operator has not yet looked at the resource as it is now.
fn is_of_older_generation(resource: &Value) -> bool {
    let generation = resource["metadata"]["generation"].as_u64();
    let conditions = resource["status"]["conditions"].as_array();
    let ready = conditions
        .into_iter()
        .flatten()
        .find(|it| it["type"] == "Ready");
    let seen = ready.and_then(|it| it["observedGeneration"].as_u64());
    seen.is_some() && seen < generation
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}
