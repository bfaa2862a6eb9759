//! The live lines of a terminal, one for each running step.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::text::{Colour, Paint, aligned, human};

/// Below this it does not matter how long a step took last time.
const WORTH_SAYING: Duration = Duration::from_secs(3);

/// The live lines.
pub(super) struct Live {
    lines: MultiProgress,
    paint: Paint,
}

impl Live {
    /// Live lines on `target`.
    pub fn new(target: ProgressDrawTarget, paint: Paint) -> Self {
        Self {
            lines: MultiProgress::with_draw_target(target),
            paint,
        }
    }

    /// A line for a step that begins now.
    pub fn add(&self, title: &str, column: usize) -> ProgressBar {
        let spinner = self.paint.with(Colour::Cyan, "{spinner}");
        let template = format!("{spinner} {{prefix}} {{took}}  {{wide_msg}}");
        let style = ProgressStyle::with_template(&template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
            .with_key("took", |state: &ProgressState, out: &mut dyn fmt::Write| {
                // A line that lacks its time is better than none.
                let _ = out.write_str(&aligned(state.elapsed()));
            });
        // Hidden until it is one of ours: else it draws itself, where nothing removes it.
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
            .with_style(style)
            .with_prefix(format!("{title:<column$}"));
        self.lines.add(line)
    }

    /// Takes what a line says now; the next [`Live::draw`] shows it.
    pub fn update(&self, line: &ProgressBar, last: Option<Duration>, words: &str) {
        let message = match last.filter(|last| *last >= WORTH_SAYING) {
            None => Cow::Borrowed(words),
            Some(last) => {
                let last = format!("(last time {})", human(last));
                Cow::Owned(format!("{}  {words}", self.paint.with(Colour::Dim, &last)))
            }
        };
        if line.message() != *message {
            line.set_message(message.into_owned());
        }
        line.tick();
    }

    /// Draws all lines, given one of them.
    pub fn draw(line: &ProgressBar) {
        line.force_draw();
    }

    /// Removes a line without a trace.
    pub fn remove(&self, line: &ProgressBar) {
        let _ = self.lines.clear();
        self.lines.remove(line);
    }

    /// Writes whole lines to `sink`, above the live lines; the next draw brings those back.
    ///
    /// Neither `println`, which ends no line but fills it with blanks to the terminal's width (a
    /// terminal that is resized then joins them), nor `suspend`, which panics where the terminal is gone
    /// (indicatif 0.18.6).
    pub fn above(&self, sink: &mut dyn Write, text: &str) {
        let _ = self.lines.clear();
        let _ = sink.write_all(text.as_bytes()).and_then(|()| sink.flush());
    }
}
