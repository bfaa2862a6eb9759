//! On a terminal.

use std::io;

use indicatif::TermLike;

use super::super::*;
use super::{PLAIN, Written, seconds};

/// A terminal of 50 columns.
impl TermLike for Written {
    fn width(&self) -> u16 {
        50
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.write_str(if n == 0 { "" } else { "<up>" })
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        self.write_str("<down>")
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        self.write_str("<right>")
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        self.write_str("<left>")
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(&format!("{line}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.clone().write_all(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("<clear>")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal, whose last frame is what stands behind the last `<clear>`.
fn terminal(surroundings: Surroundings) -> (Progress, Written, Written) {
    let (kept, shown) = (Written::default(), Written::default());
    let target = ProgressDrawTarget::term_like(Box::new(shown.clone()));
    let progress = Progress::on(
        Box::new(kept.clone()),
        target,
        Talk::default(),
        surroundings,
    );
    (progress, kept, shown)
}

fn pair(step: &str, words: &str) -> (String, String) {
    (step.to_owned(), words.to_owned())
}

/// Draws, and returns what then stands on the live line: the step and its words.
fn drawn(progress: &Progress, shown: &Written) -> (String, String) {
    progress.lock().advance(Instant::now());
    let text = shown.text();
    let line = text.rsplit('>').next().unwrap_or_default();
    // The spinner and the time depend on the clock, but not their widths.
    let (begin, words) = line.split_once(" s  ").unwrap_or_default();
    let step: String = begin
        .chars()
        .skip(2)
        .take_while(|char| *char != ' ')
        .collect();
    (step, words.trim_end().to_owned())
}

#[test]
fn a_terminal_shows_a_live_line_cut_to_its_width() {
    let (progress, kept, shown) = terminal(Surroundings {
        terminal: true,
        no_color: true,
        ..PLAIN
    });
    let line = progress.begin("cluster", Some(seconds(9.8)));
    line.say("starting");
    progress.lock().advance(Instant::now());
    assert_eq!(drawn(&progress, &shown), pair("cluster", "(last time 9.8"));
    line.finish(
        Outcome::Done,
        seconds(10.9),
        "a note that is longer than the terminal is wide",
    );
    let line = progress.begin("image", Some(seconds(2.9)));
    line.say("compiling");
    assert_eq!(drawn(&progress, &shown), pair("image", "compiling"));
    drop(line);
    assert!(shown.text().ends_with("<clear>"));
    assert!(!shown.text().contains('\x1b'));
    assert_eq!(
        kept.text(),
        "✓ cluster                  10.9 s  a note that is longer than the terminal is wide\n"
    );
}

#[test]
fn a_terminal_gets_colours() {
    let (progress, kept, shown) = terminal(Surroundings {
        terminal: true,
        ..PLAIN
    });
    let line = progress.begin("cluster", None);
    progress.lock().advance(Instant::now());
    assert!(shown.text().contains("\x1b[36m"));
    line.finish(Outcome::Failed, seconds(1.0), "\x1b[35mpurple");
    progress.error("no");
    assert_eq!(
        kept.text(),
        "\x1b[1;31m✗\x1b[0m cluster                   1.0 s  purple\n\x1b[1;31merror:\x1b[0m no\n"
    );
}
