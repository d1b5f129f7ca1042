# SPDX-License-Identifier: MIT
"""The golden bodies of /metrics (tests/golden/metrics) through parsers: our own linter, the reference parser of OpenMetrics,
promtool. What a scrape of each simulated machine gives is compared by tests/unit/export/test_golden_metrics.c."""
import glob
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import promlint
import tap

MACHINES = sorted(os.path.basename(p)[:-len(".prom")] for p in glob.glob(os.path.join(tap.SOURCE, "tests/golden/metrics/*.prom")))
# Names that 1.x gave, which promtool does not like and we cannot change.
OLD = ("gigabytes", "_gbps", "_gib", "_mhz", "_percent", "_bps", "_max_package_w")


def prometheus(machine):
    with open(os.path.join(tap.SOURCE, "tests/golden/metrics", machine + ".prom"), encoding="utf-8") as f:
        return f.read()


def openmetrics(machine):
    """Made of the other body and the lines that differ."""
    lines = prometheus(machine).split("\n")[:-1]
    with open(os.path.join(tap.SOURCE, "tests/golden/metrics", machine + ".openmetrics"), encoding="utf-8") as f:
        for line in f.read().splitlines():
            number, _, text = line.partition(": ")
            lines[int(number) - 1:int(number)] = [text]
    return "\n".join(lines) + "\n"


@tap.case("there is a body of every machine that can be simulated")
def _():
    listed = [line.split()[0] for line in tap.actop("demo", "--list").stdout.splitlines()]
    assert len(listed) > 20 and MACHINES == sorted(listed), (MACHINES, listed)


GOOD = "# HELP x_total X.\n# TYPE x_total counter\nx_total{a=\"1\"} 1\n# HELP y Y.\n# TYPE y gauge\ny 2\n"


@tap.case("the linter finds what it is for",
          ("nothing in a good one", "", "", None),
          ("a sample twice", "y 2\n", "y 2\ny 2\n", "twice"),
          ("labels in another order twice", "y 2\n", 'y{a="1",b="2"} 2\ny{b="2",a="1"} 2\n', "twice"),
          ("a label twice", "y 2\n", 'y{a="1",a="2"} 2\n', "a label twice"),
          ("NaN", "y 2", "y NaN", "finite"), ("infinity", "y 2", "y +Inf", "finite"),
          ("no value", "y 2", "y", "not a sample"),
          ("a name that is none", "y 2\n", "y-z 2\n", "not a sample"),
          ("a quote in a label", "y 2\n", 'y{a="b"c"} 2\n', "labels"),
          ("a bare backslash", "y 2\n", 'y{a="\\x"} 2\n', "labels"),
          ("a control character", "y 2\n", 'y{a="\x1b"} 2\n', "control character"),
          ("a bidirectional override", "y 2\n", 'y{a="\u202e"} 2\n', "control character"),
          ("no HELP", "# HELP y Y.\n", "", "not described"),
          ("no TYPE", "# TYPE y gauge\n", "", "not described"),
          ("a family in pieces", "y 2\n", 'y 2\n# HELP x_total X.\nx_total{a="2"} 1\n', "pieces"),
          ("a counter below zero", '{a="1"} 1', '{a="1"} -1', "counter"),
          ("a counter that is not called so", "x_total", "x", "counter"),
          ("a unit nobody should use", "y", "y_ms", "unit"),
          ("no end of the last line", "y 2\n", "y 2", "newline"),
          ("an end of OpenMetrics", "y 2\n", "y 2\n# EOF\n", "EOF"))
def _(old, new, wanted):
    problems = promlint.lint(GOOD.replace(old, new) if old else GOOD)
    assert (not problems) if wanted is None else any(wanted in p for p in problems), problems


@tap.case("and counters that fell")
def _():
    assert promlint.fell(GOOD, GOOD) == []
    assert promlint.fell(GOOD, GOOD.replace('"} 1', '"} 0')) == ['x_total{a="1"}']


@tap.case("our own linter finds nothing in any of them")
def _():
    for machine in MACHINES:
        problems = promlint.lint(prometheus(machine)) + promlint.lint(openmetrics(machine), openmetrics=True)
        assert not problems, (machine, problems[:5])


@tap.case("the reference parser reads every OpenMetrics body, and the same values as stand in the other")
def _():
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
        from prometheus_client.parser import text_string_to_metric_families as read_text
    except ImportError:
        tap.skip("python3-prometheus-client is not installed")
    for machine in MACHINES:
        both = [{(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}
                for families in (read_open(openmetrics(machine)), read_text(prometheus(machine)))]
        assert both[0] == both[1] and len(both[0]) > 100, machine


@tap.case("promtool finds nothing to say of names that are ours alone")
def _():
    if not shutil.which("promtool"):
        tap.skip("promtool is not installed")
    for machine in MACHINES:
        said = tap.run(["promtool", "check", "metrics"], stdin=open(os.path.join(tap.SOURCE, "tests/golden/metrics", machine + ".prom"),
                                                                    encoding="utf-8"))
        assert said.returncode in (0, 3) and "error" not in said.stderr.lower(), (machine, said.stderr)
        new = [line for line in said.stderr.splitlines() if line and not any(word in line for word in OLD)]
        assert not new, (machine, new)


tap.main()
