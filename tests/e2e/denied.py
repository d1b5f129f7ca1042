#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What may not be read is denied: never 0, never called unsupported, and never anybody else's trouble. Each part of the Linux
source is denied what it reads, by a rule of the tree and, where this may be done, by the kernel to a user who is nobody."""
import functools
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

RAPL = [f"sys/class/powercap/{zone}/energy_uj" for zone in
        ("intel-rapl:0", "intel-rapl:0:0", "intel-rapl:0:1", "intel-rapl:1", "intel-rapl-mmio:0")]


def tree(*rules, machine="intel-hybrid"):
    root = os.path.join(tap.tmp, "root")
    os.mkdir(root)
    subprocess.run(["python3", os.path.join(tap.SOURCE, "tests", "lib", "tree.py"), machine, root], check=True)
    with open(os.path.join(root, "ERRNOS"), "a", encoding="ascii") as out:
        out.write("".join(f"{rule}\n" for rule in rules))
    return root


def collectors(text):
    """State and reason of each collector in doctor's table."""
    part = text.split("Collectors\n")[1].split("\n\n")[0]
    rows = [line.split(None, 2) for line in part.splitlines() if line.startswith("  ") and line[2] != " "]
    return {row[1]: (row[0], row[2] if len(row) > 2 else "") for row in rows}


def metric_states(root):
    """State of each metric in doctor's table."""
    part = tap.actop("doctor", "--root", root).stdout.split("\nMetrics\n")[1].split("\n\n")[0]
    return {line.split()[1]: line.split()[0] for line in part.splitlines() if line.startswith("  ") and line[2] != " "}


@functools.cache
def undenied():
    root = tree()
    states = metric_states(root)
    shutil.rmtree(root)
    return states


def first_record(root, *more):
    ran = tap.actop("--root", root, "--json", "--json-processes", "--evidence", "--samples", "1", "--interval", "0.1", *more)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@tap.case("a part that is denied what it reads says so and leaves the others alone",
          ("stat", "stat", ["proc/stat"], ["cpu_util_pct", "pcpu_util_pct", "cpu_user_ratio"]),
          ("cpufreq", "cpufreq", ["sys/devices/system/cpu/cpufreq"], ["pcpu_freq_mhz", "ecpu_freq_mhz"]),
          ("load", "load", ["proc/loadavg"], ["load_1m", "thread_count"]),
          ("memory", "memory", ["proc/meminfo"], ["ram_used_bytes", "ram_total_bytes", "swap_total_bytes"]),
          ("container", "container", ["proc/self/cgroup"], ["container_memory_limit_bytes"]),
          ("network", "network", ["proc/net/dev"], ["net_rx_bps", "net_tx_bps"]),
          ("disk", "disk", ["proc/diskstats"], ["disk_read_bps", "disk_write_bps"]),
          ("volume", "volume", ["proc/self/mountinfo"], []),
          ("battery", "battery", ["sys/class/power_supply"], ["battery_watts"]),
          ("energy", "powercap", RAPL, ["cpu_watts", "package_watts", "system_watts"]),
          ("energy by its directory", "powercap", ["sys/class/powercap"], ["cpu_watts", "package_watts"]),
          ("sensors", "hwmon", ["sys/class/hwmon"], []),
          ("heat", "thermal", ["sys/class/thermal", "sys/devices/system/cpu/online"], []),
          ("graphics", "drm", ["sys/class/drm"], ["gpu_util_pct"]))
def _(part, paths, keys):
    root = tree(*(f"EACCES {path}" for path in paths))
    doctor = tap.actop("doctor", "--root", root)
    rows = collectors(doctor.stdout)
    assert rows[part][0] == "denied", f"{part}: {rows[part]}"
    assert rows[part][1], f"{part}: no reason"
    others = {name: row for name, row in rows.items() if name != part and row[0] not in ("ok", "unsupported")}
    assert not others, others
    assert doctor.returncode == 1, doctor.returncode
    record = first_record(root)
    for key in keys:
        assert record.get(key) is None, f"{key} is {record[key]}"
    assert record["host"] == "hazel" and (part == "stat" or record["cpu_util_pct"] == 25)


