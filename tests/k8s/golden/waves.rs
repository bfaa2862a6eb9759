//! Keeps parallel steps in step, so that two runs of the same program make the same calls in the same order.
//!
//! Calls that are made before any of them is answered are a wave. In which order they come is chance, so
//! within a wave they are sorted; which calls a wave consists of is the program's own doing. So no call of a
//! wave is answered before all of them were made, as the golden file `calls` has them.
//!
//! Where that file is to be written, nobody knows yet which calls belong to a wave: then it has ended when
//! no call came for a second, which is longer than any pause between two tries of xtask.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::call::Wave;

/// After this time without another call a wave has ended, where it is not known what it consists of.
const QUIET: Duration = Duration::from_secs(1);
/// How long a call that the golden file has may take to come. Then nobody waits for it any more, and the
/// test will fail for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of the waves.
pub enum Pace {
    /// They are these.
    Known(Vec<Wave>),
    /// Nothing.
    Unknown,
    /// It does not matter: calls are answered as they come.
    Free,
}

/// The calls of a run.
pub struct Waves {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    pace: Pace,
    waves: Vec<Wave>,
    /// How many waves have ended.
    ended: usize,
    /// When the last call came.
    last: Instant,
}

impl Waves {
    pub fn new(pace: Pace) -> Self {
        let state = State {
            pace,
            waves: vec![],
            ended: 0,
            last: Instant::now(),
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Takes in a call, and returns when it is time to answer it.
    pub fn pass(&self, call: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = state.add(call);
        self.changed.notify_all();
        while let Some(pause) = state.pause(mine) {
            if pause.is_zero() {
                state.give_up();
                self.changed.notify_all();
                break;
            }
            let waited = self.changed.wait_timeout(state, pause);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets every call go on.
    pub fn release(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pace = Pace::Free;
        self.changed.notify_all();
    }

    /// All waves, each in order.
    pub fn end(self) -> Vec<Wave> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut waves = state.waves;
        for wave in &mut waves {
            wave.sort();
        }
        waves
    }
}

impl State {
    /// Adds a call to the wave that has not ended, and returns which one that is.
    fn add(&mut self, call: &str) -> usize {
        self.last = Instant::now();
        let mine = self.ended;
        if self.waves.len() == mine {
            self.waves.push(Vec::new());
        }
        self.waves[mine].push(call.to_owned());
        if let Pace::Known(known) = &self.pace
            && known
                .get(mine)
                .is_none_or(|wanted| has_all(&self.waves[mine], wanted))
        {
            self.ended += 1;
        }
        mine
    }

    /// How long a call of a wave still waits at most; not at all where the wave has ended.
    fn pause(&self, mine: usize) -> Option<Duration> {
        let limit = match self.pace {
            Pace::Known(_) => PATIENCE,
            Pace::Unknown => QUIET,
            Pace::Free => return None,
        };
        (self.ended <= mine).then(|| limit.saturating_sub(self.last.elapsed()))
    }

    fn give_up(&mut self) {
        match self.pace {
            Pace::Known(_) => self.pace = Pace::Free,
            Pace::Unknown => self.ended += 1,
            Pace::Free => {}
        }
    }
}

fn has_all(calls: &[String], wanted: &[String]) -> bool {
    let count = |list: &[String], call| list.iter().filter(|it| *it == call).count();
    wanted
        .iter()
        .all(|call| count(calls, call) >= count(wanted, call))
}
