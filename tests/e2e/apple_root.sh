#!/bin/sh
# SPDX-License-Identifier: MIT
# The ordinary program runs on libraries with Apple's names below ACTOP_APPLE_ROOT: the fake, loaded as a shared library. It
# shows each machine's numbers, and has given everything back when it ends.
. "$(dirname "$0")/../lib/tap.sh"

if [ -z "${ACTOP_FAKE_APPLE:-}" ]; then
    skip "a fake of Apple's libraries is there" "this build has none"
    done_testing
fi
root=$tmp/root
for path in /System/Library/Frameworks/CoreFoundation.framework/CoreFoundation \
    /System/Library/Frameworks/Foundation.framework/Foundation /System/Library/Frameworks/IOKit.framework/IOKit \
    /usr/lib/libIOReport /usr/lib/libobjc.A /usr/lib/libSystem.B; do
    mkdir -p "$root${path%/*}"
    ln -s "$ACTOP_FAKE_APPLE" "$root$path.so"
done
export ACTOP_APPLE_ROOT="$root" FAKE_APPLE_MACHINES="$ACTOP_SOURCE/machines" FAKE_APPLE_REPORT=1
export FAKE_APPLE_STEP_MS=2500 FAKE_APPLE_LOAD=0.5

# field NAME: of the last record in $tmp/out.
field() { tail -n 1 "$tmp/out" | jq -c "$1"; }

for machine in m1 m1-ultra m4-max m5-max a18-pro odd; do
    FAKE_APPLE_MACHINE=$machine
    export FAKE_APPLE_MACHINE
    succeeds "$machine runs" "$ACTOP" --source apple --json --samples 3 --interval 0.1
    brand=$(sed -n 's/^brand *"\(.*\)"/\1/p' "$ACTOP_SOURCE/machines/$machine.txt")
    is "$machine says its chip" "$(field .chip)" "\"$brand\""
    is "$machine draws power" "$(field '.system_watts > 1')" true
    is "$machine has busy processors" "$(field '.cpu_util_pct > 40 and .cpu_util_pct < 60')" true
    like "$machine got everything back" "$(cat "$tmp/err")" '^fake_apple: objects 0, ports 0, others 0$'
done

FAKE_APPLE_MACHINE=vm succeeds "a virtual machine runs" "$ACTOP" --source apple --json --samples 2 --interval 0.1
is "and has no watts rather than 0" "$(field .cpu_watts)" null
FAKE_APPLE_MACHINE=m4-max ends_with "doctor says what is refused" 1 "$ACTOP" doctor --source apple
like "by its name and reason" "$(cat "$tmp/out")" 'AMC Stats +Perf Counters lists its channels, and cannot be subscribed'

like "and what nobody asks for" "$(cat "$tmp/out")" 'CPU Stats/CPU Complex Idle +[0-9]+ channels? nobody asks for'

rm "$root/usr/lib/libIOReport.so"
FAKE_APPLE_MACHINE=m4-max ends_with "without libIOReport the rest works" 1 "$ACTOP" doctor --source apple
like "and doctor names what is missing" "$(cat "$tmp/out")" 'IOReportCopyChannelsInGroup is missing'
ACTOP_APPLE_ROOT=$tmp/nowhere ends_with "a root that is not there is refused" 1 "$ACTOP" --source apple --json --samples 1
like "with a sentence" "$(cat "$tmp/err")" 'nowhere: no such directory'
done_testing
