#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line from outside: statuses, where messages go, precedence of the three places, commands, completions."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

FAST = ["--interval", "0.1"]


def config(text):
    """An environment whose configuration file has this text; and the file's path."""
    path = os.path.join(tap.tmp, "actop", "config")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return dict(os.environ, XDG_CONFIG_HOME=tap.tmp), path


@tap.case("a mistake is usage and a sentence on stderr, status 2, nothing on stdout",
          *((" ".join(line), line, why) for line, why in (
              (["--interval", "0"], "argument --interval: must be at least 0.1"),
              (["--samples=-1", "--json"], "argument --samples: must be at least 0"),
              (["--theme", "pink"], "argument --theme: invalid choice: 'pink'"),
              (["--proc-filter", "["], "argument --proc-filter: not a regular expression: "),
              (["--max_count", "1"], "unrecognized arguments: --max_count"),
              (["--source", "nowhere"], "argument --source: must be "),
              (["--source", "sim:m0"], "argument --source: no simulated machine 'm0'"),
              (["--source", "sim:m1+nap"], "argument --source: no load 'nap' (choose from tour, idle, "), (["--source", "sim:m1+"], "argument --source: no load ''"),
              (["dance"], "unknown command: dance"), (["replay"], "replay: expected FILE"),
              (["info", "more"], "unrecognized arguments: more"),
              (["--speed", "fast"], "argument --speed: must be a number or max: 'fast'"),
              (["--alert", "1"], "ambiguous option: --alert could match --alert-bw-sat-percent, --alert-package-power-percent, "
                                 "--alert-throttle-freq-percent, --alert-swap-rise-gib, --alert-swap-rise-gb, --alert-sustain-samples"),
              (["--a", "1"], "ambiguous option: --a could match --avg, --alert-bw-sat-percent, --alert-package-power-percent, "
                             "--alert-throttle-freq-percent, --alert-swap-rise-gib, --alert-swap-rise-gb, …"),
              (["--list"], "argument --list: only with demo"), (["replay", "x", "--timeout", "1"], "argument --timeout: only with wait"),
              (["--every", "1", "--json"], "argument --every: only with when"), (["--during"], "argument --during: only with assert"),
              (["info", "--json"], "argument --json: not with info"), (["doctor", "--serve", "0"], "argument --serve: not with doctor"),
              (["record", "x", "--json"], "argument --json: not with record"), (["record", "x", "--record", "y"], "argument --record: not with record"),
              (["doctor", "--record", "x"], "argument --record: not with doctor"), (["demo", "m1", "--source", "sim:m2"], "argument --source: not with demo"),
              (["replay", "x", "--source", "sim:m1"], "argument --source: not with replay"),
              (["--bundle", "x"], "argument --bundle: only with doctor"),
              (["--evidence"], "argument --evidence: only with --json"), (["info", "--evidence"], "argument --evidence: only with --json"),
              (["--json", "--scrub"], "argument --scrub: only with --record, or the command record"),
              (["--json", "--speed", "2"], "argument --speed: only with a recording or a simulation"),
              (["--root", "/", "--source", "sim:m1"], "argument --root: only with --source auto or linux"),
              (["demo", "m1", "--root", "/"], "argument --root: only with --source auto or linux"),
              (["--json", "--token-file", "x"], "argument --token-file: only with --serve, or --source http://HOST:PORT"),
              (["--json", "--listen", "::1"], "argument --listen: only with --serve"), (["--allow-host", "a"], "argument --allow-host: only with --serve"),
              (["--serve", "0", "--serve-process-pids"], "argument --serve-process-pids: only with --serve and --serve-processes"),
              (["--json", "--json-processes", "--expose-cmdline"], "argument --expose-cmdline: only with --serve and --serve-processes"))))
def _(line, why):
    ended = tap.actop(*line)
    assert ended.returncode == 2 and ended.stdout == "", (ended.returncode, ended.stdout)
    lines = ended.stderr.splitlines()
    assert lines[0].startswith("usage: actop") and lines[-1].startswith(f"actop: error: {why}"), lines


@tap.case("a full disk is a sentence and status 1, whatever was asked for", *((" ".join(line), line) for line in (
    ["--help"], ["--version"], ["info"], ["demo", "--list"], ["service", "status"], ["--source", "sim:m1", "doctor"])))