@tap.case("a denied part's own metrics are denied and not unsupported",
          ("CPU time", ["proc/stat"], "cpu.util cpu.user cpu.system cpu.iowait cpu.steal"),
          ("energy", RAPL, "cpu.power gpu.power package.power system.power rail.power rail.energy"),
          ("energy of the cores", RAPL[1:2], "cpu.power"),
          ("energy by its directory", ["sys/class/powercap"], "cpu.power gpu.power package.power system.power"),
          ("clocks", ["sys/devices/system/cpu/cpufreq"], "tier.freq tier.max_freq cluster.freq cluster.max_freq cluster.limit_freq"),
          ("memory beside a readable vmstat", ["proc/meminfo"],
           "ram.total ram.used ram.available ram.free ram.app ram.wired ram.compressed ram.cached ram.shared swap.total swap.used"),
          ("paging beside a readable meminfo", ["proc/vmstat"], "swap.in swap.out"),
          ("load beside readable stalls", ["proc/loadavg"], "load.1m load.5m load.15m thread.count"),
          ("stalls beside a readable load", ["proc/pressure"],
           "cpu.pressure_some io.pressure_some io.pressure_full memory.pressure_some memory.pressure_full"),
          ("network", ["proc/net/dev"], "net.rx net.tx"), ("disks", ["proc/diskstats"], "disk.read disk.write"),
          ("battery", ["sys/class/power_supply"], "battery.power adapter.power"),
          ("throttling", ["sys/class/thermal", "sys/devices/system/cpu/online"], "cpu.throttles thermal.state"),
          ("sensors and zones", ["sys/class/hwmon", "sys/class/thermal"], "cpu.temp cpu.temp_mean"),
          ("graphics", ["sys/class/drm"], "gpu.util"))
def _(paths, metrics):
    before = undenied()
    after = metric_states(tree(*(f"EACCES {path}" for path in paths)))
    assert {metric: before[metric] for metric in metrics.split()} == {metric: "ok" for metric in metrics.split()}
    assert {metric: after[metric] for metric in metrics.split()} == {metric: "denied" for metric in metrics.split()}
    wrong = [metric for metric in before if before[metric] == "ok" and after[metric] == "unsupported"]
    assert not wrong, wrong


@tap.case("with all of /proc denied nothing of it is shown, and the rest is")
def _():
    root = tree("EACCES proc")
    rows = collectors(tap.actop("doctor", "--root", root).stdout)
    assert all(rows[part][0] == "denied" for part in ("stat", "load", "memory", "network", "disk", "process")), rows
    assert rows["hwmon"][0] == rows["powercap"][0] == "ok", rows
    record = first_record(root)
    assert record["cpu_util_pct"] is None and record["process_count"] is None and record["processes"] == []
    assert record["cpu_watts"] == 7 and record["cpu_temp_c"] == 62.05


@tap.case("doctor shows what it has seen when a tree or a recording ends")
def _():
    file = os.path.join(tap.tmp, "recording")
    root = tree()
    assert "cpu.util" in tap.actop("doctor", "--root", root).stdout
    tap.actop("--root", root, "--json", "--interval", "0.1", "--record", file)
    for where in (["--root", root], ["--source", "replay:" + file]):
        lines = tap.actop("doctor", *where).stdout.splitlines()
        states = {line.split()[1]: line.split()[0] for line in lines if len(line.split()) > 1}
        assert states["cpu.util"] == "ok" and states["ram.used"] == "ok", (where, states["cpu.util"])


def as_nobody(argv, before=(), **env):
    setpriv = shutil.which("setpriv")
    if setpriv is None or os.geteuid() != 0:
        tap.skip("only root with setpriv can become nobody")
    return tap.run([*before, setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", *argv], cwd="/",
                   env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **env})


def program():
    """The program where nobody may run it."""
    os.chmod(tap.tmp, 0o755)
    return shutil.copy(tap.ACTOP, os.path.join(tap.tmp, "actop"))


