//! `logs`: the log of a part of the preview, as it is and as it comes.

use crate::golden::{Case, Given};

#[test]
fn logs_prints_the_applications_log() {
    Case::of_cluster("logs/of-the-application", Given::Preview).run("k8s logs");
}

#[test]
fn logs_marks_the_lines_of_several_containers() {
    Case::of_cluster("logs/of-all", Given::Preview).run("k8s logs --component all --tail 2");
}

#[test]
fn logs_follows_until_ctrl_c_and_ends_quietly() {
    Case::of_cluster("logs/follow", Given::Preview)
        .interrupted_after("listening")
        .run("k8s logs --follow");
}

#[test]
fn logs_of_nothing_says_what_to_run() {
    Case::of_cluster("logs/of-nothing", Given::Nothing).run("k8s logs");
}

#[test]
fn logs_of_a_stopped_cluster_says_so() {
    let stop = "k3d cluster stop golden";
    Case::of_cluster("logs/of-a-stopped-cluster", Given::PreviewAfter(stop)).run("k8s logs");
}
