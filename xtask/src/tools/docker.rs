//! Docker: its plugin, and what its errors mean.

use std::env;
use std::env::consts;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::find::{self, Found};
use super::memory::Memory;
use super::problem::{self, Problem};
use super::{Finding, Source, Tool};
use crate::exec::{CmdError, End, Exec};

/// The file of the plugin.
const PLUGIN: &str = "docker-buildx";

/// Where Docker looks for plugins after its own configuration's folder (docker/cli 28.2,
/// `cli-plugins/manager/manager_unix.go`), and where Docker Desktop for macOS has them.
const FOLDERS: [&str; 5] = [
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/Applications/Docker.app/Contents/Resources/cli-plugins",
];

/// Finds the plugin that builds images. Where its file is not found Docker may know better, and is asked.
pub fn look_for_buildx(exec: &Exec, search: &OsStr, memory: &Memory) -> Finding {
    if !matches!(find::program("docker", search), Found::At(_)) {
        return Finding::Missing;
    }
    let plugin = find::program(PLUGIN, &folders());
    let path = match &plugin {
        Found::At(path) => Some(path.clone()),
        _ => None,
    };
    match (super::ask(exec, Tool::Buildx, path, memory), plugin) {
        (Finding::Silent { why }, plugin) if is_unknown(&why) => match plugin {
            Found::NotExecutable(path) => Finding::NotExecutable(path),
            _ => Finding::Missing,
        },
        (finding, _) => finding,
    }
}

/// The folder of the user's configuration of Docker.
pub fn docker_configuration() -> Option<PathBuf> {
    let named = env::var_os("DOCKER_CONFIG").filter(|path| !path.is_empty());
    let own = || Some(Path::new(&env::var_os("HOME")?).join(".docker"));
    named.map(PathBuf::from).or_else(own)
}

fn folders() -> std::ffi::OsString {
    let own = docker_configuration().map(|folder| folder.join("cli-plugins"));
    // A folder with a colon in its name cannot stand in such a list: Docker itself is then asked.
    env::join_paths(own.into_iter().chain(FOLDERS.map(PathBuf::from))).unwrap_or_default()
}

/// What Docker says to a plugin that it does not have.
fn is_unknown(words: &str) -> bool {
    ["is not a docker command", "unknown command", "unknown flag"]
        .iter()
        .any(|part| words.contains(part))
}

/// What an error of any call of docker (or of k3d, which repeats Docker's words) means, where it is
/// Docker's surroundings that are wrong and not what it was asked to do.
pub fn explain_docker(error: &CmdError) -> Option<Problem> {
    if let End::NotStarted(_) = error.end {
        return not_started(error);
    }
    let words = error.stderr.join("\n");
    if let Some((what, do_next)) = explain_daemon(&words, error) {
        return Some(Problem {
            tool: "docker",
            what,
            do_next,
        });
    }
    let lacks_buildx = [
        "unknown command: docker buildx",
        "'buildx' is not a docker command",
        "unknown flag: --load",
    ];
    if lacks_buildx.iter().any(|part| words.contains(part)) {
        return problem::of(Tool::Buildx, &Finding::Missing, &Source::Nowhere);
    }
    None
}

/// What is wrong with the way to Docker's daemon, or with the daemon, and what helps.
fn explain_daemon(words: &str, error: &CmdError) -> Option<(String, String)> {
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    // The first is what docker says to 28, the second from 29 on.
    if says(&[
        "permission denied while trying to connect to the Docker daemon",
        "permission denied while trying to connect to the docker API",
    ]) {
        return Some((
            format!(
                "the user may not use Docker: permission denied at {}",
                address(words)
            ),
            "sudo usermod -aG docker \"$USER\", then log in again".into(),
        ));
    }
    if says(&[
        "Cannot connect to the Docker daemon",
        "failed to connect to the docker API",
        "error during connect",
    ]) {
        return Some((
            format!("Docker's daemon does not answer at {}", address(words)),
            start(),
        ));
    }
    // Without a word, where nobody could tell how the program ended (docker/cli 28.2, `getExecExitStatus`).
    if error.end == End::Status(255) && error.command.starts_with("docker exec ") {
        let again = "the same again, once `docker info` answers";
        return Some(("its daemon went away in the middle".into(), again.into()));
    }
    if says(&["context not found", "unable to resolve docker endpoint"]) {
        let what = format!("its settings lead nowhere: {}", error.last_words());
        return Some((
            what,
            "unset DOCKER_HOST DOCKER_CONTEXT, or choose another context: docker context ls".into(),
        ));
    }
    says(&["no space left on device"]).then(|| {
        (
            "the disk of its images is full".into(),
            "docker system df, then docker system prune".into(),
        )
    })
}

fn not_started(error: &CmdError) -> Option<Problem> {
    if error.program != "docker" {
        return None;
    }
    let finding = match find::program("docker", &env::var_os("PATH").unwrap_or_default()) {
        Found::NotExecutable(path) => Finding::NotExecutable(path),
        Found::At(_) => Finding::Silent {
            why: error.last_words(),
        },
        Found::Nowhere => Finding::Missing,
    };
    problem::of(Tool::Docker, &finding, &Source::Nowhere)
}