@tap.case("files that only root may read are denied to nobody by the kernel")
def _():
    actop, root = program(), tree()
    for path in RAPL:
        for place in ("", "t0/", "t1/"):
            full = os.path.join(root, place, path)
            if os.path.exists(full):
                os.chmod(full, 0o400)
    doctor = as_nobody([actop, "doctor", "--root", root])
    assert collectors(doctor.stdout)["powercap"][0] == "denied", doctor.stdout + doctor.stderr
    assert "run actop as root" in doctor.stdout and doctor.returncode == 1
    ran = as_nobody([actop, "--root", root, "--json", "--evidence", "--samples", "1", "--interval", "0.1"])
    record = json.loads(ran.stdout)
    assert record["cpu_watts"] is None and record["package_watts"] is None and record["cpu_util_pct"] == 25
    assert record["evidence"]["cpu_watts"]["state"] == "denied", record["evidence"]["cpu_watts"]


@tap.case("nobody sees this machine without a crash, a warning or a zero for what is denied")
def _():
    actop = program()
    doctor = as_nobody([actop, "doctor"])
    assert doctor.returncode in (0, 1) and doctor.stderr == "", doctor.stderr
    assert not [row for row in collectors(doctor.stdout).values() if row[0] == "failed"], doctor.stdout
    ran = as_nobody([actop, "--json", "--json-processes", "--evidence", "--samples", "2", "--interval", "0.2"])
    assert ran.returncode == 0 and ran.stderr == "", ran.stderr
    for line in ran.stdout.splitlines():
        record = json.loads(line)
        assert record["cpu_util_pct"] is not None and record["processes"]
        wrong = {key: record[key] for key, said in record["evidence"].items()
                 if said["state"] in ("denied", "unsupported") and record.get(key) not in (None, [], False, "Unknown")}
        assert not wrong, wrong


@tap.case("where /proc hides the processes of others doctor says so, and none is counted that stands for all",
          ("their files", 1, True), ("their names too", 2, False), ("what may not be traced", 4, False))
def _(level, counts):
    actop = program()
    words = [actop, "--json", "--json-processes", "--evidence", "--samples", "1", "--interval", "0.1"]
    hidden = ["unshare", "-m", "sh", "-c", f'mount -t proc -o hidepid={level} proc /proc && exec "$@"', "sh"]
    if tap.run([*hidden, "true"]).returncode != 0:
        tap.skip("no mounts of one's own, or a kernel without this")
    doctor = as_nobody([actop, "doctor"], before=hidden)
    state, why = collectors(doctor.stdout)["process"]
    assert state == "denied" and "hidepid" in why and doctor.returncode == 1, (state, why, doctor)
    record = json.loads(as_nobody(words, before=hidden).stdout)
    assert (record["process_count"] is not None) == counts, record["process_count"]
    assert record["evidence"]["process_count"]["state"] == ("ok" if counts else "denied"), record["evidence"]["process_count"]
    assert "actop" in [row["command"] for row in record["processes"]], record["processes"]
    record = json.loads(tap.run([*hidden, *words]).stdout)
    sees = tap.run([*hidden, "cat", "/proc/1/stat"]).returncode == 0  # root does, but for what even root may not trace
    assert (record["process_count"] is not None) == sees and (not sees or record["process_count"] > 1), record["process_count"]


@tap.case("where nothing is mounted on /proc its processes are not counted as none")
def _():
    bare = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    if tap.run([*bare, "true"]).returncode != 0:
        tap.skip("no mounts of one's own")
    doctor = tap.run([*bare, tap.ACTOP, "doctor"], env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    assert collectors(doctor.stdout)["process"][0] == "unsupported" and "denied" not in doctor.stdout, doctor
    assert "ok          process.count" not in doctor.stdout, doctor.stdout


@tap.case("a configuration that nobody may look for is none, and one that he may not read is named")
def _():
    actop, home = program(), os.path.join(tap.tmp, "home")
    config = os.path.join(home, "actop", "config")
    os.makedirs(os.path.dirname(config))
    with open(config, "w", encoding="ascii") as out:
        out.write("interval = 1\n")
    os.chmod(config, 0o600)
    said = []
    for mode in (0o700, 0o755):
        os.chmod(home, mode)
        said.append(as_nobody([actop, "--json", "--samples", "1", "--interval", "0.1"], XDG_CONFIG_HOME=home))
    assert said[0].returncode == 0 and said[0].stderr == "", said[0].stderr
    assert said[1].returncode != 0 and f"{config}: Permission denied" in said[1].stderr, said[1]


tap.main()
