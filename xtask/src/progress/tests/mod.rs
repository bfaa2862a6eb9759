//! What comes out, byte by byte.

mod terminal;

use std::io;

use super::*;

/// What was written, shared with whoever writes.
#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const PLAIN: Surroundings = Surroundings {
    terminal: false,
    no_color: false,
    github: false,
    ci: false,
};

fn plain(verbose: u8, surroundings: Surroundings) -> (Progress, Written) {
    let written = Written::default();
    let talk = Talk {
        quiet: false,
        verbose,
    };
    (
        Progress::to(Box::new(written.clone()), talk, surroundings),
        written,
    )
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn without_a_terminal_a_step_is_one_line_when_it_ends() {
    let (progress, written) = plain(0, PLAIN);
    let cluster = progress.begin("create cluster", Some(seconds(9.8)));
    let image = progress.begin("image", None);
    cluster.say("starting the servers");
    progress.note("a note\nin two lines");
    progress.warn("\x1b[33mold helm\x1b[0m");
    cluster.finish(Outcome::Done, seconds(10.9), "k3d-preview");
    image.finish(Outcome::Unchanged, seconds(0.04), "");
    progress
        .begin("PostgreSQL ready", None)
        .finish(Outcome::Failed, seconds(65.0), "no disk");
    progress
        .begin("application that has a long name", None)
        .finish(Outcome::Stopped, seconds(1.0), "");
    progress
        .begin("Valkey", None)
        .finish(Outcome::Done, seconds(1.0), "");
    drop(progress.begin("never finished", None));
    assert_eq!(
        written.text(),
        "\
a note
in two lines
warning: old helm
✓ create cluster           10.9 s  k3d-preview
= image                     0.0 s
✗ PostgreSQL ready     1 min 05 s  no disk
– application that has a long name      1.0 s
✓ Valkey                                1.0 s
"
    );
}

#[test]
fn a_long_step_says_now_and_then_what_it_waits_for() {
    let written = Written::default();
    let mut screen = Screen::new(Box::new(written.clone()), None, false);
    let begun = Instant::now();
    let step = screen.begin("PostgreSQL ready".to_owned(), None, begun);
    assert_eq!(screen.advance(begun + seconds(14.5)), seconds(0.5));
    screen.say(step, "Setting up primary".to_owned());
    assert_eq!(screen.advance(begun + seconds(15.0)), seconds(30.0));
    screen.begin("image".to_owned(), None, begun + seconds(20.0));
    assert_eq!(screen.advance(begun + seconds(34.0)), seconds(1.0));
    assert_eq!(screen.advance(begun + seconds(75.5)), seconds(30.0));
    screen.end(step);
    screen.advance(begun + seconds(105.5));
    assert_eq!(
        written.text(),
        "\
… PostgreSQL ready: Setting up primary (15 s)
… PostgreSQL ready: Setting up primary (1 min 15 s)
… image (55 s)
… image (1 min 25 s)
"
    );
}

#[test]
fn children_and_their_output_are_shown_as_asked_for() {
    let say = |verbose| {
        let (progress, written) = plain(verbose, PLAIN);
        let cmd = Cmd::new("kubectl")
            .args(["apply", "-f", "-"])
            .stdin("password");
        progress.output("kubectl", "  Error: \x1b[31mrefused\x1b[0m\r");
        progress.child(&cmd, seconds(0.25), true);
        progress.child(&cmd, seconds(12.0), false);
        written.text()
    };
    let children = "     0.3 s  $ kubectl apply -f -\n    12.0 s  $ kubectl apply -f -  (failed)\n";
    assert_eq!(say(0), "");
    assert_eq!(say(1), children);
    assert_eq!(
        say(2),
        format!("   kubectl  |   Error: refused\n{children}")
    );
}

#[test]
fn quiet_says_errors_only() {
    let written = Written::default();
    let talk = Talk {
        quiet: true,
        verbose: 2,
    };
    let progress = Progress::to(Box::new(written.clone()), talk, PLAIN);
    progress.note("note");
    progress.warn("warning");
    progress.child(&Cmd::new("k3d"), seconds(1.0), false);
    progress.output("k3d", "words");
    let line = progress.begin("cluster", None);
    line.say("words");
    line.finish(Outcome::Failed, seconds(1.0), "note");
    progress.error("cluster: `k3d cluster create` failed\n    port taken\n");
    assert_eq!(
        written.text(),
        "error: cluster: `k3d cluster create` failed\n    port taken\n"
    );
}

#[test]
fn github_gets_folded_details_and_annotations() {
    let (progress, written) = plain(
        2,
        Surroundings {
            github: true,
            ci: true,
            terminal: true,
            ..PLAIN
        },
    );
    let cluster = progress.begin("cluster", None);
    let image = progress.begin("image", None);
    progress.output("k3d", "INFO");
    progress.output("docker", "##[error]not ours");
    cluster.finish(Outcome::Done, seconds(1.0), "");
    progress.child(&Cmd::new("docker"), seconds(1.0), true);
    image.finish(Outcome::Failed, seconds(1.0), "");
    progress.error("image: 100 %\n::set-env name=a::b");
    progress.output("docker", "last words");
    progress.end_group();
    assert_eq!(
        written.text(),
        "\
::group::cluster, image
       k3d  | INFO
    docker  | # #[error]not ours
::endgroup::
✓ cluster                   1.0 s
::group::image
     1.0 s  $ docker
::endgroup::
✗ image                     1.0 s
error: image: 100 %
: :set-env name=a::b
::error title=image%3A 100 %25::::set-env name=a::b
::group::commands
    docker  | last words
::endgroup::
"
    );
}

#[test]
fn nobody_reading_is_no_reason_to_end() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let progress = Progress::to(
        Box::new(Closed),
        Talk {
            quiet: false,
            verbose: 2,
        },
        PLAIN,
    );
    let line = progress.begin("cluster", None);
    progress.lock().advance(Instant::now() + seconds(20.0));
    progress.output("k3d", "words");
    progress.error("no");
    line.finish(Outcome::Done, seconds(1.0), "");
}
