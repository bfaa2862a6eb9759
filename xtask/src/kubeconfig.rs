//! The kubeconfig of the cluster, in a file of our own that is never another cluster's.

use anyhow::{Result, bail};

use crate::config::Preview;
use crate::exec::Exec;
use crate::k3d;
use crate::observe::{self, Owner, Whole};
use crate::state::State;
use crate::tools::{self, Tool};

/// Takes the cluster's kubeconfig into our own file.
///
/// # Errors
/// Where k3d is missing or has none (yet), or the file cannot be written.
pub fn take(exec: &Exec, preview: &Preview, state: &State) -> Result<()> {
    tools::need(exec, preview, &[Tool::K3d])?;
    let asked = exec.read(&state.with_k3d(k3d::kubeconfig(&preview.cluster)));
    let kubeconfig = asked.map_err(k3d::explained)?;
    if kubeconfig.trim().is_empty() {
        bail!("k3d has no kubeconfig yet");
    }
    state.write("kubeconfig", &kubeconfig)
}

/// Whether our kubeconfig is the one of this very cluster, not of an earlier one of its name.
pub fn is_of(state: &State, whole: &Whole) -> bool {
    // Of a cluster that we made the server is known only now; the file of any earlier one is gone since.
    let is_same = |it: Owner| it.server == whole.server || it.server.is_empty();
    state.get(observe::RECORD).is_some_and(is_same) && state.kubeconfig().exists()
}

/// Makes sure that our kubeconfig is the one of this very cluster, and knows from then on that it is.
///
/// # Errors
/// As for [`take`].
pub fn know(exec: &Exec, preview: &Preview, state: &State, whole: &Whole) -> Result<()> {
    if !is_of(state, whole) {
        take(exec, preview, state)?;
    }
    let known = state.get::<Owner>(observe::RECORD).map(|it| it.server);
    if known.as_ref() != Some(&whole.server) && preview.worktree() == whole.worktree {
        state.put(observe::RECORD, &Owner::here(preview, &whole.server))?;
    }
    Ok(())
}

/// As [`know`], for what goes on with kubectl: where k3d is needed too, both are missed at once.
///
/// # Errors
/// As for [`take`], and where kubectl is missing.
pub fn know_with_kubectl(
    exec: &Exec,
    preview: &Preview,
    state: &State,
    whole: &Whole,
) -> Result<()> {
    let needed: &[Tool] = if is_of(state, whole) {
        &[Tool::Kubectl]
    } else {
        &[Tool::K3d, Tool::Kubectl]
    };
    tools::need(exec, preview, needed)?;
    know(exec, preview, state, whole)
}
