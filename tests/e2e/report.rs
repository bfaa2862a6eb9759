//! How long each fault took to be told, and to be recovered from.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};

/// How many characters of what was said are kept.
const LONGEST: usize = 120;

/// The matrix of faults, as far as it was run.
#[derive(Default)]
pub struct Report(Vec<Row>);

struct Row {
    fault: String,
    message: Option<Duration>,
    recovery: Option<Duration>,
    note: String,
}

impl Report {
    /// Notes one fault: the time from when it was there to the message, the time that the next command
    /// took until all was well again, and what was said.
    pub fn add(
        &mut self,
        fault: &str,
        message: Option<Duration>,
        recovery: Option<Duration>,
        note: &str,
    ) {
        let seconds = |time: Option<Duration>| {
            time.map_or_else(|| "-".into(), |it| format!("{:.1} s", it.as_secs_f64()))
        };
        println!(
            "    {fault}: message after {}, recovered after {}  {note}",
            seconds(message),
            seconds(recovery)
        );
        self.0.push(Row {
            fault: fault.to_owned(),
            message,
            recovery,
            note: note.chars().take(LONGEST).collect(),
        });
    }

    /// Appends the rows to the file that `E2E_REPORT` names, where it names one.
    pub fn write(&self) -> Result<()> {
        let Some(path) = std::env::var_os("E2E_REPORT").filter(|path| !path.is_empty()) else {
            return Ok(());
        };
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(self.to_string().as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// As rows of a Markdown table.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let seconds = |time: Option<Duration>| {
            time.map_or_else(String::new, |it| format!("{:.1}", it.as_secs_f64()))
        };
        writeln!(
            f,
            "| fault | to the message, s | to recovery, s | what was said |"
        )?;
        writeln!(f, "| --- | ---: | ---: | --- |")?;
        for row in &self.0 {
            writeln!(
                f,
                "| {} | {} | {} | {} |",
                row.fault,
                seconds(row.message),
                seconds(row.recovery),
                row.note.replace('|', "\\|")
            )?;
        }
        Ok(())
    }
}