def _(line):
    with open("/dev/full", "w", encoding="utf-8") as full:
        ended = tap.actop(*line, stdout=full)
    assert ended.returncode == 1 and ended.stderr == "actop: error: writing to standard output: No space left on device\n", ended


@tap.case("an option of 1.x that does nothing is said to, for scripts may pass it",
          *((" ".join(line), line) for line in (["--samples", "1"], ["info", "--samples", "1"], ["demo", "m1", "--samples", "1"])))
def _(line):
    ended = tap.actop(*line, *FAST)
    assert ended.returncode == 0 and ended.stdout, ended
    assert ended.stderr == "actop: --samples does nothing here, only with --json, or the command record\n", ended.stderr


@tap.case("what an option needs may come from another place", ("from the environment", {"ACTOP_JSON": "yes", "ACTOP_SAMPLES": "1"}, ["--evidence"]),
          ("or be the other way round", {"ACTOP_EVIDENCE": "yes", "ACTOP_SCRUB": "yes", "ACTOP_SPEED": "2", "ACTOP_LISTEN": "x"}, []),
          ("a source", {"ACTOP_SOURCE": "sim:m1"}, ["--speed", "max"]))
def _(more, line):
    ended = tap.actop(*line, *FAST, env=dict(os.environ, **more))
    assert ended.returncode == 0 and ended.stdout and ended.stderr == "", ended


@tap.case("what is for the stream may stand in the environment of every command")
def _():
    ended = tap.actop("info", env=dict(os.environ, ACTOP_JSON="yes", ACTOP_SERVE="0"))
    assert ended.returncode == 0 and ended.stdout.startswith("chip "), ended


@tap.case("a recording is said to be replayed only when it is", ("by command", ["replay"], ""), ("by source", ["--source"], "replay:"))
def _(words, scheme):
    path = os.path.join(tap.tmp, "r")
    ended = tap.actop(*words, scheme + path)
    assert ended.returncode == 1 and ended.stderr == f"actop: error: {path}: No such file or directory\n", ended
    assert tap.actop("--source", "sim:m1", "record", path, "--samples", "2").returncode == 0
    ended = tap.actop(*words, scheme + path)
    assert ended.returncode == 0 and ended.stderr.startswith(f"actop: replaying {path}\n"), ended


@tap.case("--help and --version go to stdout with 0, also with a broken configuration")
def _():
    env, _ = config("nonsense\n")
    for args in (["--help"], ["-h"], ["--version"], ["--json", "--help"]):
        ended = tap.actop(*args, env=env)
        assert ended.returncode == 0 and ended.stdout and ended.stderr == "", ended
    assert all(len(line) <= 80 for line in tap.actop("--help").stdout.splitlines())


@tap.case("every option of the list is in the help")
def _():
    sys.path.insert(0, os.path.join(tap.SOURCE, "tools"))
    import gen_options
    text = tap.actop("--help").stdout
    for _, options in gen_options.shown():
        for option in options:
            assert f"--{option.name}" in text, option.name


@tap.case("a mistake in the file names file and line", ("an unknown key", "interval = 1\ncolour = red\n", 2, "unknown option: 'colour'"),
          ("a bad value", "# x\n\ninterval = soon\n", 3, "interval: must be a number: 'soon'"),
          ("a load there is not", "source = sim:m1+nap\n", 1, "source: no load 'nap' (choose from tour, idle, compile, llm, prefill, decode, export, throttle, sleep)"),
          ("no value", "json\n", 1, "expected name = value: 'json'"))
def _(text, line, why):
    env, path = config(text)
    ended = tap.actop("--json", "--samples", "1", *FAST, env=env)
    assert ended.returncode == 2 and ended.stdout == ""
    assert ended.stderr.endswith(f"actop: error: {path}:{line}: {why}\n"), ended.stderr


@tap.case("the command line beats the environment, and that the file")
def _():
    env, _ = config("samples = 1\njson = yes\ninterval = 0.1\n")
    assert len(tap.actop(env=env).stdout.splitlines()) == 1
    env["ACTOP_SAMPLES"] = "2"
    assert len(tap.actop(env=env).stdout.splitlines()) == 2
    assert len(tap.actop("--samples", "3", env=env).stdout.splitlines()) == 3


