# SPDX-License-Identifier: MIT
"""The live tests, where nobody is live: on the fake machines of the tests, beside a powermetrics of our own making. They pass where the
two agree, fail where a number is out of its bounds or powermetrics says otherwise, and are skipped where it says nothing."""
import os
import plistlib
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap  # noqa: E402

FAKE = os.environ.get("ACTOP_FAKE_APPLE", "")
LIBRARIES = ("System/Library/Frameworks/CoreFoundation.framework/CoreFoundation",
             "System/Library/Frameworks/Foundation.framework/Foundation", "System/Library/Frameworks/IOKit.framework/IOKit",
             "usr/lib/libIOReport", "usr/lib/libobjc.A", "usr/lib/libSystem.B")


def program(name, text):
    path = os.path.join(tap.tmp, "bin", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!{sys.executable}\n{text}\n")
    os.chmod(path, 0o755)
    return path


def smoke(machine, *options, actop=tap.ACTOP):
    """Lines of the live test on a fake machine of half a load: {number and name: "ok", "skip" or the reason}."""
    if not FAKE:
        tap.skip("this build has no fake of Apple's libraries")
    for library in LIBRARIES:
        path = os.path.join(tap.tmp, "root", library) + ".so"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(FAKE, path)
    env = dict(os.environ, ACTOP=actop, ACTOP_SOURCE=tap.SOURCE, ACTOP_LIVE_SOURCE="apple",
               ACTOP_APPLE_ROOT=os.path.join(tap.tmp, "root"), FAKE_APPLE_MACHINE=machine, FAKE_APPLE_LOAD="0.5",
               FAKE_APPLE_MACHINES=os.path.join(tap.SOURCE, "machines"),
               PATH=os.path.join(tap.tmp, "bin") + os.pathsep + os.environ["PATH"])
    done = tap.run([sys.executable, os.path.join(tap.SOURCE, "tests", "live", "smoke.py"), *options], env=env, timeout=120)
    found, failed, last = {}, 0, ""
    for line in done.stdout.splitlines():
        if line.startswith(("ok ", "not ok ")):
            last = line.split(" - ", 1)[1].split(" # SKIP")[0]
            found[last] = "skip" if "# SKIP" in line else "ok" if line.startswith("ok ") else "failed"
            failed += line.startswith("not ok ")
        elif line.startswith("# AssertionError"):
            found[last] = line
    assert done.returncode == (1 if failed else 0), done.stdout + done.stderr
    assert len(found) > 25, done.stdout + done.stderr
    return found


def sudo(figures, status=0):
    """A sudo that knows powermetrics alone, as smoke.py asks for it."""
    plist = plistlib.dumps(figures)
    program("sudo", f"""
import sys, time
asked = sys.argv[1:]
assert asked[:2] == ["-n", "powermetrics"] and asked[asked.index("-f") + 1] == "plist", asked
assert asked[asked.index("--samplers") + 1] == "cpu_power,gpu_power", asked
if {status}:
    print("sudo: a password is required", file=sys.stderr)
    sys.exit({status})
time.sleep(int(asked[asked.index("-i") + 1]) / 1000)
sys.stdout.buffer.write({plist!r} + b"\\0")""")


HALF_LOAD_W = {"cpu": 23.5, "gpu": 16.7}  # of an m4-max, by its description
COMPARED = "powermetrics says much the same of the power"


@tap.case("every machine is inside the bounds", ("m1", "m1"), ("m5-max", "m5-max"), ("a virtual machine", "vm"))
def _(machine):
    found = smoke(machine)
    assert set(found.values()) <= {"ok", "skip"}, found
    assert COMPARED not in found and list(found.values()).count("skip") <= 1, found


@tap.case("a number out of its bounds fails, and no other", ("watts", '"cpu_watts": 401.0', "inside its bounds or null: cpu_watts"),
          ("a percentage", '"gpu_util_pct": 100.5', "inside its bounds or null: gpu_util_pct"),
          ("a temperature", '"cpu_temp_c": 12.0', "inside its bounds or null: cpu_temp_c"),
          ("shares", '"pcpu_residency_pct": {"idle": 99}', "residencies add up to 100, or are null"))
def _(wrong, name):
    actop = program("actop-wrong", f"""
import json, subprocess, sys
done = subprocess.run([{tap.ACTOP!r}, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
for line in done.stdout.splitlines():
    print(json.dumps(dict(json.loads(line), **json.loads('{{{wrong}}}'))))
sys.exit(done.returncode)""")
    found = smoke("m4-max", actop=actop)
    assert [n for n, how in found.items() if how not in ("ok", "skip")] == [name], found


@tap.case("beside powermetrics", ("that agrees", 1.0, 1.0, "ok"), ("that is a fifth above", 1.2, 1.2, "ok"),
          ("that says half of the CPU", 0.5, 1.0, "cpu"), ("that says twice the GPU", 1.0, 2.0, "gpu"))
def _(cpu, gpu, says):
    sudo({"processor": {"cpu_power": HALF_LOAD_W["cpu"] * cpu * 1000, "gpu_power": HALF_LOAD_W["gpu"] * gpu * 1000}})
    how = smoke("m4-max", "--powermetrics")[COMPARED]
    assert how == says if says == "ok" else how.startswith(f"# AssertionError: {says}: "), how


@tap.case("where powermetrics says nothing the comparison is skipped", ("a password is asked for", "m4-max", {}, 1),
          ("a virtual machine has no processor", "vm", {"hw_model": "VirtualMac2,1"}, 0))
def _(machine, figures, status):
    sudo(figures, status)
    assert smoke(machine, "--powermetrics")[COMPARED] == "skip"


tap.main()
