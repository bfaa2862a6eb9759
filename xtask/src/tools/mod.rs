//! The programs that we drive: which of them are there and new enough, and where the others come from.
//!
//! A program on `PATH` that is new enough is used as it is. What is missing or too old of k3d, kubectl
//! and helm is fetched into a cache of the user's own; Docker is the user's to install.

mod cache;
mod docker;
mod download;
mod fetch;
mod find;
mod memory;
mod need;
mod problem;
mod source;
mod sums;
#[cfg(test)]
mod tests;
mod tool;
mod versions;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::thread;

use crate::exec::{CmdError, End, Exec};
use crate::scoped::joined;

pub use cache::Cache;
pub use docker::{docker_configuration, explain_docker};
pub use need::need;
pub use problem::{Problem, Problems};
pub use source::{Source, mirror_variable};
pub use sums::{Platform, Release};
pub use tool::{Finding, Tool};
pub use versions::Version;

use find::Found;
use memory::Memory;

/// Told, while something is fetched, of the tool and how far it is.
pub type Report<'a> = &'a (dyn Fn(&'static str, &str) + Sync);

/// The tools that are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tools {
    /// Each program's path. Those of the cache must be told to what starts children: [`Tools::give_to`].
    pub paths: BTreeMap<&'static str, PathBuf>,
    /// The version of each that was asked for it.
    pub versions: BTreeMap<&'static str, String>,
}

/// Finds tools, and asks those for their version that have not told it before, at the same time.
///
/// Docker's daemon is not asked: whoever asks it anything gets to know whether it answers, see
/// [`explain_docker`].
pub fn check_clients(exec: &Exec, cache: &Cache, tools: &[Tool]) -> BTreeMap<Tool, Finding> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let memory = Memory::open(cache.memory());
    let findings = thread::scope(|scope| {
        let look = |tool| look(exec, tool, &search, &memory);
        let begin = |tool: &Tool| {
            let tool = *tool;
            (tool, scope.spawn(move || look(tool)))
        };
        let threads: Vec<_> = tools.iter().map(begin).collect();
        let findings = threads.into_iter();
        findings
            .map(|(tool, thread)| (tool, joined(thread)))
            .collect()
    });
    memory.save();
    findings
}

/// The tools that can be used as they are, on `PATH` or fetched before, and what is wrong with each of the others.
pub fn at_hand(
    exec: &Exec,
    cache: &Cache,
    wanted: &[Tool],
    source: &Source,
) -> (Tools, BTreeMap<Tool, Problem>) {
    let (mut tools, mut lacking) = (Tools::default(), BTreeMap::new());
    for (tool, finding) in check_clients(exec, cache, wanted) {
        let problem = problem::of(tool, &finding, source);
        match (finding, problem, release(tool)) {
            (Finding::Usable { path, version }, _, _) => tools.add(tool, path, version),
            (_, Some(problem), Some(release)) => match fetch::kept(cache, &release) {
                Some(path) => tools.add(tool, Some(path), Some(release.version.to_owned())),
                None => drop(lacking.insert(tool, problem)),
            },
            (_, problem, _) => lacking.extend(problem.map(|it| (tool, it))),
        }
    }
    (tools, lacking)
}