@tap.case("unknown variables are ignored and bad ones named")
def _():
    env = dict(os.environ, ACTOP_NO_SUCH="x")
    assert tap.actop("--version", env=env).returncode == 0
    assert tap.actop("--json", "--samples", "1", *FAST, env=env).returncode == 0
    env["ACTOP_AVG"] = "0"
    ended = tap.actop("--json", "--samples", "1", *FAST, env=env)
    assert ended.returncode == 2 and "environment ACTOP_AVG: must be above 0" in ended.stderr, ended.stderr


@tap.case("POSIXLY_CORRECT changes nothing")
def _():
    env = dict(os.environ, POSIXLY_CORRECT="1")
    ended = tap.actop("replay", "/nonexistent", "--json", env=env)
    assert ended.returncode == 1 and "/nonexistent" in ended.stderr, ended.stderr


@tap.case("a plain report fits on a screen and says where it comes from")
def _():
    ended = tap.actop(*FAST)
    assert ended.returncode == 0 and ended.stderr == ""
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("actop ") and 5 < len(lines) <= 40, lines
    assert any(line.startswith("Memory ") and "GiB" in line for line in lines), lines


@tap.case("the report tells a container's quarter of a CPU as that")
def _():
    root = os.path.join(tap.tmp, "tree")
    assert tap.run([sys.executable, os.path.join(tap.SOURCE, "tests", "lib", "tree.py"), "container", root]).returncode == 0
    assert "container CPUs 0.25\n" in tap.actop("--root", root, *FAST).stdout


@tap.case("doctor ends with 0 or 1 where something is readable, 2 where nothing is")
def _():
    ended = tap.actop("doctor")
    assert ended.returncode in (0, 1) and "Collectors" in ended.stdout and "cpu.util" in ended.stdout, ended.stdout
    ended = tap.actop("doctor", "--source", "none")
    assert ended.returncode == 2 and "Nothing is readable" in ended.stdout, ended.stdout
    ended = tap.actop("doctor", "--root", "/nonexistent")
    assert ended.returncode == 2 and ended.stdout == "", ended


@tap.case("what is no machine and cannot be had is no verdict of doctor's: status 1", ("a file", "replay:/nonexistent", "No such file"),
          ("another actop", "http://127.0.0.1:1", "Connection refused"))
def _(source, why):
    ended = tap.actop("doctor", "--source", source)
    assert ended.returncode == 1 and ended.stdout == "" and why in ended.stderr, ended


