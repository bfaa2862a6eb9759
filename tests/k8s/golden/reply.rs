//! Recorded replies: one file for each argument list, with one reply after another.
//!
//! A file has the form of `tests/fixtures`: `$ COMMAND`, `exit: STATUS`, `--- stdout`, `--- stderr`, and
//! where the program wrote the file that its arguments name, `--- file`. The line `=== then` stands before
//! the reply to the same question when it is asked again. `exit: when killed` is that of a program that
//! prints what it has and goes on until it is ended, such as `kubectl get --watch`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const THEN: &str = "=== then\n";
const NO_NEWLINE: &str = "\\ no newline at end\n";
const KILLED: &str = "when killed";
/// How many characters of a command its file's name has.
const LONGEST: usize = 60;

/// One reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// Its exit status, or the status of an HTTP answer; none where it goes on until it is killed.
    pub status: Option<u16>,
    pub stdout: String,
    pub stderr: String,
    /// What it wrote to the file that its arguments name.
    pub file: Option<String>,
}

/// All replies of a case, by what was typed.
#[derive(Debug, Default)]
pub struct Replies {
    lists: BTreeMap<String, List>,
    /// What was asked and has no reply.
    missing: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct List {
    path: PathBuf,
    /// The tool's version, where it is known.
    with: Option<String>,
    replies: Vec<Reply>,
    asked: usize,
}

impl Replies {
    /// Adds the replies of a folder.
    pub fn add_all(&mut self, folder: &Path) {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        files.for_each(|file| self.add(&file.path()));
    }

    /// Adds the replies of one file, in the place of others to the same question.
    pub fn add(&mut self, path: &Path) {
        let text = fs::read_to_string(path).expect("a reply is a text file");
        let (typed, list) = List::read(&text)
            .unwrap_or_else(|| panic!("{} is not a recorded reply", path.display()));
        let path = path.to_owned();
        self.lists.insert(typed, List { path, ..list });
    }

    /// Changes words of the replies, such as a version that is no longer to be had.
    pub fn change(&mut self, from: &str, to: &str) {
        let replies = self.lists.values_mut().flat_map(|list| &mut list.replies);
        let mut found: Vec<&mut Reply> = replies
            .filter(|reply| reply.stdout.contains(from))
            .collect();
        assert!(!found.is_empty(), "no reply says {from}");
        for reply in &mut found {
            reply.stdout = reply.stdout.replace(from, to);
        }
    }

    /// The next reply to what was typed; the last one again where it repeated itself when it was recorded.
    pub fn next(&mut self, typed: &str) -> Option<Reply> {
        let Some(list) = self.lists.get_mut(typed) else {
            self.missing.insert(typed.to_owned());
            return None;
        };
        let reply = list.replies.get(list.asked).or(list.replies.last());
        list.asked += 1;
        reply.cloned()
    }

    /// What was asked and has no reply, a line each.
    pub fn missing(&self) -> String {
        let line = |typed: &String| format!("asked for and not recorded: {typed}\n");
        self.missing.iter().map(line).collect()
    }

    /// What is in `folder` and was not asked for, a line each.
    pub fn unused(&self, folder: &Path) -> String {
        let line = |typed: &String| format!("recorded and not asked for: {typed}\n");
        let unused = self.lists.iter().filter(|(_, list)| list.is_unused(folder));
        unused.map(|(typed, _)| line(typed)).collect()
    }

    /// Takes from the files in `folder` what was not asked for.
    pub fn prune(&mut self, folder: &Path) {
        let unused = self
            .lists
            .iter_mut()
            .filter(|(_, list)| list.is_unused(folder));
        for (typed, list) in unused {
            list.replies.truncate(list.asked);
            list.write(typed);
        }
    }

    /// Records a reply, unless it only repeats what is known.
    pub fn record(&mut self, folder: &Path, typed: &str, with: Option<String>, reply: Reply) {
        if !self.lists.contains_key(typed) {
            let path = self.free_path(folder, typed);
            let list = List {
                path,
                with,
                ..List::default()
            };
            self.lists.insert(typed.to_owned(), list);
        }
        if let Some(list) = self.lists.get_mut(typed)
            && !list.is_known(typed, &reply)
        {
            list.replies.push(reply);
            list.write(typed);
        }
    }

