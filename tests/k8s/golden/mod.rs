//! Golden runs: the real program with a `PATH` that holds only the recorder, which replays what the real
//! tools once replied. Every child's arguments, environment and stdin, and what the user sees, are compared
//! with the files of a folder of `tests/golden`:
//!
//! | file | |
//! |---|---|
//! | `replies/` | input: replies of the real tools, by argument list |
//! | `state-before/` | input: our own files of the cluster before the run |
//! | `calls` | golden: every child, and every question to the application, by waves ([`waves`]) |
//! | `manifests/` | golden: what each child read |
//! | `stdout`, `stderr`, `status` | golden: what the user sees |
//! | `state` | golden: our own files of the cluster afterwards, with their modes |
//!
//! `UPDATE_GOLDEN=1 cargo test` rewrites the golden files. `make record` records the replies anew, for which
//! it needs the real tools and a real Docker.

mod call;
mod case;
mod given;
mod inputs;
mod manifest;
mod names;
mod record;
mod redact;
mod reply;
mod run;
mod server;
mod shown;
mod waves;
mod world;
mod written;

pub use case::Case;
pub use given::Given;
pub use world::repository;
