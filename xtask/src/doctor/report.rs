//! The report, for people and for programs.

use serde::Serialize;

use super::{Check, State};
use crate::flags::Form;

/// The number of the JSON form's schema. It grows when a field goes or changes its meaning.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    checks: &'a [Check],
}

/// The report in the form that was asked for, with a newline at its end.
///
/// As text: one line for each check, marked `✓` (as it should be), `!` (a warning) or `✗` (blocks), what to
/// do about it below, and a line that sums up. As JSON: `{"schema":1,"checks":[{"name","state","found","do_next"}]}`
/// with the states `ok`, `warning` and `blocks`; `do_next` is null where nothing is to be done.
pub fn report(checks: &[Check], form: Form) -> String {
    match form {
        Form::Text => text(checks),
        Form::Json => {
            let document = Document {
                schema: SCHEMA,
                checks,
            };
            // Text and numbers only: it cannot fail.
            serde_json::to_string(&document).unwrap_or_default() + "\n"
        }
    }
}

fn text(checks: &[Check]) -> String {
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or_default();
    let mut lines = Vec::new();
    for Check {
        name,
        state,
        found,
        do_next,
    } in checks
    {
        let mark = match state {
            State::Ok => '✓',
            State::Warning => '!',
            State::Blocks => '✗',
        };
        lines.push(format!("{mark} {name:width$}  {found}"));
        lines.extend(
            do_next
                .as_ref()
                .map(|do_next| format!("  {:width$}  → {do_next}", "")),
        );
    }
    lines.push(summary(checks));
    lines.join("\n") + "\n"
}

fn summary(checks: &[Check]) -> String {
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let warnings = count(State::Warning);
    let warned = match warnings {
        0 => String::new(),
        _ => format!(", {warnings} warning{}", plural(warnings)),
    };
    match count(State::Blocks) {
        0 => format!("`cargo xtask k8s up` has what it needs{warned}"),
        blocks => format!(
            "`cargo xtask k8s up` will fail: {blocks} problem{}{warned}",
            plural(blocks)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Vec<Check> {
        vec![
            Check::ok("k3d", "v5.8.3 at /usr/bin/k3d"),
            Check::bad(
                "inotify instances",
                State::Warning,
                "128 for each user",
                "sudo sysctl x=512",
            ),
            Check::bad("memory", State::Blocks, "1.0 GiB", "give Docker more"),
        ]
    }

    #[test]
    fn text_is_aligned_and_ends_in_a_verdict() {
        let text = "\
✓ k3d                v5.8.3 at /usr/bin/k3d
! inotify instances  128 for each user
                     → sudo sysctl x=512
✗ memory             1.0 GiB
                     → give Docker more
`cargo xtask k8s up` will fail: 1 problem, 1 warning
";
        assert_eq!(report(&found(), Form::Text), text);
        assert!(report(&found()[..2], Form::Text).ends_with("has what it needs, 1 warning\n"));
    }

    #[test]
    fn json_has_a_schema() {
        let json: serde_json::Value = serde_json::from_str(&report(&found(), Form::Json)).unwrap();
        assert_eq!(json["schema"], 1);
        assert_eq!(
            json["checks"][0],
            serde_json::json!({"name": "k3d", "state": "ok", "found": "v5.8.3 at /usr/bin/k3d", "do_next": null})
        );
        assert_eq!(json["checks"][2]["state"], "blocks");
    }
}
