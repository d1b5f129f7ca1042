# SPDX-License-Identifier: MIT
"""actop service, with stand-ins for systemctl and launchctl that really run what the unit or plist says. No systemd and no
launchd of any machine has a part in it."""
import os
import plistlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

MANAGERS = (("systemd", "systemd", "systemctl"), ("launchd", "launchd", "launchctl"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Desk:
    """A user with a home and a manager of one kind."""

    def __init__(self, manager, program):
        self.bin, self.state = os.path.join(tap.tmp, "bin"), os.path.join(tap.tmp, "state")
        self.home = os.path.join(tap.tmp, "home of <me> & 100%")
        for folder in (self.bin, self.state, self.home):
            os.makedirs(folder)
        shutil.copy(os.path.join(tap.SOURCE, "tests", "lib", "fake_manager.py"), os.path.join(self.bin, program))
        os.chmod(os.path.join(self.bin, program), 0o755)
        config = os.path.join(self.home, ".config")
        self.env = dict(os.environ, PATH=self.bin + ":" + os.environ["PATH"], HOME=self.home, XDG_CONFIG_HOME=config,
                        FAKE_STATE=self.state, ACTOP_SERVICE_MANAGER=manager)
        self.file = (os.path.join(config, "systemd", "user", "actop.service") if manager == "systemd" else
                     os.path.join(self.home, "Library", "LaunchAgents", "local.actop.serve.plist"))
        self.manager, self.program, self.port = manager, program, free_port()

    def ask(self, *words, cwd=None):
        return tap.run([tap.ACTOP, *words], env=self.env, cwd=cwd)

    def install(self, *more, **how):
        return self.ask("--serve", str(self.port), "service", "install", *more, **how)

    def log(self):
        with open(os.path.join(self.state, "log"), encoding="utf-8") as f:
            return f.read().splitlines()

    def forget_log(self):
        os.unlink(os.path.join(self.state, "log"))

    def set(self, name, text):
        with open(os.path.join(self.state, name), "w", encoding="utf-8") as f:
            f.write(text)

    def pid(self):
        with open(os.path.join(self.state, "pid"), encoding="utf-8") as f:
            return int(f.read())

    def wait_for_end(self, pid, seconds=20):
        end = time.monotonic() + seconds
        while os.path.exists(f"/proc/{pid}"):
            assert time.monotonic() < end, "it does not end"
            time.sleep(0.05)

    def words(self):
        """The words of the running program."""
        with open(f"/proc/{self.pid()}/cmdline", "rb") as f:
            return f.read().decode().split("\0")[:-1]

    def get(self, path, **headers):
        end = time.monotonic() + 20
        while True:
            try:
                request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
                with urllib.request.urlopen(request, timeout=5) as answer:
                    return answer.read().decode()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid(), signal.SIGTERM)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            pass


@tap.case("install makes it serve, status says so, uninstall ends it and removes the file", *MANAGERS)
def _(manager, program):
    with Desk(manager, program) as desk:
        said = desk.ask("service", "status")
        assert said.returncode == 1 and said.stdout.startswith("not installed: "), said
        said = desk.install("--interval", "0.5")
        assert said.returncode == 0 and said.stdout == "" and desk.file in said.stderr and "it runs" in said.stderr, said
        assert desk.get("/healthz") == "ok\n"
        said = desk.ask("service", "status")
        word = "active" if manager == "systemd" else "running"
        assert said.returncode == 0 and said.stdout.startswith(f"{word}: ") and desk.file in said.stdout, said
        pid = desk.pid()
        said = desk.ask("service", "uninstall")
        assert said.returncode == 0 and not os.path.exists(desk.file), said
        desk.wait_for_end(pid)
        assert desk.ask("service", "status").returncode == 1


@tap.case("a second install with the same options leaves everything as it is; other options start it anew", *MANAGERS)
def _(manager, program):
    with Desk(manager, program) as desk:
        assert desk.install().returncode == 0
        pid, before = desk.pid(), os.stat(desk.file)
        said = desk.install()
        assert said.returncode == 0 and "as it was" in said.stderr and desk.pid() == pid, said
        assert os.stat(desk.file).st_ino == before.st_ino
        os.kill(pid, signal.SIGTERM)
        desk.wait_for_end(pid)
        said = desk.install()
        assert said.returncode == 0 and desk.pid() != pid, said
        pid = desk.pid()
        said = desk.install("--interval", "3")
        assert said.returncode == 0 and "is installed" in said.stderr and desk.pid() != pid, said
        assert "--interval=3.0" in desk.words()
        for _ in range(2):
            said = desk.ask("service", "uninstall")
            assert said.returncode == 0, said
        assert "there is no" in said.stderr


@tap.case("options are stored as they were meant, whatever they hold; files by their whole path", *MANAGERS)
def _(manager, program):
    with Desk(manager, program) as desk:
        token = os.path.join(tap.tmp, "a $HOME \\ \"to%ken\"")
        with open(token, "w", encoding="utf-8") as f:
            f.write("0123456789abcdef0123\n")
        os.chmod(token, 0o600)
        desk.env["ACTOP_PROCESS_LIMIT"] = "7"
        desk.env["ACTOP_THEME"] = "nord"
        desk.env["ACTOP_ROOT"] = "/"  # has no effect on a simulation, and would be refused there
        said = desk.install("--token-file", os.path.basename(token), "--allow-host", "a.example", "--allow-host", "b.example",
                            "--serve-processes", "--proc-filter", "^\"<$x>&' 50%'", "--source", "sim:m1", "--speed", "2", "--avg", "0.25", cwd=tap.tmp)
        assert said.returncode == 0, said
        words = desk.words()
        assert words[0] == os.path.realpath(tap.ACTOP), words
        assert sorted(words[1:]) == sorted([
            f"--serve={desk.port}", f"--token-file={token}", "--allow-host=a.example", "--allow-host=b.example",
            "--serve-processes", "--proc-filter=^\"<$x>&' 50%'", "--process-limit=7", "--source=sim:m1", "--speed=2.0", "--avg=0.25"]), words
        assert desk.get("/healthz", Authorization="Bearer 0123456789abcdef0123") == "ok\n"


@tap.case("what a service cannot do is refused, and nothing is written", *MANAGERS)
def _(manager, program):
    with Desk(manager, program) as desk:
        for words, why in ((["--json"], "argument --json: not for a service"), (["--theme", "nord"], "argument --theme: not for"),
                           (["--allow-host", "a\nb"], "control characters"), (["--allow-host", os.fsdecode(b"\xff\xfe")], "broken UTF-8"),
                           (["--serve", "0"], "a service needs a fixed port"), (["--speed", "max"], "--speed: only with a recording or a simulation")):
            said = desk.install(*words)
            assert said.returncode == 2 and why in said.stderr and said.stdout == "", (words, said)
        said = desk.ask("service", "reinstall")
        assert said.returncode == 2 and "expected install, uninstall or status" in said.stderr, said
        assert desk.ask("service").returncode == 2
        assert not os.path.exists(desk.file) and not os.path.exists(os.path.join(desk.state, "log"))


@tap.case("a file that is not ours is left alone", *MANAGERS)
def _(manager, program):
    with Desk(manager, program) as desk:
        os.makedirs(os.path.dirname(desk.file))
        with open(desk.file, "w", encoding="utf-8") as f:
            f.write("[Service]\nExecStart=/bin/true\n")
        for verb in ("install", "uninstall", "status"):
            said = desk.ask("service", verb)
            assert said.returncode == 1 and "was not written by" in said.stderr, said
        with open(desk.file, encoding="utf-8") as f:
            assert f.read() == "[Service]\nExecStart=/bin/true\n"


@tap.case("what goes wrong is said: no manager, one that fails, a program that cannot serve, no home, a folder not ours", *MANAGERS)
def _(manager, program):
    with Desk(manager, program) as desk:
        desk.set("fail", "Failed to connect to bus: No medium found")
        said = desk.install()
        assert said.returncode == 1 and f"{program} " in said.stderr and "No medium found" in said.stderr, said
        assert not os.path.exists(desk.file)
        os.unlink(os.path.join(desk.state, "fail"))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            desk.port = s.getsockname()[1]
            said = desk.install()
            assert said.returncode == 1 and "it does not run" in said.stderr, said
            assert ("journalctl" if manager == "systemd" else "Library/Logs") in said.stderr, said
            assert desk.ask("service", "status").returncode == 1
        assert desk.ask("service", "uninstall").returncode == 0
        empty = os.path.join(tap.tmp, "empty")
        os.mkdir(empty)
        desk.env["PATH"] = empty
        said = desk.install()
        assert said.returncode == 1 and f"there is no {program} along PATH" in said.stderr, said
        assert not os.path.exists(desk.file)
        blocked = os.path.dirname(desk.file)
        os.rmdir(blocked)
        with open(blocked, "w", encoding="utf-8"):
            pass
        said = desk.install()
        assert said.returncode == 1 and desk.file in said.stderr, said
        del desk.env["HOME"], desk.env["XDG_CONFIG_HOME"]
        said = desk.install()
        assert said.returncode == 1 and "HOME is not set" in said.stderr, said


@tap.case("launchd: a name that is not free yet is asked for again, for a while")
def _():
    with Desk("launchd", "launchctl") as desk:
        desk.set("busy", "2")
        assert desk.install().returncode == 0
        assert sum("bootstrap" in line for line in desk.log()) == 3, desk.log()
        desk.ask("service", "uninstall")
        desk.set("busy", "100")
        said = desk.install()
        assert said.returncode == 1 and "Bootstrap failed" in said.stderr, said


@tap.case("the plist is one: a label, words, a log below home, started again only after a failure")
def _():
    with Desk("launchd", "launchctl") as desk:
        assert desk.install().returncode == 0
        with open(desk.file, "rb") as f:
            job = plistlib.load(f)
        assert job["KeepAlive"] == {"SuccessfulExit": False} and job["Umask"] == 0o77, job
        assert job["StandardErrorPath"] == desk.home + "/Library/Logs/actop.log", job
        assert job["ProgramArguments"][1] == f"--serve={desk.port}", job


@tap.case("the unit is one systemd can read, and is confined")
def _():
    if not shutil.which("systemd-analyze"):
        tap.skip("systemd-analyze is not installed")
    with Desk("systemd", "systemctl") as desk:
        assert desk.install("--proc-filter", "$a 5% \"b\" \\.").returncode == 0
        with open(desk.file, encoding="utf-8") as f:
            text = f.read()

        def complaints(path):
            said = tap.run(["systemd-analyze", "verify", "--user", "--man=no", path],
                           env=dict(os.environ, XDG_RUNTIME_DIR=tap.tmp, HOME=tap.tmp))
            return [line for line in said.stderr.splitlines() if "actop" in line]

        assert not complaints(desk.file), complaints(desk.file)
        broken = os.path.join(tap.tmp, "actop.service")
        with open(broken, "w", encoding="utf-8") as f:
            f.write(text.replace("LockPersonality=yes", "LockPersonality=perhaps"))
        assert complaints(broken)
        for line in ("NoNewPrivileges=yes", "SystemCallFilter=@system-service", "MemoryDenyWriteExecute=yes",
                     "RestrictNamespaces=yes", "WantedBy=default.target"):
            assert line in text.splitlines(), line


tap.main()
