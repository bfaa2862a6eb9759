//! From the command line to a verb, and from its result to an exit status.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Error, Result};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::config::{self, Preview};
use crate::exec::CmdError;
use crate::flags::{self, Form, NamespaceFlags, TalkFlags, Task, Verb, Xtask};
use crate::names::Port;
use crate::observe;
use crate::progress::Talk;
use crate::session::Session;
use crate::settings::{self, BadInput};
use crate::state::State;
use crate::timings::Timings;
use crate::tools::{self, Cache, Source};
use crate::{doctor, down, dry_run, logs, status, up};

/// Runs the program and says how it ended: 0 done, 1 failed, 2 wrong usage, 128 and the signal's number.
pub fn main() -> ExitCode {
    let asked = settings::document(Xtask::command()).try_get_matches();
    let verb = match asked.and_then(|matches| Xtask::from_arg_matches(&matches)) {
        Ok(Xtask {
            task: Task::K8s { verb },
        }) => verb,
        // Who types less wants to know what there is: that is no mistake.
        Err(help) if help.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            print(&help.render().to_string());
            return ExitCode::SUCCESS;
        }
        Err(error) => error.exit(),
    };
    let session = Session::new(talk(&verb));
    let result = session.run(&verb);
    if let Some(signal) = session.stop.signal() {
        if let Some(words) = interrupted(&verb) {
            session.progress.error(words);
        }
        return ExitCode::from(u8::try_from(128 + signal).unwrap_or(1));
    }
    match result {
        Ok(code) => code,
        Err(error) if error.is::<BadInput>() => {
            let _ = usage(error).print();
            ExitCode::from(2)
        }
        Err(error) => {
            session.progress.error(&explain(&error));
            ExitCode::FAILURE
        }
    }
}

impl Session {
    fn run(&self, verb: &Verb) -> Result<ExitCode> {
        match verb {
            Verb::Up(flags) => self.up(flags)?,
            Verb::Render(flags) => {
                let config = config::Up::new(flags)?;
                let state = State::open(&config.preview.cluster, &config.preview.root)?;
                print(&dry_run::render(&config, &state)?);
            }
            Verb::Doctor(flags) => return self.doctor(flags),
            Verb::Down(flags) => {
                let preview = Preview::new(&flags.cluster, &NamespaceFlags::default())?;
                let state = State::open(&preview.cluster, &preview.root)?;
                let exec = self.exec(Some(&state))?;
                let _lock = self.lock("down", &preview, &state, &exec)?;
                self.tools(&exec, &preview, &Source::Nowhere)?;
                down::down(&preview, &exec, &state, &self.progress, flags)?;
            }
            Verb::Status(flags) => return status::status(self, flags),
            Verb::Logs(flags) => logs::logs(self, flags)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn up(&self, flags: &flags::Up) -> Result<()> {
        let config = config::Up::new(flags)?;
        let source = Source::asked(flags.no_install)?;
        let state = State::open(&config.preview.cluster, &config.preview.root)?;
        let exec = self.exec(Some(&state))?;
        if flags.dry_run {
            print(&dry_run::dry_run(&config, &exec, &state, flags.output)?);
            return Ok(());
        }
        self.tools(&exec, &config.preview, &source)?;
        let _lock = self.lock("up", &config.preview, &state, &exec)?;
        let (url, timings) = up::up(&config, &exec, &state, &self.progress)?;
        self.progress.note(&timings.summary());
        self.show_timings(flags.timings.as_deref(), &timings)?;
        match flags.output {
            Form::Text => print(&format!("{url}\n")),
            Form::Json => print(&format!(
                "{}\n",
                serde_json::json!({ "schema": 1, "url": url })
            )),
        }
        Ok(())
    }

    fn doctor(&self, flags: &flags::Doctor) -> Result<ExitCode> {
        let preview = Preview::new(&flags.cluster, &NamespaceFlags::default())?;
        let port = settings::PORT.get::<Port>(flags.ingress_port.as_deref())?;
        let state = State::open(&preview.cluster, &preview.root)?;
        let exec = self.exec(None)?;
        // The port that the preview itself listens on is not in its way.
        let seen = observe::observe_cluster(&exec, &preview, &state).ok();
        let own = seen.and_then(|seen| seen.whole()?.port);
        let wanted = doctor::Wanted {
            cache: &Cache::of_user(&preview.root),
            source: &Source::asked(flags.no_install)?,
            registries: preview.project.nodes.registries,
            port: port.map(|it| it.value).filter(|it| Some(*it) != own),
        };
        let (report, blocks) = doctor::run(&exec, &wanted, flags.output);
        print(&report);
        Ok(if blocks {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Shows the timings, or writes them to the file that was named.
    fn show_timings(&self, wanted: Option<&Path>, timings: &Timings) -> Result<()> {
        match wanted {
            None => {}
            Some(path) if path == Path::new("-") => self.progress.note(&timings.table()),
            Some(path) => fs::write(path, timings.trace().to_string())
                .with_context(|| format!("cannot write the timings to {}", path.display()))?,
        }
        Ok(())
    }
}

/// An error in words; one of Docker's surroundings says what to do about them.
fn explain(error: &Error) -> String {
    let docker = error
        .downcast_ref::<CmdError>()
        .and_then(tools::explain_docker);
    docker.map_or_else(|| format!("{error:#}"), |problem| problem.to_string())
}

/// Bad input, told as clap tells it, with the usage to look at.
fn usage(error: Error) -> clap::Error {
    settings::document(Xtask::command()).error(ErrorKind::ValueValidation, error)
}

fn talk(verb: &Verb) -> Talk {
    let TalkFlags { quiet, verbose } = match verb {
        Verb::Up(flags) | Verb::Render(flags) => flags.talk,
        Verb::Doctor(flags) => flags.talk,
        Verb::Down(flags) => flags.talk,
        Verb::Status(flags) => flags.talk,
        Verb::Logs(flags) => flags.talk,
    };
    Talk { quiet, verbose }
}

/// What to say when a signal ended a verb; nothing where that is how one ends it.
fn interrupted(verb: &Verb) -> Option<&'static str> {
    match verb {
        Verb::Up(_) => Some(
            "interrupted: what was made so far is left as it is; `cargo xtask k8s up` goes on from there, `cargo xtask k8s down` removes it",
        ),
        Verb::Down(_) => {
            Some("interrupted: the rest is removed by the next `cargo xtask k8s down`")
        }
        Verb::Status(flags) if flags.watch => None,
        Verb::Logs(_) => None,
        _ => Some("interrupted"),
    }
}

/// Writes a result to stdout. A reader that is gone has what it wanted.
pub fn print(text: &str) {
    print_to_reader(text);
}

/// As [`print`], and says whether there is still a reader, for what would print without end.
pub fn print_to_reader(text: &str) -> bool {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written.and_then(|()| stdout.flush()).is_ok()
}
