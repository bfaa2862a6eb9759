//! Live tests: the real program against real clusters, in a home and with names of their own.
//!
//! They need Docker, k3d, kubectl and helm, and take minutes, so a plain `cargo test` leaves them out:
//! `make e2e` runs the scenarios, `make faults` injects each fault that `up` survives, `make soak` does both
//! at random. They run one after the other, in the order of their list; many share one cluster, which
//! is deleted when a test fails and in the end.
//!
//! Only environment variables tell one machine from another: those of the program itself, such as
//! `GHILLIE_K3D_CNPG_CHART`, and `E2E_SEED`, `E2E_REPORT`, `E2E_RESTART_DOCKER`, `FAULTS_SAMPLE`, `SOAK_ROUNDS`.

#[macro_use]
mod harness;
mod command;
mod faults;
mod home;
mod inside;
mod machine;
mod preview;
mod processes;
mod ran;
mod report;
mod scenarios;
mod seed;
mod soak;
mod stage;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut tests = scenarios::tests();
    tests.extend(faults::tests());
    tests.extend(soak::tests());
    harness::main(tests)
}
