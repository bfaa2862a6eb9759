//! A failed build in the builder's own last words.

use super::build_message;
use crate::exec::CmdError;

/// How many lines of the failed step's output are shown.
const LINES: usize = 11;
/// How many characters of the step itself are shown.
const LONGEST: usize = 160;

/// A build's error with the failed step and its last lines in the place of the end of stderr, in which
/// `BuildKit` repeats some of them between other steps. `said` is all that it said.
pub fn build_error(mut error: CmdError, said: &[String]) -> CmdError {
    if let Some(words) = words(said) {
        error.stderr = words;
    }
    error
}

/// `None` where no step failed: the Dockerfile itself may be wrong, which stands last.
fn words(said: &[String]) -> Option<Vec<String>> {
    let (number, _) = said
        .iter()
        .rev()
        .find_map(|line| line.strip_prefix('#')?.split_once(" ERROR: "))?;
    let prefix = format!("#{number} ");
    let mut lines = said.iter().filter(|line| line.starts_with(&prefix));
    let step: String = build_message(lines.next()?).chars().take(LONGEST).collect();
    let output = lines.filter(|line| is_output(line, &prefix));
    let output = output.map(|line| build_message(line).to_owned());
    let output: Vec<String> = output.filter(|line| !line.trim().is_empty()).collect();
    let last = output
        .get(output.len().saturating_sub(LINES)..)
        .unwrap_or_default();
    let mut words = vec![step];
    words.extend_from_slice(last);
    Some(words)
}

/// Whether the line is the step's own output, which has its time before it.
fn is_output(line: &str, prefix: &str) -> bool {
    let time = line[prefix.len()..].split(' ').next().unwrap_or_default();
    time.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(said: &str) -> Option<Vec<String>> {
        words(&said.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_failed_step_is_told_once_without_the_others() {
        let said = "\
#9 [build 3/4] COPY ghillie/ ./
#9 CACHED
#10 [build 4/4] RUN cargo build
#10 0.456    Compiling ghillie v0.1.0 (/src)
#11 [stage-1 2/3] WORKDIR /
#11 DONE 0.1s
#10 0.880 error[E0308]: mismatched types
#10 0.889
#10 ERROR: executor failed running [/bin/sh -c cargo build]: exit code: 101
------
 > [build 4/4] RUN cargo build:
0.880 error[E0308]: mismatched types
------
ERROR: failed to build: failed to solve: executor failed running [/bin/sh -c cargo build]: exit code: 101
";
        let words = told(said).unwrap();
        let expected = [
            "[build 4/4] RUN cargo build",
            "   Compiling ghillie v0.1.0 (/src)",
            "error[E0308]: mismatched types",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn only_the_last_lines_of_a_long_step_are_told() {
        let output = (0..40).map(|line| format!("#2 {line}.5 line {line}"));
        let mut said = vec!["#2 RUN make".to_owned()];
        said.extend(output);
        said.push("#2 ERROR: exit code: 2".to_owned());
        let words = words(&said).unwrap();
        assert_eq!(words.len(), 1 + LINES);
        assert_eq!(words.last().unwrap(), "line 39");
    }

    #[test]
    fn without_a_failed_step_the_end_of_stderr_stays() {
        let said = "#1 [internal] load build definition\n#1 DONE 0.0s\nDockerfile:3\nERROR: dockerfile parse error on line 3: unknown instruction: RUNN\n";
        assert_eq!(told(said), None);
    }

    proptest! {
        #[test]
        fn no_output_is_too_strange(said in any::<Vec<String>>(), number in "#[0-9 ]{0,3}") {
            let failed = format!("{number} ERROR: x");
            words(&[said, vec![failed, number]].concat());
        }
    }
}
