#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/setup on machines that are only pretended: a PATH of small programs that write down what they are asked.
. "$(dirname "$0")/../lib/tap.sh"

# pretend NAME BODY: a program of that name, first in PATH.
bin=$tmp/bin
mkdir "$bin"
pretend() {
    printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}
setup() { PATH="$bin:$PATH" TMPDIR="$tmp" sh "$ACTOP_SOURCE/tools/setup" "$@"; }

pretend apt-get "echo \"apt-get \$*\" >>$tmp/asked"
pretend apt-cache 'case $* in *" gcc"|*" libc6"*|*" meson"|*"-dev"|*" ninja-build"|*" pkg-config") exit 0 ;; esac; exit 1'

# A machine that has everything.
pretend dpkg-query 'for word; do case $word in -*) ;; *) echo "installed $word" ;; esac; done'
: >"$tmp/asked"
succeeds "with everything installed, setup succeeds" setup run
is "and asks apt-get for nothing" "$(cat "$tmp/asked")" ""
is "and says nothing" "$(cat "$tmp/out" "$tmp/err")" ""

# A machine without meson, and root.
pretend dpkg-query 'for word; do case $word in -*|meson) ;; *) echo "installed $word" ;; esac; done'
pretend id 'echo 0'
: >"$tmp/asked"
succeeds "as root, what is missing is installed" setup run
like "by its name, and nothing else" "$(cat "$tmp/asked")" '^apt-get .*install --no-install-recommends meson *$'

# The same, and not root.
pretend id 'echo 1000'
: >"$tmp/asked"
ends_with "anybody else is refused" 1 setup run
is "without a try" "$(cat "$tmp/asked")" ""
like "but with the exact command" "$(cat "$tmp/err")" '^ *sudo apt-get install meson *$'

pretend apt-cache 'exit 1'
ends_with "refused also where no package list was ever asked for" 1 setup run
like "with a command that asks for it first" "$(cat "$tmp/err")" '^ *sudo apt-get update && sudo apt-get install meson *$'

# Nothing is installed, and one of two names is known.
pretend dpkg-query 'exit 1'
pretend id 'echo 0'
pretend apt-cache 'case $* in *clang-rt-14*) exit 1 ;; esac; exit 0'
: >"$tmp/asked"
succeeds "on a bare machine everything is installed" setup run test
like "of alternatives the one that can be had" "$(cat "$tmp/asked")" ' libclang-rt-dev '
unlike "and not the other" "$(cat "$tmp/asked")" 'libclang-rt-14-dev'

# A list that is out of date: the first install fails, and is tried again after an update.
pretend apt-get "echo \"apt-get \$*\" >>$tmp/asked
case \$* in *update*) touch $tmp/updated ;; *install*) [ -e $tmp/updated ] ;; esac"
: >"$tmp/asked"
succeeds "a failing install is tried again after an update" setup run
is "and with the same names" "$(grep -c install "$tmp/asked")" 2

# macOS: no apt-get (PATH holds only what is pretended and a few tools), Homebrew has some of it.
mac=$tmp/mac
mkdir -p "$mac" "$tmp/brew/opt/meson"
for tool in sh awk dirname cat sed uname; do ln -s "$(command -v $tool)" "$mac/$tool"; done
rm "$mac/uname"
printf '#!/bin/sh\necho Darwin\n' >"$mac/uname"
printf '#!/bin/sh\ncase $1 in --prefix) echo %s ;; *) echo "brew $*" >>%s ;; esac\n' "$tmp/brew" "$tmp/asked" >"$mac/brew"
chmod +x "$mac/uname" "$mac/brew"
: >"$tmp/asked"
PATH=$mac sh "$ACTOP_SOURCE/tools/setup" run >"$tmp/out" 2>&1
like "on macOS, Homebrew installs what is missing" "$(cat "$tmp/asked")" '^brew install .*zstd'
unlike "and not what is there" "$(cat "$tmp/asked")" 'meson'
ln -s "$(command -v make)" "$mac/make"
(unset MAKEFLAGS; PATH=$mac PKG_CONFIG_PATH=/mine make -C "$ACTOP_SOURCE" -pn help) >"$tmp/out" 2>/dev/null
like "on macOS, Homebrew's ncurses is looked for where it stands aside, before what the caller says" "$(cat "$tmp/out")" \
    "PKG_CONFIG_PATH := $tmp/brew/opt/ncurses/lib/pkgconfig:/mine"
rm "$mac/brew"
PATH=$mac sh "$ACTOP_SOURCE/tools/setup" run >"$tmp/out" 2>&1 && fail "without Homebrew it succeeds" ||
    like "without Homebrew it says what to install" "$(cat "$tmp/out")" Homebrew

is "the Brewfile is what the list makes" "$(cat "$ACTOP_SOURCE/Brewfile")" "$(setup --brewfile)"
done_testing
