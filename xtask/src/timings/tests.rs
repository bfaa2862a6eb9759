use super::*;

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn step(name: &str, begun: u64, took: u64, waited_for: Option<&str>) -> Timing {
    Timing {
        step: name.to_owned(),
        begun: ms(begun),
        took: ms(took),
        needs: waited_for.iter().map(ToString::to_string).collect(),
        waited_for: waited_for.map(ToOwned::to_owned),
        outcome: Outcome::Done,
    }
}

/// In the order in which they ended.
pub(super) fn up() -> Timings {
    let mut image = step("image", 0, 5_500, None);
    image.outcome = Outcome::Unchanged;
    let mut import = step("image in nodes", 11_000, 1_600, Some("cluster"));
    import.needs.insert(0, "image".to_owned());
    Timings {
        total: ms(37_000),
        steps: vec![
            image,
            step("cluster", 100, 10_900, None),
            import,
            step("namespace", 12_600, 300, Some("cluster")),
            step("PostgreSQL", 11_000, 11_000, Some("cluster")),
            step("PostgreSQL ready", 22_000, 14_000, Some("PostgreSQL")),
            step("application answers", 36_000, 900, Some("PostgreSQL ready")),
        ],
    }
}

fn names(path: &[&Timing]) -> Vec<String> {
    path.iter().map(|step| step.step.clone()).collect()
}

#[test]
fn the_critical_path_leads_from_the_last_step_back_to_one_that_waited_for_nothing() {
    let path = names(&up().critical_path());
    assert_eq!(
        path,
        [
            "cluster",
            "PostgreSQL",
            "PostgreSQL ready",
            "application answers"
        ]
    );
    assert_eq!(Timings::default().critical_path(), Vec::<&Timing>::new());
}

#[test]
fn of_steps_that_end_together_the_last_one_is_what_was_waited_for() {
    let steps = vec![
        step("answers", 0, 900, None),
        step("done", 900, 0, Some("answers")),
    ];
    assert_eq!(
        names(
            &Timings {
                total: ms(900),
                steps
            }
            .critical_path()
        ),
        ["answers", "done"]
    );
}

#[test]
fn a_path_ends_where_a_step_was_not_recorded_or_comes_again() {
    let steps = vec![step("a", 0, 1, Some("b")), step("b", 1, 1, Some("a"))];
    assert_eq!(
        names(
            &Timings {
                total: ms(2),
                steps
            }
            .critical_path()
        ),
        ["a", "b"]
    );
    let steps = vec![step("a", 0, 1, Some("gone"))];
    assert_eq!(
        names(
            &Timings {
                total: ms(2),
                steps
            }
            .critical_path()
        ),
        ["a"]
    );
}

#[test]
fn the_summary_names_what_was_waited_for_most() {
    let mut timings = up();
    assert_eq!(
        timings.summary(),
        "ready in 37.0 s, of which 14.0 s waiting for PostgreSQL ready"
    );
    timings.steps[0].outcome = Outcome::Stopped;
    assert!(timings.summary().starts_with("stopped after 37.0 s, "));
    timings.steps[1].outcome = Outcome::Failed;
    assert!(timings.summary().starts_with("failed after 37.0 s, "));
    assert_eq!(
        Timings {
            total: ms(80),
            steps: vec![]
        }
        .summary(),
        "ready in 0.1 s"
    );
}

#[test]
fn what_a_step_took_beside_the_one_that_it_waited_for_does_not_count() {
    let steps = vec![
        step("PostgreSQL ready", 0, 12_000, None),
        step(
            "application answers",
            1_000,
            13_000,
            Some("PostgreSQL ready"),
        ),
    ];
    let total = ms(14_000);
    let summary = Timings { total, steps }.summary();
    assert_eq!(
        summary,
        "ready in 14.0 s, of which 12.0 s waiting for PostgreSQL ready"
    );
}

#[test]
fn the_table_marks_the_critical_path() {
    assert_eq!(
        up().table(),
        "  step                   began at        took  waited for
  image                     0.0 s       5.5 s  -  (unchanged)
* cluster                   0.1 s      10.9 s  -
  image in nodes           11.0 s       1.6 s  cluster
* PostgreSQL               11.0 s      11.0 s  cluster
  namespace                12.6 s       0.3 s  cluster
* PostgreSQL ready         22.0 s      14.0 s  PostgreSQL
* application answers      36.0 s       0.9 s  PostgreSQL ready
  total                                37.0 s
* critical path: the run would end sooner only if one of these took less
"
    );
}

#[test]
fn what_is_kept_is_how_long_steps_took_that_did_something() {
    let before = serde_json::from_str(r#"{"image":6.25,"cluster":20.0,"odd":-1.0}"#).unwrap();
    let kept = up().seconds().on_top_of(before);
    assert_eq!(
        serde_json::to_string(&kept).unwrap(),
        r#"{"PostgreSQL":11.0,"PostgreSQL ready":14.0,"application answers":0.9,"cluster":10.9,"image":6.25,"image in nodes":1.6,"namespace":0.3,"odd":-1.0}"#
    );
    assert_eq!(kept.of("image"), Some(ms(6_250)));
    assert_eq!(kept.of("odd"), None);
    assert_eq!(kept.of("unknown"), None);
}
