//! `cargo xtask`: parses the command line and hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run::main()
}