@tap.case("doctor names every metric of the table once")
def _():
    sys.path.insert(0, os.path.join(tap.SOURCE, "tools"))
    import gen_headers
    from pathlib import Path
    text = tap.actop("doctor").stdout.split("\nMetrics\n")[1].split("\n\n")[0]
    named = [line.split()[1] for line in text.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    keys = [row[1] for row in gen_headers.rows(Path(tap.SOURCE) / "src/model/metrics.def", "METRIC")]
    assert named == keys, set(keys) ^ set(named)


@tap.case("doctor answers what is often asked where it applies, and only there",
          ("a Mac whose Neural Engine rests", "sim:m1", ["The Neural Engine stays at 0 W"]), ("one in use", "sim:m1+export", []),
          ("a virtual machine", "vm", ["Memory bandwidth is not available", "The thermal state is Unknown", "No frequencies are shown"]),
          ("a laptop", "intel-hybrid", ["Memory bandwidth is not available"]))
def _(machine, want):
    args = ("--source", machine)
    if not machine.startswith("sim:"):
        args = ("--root", os.path.join(tap.tmp, "tree"))
        built = tap.run([sys.executable, os.path.join(tap.SOURCE, "tests", "lib", "tree.py"), machine, args[1]])
        assert built.returncode == 0, built.stderr
    asked = tap.actop("doctor", *args).stdout.split("\nOften asked")[1].split("\n\n")[0].splitlines()[1:]
    assert [line.strip().split(":")[0] for line in asked] == want + ["Figures differ from other tools"], asked


@tap.case("Ctrl-C ends a simulation in which a day is passing", ("the stream", ["--json", "--samples", "2"], 130),
          ("a condition", ["wait", "cpu.power > 1000000"], 130))
def _(words, status):
    running = subprocess.Popen([tap.ACTOP, *words, "--source", "sim:m4-max", "--interval", "86400", "--speed", "max"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    try:
        running.communicate(timeout=10)
    finally:
        running.kill()
    assert running.returncode == status, running.returncode


@tap.case("doctor --bundle writes a recording without the host's name")
def _():
    file = os.path.join(tap.tmp, "bundle.actop")
    ended = tap.actop("doctor", "--bundle", file)
    assert ended.returncode in (0, 1), ended.stderr
    again = tap.actop("replay", file, "--json")
    assert again.returncode == 0 and again.stdout, again.stderr
    host = tap.actop("--json", "--samples", "1", *FAST).stdout
    assert json.loads(again.stdout.splitlines()[0])["host"] != json.loads(host)["host"]


@tap.case("a chip that demo does not know is named, with status 2", ("a chip", "m0", "no simulated machine 'm0' (see actop demo --list)"),
          ("a load", "m1+nap", "no load 'nap' (choose from tour"), ("nothing", "", "must be auto, apple"))
def _(chip, why):
    ended = tap.actop("demo", chip)
    assert ended.returncode == 2 and ended.stdout == "" and ended.stderr.startswith(f"actop: error: {why}"), ended


@tap.case("info says what this machine is")
def _():
    ended = tap.actop("info")
    assert ended.returncode == 0 and "cores" in ended.stdout and "memory" in ended.stdout, ended.stdout


@tap.case("completions and man page are made and name every option", ("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"), ("man", "man"))
def _(form):
    sys.path.insert(0, os.path.join(tap.SOURCE, "tools"))
    import gen_options
    text = gen_options.FORMS[form]()
    for option in gen_options.TYPED:
        name = option.name.replace("-", "\\-") if form == "man" else option.name
        assert name in text, option.name
    checker = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "-n"],
               "man": ["groff", "-man", "-Tutf8", "-ww", "-z"]}[form]
    if not shutil.which(checker[0]):
        tap.skip(f"no {checker[0]} to check it with")
    file = os.path.join(tap.tmp, "made")
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)
    checked = tap.run([*checker, file])
    assert checked.returncode == 0 and checked.stderr == "", checked.stderr


@tap.case("bash completes options, values and commands",
          ("an option", "actop --inter", "--interval"), ("a value", "actop --layout st", "stack"),
          ("a command", "actop rep", "replay"), ("a word of a command", "actop service un", "uninstall"),
          ("a negation", "actop --no-show_c", "--no-show_cores"),
          ("a value behind =", "actop --layout = st", "stack"), ("all values behind =", "actop --layout =", "grid stack"))
def _(line, want):
    if not shutil.which("bash"):
        tap.skip("no bash")
    sys.path.insert(0, os.path.join(tap.SOURCE, "tools"))
    import gen_options
    file = os.path.join(tap.tmp, "actop")
    with open(file, "w", encoding="utf-8") as out:
        out.write(gen_options.bash())
    script = 'source "$1"; COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _actop; echo "${COMPREPLY[@]}"'
    assert tap.run(["bash", "-c", script, "bash", file, line]).stdout.strip() == want


@tap.case("fish completes", ("the words of a command", "actop service un", ["uninstall"]),
          ("values, and no files beside them", "actop --layout ", ["grid", "stack"]), ("no file for a number", "actop --interval ", []),
          ("files where they are values", "actop --record actop.f", ["actop.fish"]))
def _(line, want):
    if not shutil.which("fish"):
        tap.skip("no fish")
    sys.path.insert(0, os.path.join(tap.SOURCE, "tools"))
    import gen_options
    file = os.path.join(tap.tmp, "actop.fish")
    with open(file, "w", encoding="utf-8") as out:
        out.write(gen_options.fish())
    said = tap.run(["fish", "-c", f"source {file}; complete -C '{line}'"], env=dict(os.environ, HOME=tap.tmp), cwd=tap.tmp)
    assert [each.split("\t")[0] for each in said.stdout.splitlines()] == want, said


tap.main()
