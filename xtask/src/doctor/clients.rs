//! The programs that `up` drives, and how it would come by those that are missing.

use super::docker::Info;
use super::{Check, State, Wanted};
use crate::tools::{self, Finding, Problem, Source, Tool};

/// Docker's command line and its daemon, which are nothing without each other.
pub fn daemon(client: &Finding, info: &Result<Info, Problem>, source: &Source) -> Check {
    match (tools::problem(Tool::Docker, client, source), info) {
        (Some(problem), _) => Check::of(problem),
        (None, Err(problem)) => Check::of(problem.clone()),
        (None, Ok(info)) => Check::ok("docker", format!("{} on {}", info.version, info.system)),
    }
}

/// A tool, or how `up` would come by it.
pub fn client(tool: Tool, finding: &Finding, wanted: &Wanted) -> Check {
    if let Finding::Usable { path, version } = finding {
        let version = version.as_deref().unwrap_or("of unknown version");
        let place = path.as_ref().map(|path| format!(" at {}", path.display()));
        return Check::ok(
            tool.name(),
            format!("{version}{}", place.unwrap_or_default()),
        );
    }
    let Some(problem) = tools::problem(tool, finding, wanted.source) else {
        return Check::ok(tool.name(), "");
    };
    let Some(release) = tools::release(tool) else {
        return Check::of(problem);
    };
    if let Some(path) = tools::fetched(wanted.cache, tool) {
        return Check::ok(
            tool.name(),
            format!("{} at {}", release.version, path.display()),
        );
    }
    if !wanted.source.fetches() {
        return Check::of(problem);
    }
    let (state, how) = match tools::lacking(&release, wanted.source) {
        Some(program) => (
            State::Blocks,
            format!(
                "install {program}, with which `up` fetches {}",
                release.version
            ),
        ),
        None => (
            State::Warning,
            format!("nothing: `up` fetches {}", release.version),
        ),
    };
    Check::bad(
        tool.name(),
        state,
        problem.what,
        format!("{how}; or {}", problem.do_next),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Preview;
    use crate::project::PROJECT;
    use crate::tools::Cache;
    use std::path::PathBuf;

    #[test]
    fn what_up_would_fetch_does_not_block_unless_it_may_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let mirror = Source::Folder(folder.path().join("mirror"));
        let preview = Preview {
            project: &PROJECT,
            root: folder.path().to_owned(),
            cluster: "doctor".parse().unwrap(),
            namespace: "ghillie".parse().unwrap(),
        };
        let state = crate::state::State::of(folder.path(), &preview.cluster);
        let check = |source: &Source, tool, finding: &Finding| {
            client(
                tool,
                finding,
                &Wanted {
                    cache: &cache,
                    source,
                    preview: &preview,
                    state: &state,
                    port: None,
                },
            )
        };
        let old = Finding::TooOld {
            path: Some("/usr/bin/k3d".into()),
            version: "v4.4.8".into(),
        };
        let fetched = check(&mirror, Tool::K3d, &old);
        assert_eq!(
            (fetched.state, fetched.found.as_str()),
            (State::Warning, "/usr/bin/k3d is v4.4.8, too old")
        );
        assert!(fetched.do_next.unwrap().contains("`up` fetches v5.8.3"));
        assert_eq!(
            check(&Source::Nowhere, Tool::K3d, &old).state,
            State::Blocks
        );
        assert_eq!(
            check(&mirror, Tool::Buildx, &Finding::Missing).state,
            State::Blocks
        );
        let usable = Finding::Usable {
            path: Some(PathBuf::from("/usr/bin/helm")),
            version: Some("v4.0.0".into()),
        };
        assert_eq!(
            check(&mirror, Tool::Helm, &usable),
            Check::ok("helm", "v4.0.0 at /usr/bin/helm")
        );
    }

    #[test]
    fn a_daemon_that_is_down_is_docker_s_problem() {
        let client = Finding::Usable {
            path: Some("/usr/bin/docker".into()),
            version: None,
        };
        let down = Problem {
            tool: "docker",
            what: "does not answer".into(),
            do_next: "start it".into(),
        };
        let check = daemon(&client, &Err(down.clone()), &Source::Official);
        assert_eq!(
            (check.state, check.found.as_str()),
            (State::Blocks, "does not answer")
        );
        assert!(
            daemon(&Finding::Missing, &Err(down), &Source::Official)
                .found
                .starts_with("not installed")
        );
    }
}
