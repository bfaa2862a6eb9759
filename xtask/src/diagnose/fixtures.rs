//! Recorded replies, pods as they come and go, and what no tool would ever reply.

use std::fs;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Fault, Faults, event};
use crate::pod::{Change, Pod};

/// A recorded reply of kubectl, by its file name.
pub fn reply(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/kubectl");
    fs::read_to_string(format!("{folder}/{name}")).unwrap()
}

/// A recorded object.
pub fn object(name: &str) -> Value {
    serde_json::from_str(&reply(&format!("{name}.json"))).unwrap()
}

/// The pods of a recorded list.
pub fn pods(name: &str) -> Vec<Pod> {
    let list = object(&format!("get-pods.{name}"));
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| Pod::read(pod).unwrap())
        .collect()
}

/// The fault of a pod of whose volumes an event says this.
pub fn volume_fault(pod: &Pod, message: &str) -> Option<Fault> {
    let event = json!({ "type": "Warning", "reason": "FailedMount", "message": message });
    let warnings = event::warnings(&json!({ "items": [event] }).to_string());
    event::volume_fault(pod, &warnings)
}

/// Tells of pods at seconds after the beginning.
pub struct Told {
    pub faults: Faults,
    begin: Instant,
}

impl Told {
    pub fn new() -> Self {
        Self {
            faults: Faults::default(),
            begin: Instant::now(),
        }
    }

    pub fn at(&self, second: u64) -> Instant {
        self.begin + Duration::from_secs(second)
    }

    pub fn pod(&mut self, second: u64, pod: Pod) {
        self.faults
            .change(Change::Now(Box::new(pod)), self.at(second));
    }

    pub fn certain(&self, second: u64) -> Option<&str> {
        let fault = self.faults.certain(self.at(second), |_| true);
        fault.map(|fault| fault.reason.as_str())
    }
}

/// A pod whose one container has this state, was started again so often, and ended so before.
pub fn pod(state: &Value, restarts: u32, last: &Value) -> Pod {
    let container = json!({
        "name": "app", "state": state, "restartCount": restarts, "lastState": last, "ready": false,
    });
    let status = json!({ "phase": "Running", "containerStatuses": [container] });
    Pod::read(&json!({ "metadata": { "uid": "1", "name": "app-1" }, "status": status })).unwrap()
}

pub fn waiting(reason: &str) -> Value {
    json!({ "waiting": { "reason": reason } })
}

pub fn ended(reason: &str) -> Value {
    json!({ "terminated": { "reason": reason, "exitCode": 1 } })
}

pub fn running() -> Value {
    json!({ "running": { "startedAt": "2026-11-24T02:50:10Z" } })
}

/// Any JSON.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,8}", inner), 0..4)
                .prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

/// A recorded value of which up to four places hold something else, and some of those nothing at all.
pub fn damaged(value: Value) -> impl Strategy<Value = Value> {
    let places = prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..5);
    places.prop_map(move |places| {
        let damaged = places
            .into_iter()
            .fold(value.clone(), |mut value, (place, other)| {
                let mut left = place.index(count(&value));
                replace(&mut value, &mut left, &other);
                value
            });
        without_nulls(damaged)
    })
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts `other` in the place that is `left` places further on.
fn replace(value: &mut Value, left: &mut usize, other: &Value) {
    if *left == 0 {
        *value = other.clone();
        *left = usize::MAX;
        return;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|it| replace(it, left, other)),
        Value::Object(fields) => fields.values_mut().for_each(|it| replace(it, left, other)),
        _ => {}
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, it)| !it.is_null())
            .map(|(name, it)| (name, without_nulls(it)))
            .collect(),
        other => other,
    }
}
