#!/bin/sh
# SPDX-License-Identifier: MIT
# --version says what VERSION says: there is one place for it.
. "$(dirname "$0")/../lib/tap.sh"

want="actop $(cat "$ACTOP_SOURCE/VERSION")"
is "--version prints the content of VERSION" "$("$ACTOP" --version)" "$want"
done_testing
