# SPDX-License-Identifier: MIT
"""Every example of the documents runs, and is typed; the stubs say what is there."""
import json
import os
import re
import subprocess
import sys

import actop
import pytest

ROOT = os.environ.get("ACTOP_ROOT_DIR", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def examples():
    found = []
    for document in ("docs/python.md", "README.md"):
        with open(os.path.join(ROOT, document), encoding="utf-8") as f:
            text = f.read()
        found += [(f"{document} {i}", code) for i, code in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.S | re.M), 1)]
    return found


EXAMPLES = examples()


def test_there_are_examples():
    assert sum(name.startswith("docs/python.md") for name, _ in EXAMPLES) >= 10


@pytest.mark.parametrize("code", [code for _, code in EXAMPLES], ids=[name for name, _ in EXAMPLES])
def test_the_example_runs(code, tmp_path):
    path = tmp_path / ("test_example.py" if "import pytest" in code else "example.py")
    path.write_text(code)
    how = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "import pytest" in code else []
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run([sys.executable, *how, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_every_cell_of_the_notebook_runs():
    ipython = pytest.importorskip("IPython")
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib").use("Agg")
    with open(os.path.join(ROOT, "examples", "profile.ipynb"), encoding="utf-8") as f:
        cells = json.load(f)["cells"]
    shell = ipython.core.interactiveshell.InteractiveShell.instance()
    for cell in cells:
        assert not cell.get("outputs"), "kept without what it printed"
        if cell["cell_type"] == "code":
            done = shell.run_cell("".join(cell["source"]))
            done.raise_error()
    assert shell.user_ns["decode"].package_j > 0 and shell.user_ns["actop_profile"].sections


def mypy(tmp_path, *arguments):
    pytest.importorskip("mypy")
    package = os.path.dirname(os.path.dirname(actop.__file__))
    package = "" if package.endswith("site-packages") else package  # mypy looks there by itself, and wants not to be told
    path = os.pathsep.join(p for p in (package, os.environ.get("PYTHONPATH")) if p)
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\n" + "".join(f"[mypy-{m}.*]\nignore_missing_imports = True\nfollow_imports = skip\n" for m in ("pandas", "matplotlib", "polars", "pyarrow")))
    return subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
                          env={**os.environ, "PYTHONPATH": path, "MYPYPATH": package})


def test_the_examples_pass_mypy_strict(tmp_path):
    for i, (_, code) in enumerate(EXAMPLES):
        (tmp_path / f"example_{i}.py").write_text(code)
    done = mypy(tmp_path, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), *sorted(p.name for p in tmp_path.glob("example_*.py")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_say_what_is_there(tmp_path):
    done = mypy(tmp_path, "-m", "mypy.stubtest", "--mypy-config-file", "mypy.ini", "--concise", "actop")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_of_the_snapshot_is_up_to_date():
    script = os.path.join(ROOT, "python", "make_stubs.py")
    done = subprocess.run([sys.executable, "-P", script, "--check"], check=False)
    assert done.returncode == 0, "python/make_stubs.py writes it anew"
