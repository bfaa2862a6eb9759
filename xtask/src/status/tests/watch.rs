//! Docker goes and comes back while it is asked.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::*;
use crate::exec::Exec;
use crate::session::Visit;
use crate::state::State;
use crate::status::{follow, report};
use crate::stop::Stop;

/// A cluster that is stopped, and Docker refuses the first question. Then it answers: with nothing.
fn interrupted(state: &std::path::Path) -> Visit {
    let exec = Arc::new_cyclic(|exec: &Weak<Exec>| {
        let (back, mut exec) = (exec.clone(), Exec::new(Arc::new(Stop::default())));
        exec.use_program("docker", "false".into());
        exec.watch_with(move |_, _, _| {
            let exec = back.upgrade();
            exec.inspect(|it| it.use_program("docker", "true".into()));
        });
        exec
    });
    let preview = Scene::recorded("ready").preview();
    let whole = whole(&[
        "k3d-status-server-0",
        "k3d-status-agent-0",
        "k3d-status-serverlb",
    ]);
    Visit {
        state: State::of(state, &preview.cluster),
        preview,
        exec,
        seen: Cluster::Stopped(whole),
    }
}

#[test]
fn a_container_that_goes_while_it_is_asked_about_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = interrupted(folder.path());
    let report = report(&mut visit).unwrap();
    assert_eq!(visit.seen, Cluster::Absent);
    assert_eq!(report.health(Part::Cluster), Health::Missing);
}

#[test]
fn a_watch_waits_for_docker_with_the_last_report() {
    let folder = tempfile::tempdir().unwrap();
    let visit = interrupted(folder.path());
    let first = Scene::recorded("ready").report();
    let mut shown = Vec::new();
    follow(visit, first.clone(), Duration::ZERO, |report, trouble| {
        shown.push((report.clone(), trouble.map(str::to_owned)));
        Ok(shown.len() < 3)
    })
    .unwrap();
    assert_eq!(shown[0], (first.clone(), None));
    let trouble = shown[1].1.as_deref().unwrap();
    assert!(trouble.contains("docker ps"), "{trouble}");
    assert_eq!(shown[1].0, first);
    assert_eq!(shown[2].1, None);
    assert_eq!(shown[2].0.health(Part::Cluster), Health::Missing);
}
