#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""screen.py ACTOP [SECONDS]: what a refresh of the screen costs, beside htop and btop, in one run.

All three run on a pseudo-terminal of 120 × 40 at an interval of 2 s on the same machine at the same time of day, one
after the other, with 400 processes besides what runs anyway; measured is a screen that has been open for half a
minute. Counted are the bytes each writes to its terminal, its CPU time (user and system, all threads; to the
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


def drain(fd, seconds):
    """Read what the program writes for that long; returns the bytes."""
    end, n = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            try:
                n += len(os.read(fd, 1 << 16))
            except OSError:
                sys.exit("screen.py: the program ended early")
    return n


def measure(argv, seconds, home, warm_up_s=WARM_UP_S):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": home, "XDG_CONFIG_HOME": home})
        os.environ.pop("NO_COLOR", None)
        os.execvp(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
    drain(fd, warm_up_s)
    before = cpu_of_threads(pid), cpu_seconds(pid)
    written = drain(fd, seconds)
    spent = cpu_spent(pid, before)
    rss, uss = memory_mb(pid)
    os.kill(pid, signal.SIGTERM)
    drain_until_end(pid, fd)
    refreshes = seconds / INTERVAL_S
    return written / refreshes, spent / refreshes * 1000, rss, uss


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
TURNS = 8  # an idle process is read every eighth refresh


def reads_alone(ticks):
    """CPU ms of a refresh that only reads: the machine's files, and those of an eighth of the processes, kept open."""
    processes = [f"/proc/{name}/stat" for name in os.listdir("/proc") if name.isdigit()]
    fds = {}
    for path in set(READ_BY_ALL + processes):
        try:
            fds[path] = os.open(path, os.O_RDONLY)
        except OSError:
            pass
    spent = 0
    for tick in range(ticks):
        time.sleep(INTERVAL_S)
        turn = [fds[path] for path in READ_BY_ALL + processes[tick % TURNS::TURNS] if path in fds]
        start = time.thread_time_ns()
        for fd in turn:
            try:
                os.pread(fd, 16384, 0)
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
        for name, argv in tools(actop, home):
            if shutil.which(argv[0]) is None:
                print(f"| {name} | not installed | | | |")
                continue
            written, spent, rss, uss = measure(argv, seconds, home)
            print(f"| {name} | {written:.0f} | {spent:.2f} | {rss:.1f} | {uss:.1f} |", flush=True)
        print(f"| actop's reads alone | | {reads_alone(int(seconds / INTERVAL_S)):.2f} | | |", flush=True)
        samples, fast_s = 3600 / INTERVAL_S, INTERVAL_S / 20
        _, _, rss, uss = measure([actop, "--show-processes", "--interval", str(fast_s)], samples * fast_s, home, 0)
        print(f"\nWith a history of {samples:,.0f} samples, an hour's: RSS {rss:.1f} MiB, USS {uss:.1f} MiB "
              "(required: 10 and 4).")
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
