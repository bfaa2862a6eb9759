//! Scoped threads: several things asked or done at the same time.

use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

/// Waits for a thread and returns its result. Its panic becomes the caller's: a fault of ours is told as
/// one, and not as an answer of a tool.
pub fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
