# `cargo xtask …` completes as `xtask …`; all else of cargo as before.
complete --command cargo --condition 'test (count (commandline -opc)) -gt 1; and test (commandline -opc)[2] = xtask' --no-files --arguments '(__fish_complete_subcommand)'
