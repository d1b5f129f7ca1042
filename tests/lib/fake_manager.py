#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stands in for systemctl or launchctl, by the name it is called by: runs what a unit or plist says, really.

$FAKE_STATE is a directory: `log` gets each call's words, `pid` is of the program that runs, `enabled` and `loaded` are
there or not; a file `fail` there makes every call fail with what it holds; `busy` holds how often bootstrap still fails.
The words of ExecStart= are read as systemd.service(5) says: C-like quotes, "%%" and, behind the first word, "$$".
"""
import os
import plistlib
import re
import signal
import subprocess
import sys
import time

STATE = os.environ["FAKE_STATE"]
NAME = os.path.basename(sys.argv[0])
WORDS = sys.argv[1:]


def at(name):
    return os.path.join(STATE, name)


def read(name):
    try:
        with open(at(name), encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def write(name, text=""):
    with open(at(name), "w", encoding="utf-8") as f:
        f.write(text)


def remove(name):
    if os.path.exists(at(name)):
        os.unlink(at(name))


def die(status, text):
    print(text, file=sys.stderr)
    sys.exit(status)


def unit_path():
    return os.path.join(os.environ["XDG_CONFIG_HOME"], "systemd", "user", "actop.service")


def unit_argv():
    with open(unit_path(), encoding="utf-8") as f:
        line = re.search(r"^ExecStart=(.*)$", f.read(), re.M).group(1)
    words = re.findall(r'"((?:[^"\\]|\\.)*)"(?: |$)', line)
    assert " ".join(f'"{w}"' for w in words) == line, line
    words = [re.sub(r"\\(.)", r"\1", w).replace("%%", "%") for w in words]
    return [words[0]] + [w.replace("$$", "$") for w in words[1:]]


def runs():
    try:
        os.kill(int(read("pid")), 0)
        return True
    except (ValueError, ProcessLookupError):
        return False


def start(argv):
    # A child of nobody, so that its end leaves no zombie that would look alive.
    code = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:], stdin=-3, stdout=-3, stderr=-3).pid)"
    said = subprocess.run([sys.executable, "-c", code, *argv], stdout=subprocess.PIPE, text=True, check=True)
    write("pid", said.stdout.strip())


def stop():
    """As the real ones do, until it has ended."""
    if runs():
        os.kill(int(read("pid")), signal.SIGTERM)
    while runs():
        time.sleep(0.05)
    remove("pid")


def systemctl():
    if WORDS[0] != "--user":
        die(1, "not of the user")
    verb, unit = WORDS[1], "actop.service" in WORDS
    if verb == "daemon-reload":
        write("reloaded")
    elif not unit:
        die(1, "which unit?")
    elif verb == "is-active":
        print("active" if runs() else "failed" if read("pid") else "inactive")
        sys.exit(0 if runs() else 3)
    elif not os.path.exists(at("reloaded")) or not os.path.exists(unit_path()):
        die(5, f"Failed to {verb} unit: Unit actop.service not found.")
    elif verb == "enable":
        write("enabled")
    elif verb == "disable":
        remove("enabled")
        if "--now" in WORDS:
            stop()
    elif verb in ("start", "restart"):
        if verb == "restart":
            stop()
        if not runs():
            start(unit_argv())
    else:
        die(1, f"Unknown command verb {verb}.")


def launchctl():
    domain = f"gui/{os.getuid()}"
    service = f"{domain}/local.actop.serve"
    verb = WORDS[0]
    loaded = os.path.exists(at("loaded"))
    if WORDS[1] != (domain if verb == "bootstrap" else service):
        die(64, "Unrecognized target specifier.")
    if verb == "print":
        if not loaded:
            die(113, 'Could not find service "local.actop.serve" in domain for user gui')
        print(f"{service} = {{\n\tactive count = 1\n\tpath = {read('loaded')}\n\ttype = LaunchAgent\n"
              f"\tstate = {'running' if runs() else 'not running'}\n\n\tprogram = actop\n}}")
    elif verb == "enable":
        write("enabled")
    elif verb == "bootstrap":
        left = int(read("busy") or 0)
        if loaded or left > 0:
            write("busy", str(left - 1))
            die(5, "Bootstrap failed: 5: Input/output error")
        with open(WORDS[2], "rb") as f:
            job = plistlib.load(f)
        assert job["Label"] == "local.actop.serve" and job["RunAtLoad"] is True, job
        write("loaded", WORDS[2])
        start(job["ProgramArguments"])
    elif verb == "bootout":
        if not loaded:
            die(3, "Boot-out failed: 3: No such process")
        remove("loaded")
        stop()
    elif verb == "kickstart":
        if not runs():
            with open(read("loaded"), "rb") as f:
                start(plistlib.load(f)["ProgramArguments"])
    else:
        die(64, f"Unrecognized subcommand: {verb}")


with open(at("log"), "a", encoding="utf-8") as log:
    log.write(" ".join([NAME, *WORDS]) + "\n")
if read("fail"):
    die(1, read("fail"))
{"systemctl": systemctl, "launchctl": launchctl}[NAME]()
