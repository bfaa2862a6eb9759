//! The kubeconfig of the cluster, in a file of our own that is never another cluster's.

use anyhow::{Result, bail};

use crate::config::Preview;
use crate::exec::Exec;
use crate::k3d;
use crate::observe::{self, Owner, Whole};
use crate::state::State;

/// Takes the cluster's kubeconfig into our own file.
///
/// # Errors
/// Where k3d has none (yet), or the file cannot be written.
pub fn take(exec: &Exec, preview: &Preview, state: &State) -> Result<()> {
    let kubeconfig = exec.read(&state.with_k3d(k3d::kubeconfig(&preview.cluster)))?;
    if kubeconfig.trim().is_empty() {
        bail!("k3d has no kubeconfig yet");
    }
    state.write("kubeconfig", &kubeconfig)
}

/// Makes sure that our kubeconfig is the one of this very cluster, not of an earlier one of its name.
///
/// # Errors
/// As for [`take`].
pub fn know(exec: &Exec, preview: &Preview, state: &State, whole: &Whole) -> Result<()> {
    let known = state.get::<Owner>(observe::RECORD).map(|it| it.server);
    // Of a cluster that we made the server is known only now; the file of any earlier one is gone since.
    let is_same = |server: &String| *server == whole.server || server.is_empty();
    if !known.as_ref().is_some_and(is_same) || !state.kubeconfig().exists() {
        take(exec, preview, state)?;
    }
    if known.as_ref() != Some(&whole.server) && preview.worktree() == whole.worktree {
        state.put(observe::RECORD, &Owner::here(preview, &whole.server))?;
    }
    Ok(())
}
