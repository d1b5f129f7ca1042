#!/bin/sh
# SPDX-License-Identifier: MIT
# The screen inside tmux, driven by send-keys and seen by capture-pane: what people who live in tmux get. Covered are a
# start, a key for each kind of change (panel, overlay, zoom, prompt), a resize and the end.
. "$(dirname "$0")/../lib/tap.sh"

if ! command -v tmux >/dev/null; then
    skip "the screen is driven in tmux" "tmux is not installed"
    done_testing
fi

LC_ALL=C.UTF-8
export LC_ALL
socket=actop-test.$$
mux() { tmux -L "$socket" -f /dev/null "$@"; }
trap 'mux kill-server 2>/dev/null; rm -rf "$tmp"' EXIT

shown() { mux capture-pane -p -t actop; }

# wait_for REGEX: until a line of the pane matches, at most 15 s.
wait_for() {
    i=0
    until shown | grep -Eq -e "$1"; do
        i=$((i + 1))
        [ "$i" -lt 150 ] || return 1
        sleep 0.1
    done
}

# sees NAME REGEX
sees() {
    if wait_for "$2"; then pass "$1"; else fail "$1" "no line matches $2 in:" "$(shown)"; fi
}

mux new-session -d -x 120 -y 40 -s actop \
    "XDG_CONFIG_HOME=$tmp '$ACTOP' --source sim:m4-max+llm --interval 0.2 --speed 10; echo ended: \$?; exec cat"
sees "it starts" '^╭─ CPU ─.*─╮╭─'
sees "the tiers have their headlines" 'P-CPU +[0-9]+% @[0-9]+'
mux send-keys -t actop t
sees "t shows processes" 'PID USER +COMMAND'
mux send-keys -t actop '?'
sees "? shows help" 'this help'
mux send-keys -t actop Escape
mux send-keys -t actop / clang Enter
sees "/ filters" ' of 18'
sees "the filter keeps what matches" '[0-9]+ 501 +clang'
mux send-keys -t actop z
sees "z zooms the table" '^╭─ Processes ─+.*─╮$'
mux send-keys -t actop z t
mux resize-window -t actop -x 80 -y 24
sees "a smaller window has one column" '^── CPU ─+'
mux resize-window -t actop -x 200 -y 60
sees "a larger one has more" '^╭─ CPU .*─╮╭─.*─╮╭─.*─╮$'
mux send-keys -t actop q
sees "q ends with status 0" '^ended: 0'

# The keys a terminal sends as its terminfo says, and not as characters.
"$ACTOP" record "$tmp/r.actop" --source sim:m1+llm --speed max --samples 60 2>/dev/null
mux new-session -d -x 120 -y 40 -s walk "XDG_CONFIG_HOME=$tmp '$ACTOP' replay '$tmp/r.actop'"
shown() { mux capture-pane -p -t walk; }
sees "a recording is replayed" '^╭─ CPU ─'
mux send-keys -t walk p
sees "p pauses, with a bar of the whole recording" ' of 60 .*←→ walk'
mux send-keys -t walk End
sees "End goes to the end of the recording" ' 60 of 60 '
mux send-keys -t walk Left
sees "an arrow walks back" ' 59 of 60 '
mux send-keys -t walk Home
sees "Home goes to its start" ' 1 of 60 '
mux send-keys -t walk q

# Job control as a shell does it: Ctrl-Z stops the program and gives back the terminal, fg takes it again.
mux new-session -d -x 100 -y 30 -s job "PS1='prompt> ' XDG_CONFIG_HOME=$tmp bash --norc --noprofile -i"
shown() { mux capture-pane -p -t job; }
sees "a shell waits" '^prompt>'
mux send-keys -t job "'$ACTOP' --source sim:m4-max+llm --interval 0.2 --speed 10" Enter
sees "the program takes the terminal" '^╭─ CPU ─|^── CPU ─'
mux send-keys -t job C-z
sees "Ctrl-Z stops it and the shell is back" 'Stopped'
mux send-keys -t job 'stty -a | grep -o " echo " | tr a-z A-Z' Enter
sees "the shell's terminal echoes again" '^ *ECHO'
mux send-keys -t job fg Enter
sees "fg draws the screen again" '^╭─ CPU ─|^── CPU ─'
mux send-keys -t job '?'
sees "and keys are answered" 'this help'
mux send-keys -t job Escape
mux send-keys -t job q
mux send-keys -t job 'echo left: $?' Enter
sees "q leaves it for the shell" '^left: 0'

# stops_in STATE COMMAND KEYS REGEX COLUMNS [READY]: stopped in that state, with the window changed meanwhile, it is in it
# again after fg.
stops_in() {
    mux send-keys -t job clear Enter
    sees "$1: the shell waits" '^prompt> *$'
    mux send-keys -t job "$2" Enter
    wait_for "${6:-CPU +[0-9]+%}"
    for key in $3; do
        mux send-keys -t job "$key"
        sleep 0.2
    done
    sees "$1: it is there" "$4"
    mux send-keys -t job C-z
    sees "$1: Ctrl-Z stops it" 'Stopped'
    mux resize-window -t job -x "$5" -y 32
    mux send-keys -t job clear Enter fg Enter
    sees "$1: fg brings it back" "$4"
    mux send-keys -t job Escape
    sleep 0.2
    mux send-keys -t job Escape
    sleep 0.2
    mux send-keys -t job q
}
stops_in "help" "'$ACTOP' --interval 0.3" "?" 'this help' 110
stops_in "the filter" "'$ACTOP' --interval 0.3" "/ q x" 'filter qx' 100
stops_in "a question" "'$ACTOP' --interval 0.3 --show-processes" "Down k" 'Send a signal' 110 ' [1-9][0-9]* of [0-9]+ ─'
stops_in "zoom" "'$ACTOP' --interval 0.3" "z" '^╭─ CPU ─.*load|^╭─ CPU ─[^╭]*$' 100
stops_in "a replay that pauses" "'$ACTOP' replay '$tmp/r.actop'" "p End" ' 60 of 60 ' 110
done_testing
