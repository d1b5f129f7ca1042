#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""screen.py ACTOP [SECONDS]: what a refresh of the screen costs, beside htop and btop, in one run.

All three run at the same time, each on a pseudo-terminal of 120 × 40, at an interval of 2 s, with 400 processes besides
what runs anyway, so that whatever else the machine does costs all of them alike; measured are screens that have been
open for half a minute. Counted are the bytes each writes to its terminal, its CPU time (user and system, all threads; to the
nanosecond where the kernel has schedstat), and its memory at the end: RSS, and USS, what would be free without it. A
tool that is not installed is left out and said so. What actop's reads alone take is the least it could come down to.
Then actop alone with a history of as many samples as an hour has, taken at a twentieth of the interval. Prints
Markdown.
"""
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

COLS, ROWS, INTERVAL_S, WARM_UP_S, PROCESSES = 120, 40, 2.0, 30.0, 400
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_threads(pid):
    """Time on a CPU of each thread, in s, by its id; None where the kernel does not say."""
    spent = {}
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as file:
                spent[tid] = int(file.read().split()[0]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
    return spent


def cpu_seconds(pid):
    """User and system time of a process, all threads, those that ended too: whole ticks."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_spent(pid, before):
    """Since before, which is what cpu_of_threads and cpu_seconds said. Exact as long as no thread came or went."""
    threads, now = before[0], cpu_of_threads(pid)
    if threads is not None and now is not None and threads.keys() == now.keys():
        return sum(now.values()) - sum(threads.values())
    return cpu_seconds(pid) - before[1]


def memory_mb(pid):
    """RSS and USS in MiB."""
    rss = uss = 0
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name == "Rss":
                rss = int(rest.split()[0])
            elif name in ("Private_Clean", "Private_Dirty"):
                uss += int(rest.split()[0])
    return rss / 1024, uss / 1024


def drain(fds, seconds):
    """Read what the programs write for that long; returns the bytes of each."""
    end, n = time.monotonic() + seconds, dict.fromkeys(fds, 0)
    while (left := end - time.monotonic()) > 0:
        for fd in select.select(fds, [], [], left)[0]:
            try:
                n[fd] += len(os.read(fd, 1 << 16))
            except OSError:
                sys.exit("screen.py: a program ended early")
    return [n[fd] for fd in fds]


def start(argv, home):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": home, "XDG_CONFIG_HOME": home})
        os.environ.pop("NO_COLOR", None)
        os.execvp(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
    return pid, fd


def measure(programs, seconds, home, warm_up_s=WARM_UP_S):
    """Run these argument lists beside each other; of each the bytes and CPU ms a refresh, RSS and USS in MiB."""
    running = [start(argv, home) for argv in programs]
    fds = [fd for _, fd in running]
    drain(fds, warm_up_s)
    before = [(cpu_of_threads(pid), cpu_seconds(pid)) for pid, _ in running]
    written = drain(fds, seconds)
    spent = [cpu_spent(pid, then) for (pid, _), then in zip(running, before)]
    memory = [memory_mb(pid) for pid, _ in running]
    for pid, fd in running:
        os.kill(pid, signal.SIGTERM)
        drain_until_end(pid, fd)
    refreshes = seconds / INTERVAL_S
    return [(w / refreshes, s / refreshes * 1000, *m) for w, s, m in zip(written, spent, memory)]


def drain_until_end(pid, fd):
    for _ in range(50):
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        try:
            if select.select([fd], [], [], 0.1)[0]:
                os.read(fd, 1 << 16)
        except OSError:
            time.sleep(0.1)
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os.close(fd)


READ_BY_ALL = ["/proc/stat", "/proc/loadavg", "/proc/loadavg", "/proc/pressure/cpu", "/proc/pressure/io",
               "/proc/pressure/memory", "/proc/meminfo", "/proc/self/net/dev", "/proc/diskstats"]
ASKED_EVERY, READ_EVERY = 4, 32  # refreshes in which an idle process is asked for its clock, and its file read


def reads_alone(ticks):
    """CPU ms of a refresh that only reads: the machine's files, and of all processes what is read of idle ones."""
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    processes = [f"/proc/{name}/stat" for name in pids]
    clocks = [(~int(name) << 3) | 2 for name in pids]
    fds = {}
    for path in set(READ_BY_ALL + processes):
        try:
            fds[path] = os.open(path, os.O_RDONLY)
        except OSError:
            pass
    spent = 0
    for tick in range(ticks):
        time.sleep(INTERVAL_S)
        turn = [fds[path] for path in READ_BY_ALL + processes[tick % READ_EVERY::READ_EVERY] if path in fds]
        asked = clocks[tick % ASKED_EVERY::ASKED_EVERY]
        start = time.thread_time_ns()
        for fd in turn:
            try:
                os.pread(fd, 16384, 0)
            except OSError:
                pass
        for clock in asked:
            try:
                time.clock_gettime(clock)
            except OSError:
                pass
        spent += time.thread_time_ns() - start
    for fd in fds.values():
        os.close(fd)
    return spent / ticks / 1e6


def tools(actop, home):
    """Name, argument list; the configurations only set the interval."""
    os.makedirs(os.path.join(home, "htop"))
    os.makedirs(os.path.join(home, "btop"))
    with open(os.path.join(home, "btop", "btop.conf"), "w", encoding="utf-8") as file:
        file.write(f"update_ms = {int(INTERVAL_S * 1000)}\n")
    yield "actop", [actop, "--show-processes", "--process-limit", "1000", "--interval", str(INTERVAL_S)]
    yield "htop", ["htop", "-d", str(int(INTERVAL_S * 10))]
    yield "btop", ["btop", "--utf-force"]


def main():
    actop = os.path.abspath(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    home = tempfile.mkdtemp(prefix="actop-bench.")
    sleepers = [subprocess.Popen(["sleep", "1000"]) for _ in range(PROCESSES)]
    try:
        print(f"{COLS} × {ROWS}, every {INTERVAL_S:g} s for {seconds:g} s, {PROCESSES} more processes\n")
        print("| screen | bytes a refresh | CPU ms a refresh | RSS MiB | USS MiB |")
        print("|---|---:|---:|---:|---:|")
        listed = list(tools(actop, home))
        present = [(name, argv) for name, argv in listed if shutil.which(argv[0])]
        figures = measure([argv for _, argv in present], seconds, home)
        for (name, _), (written, spent, rss, uss) in zip(present, figures):
            print(f"| {name} | {written:.0f} | {spent:.2f} | {rss:.1f} | {uss:.1f} |", flush=True)
        for name, argv in listed:
            if not shutil.which(argv[0]):
                print(f"| {name} | not installed | | | |")
        print(f"| actop's reads alone | | {reads_alone(int(seconds / INTERVAL_S)):.2f} | | |", flush=True)
        samples, fast_s = 3600 / INTERVAL_S, INTERVAL_S / 20
        alone = [actop, "--show-processes", "--interval", str(fast_s)]
        _, _, rss, uss = measure([alone], samples * fast_s, home, 0)[0]
        print(f"\nWith a history of {samples:,.0f} samples, an hour's: RSS {rss:.1f} MiB, USS {uss:.1f} MiB "
              "(required: 10 and 4).")
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
