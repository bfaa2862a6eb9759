//! `psql` and `valkey-cli`: the stores' own clients, run beside the server, so that this machine needs none.

use std::io::{IsTerminal, stdin, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};

use super::{Server, Store};
use crate::cmd::{Cmd, Hidden};
use crate::exec::exit_code;
use crate::kubectl;
use crate::names::Namespace;
use crate::session::Visit;
use crate::state::State;

/// The operating system's user of CloudNativePG's containers, whom the server knows as its superuser.
const SUPERUSER: &str = "postgres";

/// CloudNativePG's image says where its socket is; PostgreSQL's own default is `/tmp`.
const PSQL: &str = r#"export PGHOST="${PGHOST:-/tmp}"; exec psql "$@""#;

/// Takes what it reads into a file that is its user's alone.
const TAKE: &str = r#"umask 077 && cat >"$1""#;

/// Both names, as the operators' containers have one or the other set to a password of their own:
/// `VALKEYCLI_AUTH` by the Valkey project's, `REDISCLI_AUTH` by Hyperspike's.
const VALKEY_CLI: &str = r#"auth=$(cat "$1") && rm -f "$1" && shift && export VALKEYCLI_AUTH="$auth" REDISCLI_AUTH="$auth" && exec valkey-cli "$@""#;

/// Runs psql in the application's database, as the application's role, and ends as it ends.
///
/// # Errors
/// Where the server's pod is not ready, or kubectl cannot be started.
pub fn psql(visit: &Visit, args: &[String]) -> Result<ExitCode> {
    visit.running()?;
    let server = Store::Postgres.server(visit)?;
    let project = visit.preview.project;
    let postgres = project.postgres.as_ref().context("no PostgreSQL")?;
    let words = psql_words(postgres.database, args);
    run(visit, &server, words)
}

/// Runs valkey-cli as the application's user, and ends as it ends.
///
/// # Errors
/// Where the server's pod is not ready, or the password cannot be handed over.
pub fn valkey_cli(visit: &Visit, args: &[String]) -> Result<ExitCode> {
    visit.running()?;
    let server = Store::Valkey.server(visit)?;
    let url = Store::Valkey.url(visit)?;
    let file = format!("/dev/shm/xtask-{}", random_name()?);
    let (state, namespace) = (&visit.state, &visit.preview.namespace);
    visit
        .exec
        .read(&hand_over(
            state,
            namespace,
            &server,
            &file,
            &url.password(),
        ))
        .context("the password could not be handed to valkey-cli")?;
    run(visit, &server, valkey_words(&file, &url.user(), args))
}

/// Runs a program in the server's container on the user's terminal, or with the user's pipes.
fn run(visit: &Visit, server: &Server, words: Vec<String>) -> Result<ExitCode> {
    // A terminal in the container turns each end of a line into two characters, which no script expects.
    let terminal = stdin().is_terminal() && stdout().is_terminal();
    let namespace = &visit.preview.namespace;
    let cmd = kubectl::exec(&visit.state, namespace, server, terminal, words);
    Ok(exit_code(visit.exec.interactive(&cmd)?))
}

/// By the socket of the container, where the server trusts the operating system's user: so no password
/// is needed at all. What is made there is to be the application's own, so its role is taken;
/// `SET ROLE postgres` goes back. All of it by variables, which `-d` and `-U` of the user's outrank.
fn psql_words(role: &str, args: &[String]) -> Vec<String> {
    let variables = [
        format!("PGDATABASE={role}"),
        format!("PGUSER={SUPERUSER}"),
        format!("PGOPTIONS=-c role={role}"),
    ];
    let script = ["sh", "-c", PSQL, "psql"].map(str::to_owned);
    let words = ["env".to_owned()].into_iter().chain(variables);
    words.chain(script).chain(args.iter().cloned()).collect()
}

/// Brings the password into the container, by stdin into a file in memory, which valkey-cli's shell reads
/// and removes. An argument or a variable of kubectl would show it to everybody on this machine,
/// and valkey-cli's stdin is the user's. It asks for a password only on that stdin, or takes it from its
/// environment: there it is, in the container, readable by the server's own user.
fn hand_over(
    state: &State,
    namespace: &Namespace,
    server: &Server,
    file: &str,
    Hidden(password): &Hidden,
) -> Cmd {
    let words = ["sh", "-c", TAKE, "sh", file].map(str::to_owned);
    kubectl::exec(state, namespace, server, false, words).stdin(password.as_str())
}

/// With `-c`, as a server in cluster mode answers with the node to ask instead; without cluster mode it
/// changes nothing.
fn valkey_words(file: &str, user: &str, args: &[String]) -> Vec<String> {
    let words = ["sh", "-c", VALKEY_CLI, "sh", file, "--user", user, "-c"].map(str::to_owned);
    words.into_iter().chain(args.iter().cloned()).collect()
}

fn random_name() -> Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness for a name: {error}"))?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::exec::Exec;
    use crate::stop::Stop;

    /// Runs what a container would run, with a program of this machine in the client's place.
    fn run(words: &[String], client: &str, in_its_place: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        symlink(in_its_place, folder.path().join(client)).unwrap();
        let path = format!("PATH={}:/usr/bin:/bin", folder.path().display());
        let cmd = Cmd::new("env").args(["-u", "PGHOST", &path]);
        let exec = Exec::new(Arc::new(Stop::default()));
        exec.read(&cmd.args(words.iter().cloned())).unwrap()
    }

    #[test]
    fn psql_runs_in_the_database_as_its_role_with_all_that_the_user_gave() {
        let show = r#"echo "$PGDATABASE $PGUSER $PGHOST $PGOPTIONS $0 $1""#;
        let args = ["-c", show, "a b", "$c"].map(str::to_owned);
        assert_eq!(
            run(&psql_words("ghillie", &args), "psql", "/bin/sh"),
            "ghillie postgres /tmp -c role=ghillie a b $c\n"
        );
    }

    #[test]
    fn a_password_that_is_handed_over_is_in_no_argument_and_no_file_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("handed over");
        let path = file.to_str().unwrap();
        let take = Cmd::new("sh").args(["-c", TAKE, "sh", path]);
        let exec = Exec::new(Arc::new(Stop::default()));
        exec.read(&take.stdin("s3cret")).unwrap();
        assert_eq!(mode(&file), 0o600);
        let args = ["get", "a  b"].map(str::to_owned);
        assert_eq!(
            run(
                &valkey_words(path, "ghillie", &args),
                "valkey-cli",
                "/bin/echo"
            ),
            "--user ghillie -c get a  b\n"
        );
        assert!(!file.exists());
    }

    fn mode(file: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777
    }
}
