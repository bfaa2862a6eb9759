# cargo's own completion looks for a function of this name for each subcommand that it does not know.
_cargo-xtask() { _xtask "$@" }
