#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Machines with more of everything than anybody has: as many real processes as are asked for, with hostile names, and a tree
with even more processes, interfaces, disks and CPUs. Lists are complete, every figure is that of its row, time goes linearly,
no descriptor is left behind. `make test` runs a small one; scale_long.py is the whole."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

LONG = os.environ.get("ACTOP_SCALE") == "long"
CROWDS = (2500, 10000) if LONG else (400,)
PROCESSES, INTERFACES, DISKS, CPUS = (100000, 1024, 512, 1024) if LONG else (1500, 100, 64, 100)
NAMES = [b")", b") R 1 2 3", b"a\nb", b"\x1b[2J", b"\xff\xfe\xc0\xaf", b'"\\', b"  ", b"\xe2\x80\xae rtl", b"%n%s",
         b"{}</script>", b"\xe5\x90", b"\xe5\x90\x8c", b"\xc2\x9b31m", b"plain"]

CROWD = r"""
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) /* N NAME...: N processes called so in turn; their pids, then a line "ready" */
{
    char byte;
    (void)setpgid(0, 0);
    (void)signal(SIGTERM, SIG_IGN);
    for (long i = 0; i < strtol(argv[1], NULL, 10); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)prctl(PR_SET_NAME, argv[2 + i % (argc - 2)]);
            (void)signal(SIGTERM, SIG_DFL);
            for (;;)
                (void)pause();
        }
        if (pid < 0)
            return 1;
        printf("%d\n", (int)pid);
    }
    puts("ready");
    (void)fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    (void)kill(0, SIGTERM);
    while (wait(NULL) > 0)
        ;
    return 0;
}
"""


