//! Chance that can be had again: `E2E_SEED` names it, and it is printed.

use anyhow::{Context, Result};

/// A stream of numbers (`SplitMix64`) that one number decides.
pub struct Seed(u64);

impl Seed {
    /// The seed of `E2E_SEED`, else a new one; it is printed.
    pub fn new() -> Result<Self> {
        let seed = match std::env::var("E2E_SEED") {
            Ok(text) if !text.is_empty() => text
                .parse()
                .with_context(|| format!("E2E_SEED is a number, not {text}"))?,
            _ => getrandom::u32().context("no randomness")?.into(),
        };
        println!("E2E_SEED={seed}");
        Ok(Self(seed))
    }

    /// The next number, below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) >> 33).unwrap_or_default() % end.max(1)
    }

    /// One of some.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
