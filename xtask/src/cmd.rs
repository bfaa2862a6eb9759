//! A child process as data: what would be run, before anything runs.

use std::collections::BTreeMap;
use std::fmt;

/// One child process. Nothing has run yet, so it can be printed, compared and tested.
///
/// No secret belongs into `args` or `env`, which `ps` shows; `stdin` is where secrets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cmd {
    /// The tool's name, found on `PATH` or in our own cache of tools.
    pub program: &'static str,
    /// Its arguments.
    pub args: Vec<String>,
    /// What is added to the environment.
    pub env: BTreeMap<&'static str, String>,
    /// The user's variables that begin so are kept from it.
    pub without: Option<&'static str>,
    /// What it reads; nothing where absent.
    pub stdin: Option<Hidden>,
    /// Whether it changes something: such a child may finish when another step fails.
    pub changes: bool,
}

impl Cmd {
    /// A call of `program` without arguments.
    pub fn new(program: &'static str) -> Self {
        Self {
            program,
            args: Vec::new(),
            env: BTreeMap::new(),
            without: None,
            stdin: None,
            changes: false,
        }
    }

    /// Marks it as one that changes something, which is better finished than ended half-way.
    #[must_use]
    pub fn changes(mut self) -> Self {
        self.changes = true;
        self
    }

    /// Adds arguments, in the order given.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds one variable to the environment.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.insert(name, value.into());
        self
    }

    /// Its program's name and its arguments.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.program).chain(self.args.iter().map(String::as_str))
    }

    /// Keeps the user's variables that begin so from it.
    #[must_use]
    pub fn without(mut self, prefix: &'static str) -> Self {
        self.without = Some(prefix);
        self
    }

    /// Gives it something to read.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Some(Hidden(text.into()));
        self
    }
}

/// As one would type it in a shell, without what is read from stdin.
impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shell_words::join(self.words()))
    }
}

/// Text that may hold a secret: it prints as its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_as_one_would_type_it() {
        let cmd = Cmd::new("helm").args(["upgrade", "a b", "it's", ""]);
        assert_eq!(cmd.to_string(), r"helm upgrade 'a b' 'it'\''s' ''");
    }

    #[test]
    fn what_is_read_is_never_printed() {
        let cmd = Cmd::new("kubectl").stdin("password");
        assert!(!format!("{cmd} {cmd:?}").contains("password"));
    }
}
