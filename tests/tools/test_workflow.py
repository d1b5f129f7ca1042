#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The workflows of .github hold together as far as can be seen without running them: every job has a system, a time limit and steps;
a step uses an action at a version or runs shell that parses; what it runs of this repository is there."""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

FOLDER = os.path.join(tap.SOURCE, ".github", "workflows")
FILES = sorted(os.listdir(FOLDER)) if os.path.isdir(FOLDER) else []
JOB_KEYS = {"runs-on", "container", "strategy", "timeout-minutes", "steps", "needs", "if", "env", "permissions", "name"}
STEP_KEYS = {"name", "uses", "with", "run", "env", "if", "shell", "working-directory", "continue-on-error"}


def load(name):
    if yaml is None:
        tap.skip("no YAML for Python")
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return yaml.safe_load(f)


def steps(name):
    for job, body in load(name)["jobs"].items():
        for step in body["steps"]:
            yield job, step


@tap.case("there is a workflow")
def _():
    assert "ci.yml" in FILES, FILES


@tap.case("a workflow has triggers, few permissions, and jobs of known keys", *((name, name) for name in FILES))
def _(name):
    flow = load(name)
    assert set(flow.get("on", flow.get(True))) >= {"push", "pull_request"}, flow.keys()  # YAML takes a bare "on" for true
    assert flow["permissions"] == {"contents": "read"}, flow["permissions"]
    for job, body in flow["jobs"].items():
        assert set(body) <= JOB_KEYS, (job, set(body) - JOB_KEYS)
        assert body["runs-on"] and 0 < body["timeout-minutes"] <= 60 and body["steps"], job
        for variable in re.findall(r"\$\{\{ *matrix\.([\w-]+) *\}\}", str(body)):
            assert body["strategy"]["matrix"][variable], (job, variable)


@tap.case("a step uses an action at a version, or runs shell that parses", *((name, name) for name in FILES))
def _(name):
    for job, step in steps(name):
        assert set(step) <= STEP_KEYS and ("uses" in step) != ("run" in step), (job, step)
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})", step["uses"]), step["uses"]
        else:
            done = tap.run(["bash", "-n", "-c", step["run"]])
            assert done.returncode == 0, done.stderr


@tap.case("what a step runs of this repository is there", *((name, name) for name in FILES))
def _(name):
    with open(os.path.join(tap.SOURCE, "Makefile"), encoding="utf-8") as f:
        targets = set(re.findall(r"^([\w-]+):", f.read(), re.M))
    seen = 0
    for job, step in steps(name):
        for target in re.findall(r"^make ([\w-]+)", step.get("run", ""), re.M):
            assert target in targets, (job, target)
            seen += 1
        for path in re.findall(r"(?<![\w/])((?:tests|tools|\.ci|bench)/[\w./-]+|Brewfile)", step.get("run", "")):
            assert os.path.exists(os.path.join(tap.SOURCE, path)), (job, path)
            seen += 1
    assert name != "ci.yml" or seen >= 5, seen


@tap.case("actionlint has nothing to say")
def _():
    if shutil.which("actionlint") is None:
        tap.skip("no actionlint here")
    done = tap.run(["actionlint", *(os.path.join(FOLDER, name) for name in FILES)])
    assert done.returncode == 0, done.stdout + done.stderr


@tap.case("a job for Macs runs the tests, the live test and the doctor")
def _():
    flow = load("ci.yml")
    macs = [body for body in flow["jobs"].values() if "macos" in str(body["runs-on"]) or "macos" in str(body.get("strategy", ""))]
    assert len(macs) == 1, macs
    text = "\n".join(step.get("run", "") for step in macs[0]["steps"])
    for part in ("make test", "tests/live/smoke.py --powermetrics", "doctor"):
        assert part in text, part


tap.main()
