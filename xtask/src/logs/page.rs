//! Lines on their way to stdout: marked, made readable where people read, never mixed.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use super::readable::readable;
use super::source::Source;
use crate::pod::Pod;
use crate::progress::{Colour, Paint};

/// The marks' colours, by turns. Red is left to errors.
const COLOURS: [Colour; 5] = [
    Colour::Cyan,
    Colour::Magenta,
    Colour::Green,
    Colour::Yellow,
    Colour::Blue,
];

/// How lines are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether people read: then marks line up, and JSON is made readable. Else each byte of a line is kept.
    pub readable: bool,
    /// Colours, where there are any.
    pub paint: Paint,
    /// Whether lines are shown as they come; else they may wait to be written together.
    pub live: bool,
}

/// What the lines are written to.
pub struct Page<W> {
    out: W,
    look: Look,
    /// The pods that were met, each with its colour.
    pods: BTreeMap<String, Colour>,
    marked: bool,
    width: usize,
}

impl<W: Write> Page<W> {
    /// A page on `out`.
    pub fn new(out: W, look: Look) -> Self {
        Self {
            out,
            look,
            pods: BTreeMap::new(),
            marked: false,
            width: 0,
        }
    }

    /// Makes a pod known whose lines may come: from the second one on, all lines are marked. So are those
    /// of a pod with several containers.
    pub fn meet(&mut self, pod: &Pod) {
        let next = COLOURS[self.pods.len() % COLOURS.len()];
        self.pods.entry(pod.metadata.uid.clone()).or_insert(next);
        self.marked |= self.pods.len() > 1 || pod.containers().count() > 1;
        let widths = Source::all_of(pod).map(|(source, _)| source.mark.chars().count());
        self.width = widths.fold(self.width, usize::max);
    }

    /// Writes whole lines of one source; the last gets an end where it has none and others may follow it.
    ///
    /// # Errors
    /// Where they cannot be written, as where nobody reads any more.
    pub fn write(&mut self, source: &Source, lines: &[u8]) -> io::Result<()> {
        if self.marked || self.look.readable {
            let mut text = Vec::with_capacity(lines.len() * 2);
            let mark = self.mark(source);
            for line in split(lines) {
                self.show(&mark, line, &mut text);
            }
            self.out.write_all(&text)?;
        } else {
            self.out.write_all(lines)?;
            if self.look.live && !lines.ends_with(b"\n") {
                self.out.write_all(b"\n")?;
            }
        }
        if self.look.live {
            self.out.flush()?;
        }
        Ok(())
    }

    /// Writes what still waits.
    ///
    /// # Errors
    /// As for [`Page::write`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn mark(&self, source: &Source) -> String {
        if !self.marked {
            return String::new();
        }
        let width = if self.look.readable { self.width } else { 0 };
        let mark = format!("{:<width$} |", source.mark);
        let colour = self.pods.get(&source.uid).copied();
        let mark = self.look.paint.with(colour.unwrap_or(COLOURS[0]), &mark);
        mark + " "
    }

    fn show(&self, mark: &str, line: &[u8], text: &mut Vec<u8>) {
        let readable = self.look.readable.then(|| readable(line, self.look.paint));
        if let Some(readable) = readable.flatten() {
            for line in readable.lines() {
                text.extend([mark, line, "\n"].iter().flat_map(|it| it.bytes()));
            }
            return;
        }
        text.extend_from_slice(mark.as_bytes());
        text.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            text.push(b'\n');
        }
    }
}

/// The lines of a block, each with its end.
pub fn split(mut block: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let mut reader = block;
        // Reading from memory never fails; unlike an iterator, this is fast in an unoptimised build too.
        let length = reader.skip_until(b'\n').ok().filter(|length| *length > 0)?;
        let (line, rest) = block.split_at(length);
        block = rest;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixtures::pods;

    const PIPE: Look = Look {
        readable: false,
        paint: Paint(false),
        live: false,
    };

    fn written(look: Look, pods: &[Pod], lines: &[u8]) -> String {
        let mut page = Page::new(Vec::new(), look);
        for pod in pods {
            page.meet(pod);
        }
        let last = pods.last().unwrap();
        let (source, _) = Source::all_of(last).last().unwrap();
        page.write(&source, lines).unwrap();
        String::from_utf8_lossy(&page.out).into_owned()
    }

    #[test]
    fn one_container_in_a_pipe_is_left_as_it_is_to_the_last_byte() {
        let mut page = Page::new(Vec::new(), PIPE);
        let pod = &pods("crash-loop")[0];
        page.meet(pod);
        let (source, _) = Source::all_of(pod).next().unwrap();
        for block in [&b"{\"msg\":\"a\"}\r\n\x1b[1m\xff\n"[..], b"\n", b"no end"] {
            page.write(&source, block).unwrap();
        }
        assert_eq!(page.out, b"{\"msg\":\"a\"}\r\n\x1b[1m\xff\n\nno end");
    }

    #[test]
    fn each_line_of_several_pods_is_marked() {
        let pods = pods("rollout-stuck-old-still-serving");
        assert_eq!(
            written(PIPE, &pods, b"{\"msg\":\"a\"}\n\nno end"),
            "fx-app-9cf9c66d-czlr8 | {\"msg\":\"a\"}\nfx-app-9cf9c66d-czlr8 | \nfx-app-9cf9c66d-czlr8 | no end\n"
        );
    }

    #[test]
    fn a_pod_with_several_containers_is_marked_with_each() {
        let pod = &pods("init-crash-loop")[..1];
        assert_eq!(
            written(PIPE, pod, b"a\n"),
            "fx-app-698b8866f6-9zf7z/app | a\n"
        );
    }

    #[test]
    fn on_a_terminal_marks_line_up_and_json_is_readable() {
        let look = Look {
            readable: true,
            ..PIPE
        };
        let pods = pods("ghillie");
        assert_eq!(
            written(
                look,
                &pods,
                b"{\"level\":\"info\",\"msg\":\"a\\nb\"}\nplain\n"
            ),
            format!(
                "{0:33} | INFO  a\n{0:33} |     b\n{0:33} | plain\n",
                "valkey-valkey-ghillie-0-0-0"
            )
        );
    }

    #[test]
    fn pods_are_told_apart_by_colour() {
        let look = Look {
            readable: true,
            paint: Paint(true),
            live: true,
        };
        let pods = pods("rollout-stuck-old-still-serving");
        assert_eq!(
            written(look, &pods, b"a\n"),
            "\x1b[35mfx-app-9cf9c66d-czlr8   |\x1b[0m a\n"
        );
    }

    #[test]
    fn while_following_the_last_line_before_a_restart_gets_an_end() {
        let look = Look { live: true, ..PIPE };
        assert_eq!(written(look, &pods("crash-loop"), b"a\nb"), "a\nb\n");
    }
}
