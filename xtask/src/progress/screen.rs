//! What is on the screen: the steps that run, and what was printed above them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::github;
use super::live::Live;
use super::text::whole;

/// How often live lines move.
const FRAME: Duration = Duration::from_millis(100);
/// Without a terminal, a step that takes longer than this says what it waits for.
const FIRST: Duration = Duration::from_secs(15);
/// Then once in this time.
const AGAIN: Duration = Duration::from_secs(30);
/// The least width of the titles, so that times line up from the first line on.
const COLUMN: usize = 20;

/// Everything that changes while steps run.
pub(super) struct Screen {
    sink: Box<dyn Write + Send>,
    live: Option<Live>,
    github: bool,
    in_group: bool,
    running: BTreeMap<u64, Running>,
    begun: u64,
    column: usize,
    /// Whether a thread looks after the running steps.
    pub ticking: bool,
}

struct Running {
    title: String,
    begun: Instant,
    last: Option<Duration>,
    words: String,
    /// How long it will have run when it next says what it waits for.
    due: Duration,
    line: Option<ProgressBar>,
}

impl Screen {
    pub fn new(sink: Box<dyn Write + Send>, live: Option<Live>, github: bool) -> Self {
        Self {
            sink,
            live,
            github,
            in_group: false,
            running: BTreeMap::new(),
            begun: 0,
            column: COLUMN,
            ticking: false,
        }
    }

    /// The width of the titles.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Whether no step runs.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Takes in a step that begins `now`, and returns the number it goes by.
    pub fn begin(&mut self, title: String, last: Option<Duration>, now: Instant) -> u64 {
        self.begun += 1;
        self.column = self.column.max(title.chars().count());
        let line = self.live.as_ref().map(|live| live.add(&title, self.column));
        let step = Running {
            title,
            begun: now,
            last,
            words: String::new(),
            due: FIRST,
            line,
        };
        self.running.insert(self.begun, step);
        self.begun
    }

    /// Takes the last words of a step; they are shown by the next [`Screen::advance`].
    pub fn say(&mut self, step: u64, words: String) {
        if let Some(step) = self.running.get_mut(&step) {
            step.words = words;
        }
    }

    /// Drops a step and returns its title, unless it is gone already.
    pub fn end(&mut self, step: u64) -> Option<String> {
        let step = self.running.remove(&step)?;
        if let (Some(live), Some(line)) = (&self.live, &step.line) {
            live.remove(line);
            self.redraw();
        }
        Some(step.title)
    }

    /// Prints lines for people.
    pub fn print(&mut self, text: &str) {
        self.end_group();
        self.put(text);
    }

    /// Prints lines about children, which GitHub shows folded.
    pub fn print_detail(&mut self, text: &str) {
        if self.github && !self.in_group {
            let titles: Vec<&str> = self
                .running
                .values()
                .map(|step| step.title.as_str())
                .collect();
            let title = if titles.is_empty() {
                "commands".to_owned()
            } else {
                titles.join(", ")
            };
            self.write(&github::group(&title));
            self.in_group = true;
        }
        self.put(text);
    }

    /// Prints an annotation of GitHub's.
    pub fn annotate(&mut self, text: &str) {
        if self.github {
            self.end_group();
            self.write(&github::error(text));
        }
    }

    /// Ends the group that was begun by details.
    pub fn end_group(&mut self) {
        if std::mem::take(&mut self.in_group) {
            self.write(github::END_GROUP);
        }
    }

    /// Shows what has changed by `now`, and returns how long nothing else is to be shown.
    pub fn advance(&mut self, now: Instant) -> Duration {
        if self.live.is_some() {
            self.draw();
            return FRAME;
        }
        let mut reminders: Vec<String> = Vec::new();
        let mut pause = AGAIN;
        for step in self.running.values_mut() {
            let ran = now.saturating_duration_since(step.begun);
            if ran >= step.due {
                let words = if step.words.is_empty() {
                    ""
                } else {
                    &format!(": {}", step.words)
                };
                reminders.push(format!("… {}{words} ({})", step.title, whole(ran)));
                step.due = ran + AGAIN;
            }
            pause = pause.min(step.due.saturating_sub(ran));
        }
        if !reminders.is_empty() {
            self.print(&reminders.join("\n"));
        }
        pause
    }

    fn draw(&self) {
        for step in self.running.values() {
            if let (Some(live), Some(line)) = (&self.live, &step.line) {
                live.update(line, step.last, &step.words);
            }
        }
        self.redraw();
    }

    /// Draws the live lines, as they are or as they were.
    fn redraw(&self) {
        if let Some(line) = self.running.values().find_map(|step| step.line.as_ref()) {
            Live::draw(line);
        }
    }

    fn put(&mut self, text: &str) {
        let mut lines = String::with_capacity(text.len() + 1);
        for line in text.lines() {
            let line = if self.github {
                github::harmless(line)
            } else {
                Cow::Borrowed(line)
            };
            lines += &line;
            lines.push('\n');
        }
        self.write(&lines);
    }

    /// Writes whole lines; where nobody reads them any more, that is no reason to end.
    fn write(&mut self, lines: &str) {
        match &self.live {
            Some(live) => live.above(&mut *self.sink, lines),
            None => drop(
                self.sink
                    .write_all(lines.as_bytes())
                    .and_then(|()| self.sink.flush()),
            ),
        }
        self.redraw();
    }
}
