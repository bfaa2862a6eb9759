//! `up`, once or with `--watch`, and `start`: what they print, and what they hold while they run.

use std::fs::{self, OpenOptions};
use std::path::Path;

use anyhow::Result;

use crate::config;
use crate::dry_run::{self, Look};
use crate::exec::{Exec, Span};
use crate::flags::{self, Form};
use crate::session::Session;
use crate::settings::BadInput;
use crate::state::State;
use crate::stdout::print;
use crate::timings::Timings;
use crate::tools::{self, Cache, Source, Tool};
use crate::watch::{self, Over, Snapshot};
use crate::{observe, up};

impl Session {
    pub(super) fn start(&self, flags: &flags::Start) -> Result<()> {
        let held = self.hold("start", &flags.cluster, &flags.namespace)?;
        let config = config::Up::as_it_is(held.preview.clone(), flags.adopt)?;
        let ran = |timings: &Timings, is_done| self.show_timings(None, timings, &[], is_done);
        let url = up::start(&config, &held.exec, &held.state, &self.progress, &ran)?;
        print_url(&url, flags.output)
    }

    pub(super) fn up(&self, flags: &flags::Up) -> Result<()> {
        let config = config::Up::new(flags)?;
        let source = Source::asked(flags.no_install)?;
        let state = State::open(&config.preview.cluster, &config.preview.root)?;
        let exec = self.exec(Some(&state))?;
        if flags.dry_run {
            return self.dry_run(&config, &exec, &state, &source, flags.output);
        }
        check_timings(flags.timings.as_deref())?;
        self.tools(&exec, &config.preview, &source)?;
        let paths = watch::paths(&config);
        let before = flags.watch.then(|| Snapshot::of(&paths));
        let lock = self.lock("up", &config.preview, &state, &exec)?;
        let url = self.bring_up(flags, &config, &state, &exec)?;
        drop(lock);
        print_url(&url, flags.output)?;
        let Some(before) = before else {
            return Ok(());
        };
        let (root, stop) = (&config.preview.root, &self.stop);
        watch::watch(root, &paths, before, stop, &self.progress, || {
            self.bring_up_again(flags, &state, &exec)
        })?;
        let (up, down) = (config.preview.command("up"), config.preview.command("down"));
        self.progress.note(&format!(
            "no longer watching: the preview is left as it is; `{up}` brings it up to date, `{down}` removes it"
        ));
        Ok(())
    }

    /// Shows what `up` would do. Nothing is fetched for that: it asks with the tools that are there.
    fn dry_run(
        &self,
        config: &config::Up,
        exec: &Exec,
        state: &State,
        source: &Source,
        form: Form,
    ) -> Result<()> {
        let cache = Cache::of_user(&config.preview.root);
        let (tools, lacking) = tools::at_hand(exec, &cache, &Tool::ALL, source);
        tools.give_to(exec);
        let look = Look {
            config,
            exec,
            state,
            progress: &self.progress,
            lacking: &lacking,
        };
        print(&dry_run::dry_run(&look, form)?)
    }

    fn bring_up(
        &self,
        flags: &flags::Up,
        config: &config::Up,
        state: &State,
        exec: &Exec,
    ) -> Result<String> {
        let wanted = flags.timings.as_deref();
        if wanted.is_some() {
            exec.note_spans();
        }
        let ran = |timings: &Timings, is_done| {
            self.show_timings(wanted, timings, &exec.spans(), is_done);
        };
        up::up(config, exec, state, &self.progress, &ran)
    }

    /// A round of `up --watch`. A preview that somebody stopped or deleted meanwhile is left at that.
    fn bring_up_again(&self, flags: &flags::Up, state: &State, exec: &Exec) -> Result<()> {
        let config = config::Up::new(flags)?;
        let preview = &config.preview;
        let _lock = self.lock("up", preview, state, exec)?;
        let seen = observe::observe_cluster(exec, preview, state)?;
        if let Err(why) = seen.running(preview) {
            return Err(Over(format!("no longer watching: {why}")).into());
        }
        self.bring_up(flags, &config, state, exec).map(drop)
    }

    /// Shows the timings, or writes them to the file that was named. The preview is worth more than they are.
    fn show_timings(
        &self,
        wanted: Option<&Path>,
        timings: &Timings,
        children: &[Span],
        is_done: bool,
    ) {
        if is_done {
            self.progress.note(&timings.summary());
        }
        match wanted {
            None => {}
            Some(path) if path == Path::new("-") => self.progress.note(&timings.table()),
            Some(path) => {
                if let Err(error) = fs::write(path, timings.trace(children).to_string()) {
                    let path = path.display();
                    self.progress
                        .warn(&format!("cannot write the timings to {path}: {error}"));
                }
            }
        }
    }
}

/// Fails where the file for the timings cannot be written: better now than once the preview is up.
fn check_timings(wanted: Option<&Path>) -> Result<(), BadInput> {
    let Some(path) = wanted.filter(|path| *path != Path::new("-")) else {
        return Ok(());
    };
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map(drop).map_err(|error| {
        let path = path.display();
        BadInput(format!("invalid value '{path}' for --timings: {error}"))
    })
}

fn print_url(url: &str, form: Form) -> Result<()> {
    match form {
        Form::Text => print(&format!("{url}\n")),
        Form::Json => print(&format!(
            "{}\n",
            serde_json::json!({ "schema": 1, "url": url })
        )),
    }
}
