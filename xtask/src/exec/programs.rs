//! Which file a program is, where that is not for `PATH` to say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{MutexGuard, PoisonError};

use super::Exec;

impl Exec {
    /// Uses `path` for `program`, instead of what `PATH` has under that name.
    pub fn use_program(&self, program: &'static str, path: PathBuf) {
        self.programs().insert(program, path);
    }

    /// Whether [`Exec::use_program`] has told which file `program` is.
    pub fn has_program(&self, program: &str) -> bool {
        self.programs().contains_key(program)
    }

    /// What is started for `program`.
    pub(super) fn program(&self, program: &str) -> PathBuf {
        let known = self.programs().get(program).cloned();
        known.unwrap_or_else(|| PathBuf::from(program))
    }

    fn programs(&self) -> MutexGuard<'_, BTreeMap<&'static str, PathBuf>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
