//! With real children: there is no other way to know.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::*;
use crate::stop::Stop;

fn exec() -> Exec {
    Exec::new(Arc::new(Stop::default()))
}

fn sh(script: &str) -> Cmd {
    Cmd::new("sh").args(["-c", script])
}

#[test]
fn a_failure_carries_status_and_last_words() {
    let error = exec()
        .read(&sh("echo out; seq 30 >&2; exit 7"))
        .unwrap_err();
    assert_eq!(error.end, End::Status(7));
    assert_eq!(error.stderr.len(), 20);
    assert_eq!(error.last_words(), "30");
}

#[test]
fn last_words_are_not_where_to_find_help() {
    let says = |pointer: &str| {
        let script =
            format!("echo 'docker: no space left' >&2; echo >&2; echo \"{pointer}\" >&2; exit 125");
        let error = exec().read(&sh(&script)).unwrap_err();
        error.last_words()
    };
    // Docker 28.2, and 20.10.
    let run = "Run 'docker run --help' for more information";
    assert_eq!(says(run), "docker: no space left");
    assert_eq!(says("See 'docker run --help'."), "docker: no space left");
}

#[test]
fn a_program_that_is_missing_or_not_executable_is_told_apart() {
    let missing = exec().read(&Cmd::new("xtask-no-such-program")).unwrap_err();
    assert!(missing.to_string().contains("not installed"), "{missing}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let exec = exec();
    exec.use_program("tool", file.path().to_owned());
    let refused = exec.read(&Cmd::new("tool")).unwrap_err();
    assert!(refused.to_string().contains("not executable"), "{refused}");
}

#[test]
fn more_than_a_pipe_holds_is_read_and_written() {
    let text = "x".repeat(1 << 20);
    assert_eq!(
        exec().read(&Cmd::new("cat").stdin(text.clone())).unwrap(),
        text
    );
    // A child that does not read is judged by its status alone.
    assert!(exec().read(&Cmd::new("true").stdin(text)).is_ok());
}

#[test]
fn a_pipe_gives_all_to_each_reader_and_tells_which_failed() {
    let counts = [sh("wc -c"), sh("echo all; wc -c")];
    let said = exec().pipe(&sh("head -c 3000000 /dev/zero"), &counts);
    let words = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: Vec<String> = said.unwrap().iter().map(words).collect();
    assert_eq!(said, ["3000000", "all 3000000"]);
    let readers = [sh("cat >/dev/null"), sh("echo no room >&2; exit 3")];
    let error = exec()
        .pipe(&sh("head -c 3000000 /dev/zero"), &readers)
        .unwrap_err();
    assert_eq!(
        (error.end.clone(), error.last_words()),
        (End::Status(3), "no room".to_owned())
    );
}

#[test]
fn of_a_pipe_that_failed_at_both_ends_the_end_is_told_that_began_it() {
    let failed = |from: &str, to: &[&str]| {
        let readers: Vec<Cmd> = to.iter().map(|script| sh(script)).collect();
        let error = exec().pipe(&sh(from), &readers).unwrap_err();
        (error.end.clone(), error.last_words())
    };
    let cut_short = "cat >/dev/null; echo unexpected EOF >&2; exit 1";
    assert_eq!(
        failed(
            "head -c 3000 /dev/zero; echo no space left >&2; exit 5",
            &[cut_short, "exit 2"]
        ),
        (End::Status(5), "no space left".to_owned())
    );
    let gone = "echo no room >&2; exit 3";
    assert_eq!(
        failed(
            "head -c 3000000 /dev/zero || { echo broken pipe >&2; exit 4; }",
            &[gone, gone]
        ),
        (End::Status(3), "no room".to_owned())
    );
}

#[test]
fn documents_end_when_there_is_enough_or_they_are_no_longer_wanted() {
    let exec = exec();
    let endless = sh(r#"while echo '{"n":1}'; do sleep 0.01; done"#);
    let mut count = 0;
    let found = exec.documents(&endless, &Handle::default(), |_| {
        count += 1;
        if count == 3 {
            ControlFlow::Break(count)
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(found.unwrap(), Some(3));
    let handle = Handle::default();
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            exec.documents(&sh("echo '{}'; sleep 600"), &handle, |_| {
                ControlFlow::<()>::Continue(())
            })
        });
        handle.end();
        assert_eq!(waits.join().unwrap().unwrap(), None);
    });
    assert!(!exec.has_children());
}

#[test]
fn blocks_are_whole_lines_byte_for_byte() {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    let script = r"printf 'a\n\377b'; sleep 0.05; printf 'c\r\nlast'";
    let ended = exec().blocks(&sh(script), &Handle::default(), |block| {
        blocks.push(block.to_vec());
        ControlFlow::Continue(())
    });
    ended.unwrap();
    assert_eq!(blocks, [&b"a\n"[..], b"\xffbc\r\n", b"last"]);
}

#[test]
fn blocks_end_when_there_is_enough_or_they_are_no_longer_wanted() {
    let exec = exec();
    let endless = sh("while echo line; do :; done");
    let ended = exec.blocks(&endless, &Handle::default(), |_| ControlFlow::Break(()));
    ended.unwrap();
    let handle = Handle::default();
    let ended = exec.blocks(&sh("echo line; sleep 600"), &handle, |_| {
        handle.end();
        ControlFlow::Continue(())
    });
    ended.unwrap();
    assert!(!exec.has_children());
    let failed = exec.blocks(&sh("echo why >&2; exit 3"), &Handle::default(), |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(failed.unwrap_err().last_words(), "why");
}

#[test]
fn a_failure_ends_what_waits_and_lets_finish_what_changes() {
    let exec = exec();
    let folder = tempfile::tempdir().unwrap();
    let (begun, done) = (folder.path().join("begun"), folder.path().join("done"));
    let change = sh(&format!(
        "touch '{}'; until test -e '{}'; do sleep 0.01; done",
        begun.display(),
        done.display()
    ))
    .changes();
    thread::scope(|scope| {
        let changing = scope.spawn(|| exec.read(&change));
        let waiting = scope.spawn(|| exec.read(&sh("sleep 600")));
        while !begun.exists() || exec.lock().len() < 2 {
            thread::sleep(Duration::from_millis(1));
        }
        exec.stop().ask(Reason::Failure);
        exec.end_children(false);
        assert!(waiting.join().unwrap().unwrap_err().is_stopped());
        std::fs::write(&done, "").unwrap();
        assert!(changing.join().unwrap().is_ok());
    });
    assert!(
        exec.read(&sh("true")).unwrap_err().is_stopped(),
        "nothing new begins"
    );
}

#[test]
fn a_child_is_written_down_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut exec = exec();
    exec.record_in(folder.path().to_owned());
    let records = || std::fs::read_dir(folder.path()).unwrap().count();
    thread::scope(|scope| {
        let child = scope.spawn(|| exec.read(&Cmd::new("sleep").args(["600"])));
        while records() == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        exec.stop().ask(Reason::Failure);
        exec.end_children(false);
        assert!(child.join().unwrap().is_err());
    });
    assert_eq!(records(), 0);
}

#[test]
fn an_interactive_child_is_in_the_group_that_may_read_from_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("group");
    let ask = format!("ps -o pgid= -p $$ >'{}'; exit 7", file.display());
    let status = exec().interactive(&sh(&ask)).unwrap();
    assert_eq!(status.code(), Some(7));
    let group = std::fs::read_to_string(file).unwrap();
    let ours = rustix::process::getpgrp().as_raw_nonzero().to_string();
    assert_eq!(group.trim(), ours);
}

#[test]
fn an_interactive_child_has_what_is_typed_and_ends_with_us() {
    let exec = exec();
    assert!(!exec.has_foreground());
    let status = thread::scope(|scope| {
        let child = scope.spawn(|| exec.interactive(&sh("exec sleep 600")));
        while !exec.has_foreground() {
            thread::sleep(Duration::from_millis(1));
        }
        exec.end_children(false);
        assert!(exec.has_children(), "a failed step elsewhere is no reason");
        exec.end_children(true);
        child.join().unwrap().unwrap()
    });
    assert_eq!(exit_code(status), std::process::ExitCode::from(128 + 15));
    assert!(!exec.has_children());
}

#[test]
fn a_child_does_not_get_the_variables_that_are_kept_from_it() {
    // Cargo sets `CARGO_PKG_NAME` for a test.
    let ask = sh("echo \"${CARGO_PKG_NAME-none} ${CARGO_HOME-none}\"");
    let ask = ask.env("CARGO_HOME", "ours");
    assert_eq!(exec().read(&ask).unwrap(), "xtask ours\n");
    let without = ask.without("CARGO_");
    assert_eq!(exec().read(&without).unwrap(), "none ours\n");
}
