//! What the user sees, without what is another in each run: times, and the order of parallel steps.

use super::inputs;

/// What a line about a finished step begins with.
const MARKS: [&str; 4] = ["✓ ", "= ", "✗ ", "– "];
/// What a table of `status` begins with.
const TABLE: &str = "COMPONENT ";
/// The units of an age.
const UNITS: [&str; 4] = ["s", "min", "h", "d"];
/// What a line begins with that comes only where a step takes long.
const LONG: &str = "… ";
/// How Docker is started, on Linux and on macOS.
const START: [&str; 2] = [
    "sudo systemctl start docker (or start Docker Desktop)",
    "open -a Docker (or: colima start), and wait until it runs",
];

/// stdout as the golden file has it.
pub fn stdout(text: &str) -> String {
    if text.starts_with(TABLE) {
        return text.lines().map(|line| without_age(line) + "\n").collect();
    }
    text.split_inclusive('\n').map(inputs::hide_in).collect()
}

/// stderr as the golden file has it.
pub fn stderr(text: &str) -> String {
    let start = |text: String, words: &&str| text.replace(words, "{START DOCKER}");
    let text = START.iter().fold(text.to_owned(), start);
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with(LONG))
        .map(|line| without_step(&without_times(line)))
        .collect();
    let is_step = |line: &String| MARKS.iter().any(|mark| line.starts_with(mark));
    let mut sorted: Vec<String> = Vec::new();
    for part in lines.chunk_by(|one, other| is_step(one) && is_step(other)) {
        let mut part = part.to_vec();
        part.sort();
        sorted.extend(part);
    }
    sorted.iter().map(|line| line.clone() + "\n").collect()
}

/// Times become `{TIME}`, with one space before them.
fn without_times(line: &str) -> String {
    let (mut text, mut rest) = (String::new(), line);
    while let Some((before, after)) = around_time(rest) {
        text += before.trim_end_matches(' ');
        text += if before.is_empty() {
            "{TIME}"
        } else {
            " {TIME}"
        };
        rest = after;
    }
    text + rest
}

/// What stands before and after the first time, which is `0.4 s` or `1 min 05 s`.
fn around_time(text: &str) -> Option<(&str, &str)> {
    text.match_indices(" s").find_map(|(at, unit)| {
        let (number, after) = (&text[..at], &text[at + unit.len()..]);
        let before = number.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let begin = match before.strip_suffix(" min ") {
            Some(minutes) => minutes.trim_end_matches(|c: char| c.is_ascii_digit()),
            None => before,
        };
        let is_time = begin.len() < before.len() || is_decimal(&number[before.len()..]);
        let ends = !after.starts_with(char::is_alphanumeric);
        (is_time && ends).then_some((begin, after))
    })
}

/// A line of a table without ages, and without the width that they give to their column.
fn without_age(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let columns = line.trim().split("  ").map(str::trim);
    let columns = columns.filter(|column| !column.is_empty());
    let columns: Vec<String> = columns
        .map(|column| {
            let mut words: Vec<&str> = Vec::new();
            for word in column.split(' ') {
                let is_unit = UNITS.contains(&word.trim_end_matches([',', ':', ')']));
                match words.last_mut() {
                    Some(number) if is_unit && is_number(number) => *number = "{AGE}",
                    _ => words.push(word),
                }
            }
            words.join(" ")
        })
        .collect();
    " ".repeat(indent) + &columns.join("  ")
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(word: &str) -> bool {
    word.split_once('.')
        .is_some_and(|(whole, part)| is_number(whole) && is_number(part))
}

/// Which of the steps took longest is chance.
fn without_step(line: &str) -> String {
    match line.split_once("{TIME} waiting for ") {
        Some((before, _)) => format!("{before}{{TIME}} waiting for {{STEP}}"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_left_out_of_a_table() {
        let text = "COMPONENT        AGE     RESTARTS\n\
            node agent-0     8 min\n\
            \x20 ghillie-1      90 s    0\n\
            Deployment/x: Lost, for 2 h (may pass by itself)\n";
        let shown = "COMPONENT  AGE  RESTARTS\n\
            node agent-0  {AGE}\n\
            \x20 ghillie-1  {AGE}  0\n\
            Deployment/x: Lost, for {AGE} (may pass by itself)\n";
        assert_eq!(stdout(text), shown);
    }

    #[test]
    fn times_and_chance_are_left_out() {
        let text = "note\n\
            ✓ image in nodes            0.4 s  2 of 2\n\
            ✓ cluster              1 min 05 s  golden, port 1\n\
            … image: waiting (15 s)\n\
            ready in 12.3 s, of which 11.0 s waiting for cluster\n\
            error: not ready within 120 s\n";
        let shown = "note\n\
            ✓ cluster {TIME}  golden, port 1\n\
            ✓ image in nodes {TIME}  2 of 2\n\
            ready in {TIME}, of which {TIME} waiting for {STEP}\n\
            error: not ready within 120 s\n";
        assert_eq!(stderr(text), shown);
    }
}