/// Makes sure that each of these tools is there and new enough, and fetches what is not from `source`.
///
/// A tool that was fetched before is used whatever the source.
///
/// # Errors
/// All that is missing, too old or not executable, and all that could not be fetched, at once.
pub fn ready(
    exec: &Exec,
    cache: &Cache,
    wanted: &[Tool],
    source: &Source,
    report: Report,
) -> Result<Tools, Problems> {
    let (mut tools, lacking) = at_hand(exec, cache, wanted, source);
    let can_have = |tool| source.fetches() && release(tool).is_some();
    let (wanted, rest): (Vec<_>, Vec<_>) =
        lacking.into_iter().partition(|(tool, _)| can_have(*tool));
    let mut problems: Vec<Problem> = rest.into_iter().map(|(_, problem)| problem).collect();
    // Nobody waits for a download to be told then that Docker is missing.
    if problems.is_empty() {
        for (tool, fetched) in fetch_all(exec, cache, source, wanted, report) {
            match fetched {
                Ok((path, version)) => tools.add(tool, Some(path), Some(version)),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if problems.is_empty() {
        Ok(tools)
    } else {
        Err(Problems(problems))
    }
}

impl Tools {
    /// Has these programs started, whatever `PATH` has under their names.
    pub fn give_to(self, exec: &Exec) {
        for (program, path) in self.paths {
            exec.use_program(program, path);
        }
    }

    fn add(&mut self, tool: Tool, path: Option<PathBuf>, version: Option<String>) {
        self.paths.extend(path.map(|path| (tool.name(), path)));
        self.versions
            .extend(version.map(|version| (tool.name(), version)));
    }
}

/// What is wrong with a tool, where something is.
pub fn problem(tool: Tool, finding: &Finding, source: &Source) -> Option<Problem> {
    problem::of(tool, finding, source)
}

/// What would be fetched of a tool on this machine; `None` where it is the user's to install.
pub fn release(tool: Tool) -> Option<Release> {
    sums::release(tool, Platform::current()?)
}

/// The program without which a release cannot be fetched, where it is missing.
pub fn lacking(release: &Release, source: &Source) -> Option<&'static str> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let curl = (!matches!(source, Source::Folder(_))).then_some("curl");
    let tar = release.member.is_some().then_some("tar");
    curl.into_iter()
        .chain(tar)
        .find(|program| !matches!(find::program(program, &search), Found::At(_)))
}

/// The tool in the cache, where it was fetched before.
pub fn fetched(cache: &Cache, tool: Tool) -> Option<PathBuf> {
    fetch::kept(cache, &release(tool)?)
}

type Fetched = Result<(PathBuf, String), Problem>;

/// Fetches tools at the same time, each because of the problem that was found with it.
fn fetch_all(
    exec: &Exec,
    cache: &Cache,
    source: &Source,
    tools: Vec<(Tool, Problem)>,
    report: Report,
) -> Vec<(Tool, Fetched)> {
    let fetch = |tool: Tool, found: Problem| -> Fetched {
        let Some(release) = release(tool) else {
            return Err(found);
        };
        match fetch::fetch(exec, cache, &release, source, report) {
            Ok(path) => Ok((path, release.version.to_owned())),
            Err(error) => {
                let what = format!("{}; {} {}", found.what, release.version, error.what);
                Err(Problem { what, ..error })
            }
        }
    };
    thread::scope(|scope| {
        let fetch = &fetch;
        let threads: Vec<_> = tools
            .into_iter()
            .map(|(tool, found)| (tool, scope.spawn(move || fetch(tool, found))))
            .collect();
        threads
            .into_iter()
            .map(|(tool, thread)| (tool, joined(thread)))
            .collect()
    })
}

fn look(exec: &Exec, tool: Tool, search: &OsStr, memory: &Memory) -> Finding {
    match tool {
        Tool::Docker => match find::program("docker", search) {
            Found::At(path) => Finding::Usable {
                path: Some(path),
                version: None,
            },
            Found::NotExecutable(path) => Finding::NotExecutable(path),
            Found::Nowhere => Finding::Missing,
        },
        Tool::Buildx => docker::look_for_buildx(exec, search, memory),
        Tool::K3d | Tool::Kubectl | Tool::Helm => match find::program(tool.name(), search) {
            Found::At(path) => ask(exec, tool, Some(path), memory),
            Found::NotExecutable(path) => Finding::NotExecutable(path),
            Found::Nowhere => Finding::Missing,
        },
    }
}

/// The version of a tool that is there: as remembered, where its file is the same, else as it says now.
fn ask(exec: &Exec, tool: Tool, path: Option<PathBuf>, memory: &Memory) -> Finding {
    let file = path
        .as_deref()
        .and_then(|path| memory::File::of(tool, path));
    if let Some(version) = file.as_ref().and_then(|file| memory.recall(file)) {
        return versions::judge(tool, path, version);
    }
    let reply = match exec.read(&versions::question(tool)) {
        Ok(reply) => reply,
        Err(error) => return Finding::Silent { why: why(&error) },
    };
    let Some(version) = versions::answer(tool, &reply) else {
        return Finding::Silent {
            why: reply.lines().next().unwrap_or("nothing").to_owned(),
        };
    };
    if let Some(file) = file {
        memory.remember(file, &version);
    }
    versions::judge(tool, path, version)
}

fn why(error: &CmdError) -> String {
    match error.end {
        End::Signal(_) => "nothing, for it was ended".into(),
        _ => error.last_words(),
    }
}
