//! Events: what the cluster has to say about an object, beyond its status.

use serde::Deserialize;

use super::pods::fault;
use super::{Cause, Fault};
use crate::kubectl;
use crate::pod::Pod;

/// An event (`kubectl get events -o json`).
///
/// The kubelet counts repetitions in `count`; the scheduler leaves that and both timestamps null, and
/// counts in `series`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In one word, such as `FailedScheduling`.
    pub reason: String,
    /// In a sentence.
    pub message: Option<String>,
    count: Option<u32>,
    last_timestamp: Option<String>,
    #[serde(rename = "eventTime")]
    time: Option<String>,
    series: Option<Series>,
    metadata: Metadata,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    count: u32,
    last_observed_time: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    creation_timestamp: Option<String>,
}

impl Event {
    /// How often it was seen.
    pub fn count(&self) -> u32 {
        self.count
            .or(self.series.as_ref().map(|series| series.count))
            .unwrap_or(1)
    }

    /// When it was last seen, to compare: RFC 3339 in UTC, with or without a fraction of a second.
    fn last_seen(&self) -> &str {
        let observed = self
            .series
            .as_ref()
            .and_then(|series| series.last_observed_time.as_deref());
        let time = observed
            .or(self.last_timestamp.as_deref())
            .or(self.time.as_deref())
            .or(self.metadata.creation_timestamp.as_deref());
        // `…:09Z` would come after `…:09.5Z`.
        time.unwrap_or_default().trim_end_matches('Z')
    }
}

/// The warnings of a reply, the last one last; none where the reply is no list of events.
pub fn warnings(reply: &str) -> Vec<Event> {
    let items = kubectl::items(reply).unwrap_or_default();
    let events = items
        .iter()
        .filter_map(|item| Event::deserialize(item).ok());
    let mut warnings: Vec<Event> = events.filter(|event| event.kind == "Warning").collect();
    warnings.sort_by(|a, b| a.last_seen().cmp(b.last_seen()));
    warnings
}

/// The certain fault of a pod that waits for a volume of something that does not exist: its status says
/// `ContainerCreating` and no more.
pub fn volume_fault(pod: &Pod, warnings: &[Event]) -> Option<Fault> {
    let last = warnings
        .iter()
        .rev()
        .find(|event| event.reason == "FailedMount")?;
    let message = last
        .message
        .clone()
        .filter(|message| message.contains("not found"))?;
    Some(fault(pod, None, Cause::Volume, &last.reason, message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(message: &str) -> Option<Fault> {
        let event = json!({ "type": "Warning", "reason": "FailedMount", "message": message });
        volume_fault(
            &Pod::default(),
            &warnings(&json!({ "items": [event] }).to_string()),
        )
    }

    #[test]
    fn a_volume_of_what_does_not_exist_is_a_fault() {
        let message =
            r#"MountVolume.SetUp failed for volume "config" : configmap "nope" not found"#;
        let fault = told(message).unwrap();
        assert_eq!(
            (fault.reason.as_str(), fault.message.as_str()),
            ("FailedMount", message)
        );
    }

    #[test]
    fn a_volume_that_is_late_is_none() {
        let message = r#"MountVolume.SetUp failed for volume "kube-api-access-x" : failed to sync configmap cache: timed out waiting for the condition"#;
        assert_eq!(told(message), None);
    }
}
