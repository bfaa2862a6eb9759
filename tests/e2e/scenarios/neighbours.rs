//! What somebody else has in Docker.

use anyhow::{Result, ensure};

use crate::command::{ask, program, read};

/// An image with nothing in it: a container of it can be made and not run, and nothing is pulled.
const IMAGE: &str = "e2e-neighbour:1";
/// What it is all called.
const NAME: &str = "k3d-e2e-neighbour";

/// A container, a volume and a network of another k3d cluster. Dropped, they are removed.
pub struct Neighbour(String);

impl Neighbour {
    /// Makes them.
    pub fn moves_in() -> Result<Self> {
        drop(Self(String::new()));
        read(program("sh").args([
            "-c",
            &format!("tar --create --files-from /dev/null | docker import - {IMAGE}"),
        ]))?;
        let labels = ["--label", "app=k3d", "--label", "k3d.cluster=e2e-neighbour"];
        let make = |args: &[&str], rest: &[&str]| ask("docker", &[args, &labels, rest].concat());
        make(&["network", "create"], &[NAME])?;
        make(&["volume", "create"], &[&format!("{NAME}-images")])?;
        let name = format!("{NAME}-server-0");
        make(
            &["create", "--network", NAME, "--name", &name],
            &[IMAGE, "/none"],
        )?;
        Ok(Self(Self::look()?))
    }

    /// Fails where one of them was changed.
    pub fn is_untouched(&self) -> Result<()> {
        let now = Self::look()?;
        ensure!(
            now == self.0,
            "somebody else's things changed: {now}, not {}",
            self.0
        );
        Ok(())
    }

    fn look() -> Result<String> {
        let volume = format!("{NAME}-images");
        let ids = ask(
            "docker",
            &[
                "inspect",
                "--format",
                "{{.Id}}",
                NAME,
                &format!("{NAME}-server-0"),
            ],
        )?;
        Ok(ids + &ask("docker", &["volume", "inspect", &volume])?)
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = ask("docker", &["rm", "--force", &format!("{NAME}-server-0")]);
        let _ = ask(
            "docker",
            &["volume", "rm", "--force", &format!("{NAME}-images")],
        );
        let _ = ask("docker", &["network", "rm", NAME]);
        let _ = ask("docker", &["image", "rm", IMAGE]);
    }
}
