# SPDX-License-Identifier: MIT
"""Reports, tables for other programs, the decorator, `actop run`, the cell magic."""
import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from html.parser import HTMLParser

import actop
import pytest


@pytest.fixture(scope="module")
def profile():
    p = actop.Profiler(0.05, source="sim:m4-max+llm")
    with p, p.section("<decode> & more") as s:
        time.sleep(0.5)
        s.add(tokens=100)
    return p


def test_the_report_is_a_table_with_aligned_columns(profile):
    lines = profile.report().splitlines()
    heads = lines[0]
    assert heads.startswith("section") and "package J" in heads and "GB/s" in heads
    assert re.fullmatch(r"[- ]+", lines[1]) and len(lines[1]) >= len(heads)
    assert lines[2].startswith("<decode> & more") and "100 tokens" in lines[2] and "J/token" in lines[2]
    assert lines[3].startswith("all")


class Checker(HTMLParser):
    """Counts tags and checks that they close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_html_is_well_formed_escapes_names_and_has_charts(profile):
    html = profile._repr_html_()
    checker = Checker()
    checker.feed(html)
    assert checker.open == [] and "svg" in checker.seen and "table" in checker.seen and "rect" in checker.seen
    assert "&lt;decode&gt; &amp; more" in html and "<decode>" not in html


def test_csv_has_a_line_a_sample_and_every_column(profile):
    rows = list(csv.DictReader(io.StringIO(profile.to_csv())))
    assert len(rows) == len(profile)
    assert float(rows[-1]["gpu_watts"]) > 0 and rows[0]["bandwidth_available"] == "true"
    assert "clusters.P0.freq_mhz" in rows[0] and "energy_j.gpu" in rows[0]


def test_json_lines_can_be_read_back(profile, tmp_path):
    path = tmp_path / "out.json"
    assert profile.to_json(path) is None
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == len(profile) and rows[-1]["chip"] == "Apple M4 Max"
    assert all(v is not None for v in rows[0].values())


def test_pandas_has_the_fields_in_order_and_an_index_of_time(profile):
    pandas = pytest.importorskip("pandas")
    frame = profile.to_pandas()
    assert frame.index.name == "datetime" and isinstance(frame.index, pandas.DatetimeIndex)
    fields = [f for f in actop.SystemSnapshot.__dataclass_fields__ if f in frame.columns]
    assert [c for c in frame.columns if c in fields] == fields
    assert list(frame.columns[:5]) == ["timestamp", "cpu_watts", "gpu_watts", "ane_watts", "package_watts"]
    last = frame.iloc[-1]
    assert last.p_cores[0].active_pct >= 0 and last.fans[0].max > 0 and set(last.gpu_residency_pct) == {"idle", "low", "mid", "high"}
    assert last["energy_j.gpu"] > 0 and last.session_energy_j > 0
    assert "p_cores" not in profile.to_pandas(lists=False).columns


def test_a_frame_equals_the_snapshots():
    pytest.importorskip("pandas")
    p = actop.Profiler(1.0, source="sim:m1", speed=0.0, max_samples=5, when_full="stop", processes=True)
    p.start()
    p._recorder.wait(4, 10)
    p.stop()
    frame = p.to_pandas()
    session = actop._actop.Session("sim:m1", 1.0, 1, True, 0, speed=0.0)
    session.sample()
    for k in range(len(frame)):
        snap = session.sample().snapshot()
        row = frame.iloc[k]
        for name in ("timestamp", "gpu_watts", "pcpu_util_pct", "thermal_state", "ram_used_bytes", "e_cores", "fans", "gpu_residency_pct"):
            mine, theirs = row[name], getattr(snap, name)
            assert (theirs is None and mine != mine) or mine == theirs, name
        assert {q.pid for q in snap.processes} <= {q.pid for q in row.processes}


def test_polars_gets_the_same_numbers(profile):
    pytest.importorskip("polars")
    frame = profile.to_polars()
    assert frame.height == len(profile) and frame["gpu_watts"][-1] > 0 and frame["chip"][0] == "Apple M4 Max"
    assert "awake_ns" not in frame.columns


def test_plot_shades_sections(profile):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    figure = profile.plot()
    assert len(figure.axes) == 3 and len(figure.axes[0].get_lines()) >= 2 and figure.axes[0].patches


@pytest.mark.parametrize("module, name, call", [("pandas", "pandas", "to_pandas"), ("polars", "polars", "to_polars"),
                                                ("matplotlib", "plot", "plot")])
def test_a_missing_library_is_named_with_its_extra(profile, monkeypatch, module, name, call):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, module + ".pyplot", None)
    with pytest.raises(ImportError, match=re.escape(f"{module} is required: pip install actop[{name}]")):
        getattr(profile, call)()


def test_the_decorator_reports_each_call(capsys):
    @actop.profiled(interval_s=0.05, source="sim:m1")
    def work(n):
        """Adds."""
        time.sleep(0.2)
        return n + 1

    assert work(2) == 3 and work.__doc__ == "Adds."
    assert "work" in capsys.readouterr().err
    assert work.profile.sections[0].name == "work"


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "actop", "run", *arguments], capture_output=True, text=True, timeout=60,
                          check=False)


def test_run_profiles_a_script_with_its_arguments_and_sections(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import actop, sys, time\n"
                      "with actop.section('part') as s:\n    time.sleep(0.4); s.add(steps=4)\n"
                      "print(sys.argv[1:], __name__)\nsys.exit(3)\n")
    sections = tmp_path / "s.json"
    done = run("--source", "sim:m1", "--interval", "0.05", "--json", str(sections), str(script), "--a", "b")
    assert done.returncode == 3, done.stderr
    assert done.stdout == "['--a', 'b'] __main__\n"
    assert "script.py" in done.stderr and "part" in done.stderr and "4 steps" in done.stderr
    assert [s["name"] for s in json.loads(sections.read_text())["sections"]] == ["script.py", "part", "all"]


@pytest.mark.parametrize("arguments, status, says", [
    (["/nonexistent/x.py"], 2, "no such file"), ([], 2, "script"), (["--interval", "x", "y.py"], 2, "invalid float")])
def test_run_refuses_what_it_cannot_run(arguments, status, says):
    done = run(*arguments)
    assert done.returncode == status and says in done.stderr and "Traceback" not in done.stderr


def test_section_without_a_run_does_nothing():
    with actop.section("x") as s:
        s.add(tokens=1)


def test_the_cell_magic_runs_the_cell_and_shows_the_report():
    class Result:
        error_in_exec = None

    class Shell:
        def __init__(self):
            self.user_ns, self.magics, self.ran = {}, {}, []

        def register_magic_function(self, function, magic_kind, magic_name):
            self.magics[magic_kind, magic_name] = function

        def run_cell(self, cell):
            self.ran.append(cell)
            time.sleep(0.2)
            return Result()

    shell = Shell()
    actop.load_ipython_extension(shell)
    shown = shell.magics["cell", "actop"]("0.05 sim:m1", "x = 1")
    assert shell.ran == ["x = 1"] and shell.user_ns["actop_profile"] is shown
    assert "cell" in shown._repr_html_()
    with pytest.raises(ValueError, match="interval"):
        shell.magics["cell", "actop"]("fast", "")


def test_in_a_real_ipython_the_magic_works():
    ipython = pytest.importorskip("IPython")
    shell = ipython.core.interactiveshell.InteractiveShell.instance()
    shell.run_line_magic("load_ext", "actop")
    shown = shell.run_cell_magic("actop", "0.05 sim:m1", "import time; y = 41; time.sleep(0.2)")
    assert shell.user_ns["y"] == 41 and shown.sections[0].name == "cell"
