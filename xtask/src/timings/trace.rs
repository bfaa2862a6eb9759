//! A run as a trace that a viewer can open.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Timing, Timings};

impl Timings {
    /// The run in Chrome's [trace-event format], which <https://ui.perfetto.dev> opens: a complete event
    /// (`X`) in µs for each step, the critical path in category `critical` and in the first lane (`tid`),
    /// the others in as many lanes as run beside each other, since events of one lane must not overlap.
    ///
    /// [trace-event format]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    pub fn trace(&self) -> Value {
        let path = self.critical_path();
        let mut lanes: Vec<Vec<&Timing>> = vec![path.clone()];
        for step in self
            .by_begin()
            .into_iter()
            .filter(|step| !path.contains(step))
        {
            let free =
                |lane: &Vec<&Timing>| lane.last().is_none_or(|last| last.end() <= step.begun);
            match lanes.iter_mut().skip(1).find(|lane| free(lane)) {
                Some(lane) => lane.push(step),
                None => lanes.push(vec![step]),
            }
        }
        let mut events = vec![metadata("process_name", 0, "cargo xtask k8s")];
        for (tid, lane) in lanes.iter().enumerate() {
            let name = if tid == 0 {
                "critical path".to_owned()
            } else {
                format!("beside it {tid}")
            };
            events.push(metadata("thread_name", tid, &name));
            let category = if tid == 0 { "critical" } else { "step" };
            events.extend(lane.iter().map(|step| event(step, tid, category)));
        }
        json!({ "displayTimeUnit": "ms", "traceEvents": events })
    }
}

fn event(step: &Timing, tid: usize, category: &str) -> Value {
    json!({
        "ph": "X",
        "pid": 1,
        "tid": tid + 1,
        "cat": category,
        "name": step.step,
        "ts": micros(step.begun),
        "dur": micros(step.took),
        "args": { "needs": step.needs, "waited_for": step.waited_for, "outcome": step.outcome.word() },
    })
}

fn metadata(kind: &str, tid: usize, name: &str) -> Value {
    json!({ "ph": "M", "pid": 1, "tid": tid + 1, "name": kind, "args": { "name": name } })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ms, step, up};
    use super::*;

    #[test]
    fn the_trace_has_a_lane_for_each_step_that_runs_beside_others() {
        let trace = up().trace();
        let events = trace["traceEvents"].as_array().unwrap();
        let lines: Vec<String> = events.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                r#"{"args":{"name":"cargo xtask k8s"},"name":"process_name","ph":"M","pid":1,"tid":1}"#,
                r#"{"args":{"name":"critical path"},"name":"thread_name","ph":"M","pid":1,"tid":1}"#,
                r#"{"args":{"needs":[],"outcome":"done","waited_for":null},"cat":"critical","dur":10900000,"name":"cluster","ph":"X","pid":1,"tid":1,"ts":100000}"#,
                r#"{"args":{"needs":["cluster"],"outcome":"done","waited_for":"cluster"},"cat":"critical","dur":11000000,"name":"PostgreSQL","ph":"X","pid":1,"tid":1,"ts":11000000}"#,
                r#"{"args":{"needs":["PostgreSQL"],"outcome":"done","waited_for":"PostgreSQL"},"cat":"critical","dur":14000000,"name":"PostgreSQL ready","ph":"X","pid":1,"tid":1,"ts":22000000}"#,
                r#"{"args":{"needs":["PostgreSQL ready"],"outcome":"done","waited_for":"PostgreSQL ready"},"cat":"critical","dur":900000,"name":"application answers","ph":"X","pid":1,"tid":1,"ts":36000000}"#,
                r#"{"args":{"name":"beside it 1"},"name":"thread_name","ph":"M","pid":1,"tid":2}"#,
                r#"{"args":{"needs":[],"outcome":"unchanged","waited_for":null},"cat":"step","dur":5500000,"name":"image","ph":"X","pid":1,"tid":2,"ts":0}"#,
                r#"{"args":{"needs":["image","cluster"],"outcome":"done","waited_for":"cluster"},"cat":"step","dur":1600000,"name":"image in nodes","ph":"X","pid":1,"tid":2,"ts":11000000}"#,
                r#"{"args":{"needs":["cluster"],"outcome":"done","waited_for":"cluster"},"cat":"step","dur":300000,"name":"namespace","ph":"X","pid":1,"tid":2,"ts":12600000}"#,
            ]
        );
        assert_eq!(trace["displayTimeUnit"], "ms");
    }

    #[test]
    fn events_that_overlap_get_lanes_of_their_own() {
        let steps = vec![
            step("a", 0, 10, None),
            step("b", 9, 2, None),
            step("last", 0, 100, None),
        ];
        let trace = Timings {
            total: ms(100),
            steps,
        }
        .trace();
        let lanes: Vec<(&str, u64)> = trace["traceEvents"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["ph"] == "X")
            .map(|event| {
                (
                    event["name"].as_str().unwrap(),
                    event["tid"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(lanes, [("last", 1), ("a", 2), ("b", 3)]);
    }
}
