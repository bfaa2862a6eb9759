//! The cluster's and the containers' words, fit for a terminal.

use serde_json::Value;

use crate::log_line;

/// Text on one line: no control character, no password in a URL, in SQL or in a setting, and at most `longest`
/// characters, cut in the middle, as the cause mostly stands last.
pub fn plain(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = without_controls(&words.join(" "));
    cut(&without_values(&without_passwords(&line)), longest)
}

/// A line of a log, at most `longest` characters: where it is JSON its level, message and error only.
pub(super) fn log_line(line: &str, longest: usize) -> String {
    match serde_json::from_str(line) {
        Ok(Value::Object(line)) => plain(&json_line(&Value::Object(line)), longest),
        _ => plain(line, longest),
    }
}

fn json_line(line: &Value) -> String {
    let text = |paths| log_line::text(line, paths).map(|(_, text)| text);
    let level = text(&log_line::LEVEL);
    let message = text(&log_line::MESSAGE);
    let error = text(&log_line::ERROR);
    let Some(message) = message.or(error) else {
        return line.to_string();
    };
    let error = error.filter(|error| *error != message);
    [level, Some(message), error]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(": ")
}

fn cut(text: &str, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text.to_owned();
    }
    let kept = longest.saturating_sub(3);
    let head: String = text.chars().take(kept / 2).collect();
    let tail: String = text.chars().skip(length - (kept - kept / 2)).collect();
    format!("{head}...{tail}")
}

/// Drops control characters, and the colours that some begin.
fn without_controls(text: &str) -> String {
    let mut result = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // `ESC [ 3 1 m` ends at its first letter.
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else if !c.is_control() {
            result.push(c);
        }
    }
    result
}

/// Puts `***` in the place of each password that stands in a URL.
fn without_passwords(text: &str) -> String {
    let mut parts = text.split("://");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str("://");
        let is_end = |c: char| c.is_whitespace() || "/?#\"'`<>".contains(c);
        let (authority, rest) = part.split_at(part.find(is_end).unwrap_or(part.len()));
        match authority
            .rsplit_once('@')
            .map(|(user, host)| (user.split_once(':'), host))
        {
            Some((Some((user, _)), host)) => result.extend([user, ":***@", host]),
            _ => result.push_str(authority),
        }
        result.push_str(rest);
    }
    result
}

/// Puts `***` in the place of each value that follows the word `password`, as in SQL's `PASSWORD 'x'`, libpq's
/// `password=x` and `"password":"x"`.
fn without_values(text: &str) -> String {
    const WORD: &str = "password";
    let lower = text.to_ascii_lowercase();
    let (mut result, mut rest) = (String::new(), 0);
    while let Some(found) = lower[rest..].find(WORD) {
        let end = rest + found + WORD.len();
        let (begin, length) = value(&text[end..]).unwrap_or_default();
        result.push_str(&text[rest..end + begin]);
        if length > 0 {
            result.push_str("***");
        }
        rest = end + begin + length;
    }
    result + &text[rest..]
}

/// Where the value begins that follows, and its length; what is neither quoted nor set by `=` or `:` is none.
fn value(text: &str) -> Option<(usize, usize)> {
    let is_between = |c: char| c == ' ' || c == '=' || c == ':';
    let name = text.strip_prefix(['"', '\'']).unwrap_or(text);
    let rest = name.trim_start_matches(is_between);
    let between = &name[..name.len() - rest.len()];
    let begin = text.len() - rest.len();
    let quote = rest.chars().next().filter(|c| "'\"`".contains(*c));
    match quote {
        Some(quote) if !between.is_empty() => {
            let mut inner = rest[1..].char_indices().peekable();
            while let Some((at, c)) = inner.next() {
                // A quote is doubled within.
                if c == quote && inner.next_if(|it| it.1 == quote).is_none() {
                    return Some((begin, at + 2));
                }
            }
            Some((begin, rest.len()))
        }
        _ if between.contains(['=', ':']) => {
            let end = rest.find(|c: char| c.is_whitespace() || ",;&\"'".contains(c));
            Some((begin, end.unwrap_or(rest.len())))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_text_keeps_its_beginning_and_its_end() {
        assert_eq!(plain("abcdefghij", 10), "abcdefghij");
        assert_eq!(plain("abcdefghijk", 9), "abc...ijk");
        assert_eq!(plain("äöü ÄÖÜ ß", 7), "äö... ß");
    }

    #[test]
    fn what_a_terminal_would_obey_is_dropped() {
        assert_eq!(
            plain("\u{1b}[31mred\u{1b}[0m\r\n\tand\u{7} plain", 99),
            "red and plain"
        );
    }

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        let shown = |text| plain(text, 999);
        assert_eq!(
            shown("cannot reach \"postgresql://ghillie:s%40cr:et@pg.ghillie:5432/ghillie\" today"),
            "cannot reach \"postgresql://ghillie:***@pg.ghillie:5432/ghillie\" today"
        );
        assert_eq!(
            shown("redis://:secret@valkey:6379, b://c:d@e"),
            "redis://:***@valkey:6379, b://c:***@e"
        );
        let innocent = "https://ghcr.io:443/v2/a@sha256:12, a@b://c, ssh://git@host";
        assert_eq!(shown(innocent), innocent);
    }

    #[test]
    fn a_value_that_is_called_a_password_is_never_shown() {
        for (text, expected) in [
            (
                r#"CREATE ROLE "x" LOGIN PASSWORD 'a''b c'; SELECT 1"#,
                r#"CREATE ROLE "x" LOGIN PASSWORD ***; SELECT 1"#,
            ),
            ("host=pg password=a%b user=x", "host=pg password=*** user=x"),
            (r#"{"password":"a","b":1}"#, r#"{"password":***,"b":1}"#),
            ("PGPASSWORD='a", "PGPASSWORD=***"),
            ("password: a", "password: ***"),
        ] {
            assert_eq!(plain(text, 999), expected);
        }
        for innocent in [
            "password authentication failed for user \"ghillie\"",
            "the Secret has no password",
            "no password: ",
        ] {
            assert_eq!(plain(innocent, 999), innocent.trim_end());
        }
    }

    #[test]
    fn of_a_json_line_its_message_is_shown() {
        let shown = |line| log_line(line, 99);
        assert_eq!(
            shown(
                r#"{"level":"info","msg":"record","record":{"error_severity":"FATAL","message":"no space"}}"#
            ),
            "FATAL: no space"
        );
        assert_eq!(
            shown(r#"{"level":"error","msg":"failed","error":"exit 1"}"#),
            "error: failed: exit 1"
        );
        assert_eq!(
            shown(r#"{"level":"INFO","fields":{"message":"up"}}"#),
            "INFO: up"
        );
        assert_eq!(shown(r#"{"a":1}"#), r#"{"a":1}"#);
        assert_eq!(
            shown("boom: cannot read DATABASE_URL"),
            "boom: cannot read DATABASE_URL"
        );
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>(), longest in 0_usize..400) {
            let shown = log_line(&text, longest);
            prop_assert!(shown.chars().count() <= longest.max(3));
            prop_assert!(!shown.contains(char::is_control));
        }

        #[test]
        fn no_percent_encoded_password_survives(password in "[A-Za-z0-9%._~-]{8,20}", around in "[a-z \"']{0,9}") {
            let text = format!("{around}postgresql://ghillie:{password}@pg:5432/db{around}");
            prop_assert!(!plain(&text, 999).contains(&password));
        }
    }
}
