//! What GitHub's runner makes of a line, on stdout and on stderr alike.
//!
//! Documented as [workflow commands]; how the runner tells them from text, and how it unescapes them, was
//! read in `ActionCommand.cs` of actions/runner.
//!
//! [workflow commands]: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

use std::borrow::Cow;

/// The end of a group.
pub(super) const END_GROUP: &str = "::endgroup::\n";

/// The command that opens a group of lines which is shown folded.
pub(super) fn group(title: &str) -> String {
    format!("::group::{}\n", data(title))
}

/// The command that makes an annotation: its title is the first line, its text the rest.
pub(super) fn error(text: &str) -> String {
    let (title, rest) = text.split_once('\n').unwrap_or((text, text));
    format!("::error title={}::{}\n", property(title), data(rest))
}

/// A line of ours or of a child, such that the runner takes it for no command.
pub(super) fn harmless(line: &str) -> Cow<'_, str> {
    let begin = line.len() - line.trim_start().len();
    let (space, text) = line.split_at(begin);
    let is_command = text
        .strip_prefix("::")
        .is_some_and(|rest| rest.contains("::"));
    match (is_command, line.contains("##[")) {
        (false, false) => Cow::Borrowed(line),
        (false, true) => Cow::Owned(line.replace("##[", "# #[")),
        (true, _) => Cow::Owned(format!("{space}: :{}", text[2..].replace("##[", "# #["))),
    }
}

fn data(text: &str) -> String {
    // `%` first: it is what the others become.
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_one_line() {
        assert_eq!(
            error("cluster: port 80, taken\n    50 % used\n    ::end"),
            "::error title=cluster%3A port 80%2C taken::    50 %25 used%0A    ::end\n"
        );
        assert_eq!(error("a: b"), "::error title=a%3A b::a: b\n");
    }

    #[test]
    fn a_childs_words_are_no_commands() {
        assert_eq!(harmless("  ::add-mask::x"), "  : :add-mask::x");
        assert_eq!(harmless("ok ##[error]x"), "ok # #[error]x");
        assert_eq!(harmless("::1 refused"), "::1 refused");
        assert_eq!(harmless("a ::b::c"), "a ::b::c");
    }
}
