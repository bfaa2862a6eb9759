//! One child of xtask, or one question to the application, as the golden file `calls` shows it.

use std::collections::BTreeMap;
use std::fmt;
use std::iter;

/// What was called. All that changes from run to run has its name, see [`super::names`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What xtask adds to the environment.
    pub env: BTreeMap<String, String>,
    /// The program; `GET` for a question to the application.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// What it reads: a file of `manifests/`, or the text where it is no manifest.
    pub stdin: Option<String>,
}

/// Calls that do not wait for each other, in the order of their text.
pub type Wave = Vec<String>;

/// What stands between two waves.
const BREAK: &str = "----";

impl Call {
    /// The call as one would type it, which is what its recorded replies go by.
    pub fn typed(&self) -> String {
        let words = iter::once(&self.program).chain(&self.args);
        let stdin = self.stdin.iter().map(|name| format!(" < {name}"));
        iter::once(shell_words::join(words).replace('\n', "\\n"))
            .chain(stdin)
            .collect()
    }
}

/// Variables, program, one argument a line, stdin.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            writeln!(f, "{name}={value}")?;
        }
        f.write_str(&self.program)?;
        for arg in &self.args {
            write!(f, "\n  {}", arg.replace('\n', "\\n"))?;
        }
        match &self.stdin {
            Some(name) => write!(f, "\n  < {name}"),
            None => Ok(()),
        }
    }
}

/// The text of the file `calls`.
pub fn show(waves: &[Wave]) -> String {
    let waves: Vec<String> = waves.iter().map(|wave| wave.join("\n\n")).collect();
    let text = waves.join(&format!("\n{BREAK}\n"));
    if text.is_empty() { text } else { text + "\n" }
}

/// The waves of the file `calls`.
pub fn read(text: &str) -> Vec<Wave> {
    let wave = |text: &str| text.trim_end().split("\n\n").map(str::to_owned).collect();
    match text.trim_end() {
        "" => Vec::new(),
        text => text.split(&format!("\n{BREAK}\n")).map(wave).collect(),
    }
}
