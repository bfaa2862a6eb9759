//! A run as a trace that a viewer can open.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Timing, Timings};

impl Timings {
    /// The run in Chrome's [trace-event format], which <https://ui.perfetto.dev> opens: a complete event
    /// (`X`) in µs for each step, the critical path in category `critical`. Events of one lane (`tid`) must
    /// not overlap: the first lane has the critical path, but for a step that waits for another while it
    /// runs, and the others are in as many lanes as run beside each other.
    ///
    /// [trace-event format]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    pub fn trace(&self) -> Value {
        let path = self.critical_path();
        let is_free = |lane: &[&Timing], step: &Timing| {
            lane.last().is_none_or(|last| last.end() <= step.begun)
        };
        let mut lanes: Vec<Vec<&Timing>> = vec![Vec::new()];
        for step in &path {
            if is_free(&lanes[0], step) {
                lanes[0].push(step);
            }
        }
        for step in self.by_begin() {
            if lanes[0].contains(&step) {
                continue;
            }
            match lanes.iter_mut().skip(1).find(|lane| is_free(lane, step)) {
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
            events.extend(lane.iter().map(|step| {
                let is_critical = path.contains(step);
                event(step, tid, if is_critical { "critical" } else { "step" })
            }));
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

    /// Name, category and lane of each event.
    fn lanes(steps: Vec<Timing>) -> Vec<(String, String, u64)> {
        let total = ms(100);
        let trace = Timings { total, steps }.trace();
        let events = trace["traceEvents"].as_array().unwrap();
        let steps = events.iter().filter(|event| event["ph"] == "X");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        steps
            .map(|it| {
                (
                    text(&it["name"]),
                    text(&it["cat"]),
                    it["tid"].as_u64().unwrap(),
                )
            })
            .collect()
    }

    fn lane(name: &str, category: &str, tid: u64) -> (String, String, u64) {
        (name.to_owned(), category.to_owned(), tid)
    }

    #[test]
    fn events_that_overlap_get_lanes_of_their_own() {
        let steps = vec![
            step("a", 0, 10, None),
            step("b", 9, 2, None),
            step("last", 0, 100, None),
        ];
        let wanted = [
            lane("last", "critical", 1),
            lane("a", "step", 2),
            lane("b", "step", 3),
        ];
        assert_eq!(lanes(steps), wanted);
    }

    #[test]
    fn a_step_that_waits_while_it_runs_is_critical_beside_what_it_waits_for() {
        let steps = vec![
            step("PostgreSQL ready", 0, 90, None),
            step("application answers", 50, 45, Some("PostgreSQL ready")),
        ];
        let wanted = [
            lane("PostgreSQL ready", "critical", 1),
            lane("application answers", "critical", 2),
        ];
        assert_eq!(lanes(steps), wanted);
    }
}
