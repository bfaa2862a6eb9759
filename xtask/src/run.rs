//! From the command line to a verb, and from its result to an exit status.

mod bring_up;

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use crate::config::{self, Preview};
use crate::exec::{CmdError, exit_code};
use crate::flags::{
    self, ClusterFlags, NO_NAMESPACE, NamespaceFlags, TalkFlags, Task, Verb, Xtask,
};
use crate::names::Port;
use crate::progress::Talk;
use crate::session::Session;
use crate::settings::{self, BadInput};
use crate::state::State;
use crate::stdout::print;
use crate::stores::{clients, forward};
use crate::tools::{self, Cache, Source};
use crate::{browser, completions, doctor, down, dry_run, halt, kubectl, logs, shell, status};

/// Runs the program and says how it ended: 0 done, 1 failed, 2 wrong usage, 128 and the signal's number.
pub fn main() -> ExitCode {
    let asked = settings::document(Xtask::command()).try_get_matches();
    let asked = asked.and_then(|it| Ok((Xtask::from_arg_matches(&it)?, path(&it))));
    let (Task::K8s { verb }, path) = match asked {
        Ok((Xtask { task }, path)) => (task, path),
        // Who types less wants to know what there is: that is no mistake.
        Err(help) if help.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return match print(&help.render().to_string()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            };
        }
        Err(error) => error.exit(),
    };
    let session = Session::new(talk(&verb));
    let result = session.run(&verb);
    if let Some(signal) = session.stop.signal() {
        if let Some(left) = interrupted(&verb, result.is_ok()) {
            session.progress.error(&left);
        }
        return ExitCode::from(u8::try_from(128 + signal).unwrap_or(1));
    }
    match result {
        Ok(code) => code,
        Err(error) if error.is::<BadInput>() => {
            let _ = usage(error, &path).print();
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
                let config = config::Up::new(&flags.into())?;
                let state = State::open(&config.preview.cluster, &config.preview.root)?;
                print(&dry_run::render(&config, &state)?)?;
            }
            Verb::Doctor(flags) => return self.doctor(flags),
            Verb::Open(flags) => {
                browser::open(&self.visit(&flags.cluster, NO_NAMESPACE)?, &self.progress)?;
            }
            Verb::Psql(flags) => {
                return clients::psql(&self.visit(&flags.cluster, &flags.namespace)?, &flags.args);
            }
            Verb::ValkeyCli(flags) => {
                let visit = self.visit(&flags.cluster, &flags.namespace)?;
                return clients::valkey_cli(&visit, &flags.args);
            }
            Verb::Forward(flags) => {
                let visit = self.visit(&flags.cluster, &flags.namespace)?;
                forward::forward(&visit, flags, &self.progress)?;
            }
            Verb::Kubectl(flags) => return self.kubectl(flags),
            Verb::Env(flags) => {
                let visit = self.visit(&flags.cluster, NO_NAMESPACE)?;
                print(&shell::env(&visit)?)?;
            }
            Verb::Stop(flags) => {
                let held = self.hold("stop", &flags.cluster, NO_NAMESPACE)?;
                halt::stop(&held, &self.progress, flags.adopt)?;
            }
            Verb::Start(flags) => self.start(flags)?,
            Verb::Completions(flags) => {
                let command = settings::document(Xtask::command());
                print(&completions::script(flags.shell, command))?;
            }
            Verb::Down(flags) => {
                let held = self.hold("down", &flags.cluster, NO_NAMESPACE)?;
                down::down(&held, &self.progress, flags)?;
            }
            Verb::Status(flags) => return status::status(self, flags),
            Verb::Logs(flags) => logs::logs(self, flags)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn kubectl(&self, flags: &flags::Kubectl) -> Result<ExitCode> {
        let visit = self.visit(&flags.cluster, &flags.namespace)?;
        visit.running()?;
        let cmd = kubectl::typed(&visit.state, &visit.preview.namespace, &flags.args);
        Ok(exit_code(visit.exec.interactive(&cmd)?))
    }

    fn doctor(&self, flags: &flags::Doctor) -> Result<ExitCode> {
        let preview = Preview::new(&flags.cluster, &NamespaceFlags::default())?;
        let port = settings::PORT.get::<Port>(flags.ingress_port.as_deref())?;
        let state = State::open(&preview.cluster, &preview.root)?;
        let exec = self.exec(None)?;
        let wanted = doctor::Wanted {
            cache: &Cache::of_user(&preview.root),
            source: &Source::asked(flags.no_install)?,
            preview: &preview,
            state: &state,
            port,
        };
        let (report, blocks) = doctor::run(&exec, &wanted, flags.output);
        print(&report)?;
        Ok(if blocks {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// An error in words; one of Docker's surroundings says what to do about them.
pub fn explain(error: &Error) -> String {
    let docker = error
        .downcast_ref::<CmdError>()
        .and_then(tools::explain_docker);
    docker.map_or_else(|| format!("{error:#}"), |problem| problem.to_string())
}

/// The names of the command that was asked for, from the outermost on.
fn path(matches: &ArgMatches) -> Vec<String> {
    let inner = matches.subcommand().into_iter();
    inner
        .flat_map(|(name, matches)| std::iter::once(name.to_owned()).chain(path(matches)))
        .collect()
}

/// Bad input, told as clap tells it, with the usage to look at.
fn usage(error: Error, path: &[String]) -> clap::Error {
    let mut command = settings::document(Xtask::command());
    command.build();
    let inner = |command: Command, name| command.find_subcommand(name).cloned().unwrap_or(command);
    let mut asked = path.iter().fold(command, inner);
    asked.error(ErrorKind::ValueValidation, error)
}

fn talk(verb: &Verb) -> Talk {
    let TalkFlags { quiet, verbose } = match verb {
        Verb::Up(flags) => flags.talk,
        Verb::Render(flags) => flags.talk,
        Verb::Status(flags) => flags.talk,
        Verb::Logs(flags) => flags.talk,
        Verb::Open(flags) => flags.talk,
        Verb::Psql(flags) | Verb::ValkeyCli(flags) => flags.talk,
        Verb::Forward(flags) => flags.talk,
        Verb::Kubectl(flags) => flags.talk,
        Verb::Env(flags) => flags.talk,
        Verb::Stop(flags) => flags.talk,
        Verb::Start(flags) => flags.talk,
        Verb::Doctor(flags) => flags.talk,
        Verb::Completions(_) => TalkFlags::default(),
        Verb::Down(flags) => flags.talk,
    };
    Talk { quiet, verbose }
}

/// What a signal left, and what to type; nothing where a signal is the usual way to end. A verb `is_done` where it
/// did what it was to do first: `up --watch` then says itself that it no longer watches.
fn interrupted(verb: &Verb, is_done: bool) -> Option<String> {
    let words = match verb {
        Verb::Up(flags) if flags.watch && is_done => return None,
        Verb::Up(flags) => format!(
            "interrupted: what was made so far is left as it is; {} goes on from there, {} removes it",
            typed("up", &flags.cluster, &flags.namespace),
            typed("down", &flags.cluster, NO_NAMESPACE)
        ),
        Verb::Down(flags) => format!(
            "interrupted: the rest is removed by the next {}",
            typed("down", &flags.cluster, NO_NAMESPACE)
        ),
        Verb::Stop(flags) => format!(
            "interrupted: some containers may still run; {} stops the rest, {} starts them again",
            typed("stop", &flags.cluster, NO_NAMESPACE),
            typed("start", &flags.cluster, NO_NAMESPACE)
        ),
        Verb::Start(flags) => format!(
            "interrupted: what was started goes on running; {} waits for the rest",
            typed("start", &flags.cluster, &flags.namespace)
        ),
        Verb::Status(flags) if flags.watch => return None,
        Verb::Logs(_) | Verb::Forward(_) => return None,
        _ => "interrupted".into(),
    };
    Some(words)
}

/// The command line of a verb for the same preview, as one would type it.
fn typed(verb: &str, cluster: &ClusterFlags, namespace: &NamespaceFlags) -> String {
    let preview = Preview::new(cluster, namespace);
    let command = preview.map(|preview| preview.command(verb));
    // A name that is not allowed was refused before anything could be interrupted.
    format!("`{}`", command.unwrap_or_else(|_| verb.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(args: &[&str], is_done: bool) -> Option<String> {
        let typed = ["cargo xtask", "k8s"].iter().chain(args);
        let matches = Xtask::command().try_get_matches_from(typed).unwrap();
        let Task::K8s { verb } = Xtask::from_arg_matches(&matches).unwrap().task;
        interrupted(&verb, is_done)
    }

    #[test]
    fn what_to_type_after_an_interruption_is_about_the_same_preview() {
        for verb in ["up", "down", "stop", "start"] {
            let knows_namespace = matches!(verb, "up" | "start");
            let namespace: &[&str] = if knows_namespace {
                &["--namespace", "team"]
            } else {
                &[]
            };
            let asked = [&[verb, "--cluster-name", "another"], namespace].concat();
            let words = told(&asked, false).unwrap();
            assert_eq!(
                words.contains("--namespace team"),
                knows_namespace,
                "{words}"
            );
            let commands: Vec<&str> = words.split('`').skip(1).step_by(2).collect();
            assert!(!commands.is_empty(), "{words}");
            for command in commands {
                assert!(command.starts_with("cargo xtask k8s "), "{words}");
                assert!(command.contains(" --cluster-name another"), "{words}");
                let asked = command.split_whitespace().skip(2);
                let typed = ["cargo xtask", "k8s"].into_iter().chain(asked.skip(1));
                Xtask::command().try_get_matches_from(typed).unwrap();
            }
        }
    }

    #[test]
    fn where_a_signal_is_the_usual_way_to_end_nothing_is_said() {
        for args in [
            &["logs", "--follow"][..],
            &["status", "--watch"],
            &["forward", "valkey"],
        ] {
            assert_eq!(told(args, false), None, "{args:?}");
        }
        assert_eq!(told(&["up", "--watch"], true), None);
        let first = told(&["up", "--watch"], false).unwrap();
        assert!(
            first.starts_with("interrupted: "),
            "not yet watching: {first}"
        );
    }
}
