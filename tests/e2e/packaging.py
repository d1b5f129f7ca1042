# SPDX-License-Identifier: MIT
"""What is shipped for fleets: rules with their cases, a dashboard that asks only for what exists, a confined unit."""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

PACKAGING = os.path.join(tap.SOURCE, "packaging")


def read(*parts):
    with open(os.path.join(tap.SOURCE, *parts), encoding="utf-8") as f:
        return f.read()


def families():
    """Every family actop can serve: of the metric table, the old names, about itself; and what the rules record."""
    found = set(re.findall(r"`(actop_[a-z0-9_]+)", read("docs", "metrics.md")))
    found |= set(re.findall(r'OLD\("(actop_[a-z0-9_]+)"', read("src", "export", "prometheus.def")))
    found |= set(re.findall(r'"(actop_[a-z0-9_]+_info)"', read("src", "export", "prometheus.c")))
    content = read("src", "serve", "content.c")
    found |= set(re.findall(r'put_family\(b, "((?:actop|process)_[a-z0-9_]+)"', content))
    found |= {name + "_total" for name in re.findall(r'put_counter\(b, "((?:actop|process)_[a-z0-9_]+)"', content)}
    found |= set(re.findall(r"record: (\S+)", read("packaging", "prometheus", "rules.yml")))
    return found


def asked(expression):
    return set(re.findall(r"\b(?:actop|process)_[a-z0-9_]+", expression))


def promtool(*argv):
    if not shutil.which("promtool"):
        tap.skip("promtool is not installed")
    return subprocess.run(["promtool", *argv], cwd=os.path.join(PACKAGING, "prometheus"), capture_output=True, text=True,
                          timeout=60)


@tap.case("every alert fires when it should and is quiet when it should not")
def _():
    said = promtool("test", "rules", "alerts_test.yml")
    assert said.returncode == 0, said.stdout + said.stderr
    names = re.findall(r"alert: (\S+)", read("packaging", "prometheus", "alerts.yml"))
    tests = read("packaging", "prometheus", "alerts_test.yml")
    assert len(names) >= 7
    for name in names:
        assert f"- name: {name} fires" in tests and f"- name: {name} is quiet" in tests, name


@tap.case("promtool accepts the configuration and the rules")
def _():
    for argv in (("check", "config", "prometheus.yml"), ("check", "rules", "rules.yml", "alerts.yml")):
        said = promtool(*argv)
        assert said.returncode == 0, said.stdout + said.stderr


@tap.case("rules, alerts and panels ask only for metrics that exist")
def _():
    known = families()
    assert len(known) > 150, len(known)
    for name in ("rules.yml", "alerts.yml"):
        for expression in re.findall(r"expr: (.*)", read("packaging", "prometheus", name)):
            assert asked(expression) <= known, (name, asked(expression) - known)
    board = json.loads(read("packaging", "grafana", "actop.json"))
    expressions = [t["expr"] for p in board["panels"] for t in p.get("targets", [])]
    assert len(expressions) > 20
    for expression in expressions:
        assert asked(expression) <= known, asked(expression) - known
    everything = asked(json.dumps(board))  # variables and links too
    assert everything <= known, everything - known
    ids = [p["id"] for p in board["panels"]]
    assert len(set(ids)) == len(ids)


@tap.case("the system unit is confined: exposure at most 2.0")
def _():
    if not shutil.which("systemd-analyze"):
        tap.skip("systemd-analyze is not installed")
    said = subprocess.run(["systemd-analyze", "security", "--offline=true",
                           os.path.join(PACKAGING, "systemd", "actop.service")], capture_output=True, text=True, timeout=60)
    found = re.search(r"exposure level for actop.service: ([\d.]+)", said.stdout)
    assert found and float(found.group(1)) <= 2.0, said.stdout[-300:] + said.stderr


tap.main()
