//! The label by which xtask knows what the application's release was made of: a digest of the chart, so it
//! changes with the chart, which recorded replies must not depend on.

use std::path::Path;

use xtask::application::application;
use xtask::config::Preview;
use xtask::helm::INPUTS_LABEL;
use xtask::project::PROJECT;

/// What stands for the label's value in a reply: `{INPUTS TAG SECRET}`, with what the release was made of.
const BEGIN: &str = "{INPUTS ";

/// A helm command's arguments, with a name for the label's value of the application's release.
pub fn hide(args: Vec<String>) -> Vec<String> {
    let is_ours = args
        .get(2)
        .is_some_and(|release| release == PROJECT.chart.release);
    let named = |arg: String| if is_ours { with_name(&arg) } else { arg };
    args.into_iter().map(named).collect()
}

/// A line with such a command, likewise.
pub fn hide_in(line: &str) -> String {
    let command = format!("helm upgrade --install {} ", PROJECT.chart.release);
    if line.contains(&command) {
        with_name(line)
    } else {
        line.to_owned()
    }
}

fn with_name(text: &str) -> String {
    let label = format!("{INPUTS_LABEL}=");
    let Some((before, value)) = text.split_once(&label) else {
        return text.to_owned();
    };
    let after = value.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    if after.len() == value.len() {
        return text.to_owned();
    }
    format!("{before}{label}{{INPUTS}}{after}")
}

/// A reply with the label's value, as it is for this workspace.
pub fn fill(reply: &str, root: &Path) -> String {
    let mut parts = reply.split(BEGIN);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (made_of, rest) = part.split_once('}').unwrap_or_default();
        let (tag, secret) = made_of.split_once(' ').unwrap_or_default();
        text + &value(root, tag, secret) + rest
    })
}

/// What stands for the label's value.
pub fn name(tag: &str, secret: &str) -> String {
    format!("{BEGIN}{tag} {secret}}}")
}

fn value(root: &Path, tag: &str, secret: &str) -> String {
    let parsed = |name: &str| name.parse().ok();
    let preview = Preview {
        project: &PROJECT,
        root: root.to_owned(),
        cluster: PROJECT.cluster.parse().expect("the default is allowed"),
        namespace: parsed(PROJECT.namespace).expect("the default is allowed"),
    };
    let image = format!("{}:{tag}", PROJECT.image.repository);
    let release = application(&preview, &image, secret).expect("the chart can be read");
    release.labels[INPUTS_LABEL].clone()
}
