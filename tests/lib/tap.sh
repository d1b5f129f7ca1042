# SPDX-License-Identifier: MIT
# TAP for shell tests: `. "$(dirname "$0")/../lib/tap.sh"`, then any of the functions below, then done_testing.
# A case's name is a sentence. $ACTOP is the program, $ACTOP_SOURCE the source tree, $ACTOP_BUILD the build
# directory; $tmp is a fresh directory that is removed at the end.

# The program takes ACTOP_SOURCE for --source: keep the variable, take it out of the environment.
tap_source=$ACTOP_SOURCE
unset ACTOP_SOURCE
ACTOP_SOURCE=$tap_source

tap_n=0
tap_failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/actop-test.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# pass NAME
pass() {
    tap_n=$((tap_n + 1))
    printf 'ok %d - %s\n' "$tap_n" "$1"
}

# fail NAME [WHY…]: each WHY is printed below the case.
fail() {
    tap_n=$((tap_n + 1))
    tap_failed=$((tap_failed + 1))
    printf 'not ok %d - %s\n' "$tap_n" "$1"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

# skip NAME WHY
skip() {
    tap_n=$((tap_n + 1))
    printf 'ok %d - %s # SKIP %s\n' "$tap_n" "$1" "$2"
}

# is NAME GOT WANT: two strings are equal.
is() {
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:  $2" "want: $3"; fi
}

# like NAME TEXT REGEX: a line of the text matches the extended regex.
like() {
    if printf '%s\n' "$2" | grep -Eq -e "$3"; then pass "$1"; else fail "$1" "no line matches $3 in:" "$2"; fi
}

# unlike NAME TEXT REGEX: no line matches.
unlike() {
    if printf '%s\n' "$2" | grep -Eq -e "$3"; then fail "$1" "a line matches $3 in:" "$2"; else pass "$1"; fi
}

# ends_with NAME STATUS CMD…: the command ends with that status. Its output is left in $tmp/out and $tmp/err.
ends_with() {
    tap_name=$1
    tap_want=$2
    shift 2
    tap_got=0
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || tap_got=$?
    if [ "$tap_got" -eq "$tap_want" ]; then
        pass "$tap_name"
    else
        fail "$tap_name" "status $tap_got, not $tap_want: $*" "$(head -c 2000 "$tmp/err")"
    fi
}

# succeeds NAME CMD…
succeeds() {
    tap_succeeds=$1
    shift
    ends_with "$tap_succeeds" 0 "$@"
}

# done_testing: the plan, and the script's status. Must be the last line of a test.
done_testing() {
    printf '1..%d\n' "$tap_n"
    [ "$tap_failed" -eq 0 ]
    exit
}
