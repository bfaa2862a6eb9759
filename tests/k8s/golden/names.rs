//! Names for what changes from run to run: folders, ports, passwords.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What tempfile puts before the random part of a folder's name, and how long that is (tempfile 3).
const RANDOM: (&str, usize) = ("/.tmp", 6);

/// Names such as `{PORT}`, and what they stand for in this run.
#[derive(Debug, Default)]
pub struct Names(Mutex<BTreeMap<String, String>>);

impl Names {
    /// Gives a value a name, `PORT` for `{PORT}`.
    pub fn set(&self, name: &str, value: impl Into<String>) {
        self.known(|known| known.insert(name.to_owned(), value.into()));
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<String> {
        self.known(|known| known.get(name).cloned())
    }

    /// The text with names in the place of what they stand for, the longest first.
    pub fn hide(&self, text: &str) -> String {
        let mut all: Vec<(String, String)> =
            self.known(|known| known.clone().into_iter().collect());
        all.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        let hidden = all.iter().fold(text.to_owned(), |text, (name, value)| {
            replace(&text, value, &format!("{{{name}}}"))
        });
        without_random(&hidden)
    }

    /// The text with what names stand for in their place.
    pub fn fill(&self, text: &str) -> String {
        self.known(|known| {
            known.iter().fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
        })
    }

    fn known<T>(&self, with: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Replaces a value; a number only where it is not part of another one, or of a digest.
fn replace(text: &str, value: &str, name: &str) -> String {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let (mut done, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(value).filter(|_| !value.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        let cut = before.ends_with(|c: char| c.is_ascii_hexdigit())
            || after.starts_with(|c: char| c.is_ascii_hexdigit());
        done += before;
        done += if is_number && cut { value } else { name };
        rest = after;
    }
    done + rest
}

/// Without the folders of random names that `tempfile` makes.
fn without_random(text: &str) -> String {
    let mut parts = text.split(RANDOM.0);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.get(RANDOM.1..).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_gets_its_name_and_back() {
        let names = Names::default();
        for (name, value) in [("STATE", "/t/s/c"), ("TMP", "/t"), ("PORT", "808")] {
            names.set(name, value);
        }
        let text = "/t/s/c/kubeconfig /t/.tmpAb12Cd/m.json 127.0.0.1:808 8080 1808 b808";
        let hidden = "{STATE}/kubeconfig {TMP}/m.json 127.0.0.1:{PORT} 8080 1808 b808";
        assert_eq!(names.hide(text), hidden);
        assert_eq!(names.fill("{STATE} {PORT}"), "/t/s/c 808");
    }
}
