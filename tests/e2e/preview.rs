//! One preview of its own: a cluster's name, a state folder, a copy of the workspace. It runs the real
//! program, and whatever happens its cluster is removed in the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use tempfile::TempDir;
use xtask::project::PROJECT;

use crate::command::{Running, ask, kill, program};
use crate::machine::Things;
use crate::processes;
use crate::ran::Ran;
use crate::workspace::Workspace;

/// How long any command may take.
pub const LONGEST: Duration = Duration::from_secs(400);
/// Variables of the user's that would choose another preview or another way of talking.
const UNWANTED: [&str; 9] = [
    "GHILLIE_K3D_CLUSTER",
    "GHILLIE_K3D_NAMESPACE",
    "GHILLIE_K3D_PORT",
    "GHILLIE_K3D_AGENTS",
    "GHILLIE_K3D_VALKEY_OPERATOR",
    "GITHUB_ACTIONS",
    "KUBECONFIG",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
];

/// The preview.
pub struct Preview {
    /// The cluster's name.
    pub cluster: String,
    /// The copy of the workspace that it is run in.
    pub workspace: Workspace,
    /// What there was on the machine before it.
    pub before: Things,
    variables: BTreeMap<String, String>,
    state: PathBuf,
    folder: TempDir,
}

impl Preview {
    /// A preview that is not up yet, of a user with this home and state folder. What an earlier one of that
    /// name left is removed.
    pub fn new(cluster: String, home: &Path, state: &Path, workspace: &str) -> Result<Self> {
        remove(&cluster);
        let folder = tempfile::Builder::new().prefix("e2e-").tempdir()?;
        let set = |name: &str, value: &Path| (name.to_owned(), value.display().to_string());
        let mut variables = BTreeMap::from([set("HOME", home), set("XDG_STATE_HOME", state)]);
        // Which daemon is the user's, and which plugins it has, stands in the real home.
        let docker = std::env::var_os("HOME").map(|home| Path::new(&home).join(".docker"));
        if let Some(docker) = docker.filter(|_| std::env::var_os("DOCKER_CONFIG").is_none()) {
            variables.extend([set("DOCKER_CONFIG", &docker)]);
        }
        variables.insert("GHILLIE_K3D_CLUSTER".into(), cluster.clone());
        variables.insert(processes::MARK.into(), cluster.clone());
        Ok(Self {
            workspace: Workspace::copy(folder.path().join(workspace))?,
            before: Things::seen()?,
            cluster,
            variables,
            state: state.to_owned(),
            folder,
        })
    }