class Crowd:
    """That many sleeping processes: self.names is what each pid is called."""

    def __init__(self, n):
        source, program = os.path.join(tap.tmp, "crowd.c"), os.path.join(tap.tmp, "crowd")
        with open(source, "w", encoding="ascii") as out:
            out.write(CROWD)
        subprocess.run([*os.environ.get("CC", "cc").split(), "-O1", "-w", "-o", program, source], check=True)
        self.process = subprocess.Popen([program.encode(), str(n).encode(), *NAMES], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        pids = []
        for line in self.process.stdout:
            if line == b"ready\n":
                break
            pids.append(int(line))
        assert len(pids) == n, f"only {len(pids)} processes could be made"
        self.names = {pid: NAMES[i % len(NAMES)].decode("utf-8", "replace") for i, pid in enumerate(pids)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(120)


class Stream:
    """A running `actop --json --json-processes`, record by record."""

    def __init__(self):
        self.process = subprocess.Popen(
            [tap.ACTOP, "--json", "--json-processes", "--process-limit", "100000", "--interval", "0.2"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def next(self):
        return json.loads(self.process.stdout.readline())

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.stdout.close()
        self.process.wait(30)


spent = {}


@tap.case("every one of a crowd of real processes is listed by its name", *[(f"{n} processes", n) for n in CROWDS])
def _(n):
    with Stream() as stream, Crowd(n) as crowd:
        for _ in range(3):
            stream.next()
        seen = {row["pid"]: row["command"] for row in stream.next()["processes"]}
        wrong = {pid: (name, seen.get(pid)) for pid, name in crowd.names.items() if seen.get(pid) != name}
        assert not wrong, f"{len(wrong)} of {n}, as {list(wrong.items())[:3]}"
        before = stream.cpu_s()
        for _ in range(8):
            record = stream.next()
        spent[n] = (stream.cpu_s() - before) / 8 / n
        assert record["process_count"] >= n
        most = 200 + record["process_count"]  # others of this machine come and go meanwhile
        assert stream.descriptors() <= most, f"{stream.descriptors()} descriptors pile up"
        crowd.__exit__()
        for _ in range(50):
            left = [row for row in stream.next()["processes"] if row["pid"] in crowd.names]
            if not left:
                break
        assert not left, f"{len(left)} are shown after they ended"
        assert stream.descriptors() <= most - n, "their descriptors stay"


def four_times_the_processes_take_four_times_the_time():
    few, many = spent[CROWDS[0]], spent[CROWDS[1]]
    print(f"# {few * 1e6:.1f} us a process and refresh of {CROWDS[0]}, {many * 1e6:.1f} of {CROWDS[1]}")
    assert many <= 1.6 * few, f"{many / few:.2f} times as long for each"


if LONG:  # a small crowd is too quick to be timed
    tap.case("four times the processes take four times the time")(four_times_the_processes_take_four_times_the_time)


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="ascii") as out:
        out.write(text)


def grow(root):
    """The tree: row i grows by a figure of its own from t0 to t1, which is a second later."""
    for moment in (0, 1):
        here = f"t{moment}/"
        ns = (1000 + moment) * 10**9
        write(root, here + "clock", f"wall {ns}\nawake {ns}\nboot {ns}\n")
        write(root, here + "proc/stat", "cpu  9 9 9 9 0 0 0 0 0 0\n" + "".join(
            f"cpu{i} {moment * (i % 101)} 0 0 {moment * (100 - i % 101)} 0 0 0 0 0 0\n" for i in range(CPUS)))
        write(root, here + "proc/net/dev", "Inter-|\n face |\n" + "".join(
            f"if{i}: {10**6 + moment * i} 1 0 0 0 0 0 0 {moment * 2 * i} 0 0 0 0 0 0 0\n" for i in range(INTERFACES)))
        write(root, here + "proc/diskstats", "".join(
            f"{8 + i // 16} {i % 16 * 16} disk{i} {moment} 0 {moment * 2 * i} 0 0 0 {moment * 4 * i} 0 0 0 0\n"
            for i in range(DISKS)))
    for i in range(DISKS):
        write(root, f"sys/block/disk{i}/size", "2048\n")
        os.makedirs(os.path.join(root, f"sys/block/disk{i}/device"))
    for i in range(PROCESSES):
        os.makedirs(os.path.join(root, f"proc/{i + 1}"))
        with open(os.path.join(root, f"proc/{i + 1}/stat"), "w", encoding="ascii") as out:
            out.write(f"{i + 1} (p{i}) S 1 1 1 0 -1 0 0 0 0 0 {i} 0 0 0 20 0 1 0 {i} 0 {i}\n")
    write(root, "proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 500 kB\n")


@tap.case(f"{PROCESSES} processes, {INTERFACES} interfaces, {DISKS} disks and {CPUS} CPUs are all there with their own figures")
def _():
    root, file = os.path.join(tap.tmp, "root"), os.path.join(tap.tmp, "recording")
    grow(root)
    began = time.monotonic()
    options = ["--json", "--json-processes", "--process-limit", "1000000"]
    ran = tap.actop("--root", root, "--interval", "0.1", "--record", file, *options, timeout=600)
    print(f"# two moments in {time.monotonic() - began:.1f} s")
    assert ran.returncode == 0, ran.stderr
    record = json.loads(ran.stdout)
    assert record["process_count"] == PROCESSES
    rows = {row["pid"]: row for row in record["processes"]}
    assert all(rows[i + 1]["command"] == f"p{i}" and rows[i + 1]["cpu_percent"] == 0 for i in range(PROCESSES))
    found = {row["name"]: (row["rx_bps"], row["tx_bps"]) for row in record["interfaces"]}
    assert found == {f"if{i}": (i, 2 * i) for i in range(INTERFACES)}
    found = {row["name"]: (row["read_bps"], row["write_bps"]) for row in record["disks"]}
    assert found == {f"disk{i}": (1024 * i, 2048 * i) for i in range(DISKS)}
    assert record["disk_read_bps"] == sum(1024 * i for i in range(DISKS))
    found = {core["index"]: round(core["active_pct"]) for core in record["p_cores"]}
    assert found == {i: i % 101 for i in range(CPUS)}
    again = tap.actop("--source", "replay:" + file, *options, timeout=600)
    assert again.stdout == ran.stdout, "its recording says something else"


tap.main()