/// Where Docker was looked for, in its own words.
fn address(words: &str) -> &str {
    let begin = ["unix://", "tcp://", "ssh://", "http://"]
        .iter()
        .filter_map(|scheme| words.find(scheme))
        .min();
    let rest = begin.map_or("", |begin| &words[begin..]);
    let end = rest.find([' ', ';', '\n', '"']).unwrap_or(rest.len());
    let found = rest[..end].trim_end_matches(['.', ':']);
    if found.is_empty() {
        "its address"
    } else {
        found
    }
}

fn start() -> String {
    if env::var_os("DOCKER_HOST").is_some_and(|host| !host.is_empty()) {
        return "start it, or unset DOCKER_HOST if it is another one that you want".into();
    }
    match consts::OS {
        "macos" => "open -a Docker (or: colima start), and wait until it runs".into(),
        _ => "sudo systemctl start docker (or start Docker Desktop)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error that a recorded reply stands for: `$ argv`, `exit: N`, then both streams.
    fn recorded(reply: &str) -> CmdError {
        let (head, stderr) = reply.split_once("--- stderr\n").unwrap();
        let line = |prefix: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(prefix))
                .unwrap()
                .to_owned()
        };
        CmdError {
            program: "docker",
            command: line("$ "),
            end: End::Status(line("exit: ").parse().unwrap()),
            stderr: stderr
                .lines()
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    fn explained(reply: &str) -> Problem {
        explain_docker(&recorded(reply)).unwrap()
    }

    #[test]
    fn a_daemon_that_is_down_is_to_be_started() {
        for reply in [
            include_str!("../../../tests/fixtures/docker/ps.daemon-down.txt"),
            include_str!("../../../tests/fixtures/docker/info.daemon-down.txt"),
            include_str!("../../../tests/fixtures/docker/buildx-build.daemon-down.txt"),
        ] {
            let problem = explained(reply);
            assert_eq!(
                problem.what,
                "Docker's daemon does not answer at unix:///nonexistent.sock"
            );
            assert!(problem.do_next.contains("start"), "{problem}");
        }
        let k3d = include_str!("../../../tests/fixtures/k3d/cluster-create.daemon-down.txt");
        assert_eq!(
            explained(k3d).what,
            "Docker's daemon does not answer at unix:///nonexistent.sock"
        );
    }

    #[test]
    fn docker_29_uses_other_words() {
        let words = "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory";
        let problem = explained(&format!(
            "$ docker ps\nexit: 1\n--- stdout\n--- stderr\n{words}\n"
        ));
        assert_eq!(
            problem.what,
            "Docker's daemon does not answer at unix:///var/run/docker.sock"
        );
        let words = "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock";
        let problem = explained(&format!(
            "$ docker ps\nexit: 1\n--- stdout\n--- stderr\n{words}\n"
        ));
        assert!(problem.do_next.contains("usermod"), "{problem}");
    }

    #[test]
    fn a_daemon_that_restarts_during_an_exec_is_told() {
        let import = "docker exec --interactive node sh -c 'ctr images import -'";
        let ended = |status: u8| {
            let reply = format!("$ {import}\nexit: {status}\n--- stdout\n--- stderr\nsaved\n");
            explain_docker(&recorded(&reply)).map(|problem| problem.what)
        };
        assert_eq!(ended(255).unwrap(), "its daemon went away in the middle");
        assert_eq!(ended(1), None);
    }

    #[test]
    fn a_user_who_may_not_is_not_told_to_start_a_daemon() {
        let problem = explained(include_str!(
            "../../../tests/fixtures/docker/ps.permission-denied.txt"
        ));
        assert_eq!(
            problem.what,
            "the user may not use Docker: permission denied at unix:///var/run/docker.sock"
        );
        assert!(problem.do_next.contains("usermod"), "{problem}");
    }

    #[test]
    fn a_context_that_is_not_there_is_named() {
        let problem = explained(include_str!(
            "../../../tests/fixtures/docker/ps.no-context.txt"
        ));
        assert!(problem.what.contains("\"nope\""), "{problem}");
        assert!(problem.do_next.contains("DOCKER_CONTEXT"), "{problem}");
    }

    #[test]
    fn a_missing_plugin_is_not_a_bad_flag() {
        for reply in [
            include_str!("../../../tests/fixtures/docker/buildx-version.missing.txt"),
            include_str!("../../../tests/fixtures/docker/buildx-build.missing.txt"),
        ] {
            assert_eq!(explained(reply).tool, "buildx");
            assert!(is_unknown(&recorded(reply).last_words()));
        }
    }

    #[test]
    fn what_docker_was_asked_to_do_is_not_its_surroundings() {
        for reply in [
            include_str!("../../../tests/fixtures/docker/build.no-dockerfile.txt"),
            include_str!("../../../tests/fixtures/docker/image-inspect.missing.txt"),
        ] {
            assert_eq!(explain_docker(&recorded(reply)), None);
        }
    }
}
