# `cargo xtask …` completes as `xtask …`; all else of cargo as before.
if declare -F _completion_loader >/dev/null; then
    _completion_loader cargo
elif declare -F _comp_load >/dev/null; then
    _comp_load cargo
fi
case $(complete -p cargo 2>/dev/null) in
*_xtask_of_cargo*) ;;
*' -F '*) _xtask_before=$(complete -p cargo | sed 's/.* -F \([^ ]*\).*/\1/') ;;
*) _xtask_before= ;;
esac
_xtask_of_cargo() {
    if [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} == xtask ]]; then
        local COMP_WORDS=("${COMP_WORDS[@]:1}") COMP_CWORD=$((COMP_CWORD - 1))
        _xtask xtask "$2" "$3"
    elif [[ -n $_xtask_before ]]; then
        "$_xtask_before" "$@"
    fi
}
complete -F _xtask_of_cargo -o bashdefault -o default cargo
