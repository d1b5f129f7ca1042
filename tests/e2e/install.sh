#!/bin/sh
# SPDX-License-Identifier: MIT
# What is installed can be used by a program that knows nothing of this tree: headers, library, pkg-config file.
. "$(dirname "$0")/../lib/tap.sh"

succeeds "everything is installed below DESTDIR" \
    meson install -C "$ACTOP_BUILD" --no-rebuild --destdir "$tmp/root"
prefix=$(dirname "$(dirname "$(find "$tmp/root" -path '*/bin/actop')")")
version=$(cat "$ACTOP_SOURCE/VERSION")
is "the program runs where it was put" "$("$prefix/bin/actop" --version)" "actop $version"

for made in share/man/man1/actop.1 share/bash-completion/completions/actop share/zsh/site-functions/_actop \
    share/fish/vendor_completions.d/actop.fish; do
    succeeds "$made is installed and names the options" grep -q interval "$prefix/$made"
done

# pkg-config, told where everything was moved to.
pc=$(find "$prefix" -name actop.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
package() { pkg-config --define-variable=prefix="$prefix" "$@" actop; }
libdir=$(dirname "$PKG_CONFIG_PATH")
is "pkg-config knows the version" "$(package --modversion)" "$version"

cat >"$tmp/user.c" <<'C'
#include <actop/actop.h>
#include <stdio.h>
int main(void)
{
    return printf("%s %s\n", actop_version(), actop_status_text(ACTOP_OK)) < 0;
}
C
# A library with sanitizers in it wants a program with them.
sanitize=
if nm -D "$libdir"/libactop.so | grep -q __asan_init; then sanitize=-fsanitize=address,undefined; fi
# shellcheck disable=SC2046,SC2086 # words are meant
succeeds "a program is compiled against the shared library" \
    $CC -std=c11 -Wall -Wextra -Wpedantic -Werror $sanitize $(package --cflags) "$tmp/user.c" -o "$tmp/user" $(package --libs)
is "and runs" "$(LD_LIBRARY_PATH=$libdir "$tmp/user" 2>&1)" "$version no error"

# In a build for tests the library's own allocations are counted in it, which changes nothing for its user.
# shellcheck disable=SC2046,SC2086
succeeds "a program is compiled against the static library" \
    $CC -std=c11 $sanitize $(package --cflags) "$tmp/user.c" -o "$tmp/fixed" \
    $(package --libs --static | sed "s| -lactop| $libdir/libactop.a|")
is "and runs without the shared one" "$("$tmp/fixed" 2>&1)" "$version no error"

if command -v objcopy >/dev/null; then
    shown=$(nm -g --defined-only "$libdir/libactop.a" | awk 'NF == 3 { print $3 }' | grep -v '^__\(asan\|odr\|ubsan\|sancov\)')
    like "the static library shows its functions" "$shown" '^actop_status_text$'
    unlike "and nothing that a user's program could clash with" "$shown" '^([^a]|a[^c]|ac[^t]|act[^o]|acto[^p]|actop[^_])'
else
    skip "the static library shows its functions" "no objcopy"
    skip "and nothing that a user's program could clash with" "no objcopy"
fi

for header in "$prefix"/include/actop/*.h; do
    name=${header##*/}
    printf '#include <actop/%s>\nint main(void) { return 0; }\n' "$name" >"$tmp/alone.c"
    # shellcheck disable=SC2046
    succeeds "$name alone is C11" \
        $CC -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $(package --cflags) "$tmp/alone.c"
    if command -v clang >/dev/null; then
        # shellcheck disable=SC2046
        succeeds "$name alone is C++" \
            clang -x c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only $(package --cflags) "$tmp/alone.c"
    else
        skip "$name alone is C++" "no clang"
    fi
done
done_testing
