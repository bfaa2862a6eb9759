//! A run as a trace that a viewer can open.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Timing, Timings};
use crate::exec::Span;

/// What is shown as one bar.
struct Slice {
    name: String,
    category: &'static str,
    begun: Duration,
    took: Duration,
    args: Value,
}

impl Timings {
    /// The run in Chrome's [trace-event format], which <https://ui.perfetto.dev> opens: a complete event
    /// (`X`) in µs for each step, the critical path in category `critical`, and in category `child` for each
    /// child process. Events of one lane (`tid`) must not overlap: the first lane has the critical path, but
    /// for a step that waits for another while it runs, and the others are in as many lanes as run beside each
    /// other.
    ///
    /// [trace-event format]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    pub fn trace(&self, children: &[Span]) -> Value {
        let path = self.critical_path();
        let mut critical: Vec<Slice> = Vec::new();
        for step in &path {
            let slice = Slice::of_step(step, true);
            if slice.fits(&critical) {
                critical.push(slice);
            }
        }
        let is_placed = |step: &Timing| critical.iter().any(|slice| slice.name == step.step);
        let steps = self.by_begin().into_iter().filter(|step| !is_placed(step));
        let beside = lanes(steps.map(|step| Slice::of_step(step, path.contains(&step))));
        let mut children: Vec<&Span> = children.iter().collect();
        children.sort_by_key(|child| child.begun);
        let children = lanes(children.into_iter().map(Slice::of_child));

        let numbered = |name: &str, lanes: Vec<Vec<Slice>>| {
            let name = name.to_owned();
            let lanes = lanes.into_iter().enumerate();
            lanes.map(move |(at, lane)| (format!("{name} {}", at + 1), lane))
        };
        let lanes = [("critical path".to_owned(), critical)]
            .into_iter()
            .chain(numbered("beside it", beside))
            .chain(numbered("child processes", children));
        let mut events = vec![metadata("process_name", 0, "cargo xtask k8s")];
        for (tid, (name, lane)) in lanes.enumerate() {
            events.push(metadata("thread_name", tid, &name));
            events.extend(lane.iter().map(|slice| slice.event(tid)));
        }
        json!({ "displayTimeUnit": "ms", "traceEvents": events })
    }
}

/// Puts slices, given in the order in which they began, into as few lanes as run beside each other.
fn lanes(slices: impl Iterator<Item = Slice>) -> Vec<Vec<Slice>> {
    let mut lanes: Vec<Vec<Slice>> = Vec::new();
    for slice in slices {
        match lanes.iter_mut().find(|lane| slice.fits(lane)) {
            Some(lane) => lane.push(slice),
            None => lanes.push(vec![slice]),
        }
    }
    lanes
}

impl Slice {
    fn of_step(step: &Timing, is_critical: bool) -> Self {
        Self {
            name: step.step.clone(),
            category: if is_critical { "critical" } else { "step" },
            begun: step.begun,
            took: step.took,
            args: json!({ "needs": step.needs, "waited_for": step.waited_for, "outcome": step.outcome.word() }),
        }
    }

    /// A child goes by its program and the first plain word after it, as in `kubectl apply`; the viewer shows
    /// all of its command when it is picked.
    fn of_child(child: &Span) -> Self {
        let mut words = child.command.split(' ');
        let program = words.next().unwrap_or_default();
        let is_plain = |word: &&str| word.chars().all(|it| it.is_ascii_lowercase());
        let verb = words.find(is_plain).unwrap_or_default();
        Self {
            name: format!("{program} {verb}").trim_end().to_owned(),
            category: "child",
            begun: child.begun,
            took: child.took,
            args: json!({ "command": child.command }),
        }
    }

    /// Whether it begins after all that is in a lane.
    fn fits(&self, lane: &[Self]) -> bool {
        lane.last()
            .is_none_or(|last| last.begun + last.took <= self.begun)
    }

    fn event(&self, tid: usize) -> Value {
        json!({
            "ph": "X",
            "pid": 1,
            "tid": tid + 1,
            "cat": self.category,
            "name": self.name,
            "ts": micros(self.begun),
            "dur": micros(self.took),
            "args": self.args,
        })
    }
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
        let trace = up().trace(&[]);
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
        let trace = Timings { total, steps }.trace(&[]);
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

    #[test]
    fn children_have_lanes_of_their_own() {
        let child = |command: &str, begun, took| Span {
            command: command.to_owned(),
            begun: ms(begun),
            took: ms(took),
        };
        let children = [
            child("kubectl --kubeconfig /k apply --filename -", 5, 10),
            child("docker --version", 0, 5),
            child("helm upgrade shop", 9, 1),
        ];
        let trace = up().trace(&children);
        let events = trace["traceEvents"].as_array().unwrap();
        let of_children = events
            .iter()
            .skip_while(|it| it["args"]["name"] != "child processes 1");
        let lines: Vec<String> = of_children.map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                r#"{"args":{"name":"child processes 1"},"name":"thread_name","ph":"M","pid":1,"tid":3}"#,
                r#"{"args":{"command":"docker --version"},"cat":"child","dur":5000,"name":"docker","ph":"X","pid":1,"tid":3,"ts":0}"#,
                r#"{"args":{"command":"kubectl --kubeconfig /k apply --filename -"},"cat":"child","dur":10000,"name":"kubectl apply","ph":"X","pid":1,"tid":3,"ts":5000}"#,
                r#"{"args":{"name":"child processes 2"},"name":"thread_name","ph":"M","pid":1,"tid":4}"#,
                r#"{"args":{"command":"helm upgrade shop"},"cat":"child","dur":1000,"name":"helm upgrade","ph":"X","pid":1,"tid":4,"ts":9000}"#,
            ]
        );
    }
}
