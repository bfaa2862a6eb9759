//! How things are written: durations, the line of a finished step, and words that are not ours.

use std::time::Duration;

use super::Outcome;

/// Columns of a duration: `1 min 05 s`.
const TOOK: usize = 10;

/// A duration as people read it: `0.4 s`, `12.3 s`, from a minute on `1 min 05 s`.
pub fn human(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        whole(time + Duration::from_millis(500))
    }
}

/// A duration in whole seconds, the begun one left out: `15 s`, `1 min 05 s`.
pub(super) fn whole(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// A duration that lines up with others.
pub(super) fn aligned(time: Duration) -> String {
    format!("{:>TOOK$}", human(time))
}

/// The one line that a finished step leaves; `column` is the width of the titles.
pub(super) fn finished(
    paint: Paint,
    outcome: Outcome,
    title: &str,
    column: usize,
    took: Duration,
    note: &str,
) -> String {
    let (mark, colour) = match outcome {
        Outcome::Done => ("✓", Colour::Green),
        Outcome::Unchanged => ("=", Colour::Dim),
        Outcome::Failed => ("✗", Colour::Red),
        Outcome::Stopped => ("–", Colour::Yellow),
    };
    let line = format!(
        "{} {title:<column$} {}  {note}",
        paint.with(colour, mark),
        aligned(took)
    );
    line.trim_end().to_owned()
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It is well.
    Green,
    /// It is wrong.
    Red,
    /// It may be wrong.
    Yellow,
    /// It moves, or is to be told apart from others, as with the two that follow.
    Cyan,
    /// Another such thing.
    Magenta,
    /// One more.
    Blue,
    /// It matters less.
    Dim,
}

/// Colours, where there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// The text in a colour, by ECMA-48's SGR codes.
    pub fn with(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Green => "32",
            Colour::Red => "1;31",
            Colour::Yellow => "33",
            Colour::Cyan => "36",
            Colour::Magenta => "35",
            Colour::Blue => "34",
            Colour::Dim => "2",
        };
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Foreign text without what would move the cursor or change colours; lines and tabs are kept.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            '\x1b' => skip_sequence(&mut rest),
            '\n' | '\t' => clean.push(char),
            _ if char.is_control() => {}
            _ => clean.push(char),
        }
    }
    clean
}

/// Skips what follows an ESC (ECMA-48, 5.3 to 5.6): a control sequence up to its final byte, a string
/// such as a window's title up to its terminator, else one character after any intermediate ones.
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            rest.find(|char| ('\x40'..='\x7e').contains(char));
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let mut escaped = false;
            rest.find(|char| {
                let ended = *char == '\x07' || escaped && *char == '\\';
                escaped = *char == '\x1b';
                ended
            });
        }
        Some('\x20'..='\x2f') => {
            rest.find(|char| !('\x20'..='\x2f').contains(char));
        }
        _ => {}
    }
}

/// One line: of several, or of one that was written over, the last that is not blank.
pub(super) fn last_line(text: &str) -> String {
    let mut parts = text.rsplit(['\n', '\r']).map(clean);
    let last = parts.find(|part| !part.trim().is_empty());
    last.unwrap_or_default().trim_end().replace('\t', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let of = |millis| human(Duration::from_millis(millis));
        assert_eq!(of(0), "0.0 s");
        assert_eq!(of(449), "0.4 s");
        assert_eq!(of(450), "0.5 s");
        assert_eq!(of(12_300), "12.3 s");
        assert_eq!(of(59_949), "59.9 s");
        assert_eq!(of(59_950), "1 min 00 s");
        assert_eq!(of(65_000), "1 min 05 s");
        assert_eq!(of(119_500), "2 min 00 s");
        assert_eq!(of(3_725_000), "62 min 05 s");
    }

    #[test]
    fn foreign_words_lose_what_would_move_the_cursor() {
        assert_eq!(clean("\x1b[36mINFO\x1b[0m[0000] ok\r"), "INFO[0000] ok");
        assert_eq!(clean("a\x1b]0;title\x07b\x1b]8;;u\x1b\\c"), "abc");
        assert_eq!(clean("a\x1b(Bb\x1b7c\x07\u{9b}d\te\nf"), "abcd\te\nf");
        assert_eq!(clean("cut short \x1b[3"), "cut short ");
    }

    #[test]
    fn only_the_last_line_counts() {
        assert_eq!(last_line("10 %\r20 %\r"), "20 %");
        assert_eq!(
            last_line("one\n  \x1b[1mtwo\x1b[0m\tthree \n\n"),
            "  two three"
        );
        assert_eq!(last_line(" \n"), "");
    }
}
