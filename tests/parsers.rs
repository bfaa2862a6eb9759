//! No reply of a tool is too strange for what reads it: any text, any bytes, and recorded replies that were cut
//! or damaged. A parser may refuse; it never panics.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use xtask::names::ClusterName;
use xtask::pod::{Change, Pod};
use xtask::probe::Reply;
use xtask::project::PROJECT;
use xtask::valkey::Operator;
use xtask::workload::Workload;
use xtask::{application, docker, helm, image_cache, k3d, kubectl, manifest, postgres, time};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_text_is_read_or_refused(reply in any::<String>()) {
        read(&reply);
    }

    #[test]
    fn any_bytes_are_read_or_refused(reply in any::<Vec<u8>>()) {
        read(&String::from_utf8_lossy(&reply));
        Reply::of(200, &reply).judge(&PROJECT.ready, "ghillie:1");
    }

    #[test]
    fn a_recorded_reply_that_was_cut_is_read_or_refused(which: Index, at: Index) {
        let reply = recorded(which);
        let mut end = at.index(reply.len() + 1);
        while !reply.is_char_boundary(end) {
            end -= 1;
        }
        read(&reply[..end]);
    }

    #[test]
    fn a_recorded_reply_that_was_damaged_is_read_or_refused(
        which: Index,
        at: Index,
        other in prop::sample::select(vec!["null", "{}", "[]", "\"\"", "-1", "\n"]),
    ) {
        let reply = recorded(which);
        let words: Vec<&str> = reply.split_inclusive([' ', ',', ':', '\n']).collect();
        let damaged = at.index(words.len().max(1));
        let words = words.iter().enumerate();
        let reply: String = words.map(|(at, word)| if at == damaged { other } else { *word }).collect();
        read(&reply);
    }
}

/// Gives a reply to everything that reads one.
fn read(reply: &str) {
    for container in docker::parse_containers(reply).into_iter().flatten() {
        container.published(80);
    }
    let _ = docker::parse_details(reply);
    let _ = serde_json::from_str::<docker::Built>(reply).map(|built| built.config().len());
    let _ = helm::parse_revisions(reply);
    let _ = image_cache::parse_servers(reply);
    let _ = time::read_http(reply);
    docker::in_node(reply);
    let name: ClusterName = "c".parse().expect("a name");
    for line in reply.lines() {
        docker::build_message(line);
        k3d::message(line);
        k3d::says_that_network_is_there(line, &name);
        k3d::says_that_servers_run(line, &name);
    }
    for object in kubectl::items(reply).into_iter().flatten() {
        read_object(&object);
    }
    for document in serde_json::Deserializer::from_str(reply)
        .into_iter()
        .map_while(Result::ok)
    {
        read_object(&document);
    }
}

fn read_object(object: &Value) {
    Change::read(object);
    Pod::read(object);
    Workload::read(object);
    application::image_of(object, &PROJECT.image);
    manifest::secret_value(object, "uri");
    manifest::condition(object, "Ready");
    manifest::without_secrets(object);
    postgres::is_ready(object);
    for operator in Operator::ALL {
        operator.is_ready(object);
    }
}

/// The replies that were recorded for the other tests.
static RECORDED: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let mut files = Vec::new();
    find(&tests.join("fixtures"), &mut files);
    find(&tests.join("golden"), &mut files);
    files.sort();
    files
});

fn recorded(which: Index) -> String {
    fs::read_to_string(&RECORDED[which.index(RECORDED.len())]).unwrap_or_default()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else {
            files.push(path);
        }
    }
}