    /// Sets a variable of its environment.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Takes a variable back.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Our program, in this preview's surroundings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program(env!("CARGO_BIN_EXE_xtask"));
        for name in UNWANTED {
            command.env_remove(name);
        }
        command
            .arg("k8s")
            .args(args)
            .envs(&self.variables)
            // Where cargo tells the program which workspace it is run in.
            .env("CARGO_MANIFEST_DIR", self.workspace.root.join("xtask"))
            .current_dir("/");
        command
    }

    /// Starts our program.
    pub fn start(&self, args: &[&str]) -> Result<Running> {
        Running::start(&mut self.command(args), format!("k8s {}", args.join(" ")))
    }

    /// Runs our program to its end.
    pub fn run(&self, args: &[&str]) -> Result<Ran> {
        self.start(args)?.finish(LONGEST)
    }

    /// Brings it up, and looks whether it is.
    pub fn up(&self) -> Result<Ran> {
        let ran = self.run(&["up"])?;
        ran.is_up()?;
        Ok(ran)
    }

    /// Takes it down, and looks whether anything is left.
    pub fn down(&self) -> Result<Ran> {
        let (volumes, images) = (self.volumes()?, self.images());
        let ran = self.run(&["down"])?;
        ran.exits(0)?;
        ensure!(ran.stdout.is_empty(), "down prints nothing\n{ran}");
        self.is_gone()?;
        let now = Things::seen()?;
        // Nodes have volumes without names as well.
        let left: Vec<_> = volumes
            .iter()
            .filter(|it| now.volumes.contains(*it))
            .collect();
        ensure!(left.is_empty(), "volumes are left: {left:?}\n{ran}");
        let is_new = |it: &&String| !self.before.images.contains_key(*it);
        let left = images.iter().filter(|it| now.images.contains_key(*it));
        let left: Vec<_> = left.filter(is_new).collect();
        ensure!(left.is_empty(), "images are left: {left:?}\n{ran}");
        Ok(ran)
    }

    /// Fails where anything of it is left that can be told by its name.
    pub fn is_gone(&self) -> Result<()> {
        let left = Things::seen()?.left_of(&self.cluster);
        ensure!(left.is_empty(), "left behind: {}", left.join(", "));
        let kubeconfig = self.file("kubeconfig");
        ensure!(!kubeconfig.exists(), "its kubeconfig is left behind");
        self.runs_nothing()
    }

    /// The volumes of its containers.
    fn volumes(&self) -> Result<Vec<String>> {
        let mounts = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{println .Name}}{{end}}{{end}}";
        let mut volumes = Vec::new();
        for container in self.containers()?.keys() {
            let names = ask("docker", &["inspect", "--format", mounts, container])?;
            let names = names.lines().filter(|name| !name.is_empty());
            volumes.extend(names.map(str::to_owned));
        }
        Ok(volumes)
    }

    /// The tags of the images that were made for it, by its own record.
    fn images(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.file("images.json")).unwrap_or_default();
        let images: Vec<String> = serde_json::from_str(&text).unwrap_or_default();
        let tags = images.iter().filter_map(|it| it.split(':').next_back());
        tags.map(str::to_owned).collect()
    }

    /// Fails where a process of it is still there in a second from now.
    pub fn runs_nothing(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < Duration::from_secs(1),
                "processes are left: {left:?}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A folder that is removed with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of our own of this cluster.
    pub fn file(&self, name: &str) -> PathBuf {
        self.state
            .join("cargo-xtask-k8s")
            .join(&self.cluster)
            .join(name)
    }

    /// The processes of it.
    pub fn processes(&self) -> Vec<processes::Process> {
        processes::of(&self.cluster)
    }

    /// Waits until it runs a child whose command line begins so, and returns its process id.
    pub fn child(&self, running: &mut Running, command: &str, limit: Duration) -> Result<u32> {
        let mut found = None;
        running.until(&format!("running `{command}`"), limit, |_| {
            let all = self.processes();
            found = all
                .iter()
                .find(|it| it.command.starts_with(command))
                .map(|it| it.pid);
            Ok(found.is_some())
        })?;
        found.context("no such child")
    }

    /// Its containers, by name.
    pub fn containers(&self) -> Result<BTreeMap<String, String>> {
        let mut containers = Things::seen()?.containers;
        containers.retain(|name, _| name.starts_with(&format!("k3d-{}-", self.cluster)));
        Ok(containers)
    }

    /// The nodes' containers, servers last.
    pub fn nodes(&self) -> Result<Vec<String>> {
        let names = self.containers()?.into_keys();
        Ok(names
            .filter(|it| !it.ends_with("lb") && !it.ends_with("tools"))
            .collect())
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        for process in self.processes() {
            let _ = kill(process.pid, Signal::KILL);
        }
        remove(&self.cluster);
        for tag in self.images() {
            let image = format!("{}:{tag}", PROJECT.image.repository);
            if !self.before.images.contains_key(&tag) {
                let _ = ask("docker", &["image", "rm", "--force", &image]);
            }
        }
        // Its record of images would keep another preview from removing them.
        let _ = std::fs::remove_dir_all(self.file(""));
    }
}

/// Removes all that Docker has of a cluster, by name: it may be half-made.
fn remove(cluster: &str) {
    let Ok(things) = Things::seen() else { return };
    let name = format!("k3d-{cluster}");
    let is_of = |it: &&String| **it == name || it.starts_with(&format!("{name}-"));
    for container in things.containers.keys().filter(is_of) {
        let _ = ask("docker", &["rm", "--force", "--volumes", container]);
    }
    for network in things.networks.keys().filter(is_of) {
        // The cache of images, which is every cluster's, may still be in it.
        let members = "{{range .Containers}}{{println .Name}}{{end}}";
        let members = ask(
            "docker",
            &["network", "inspect", "--format", members, network],
        );
        for member in members.unwrap_or_default().split_whitespace() {
            let _ = ask(
                "docker",
                &["network", "disconnect", "--force", network, member],
            );
        }
        let _ = ask("docker", &["network", "rm", network]);
    }
    for volume in things.volumes.iter().filter(is_of) {
        let _ = ask("docker", &["volume", "rm", "--force", volume]);
    }
}
