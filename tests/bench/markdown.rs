//! Tables in Markdown.

use std::fmt::Display;

/// A table that grows row by row.
pub struct Table(String);

impl Table {
    /// With the heads of its columns; one that begins with `>` has numbers, which stand to the right.
    pub fn new(heads: &[&str]) -> Self {
        let mut table = Self(String::new());
        let words = heads.iter().map(|head| head.trim_start_matches('>'));
        table.line(words);
        table.line(
            heads
                .iter()
                .map(|head| if head.starts_with('>') { "---:" } else { "---" }),
        );
        table
    }

    /// With one more row.
    pub fn row(&mut self, cells: &[&dyn Display]) {
        self.line(cells.iter().map(ToString::to_string));
    }

    /// The table's text.
    pub fn text(self) -> String {
        self.0
    }

    fn line<S: AsRef<str>>(&mut self, cells: impl Iterator<Item = S>) {
        for cell in cells {
            let cell = cell.as_ref();
            self.0 += if cell.is_empty() { "|" } else { "| " };
            self.0 += cell;
            self.0.push(' ');
        }
        self.0 += "|\n";
    }
}
