//! `down`: deletes the cluster and what it left behind, and looks whether it is gone.

use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::config::Preview;
use crate::docker;
use crate::exec::Exec;
use crate::flags;
use crate::k3d;
use crate::observe::{self, Cluster, Leftovers, Owner};
use crate::progress::{Outcome, Progress};
use crate::session::Held;
use crate::state::State;
use crate::tools::{self, Tool};
use crate::up;

/// Deletes the preview. None is fine.
///
/// # Errors
/// Where Docker cannot be asked, the cluster is not ours, k3d is missing, or something of it cannot be removed.
pub fn down(held: &Held, progress: &Progress, flags: &flags::Down) -> Result<()> {
    let Held {
        preview,
        state,
        exec,
        ..
    } = held;
    let seen = observe::observe_cluster(exec, preview, state)?;
    up::claim(preview, state, &seen, flags.adopt)?;
    if seen != Cluster::Absent {
        tools::need(exec, preview, &[Tool::K3d])?;
    }
    let leave = || up::leave_image_cache(exec, preview, flags.all, progress);
    if seen == Cluster::Absent {
        leave()?;
        forget(exec, state, flags)?;
        progress.note(&format!("the cluster {} does not exist", preview.cluster));
        return Ok(());
    }
    Owner::begin(preview, state)?;
    let begun = Instant::now();
    let line = progress.begin("delete cluster", None);
    let mut left = Ok(());
    let deleted = thread::scope(|scope| {
        // k3d removes the network last, long after the cache has left it.
        scope.spawn(|| left = leave());
        let delete = state.with_k3d(k3d::delete(&preview.cluster));
        k3d::run(exec, &delete, &line, |_| ())
    });
    let deleted = deleted.map_err(Into::into);
    let result = deleted.and(left).and_then(|()| sweep(preview, exec));
    let outcome = if result.is_ok() {
        Outcome::Done
    } else {
        Outcome::Failed
    };
    line.finish(outcome, begun.elapsed(), preview.cluster.as_str());
    result?;
    forget(exec, state, flags)
}

/// Removes the application's images and our own files. With images that stay stays the record of them, so
/// that the next `up` of a cluster of this name, or `down`, removes those that it does not need.
fn forget(exec: &Exec, state: &State, flags: &flags::Down) -> Result<()> {
    let images = if flags.keep_images {
        Ok(())
    } else {
        up::forget_images(exec, state)
    };
    state.clear(&[up::IMAGES]);
    images
}

/// Removes what k3d left, and fails where something is left all the same: k3d's own exit status is 0
/// whatever happened (k3d 5.8.3).
fn sweep(preview: &Preview, exec: &Exec) -> Result<()> {
    let remains = || -> Result<Leftovers> {
        let containers =
            docker::parse_containers(&exec.read(&docker::containers(&preview.cluster))?)?;
        observe::remains(exec, preview, &containers)
    };
    let left = remains()?;
    if left == Leftovers::default() {
        return Ok(());
    }
    let removed = up::remove(exec, &left);
    let left = remains()?;
    if left == Leftovers::default() {
        return Ok(());
    }
    let what = up::describe(&left);
    removed.with_context(|| format!("left behind: {what}"))?;
    bail!("left behind: {what}")
}
