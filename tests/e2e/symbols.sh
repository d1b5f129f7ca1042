#!/bin/sh
# SPDX-License-Identifier: MIT
# The shared library shows nothing but functions that the public headers declare.
. "$(dirname "$0")/../lib/tap.sh"

library=$ACTOP_BUILD/libactop.so.$(sed 's/\..*//' "$ACTOP_SOURCE/VERSION")
shown=$(nm -D --defined-only "$library" | awk '{ print $NF }' | grep -v '^__\(asan\|odr\|ubsan\|sancov\|start\|stop\)' | sort)
declared=$(cat "$ACTOP_SOURCE"/include/actop/*.h | tr '\n' ' ' | grep -o 'ACTOP_API[^(;{]*(' |
    grep -o 'actop_[a-z0-9_]*($' | tr -d '(' | sort)

unlike "every symbol of the library begins with actop_" "$shown" '^([^a]|a[^c]|ac[^t]|act[^o]|acto[^p]|actop[^_])'
like "the library shows its functions" "$shown" '^actop_status_text$'
printf '%s\n' "$shown" >"$tmp/shown"
printf '%s\n' "$declared" >"$tmp/declared"
is "and none that is not declared" "$(comm -23 "$tmp/shown" "$tmp/declared")" ""
done_testing
