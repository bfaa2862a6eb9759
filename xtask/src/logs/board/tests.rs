//! Told of recorded pods, and of some that are a little changed.

use std::thread;

use super::*;
use crate::diagnose::fixtures::pods;
use crate::pod::{ContainerState, Running, Terminated};

/// A pod whose one container runs for the first time.
fn running(run: &str) -> Pod {
    let mut pod = pods("running-ready").remove(0);
    pod.status.container_statuses[0].container_id = run.into();
    pod
}

/// That pod, whose container was started again.
fn restarted(run: &str, previous: &str) -> Pod {
    let mut pod = running(run);
    let container = &mut pod.status.container_statuses[0];
    container.last_state.terminated = Some(Terminated {
        container_id: previous.into(),
        ..Terminated::default()
    });
    pod
}

fn now(pod: Pod) -> Change {
    Change::Now(Box::new(pod))
}

fn read(run: &str) -> Position {
    Position {
        run: Some(run.into()),
        ..Position::default()
    }
}

#[test]
fn each_container_gets_one_reader() {
    let board = Board::default();
    board.set(pods("cnpg-instance-not-ready"));
    let new = board.new_sources();
    let marks: Vec<_> = new.iter().map(|it| it.source.mark.as_str()).collect();
    assert_eq!(marks[0], "fx-pg-1-initdb-g7b67/bootstrap-controller");
    assert_eq!(marks.len(), 4);
    board.change(now(running("a")));
    assert_eq!(board.new_sources().len(), 1);
    assert!(board.new_sources().is_empty());
}

#[test]
fn a_reader_waits_for_the_next_run_and_learns_which_it_missed() {
    let board = Board::default();
    board.set(vec![running("a")]);
    let source = board.new_sources().remove(0).source;
    let first = board.next(&source, &Position::default()).unwrap();
    assert_eq!(first.last.as_deref(), Some("a"));
    assert!(!board.is_over(&source, "a"));
    let next = thread::scope(|scope| {
        let waits = scope.spawn(|| board.next(&source, &read("a")));
        board.change(now(restarted("c", "b")));
        waits.join().unwrap().unwrap()
    });
    assert_eq!(next.last.as_deref(), Some("c"));
    assert_eq!(next.previous.as_deref(), Some("b"));
    assert!(board.is_over(&source, "a") && !board.is_over(&source, "c"));
}

#[test]
fn a_log_that_was_cut_is_read_on() {
    let board = Board::default();
    board.set(vec![running("a")]);
    let source = board.new_sources().remove(0).source;
    let cut = Position {
        is_cut: true,
        ..read("a")
    };
    let begun = Instant::now();
    assert!(board.next(&source, &cut).is_some());
    assert!(begun.elapsed() >= AGAIN);
}

#[test]
fn a_cut_log_is_read_at_once_when_its_run_has_ended() {
    let board = Board::default();
    board.set(vec![running("a")]);
    let source = board.new_sources().remove(0).source;
    let mut ended = running("a");
    ended.status.container_statuses[0].state = ContainerState {
        running: None::<Running>,
        terminated: Some(Terminated {
            container_id: "a".into(),
            ..Terminated::default()
        }),
        ..ContainerState::default()
    };
    board.change(now(ended));
    let begun = Instant::now();
    let cut = Position {
        is_cut: true,
        ..read("a")
    };
    assert!(!board.next(&source, &cut).unwrap().goes_on);
    assert!(begun.elapsed() < AGAIN);
}

/// The run whose rest is to be read after a restart, by who has read run `a`.
fn missed(is_cut: bool, now: &Pod) -> Option<String> {
    let position = Position {
        is_cut,
        ..read("a")
    };
    let runs = now.containers().next().map(Runs::of).unwrap();
    position.missed(&runs).map(str::to_owned)
}

#[test]
fn a_log_that_was_cut_is_read_to_its_end_before_the_run_that_followed() {
    // The API server restarts, and the container before it is asked again. Or the log ended, without an end
    // of its last line, before the pod's status said that the container had.
    assert_eq!(missed(true, &restarted("b", "a")).as_deref(), Some("a"));
    assert_eq!(missed(true, &running("a")), None, "it is followed again");
}

#[test]
fn after_a_restart_only_what_was_not_read_is_read() {
    assert_eq!(missed(false, &restarted("b", "a")), None);
    assert_eq!(missed(false, &restarted("c", "b")).as_deref(), Some("b"));
    assert_eq!(missed(true, &restarted("c", "b")).as_deref(), Some("b"));
}

#[test]
fn readers_end_when_the_pod_is_gone_or_it_is_time_to_end() {
    let board = Board::default();
    board.set(vec![running("a")]);
    let source = board.new_sources().remove(0).source;
    thread::scope(|scope| {
        let waits = scope.spawn(|| board.next(&source, &read("a")));
        board.change(Change::Gone(source.uid.clone()));
        assert_eq!(waits.join().unwrap(), None);
    });
    board.set(vec![running("a")]);
    thread::scope(|scope| {
        let waits = scope.spawn(|| board.next(&source, &read("a")));
        board.end(Ended::Enough);
        assert_eq!(waits.join().unwrap(), None);
    });
    board.change(now(pods("crash-loop").remove(0)));
    assert!(board.new_sources().is_empty(), "nothing new begins");
}

#[test]
fn the_same_trouble_is_told_once() {
    let board = Board::default();
    board.set(pods("crash-loop"));
    assert_eq!(board.new_troubles().len(), 1);
    board.set(pods("crash-loop"));
    assert!(board.new_troubles().is_empty());
    board.set(pods("cnpg-initdb-running"));
    assert!(board.new_troubles().is_empty(), "it only starts");
}
