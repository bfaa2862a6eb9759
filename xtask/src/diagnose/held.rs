//! Since when a fault has been there without a break.

use std::time::Instant;

use super::{Fault, pods};

/// The faults of one object, each with the instant since when it has been there without a break.
#[derive(Debug, Default)]
pub struct Held(Vec<(Fault, Instant)>);

impl Held {
    /// Takes what is wrong now: what was wrong before goes on, whatever words it now has.
    ///
    /// So `ErrImagePull` and `ImagePullBackOff`, which take turns, are one fault.
    pub fn set(&mut self, faults: impl IntoIterator<Item = Fault>, now: Instant) {
        let before = |fault: &Fault| {
            let same = |held: &&(Fault, Instant)| {
                held.0.cause == fault.cause && held.0.container == fault.container
            };
            self.0.iter().find(same)
        };
        self.0 = faults
            .into_iter()
            .map(|mut fault| {
                let Some((before, since)) = before(&fault) else {
                    return (fault, now);
                };
                pods::go_on(&mut fault, before);
                (fault, *since)
            })
            .collect();
    }

    /// Counts from `now` on.
    pub fn restart(&mut self, now: Instant) {
        for (_, since) in &mut self.0 {
            *since = now;
        }
    }

    /// The oldest fault that is certain by now, and since when it has been there.
    pub fn certain(&self, now: Instant) -> Option<(&Fault, Instant)> {
        let certain = self
            .0
            .iter()
            .filter(|(fault, since)| now.saturating_duration_since(*since) >= fault.certain_after);
        certain
            .min_by_key(|(_, since)| *since)
            .map(|(fault, since)| (fault, *since))
    }

    /// All faults, certain or not.
    pub fn current(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().map(|(fault, _)| fault)
    }
}
