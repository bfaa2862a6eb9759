//! `down`: deletes what there is, and looks whether it is gone.

use crate::golden::{Case, Given};

#[test]
fn down_of_nothing_is_fine() {
    Case::of_cluster("down/of-nothing", Given::Nothing).run("k8s down");
}

#[test]
fn down_deletes_the_cluster_and_what_it_left() {
    Case::of_cluster("down/of-a-preview", Given::Preview).run("k8s down");
}

#[test]
fn down_leaves_another_worktrees_cluster_as_it_is() {
    Case::of_cluster("down/of-another-worktree", Given::Preview)
        .in_another_worktree()
        .run("k8s down");
}
