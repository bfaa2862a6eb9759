//! What the help says.

use crate::golden::Case;

#[test]
fn xtask_alone_says_what_there_is() {
    Case::new("help/alone").run("");
}

#[test]
fn k8s_alone_is_its_help() {
    Case::new("help/k8s").run("k8s");
}

#[test]
fn every_verb_explains_itself() {
    Case::new("help/up").run("k8s up --help");
    Case::new("help/render").run("k8s render --help");
    Case::new("help/status").run("k8s status --help");
    Case::new("help/logs").run("k8s logs --help");
    Case::new("help/open").run("k8s open --help");
    Case::new("help/psql").run("k8s psql --help");
    Case::new("help/valkey-cli").run("k8s valkey-cli --help");
    Case::new("help/forward").run("k8s forward --help");
    Case::new("help/kubectl").run("k8s kubectl --help");
    Case::new("help/env").run("k8s env --help");
    Case::new("help/stop").run("k8s stop --help");
    Case::new("help/start").run("k8s start --help");
    Case::new("help/doctor").run("k8s doctor --help");
    Case::new("help/completions").run("k8s completions --help");
    Case::new("help/down").run("k8s down --help");
}
