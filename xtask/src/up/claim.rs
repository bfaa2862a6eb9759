//! Whose a cluster is: another worktree's is left alone, unless it is to be taken over.

use anyhow::{Error, Result, anyhow};

use crate::config::Preview;
use crate::k3d;
use crate::observe::{self, Cluster, Owner, Whole};
use crate::settings::CLUSTER;
use crate::state::State;

/// Refuses a cluster that is not this worktree's; takes it over where that is asked for.
///
/// # Errors
/// Names the owner, and what to type.
pub fn claim(preview: &Preview, state: &State, seen: &Cluster, adopt: bool) -> Result<()> {
    if let Some(whole) = to_adopt(preview, state, seen, adopt)? {
        state.remove("kubeconfig");
        state.put(observe::RECORD, &Owner::here(preview, &whole.server))?;
    }
    Ok(())
}

/// As [`claim`], but changes nothing: returns the cluster that is to be taken over.
///
/// # Errors
/// As for [`claim`].
pub(super) fn to_adopt<'a>(
    preview: &Preview,
    state: &State,
    seen: &'a Cluster,
    adopt: bool,
) -> Result<Option<&'a Whole>> {
    let ours = preview.worktree();
    let worktree = match seen {
        Cluster::Absent => return Ok(None),
        Cluster::HalfMade(left) => match &left.stranger {
            Some(worktree) if !adopt => worktree,
            _ => return Ok(None),
        },
        Cluster::Stopped(whole) | Cluster::Running(whole) => {
            let record = state.get::<Owner>(observe::RECORD);
            let adopted = record.is_some_and(|it| it.worktree == ours && it.server == whole.server);
            if whole.worktree == ours || adopted {
                return Ok(None);
            }
            if adopt {
                return Ok(Some(whole));
            }
            &whole.worktree
        }
    };
    Err(refusal(preview, worktree))
}

fn refusal(preview: &Preview, worktree: &str) -> Error {
    let name = &preview.cluster;
    let other = CLUSTER.variable();
    if worktree.is_empty() {
        return anyhow!(
            "the cluster {name} was not made by this tool (its containers have no label {}): it is left as it is; choose another name ({other}=NAME), or take it over with --adopt",
            k3d::WORKTREE_LABEL,
        );
    }
    anyhow!(
        "the cluster {name} belongs to the worktree {}: it is left as it is; choose a name of your own ({other}=NAME), or take it over with --adopt",
        k3d::decode_label(worktree),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::{ClusterFlags, NamespaceFlags};

    #[test]
    fn a_cluster_of_somebody_else_is_taken_over_where_that_is_asked_for_and_not_by_looking() {
        let folder = tempfile::tempdir().unwrap();
        let preview = Preview::new(&ClusterFlags::default(), &NamespaceFlags::default()).unwrap();
        let state = State::of(folder.path(), &preview.cluster);
        state.make().unwrap();
        state.write("kubeconfig", "of before").unwrap();
        let whole = Whole {
            port: None,
            nodes: vec![],
            server: "id".into(),
            worktree: "/elsewhere".into(),
            stopped: vec![],
            paused: vec![],
        };
        let seen = Cluster::Running(whole.clone());
        let record = || state.get::<Owner>(observe::RECORD);

        assert!(to_adopt(&preview, &state, &seen, false).is_err());
        let adopts = to_adopt(&preview, &state, &seen, true).unwrap();
        assert_eq!((adopts, record()), (Some(&whole), None));
        assert!(state.kubeconfig().exists());

        claim(&preview, &state, &seen, true).unwrap();
        assert_eq!(record(), Some(Owner::here(&preview, "id")));
        assert!(!state.kubeconfig().exists());
        // From then on it is ours.
        assert_eq!(to_adopt(&preview, &state, &seen, false).unwrap(), None);
    }
}