    /// A path that says what was typed, and that no other list has.
    fn free_path(&self, folder: &Path, typed: &str) -> PathBuf {
        let words: Vec<&str> = typed
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let mut name = words.join("-");
        name.truncate(LONGEST);
        let path = |number: usize| match number {
            1 => folder.join(format!("{name}.txt")),
            _ => folder.join(format!("{name}-{number}.txt")),
        };
        let is_free = |path: &PathBuf| self.lists.values().all(|list| list.path != *path);
        (1..100)
            .map(path)
            .find(is_free)
            .expect("no case asks as much")
    }
}

impl List {
    fn read(text: &str) -> Option<(String, Self)> {
        let (typed, rest) = text.strip_prefix("$ ")?.split_once('\n')?;
        let (with, rest) = match rest.strip_prefix("with: ") {
            Some(rest) => rest
                .split_once('\n')
                .map(|(with, rest)| (Some(with.to_owned()), rest))?,
            None => (None, rest),
        };
        let replies = rest.split(THEN).map(Reply::read).collect::<Option<_>>()?;
        let list = Self {
            with,
            replies,
            ..Self::default()
        };
        Some((typed.to_owned(), list))
    }

    /// Whether a reply only repeats the one before it, as a poll has many of them. While pods are replaced, the
    /// application's answers go to and fro: of these each is kept once, after the first, which `up` asks for before
    /// it does anything.
    fn is_known(&self, typed: &str, reply: &Reply) -> bool {
        if typed.starts_with("GET ") {
            return self.replies.iter().skip(1).any(|it| it == reply);
        }
        self.replies.last() == Some(reply)
    }

    fn is_unused(&self, folder: &Path) -> bool {
        self.asked < self.replies.len() && self.path.starts_with(folder)
    }

    fn write(&self, typed: &str) {
        if self.replies.is_empty() {
            return fs::remove_file(&self.path).unwrap_or_default();
        }
        let with = self.with.iter().map(|with| format!("with: {with}\n"));
        let replies: Vec<String> = self.replies.iter().map(Reply::show).collect();
        let text = format!(
            "$ {typed}\n{}{}",
            with.collect::<String>(),
            replies.join(THEN)
        );
        let folder = self.path.parent().expect("a reply is in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&self.path, text))
            .expect("a reply can be written");
    }
}

impl Reply {
    fn read(text: &str) -> Option<Self> {
        let (end, rest) = text.strip_prefix("exit: ")?.split_once('\n')?;
        let (stdout, rest) = rest
            .strip_prefix("--- stdout\n")?
            .split_once("--- stderr\n")?;
        let (stderr, file) = match rest.split_once("--- file\n") {
            Some((stderr, file)) => (stderr, Some(stream(file))),
            None => (rest, None),
        };
        let status = if end == KILLED {
            None
        } else {
            Some(end.parse().ok()?)
        };
        let (stdout, stderr) = (stream(stdout), stream(stderr));
        Some(Self {
            status,
            stdout,
            stderr,
            file,
        })
    }

    fn show(&self) -> String {
        let end = self
            .status
            .map_or_else(|| KILLED.to_owned(), |status| status.to_string());
        let mut text = format!("exit: {end}\n");
        let file = self.file.iter().map(|file| ("file", file));
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)]
            .into_iter()
            .chain(file)
        {
            let _ = writeln!(text, "--- {name}");
            text += stream;
            if !stream.is_empty() && !stream.ends_with('\n') {
                text += "\n";
                text += NO_NEWLINE;
            }
        }
        text
    }
}

fn stream(text: &str) -> String {
    let cut = text
        .strip_suffix(NO_NEWLINE)
        .and_then(|text| text.strip_suffix('\n'));
    cut.unwrap_or(text).to_owned()
}
