# SPDX-License-Identifier: MIT
"""Builds the source distribution, makes a wheel of that alone with what the system has, installs it with pip into a fresh
virtual environment, and runs the tests beside this file there with pytest, as TAP. What is built is kept as long as
no source changes. Arguments are given to pytest; ACTOP_PYTHON names another interpreter than the one that runs this, and
ACTOP_PYTHON_KIND keeps what is built with it apart."""
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(os.environ.get("ACTOP_BUILD") or os.path.join(ROOT, "build"), "python" + os.environ.get("ACTOP_PYTHON_KIND", ""))
PYTHON = os.environ.get("ACTOP_PYTHON", sys.executable)


def run(*command, **more):
    """Run a step; what it says is shown only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        print(f"Bail out! {' '.join(command[:6])}: status {done.returncode}", flush=True)
        sys.exit(f"{done.stdout[-6000:]}")
    return done.stdout


def digest(path):
    """Of what the archive has in it: the archive itself has times."""
    total = hashlib.sha256((PYTHON + os.environ.get("ACTOP_PYTHON_CFLAGS", "")).encode())
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            if member.isfile():
                total.update(member.name.encode() + archive.extractfile(member).read())
    return total.hexdigest()


def installed():
    """The interpreter of an environment that has the package as it is now."""
    os.makedirs(BUILD, exist_ok=True)
    python = os.path.join(BUILD, "venv", "bin", "python")
    stamp = os.path.join(BUILD, "stamp")
    dist = os.path.join(BUILD, "dist")
    shutil.rmtree(dist, ignore_errors=True)
    run(PYTHON, "setup.py", "-q", "egg_info", "--egg-base", BUILD, "sdist", "--dist-dir", dist, cwd=ROOT)
    archive, = glob.glob(os.path.join(dist, "*.tar.gz"))
    now = digest(archive)
    if os.path.exists(stamp) and open(stamp, encoding="ascii").read() == now and os.path.exists(python):
        return python
    if os.path.exists(stamp):
        os.remove(stamp)
    shutil.rmtree(os.path.join(BUILD, "venv"), ignore_errors=True)
    run(PYTHON, "-m", "venv", "--system-site-packages", os.path.join(BUILD, "venv"))
    # The system has setuptools and wheel; nothing is downloaded.
    run(python, "-m", "pip", "-q", "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", dist, archive)
    run(python, "-m", "pip", "-q", "install", "--no-index", "--no-deps", glob.glob(os.path.join(dist, "*.whl"))[0])
    try_pypi(python)
    with open(stamp, "w", encoding="ascii") as f:
        f.write(now)
    return python


def try_pypi(python):
    """What Debian has no package of, for the tests that want it: those say they are skipped when it cannot be had."""
    for name in ("polars", "pyarrow"):
        try:
            done = subprocess.run([python, "-m", "pip", "-q", "install", "--timeout", "5", "--retries", "0", "--only-binary", ":all:", name],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False)
            reached = done.returncode == 0
        except subprocess.TimeoutExpired:
            reached = False
        if not reached:
            print(f"# {name} cannot be had from PyPI: what needs it is left out", flush=True)
            return


def main(words=("-m", "not long"), **more):
    """Install, and become pytest; more goes into its environment."""
    python = installed()
    environment = {**os.environ, "PYTHONPATH": HERE, "PYTHONDONTWRITEBYTECODE": "1",
                   "ACTOP_SCRIPT": os.path.join(os.path.dirname(python), "actop"),
                   "ACTOP_DIST": os.path.join(BUILD, "dist"), "ACTOP_ROOT_DIR": ROOT}
    environment.pop("ACTOP_SOURCE", None)  # the program takes it for --source
    for name in list(environment):
        if name.startswith("CMOCKA") or name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            del environment[name]
    environment.update(more)
    os.chdir(BUILD)
    os.execve(python, [python, "-X", "dev", "-W", "error::ResourceWarning", "-m", "pytest", "-p", "tap_plugin", "-p", "no:terminal",
                       "-p", "no:cacheprovider", "--rootdir", HERE, *words, HERE], environment)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or ("-m", "not long"))
