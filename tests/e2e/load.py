# SPDX-License-Identifier: MIT
"""Scrapes go on while a crowd is there: keep-alive connections of wrk, clients that trickle a byte a second, clients that ask
and never read. None fails, 99 % take at most 100 ms; and when the crowd has gone, memory and descriptors are as before.

A part of it here; whole (1,000, 500 and 200 for 20 s) with --long. What takes how long is only judged on a program without
sanitizers: make test-long with ACTOP_LOAD=build/release/actop, or `make bench`, which writes the figures down.
"""
import os
import re
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import crowd
import tap

LONG = "--long" in sys.argv
KEEP_ALIVE, TRICKLE, DEAF, SECONDS = (1000, 500, 200, 20) if LONG else (200, 100, 40, 6)
PROGRAM = os.environ.get("ACTOP_LOAD", tap.ACTOP)


def is_sanitized(path):
    with open(path, "rb") as f:
        return b"__asan_init" in f.read() or b"__tsan_init" in f.read()


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def wait_until(test, seconds, what):
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, what()
        time.sleep(0.2)


def is_busy():
    """Others keep this machine from waking us up in time: then how long a scrape takes says nothing about actop."""
    late = []
    for _ in range(300):
        begun = time.monotonic()
        time.sleep(0.002)
        late.append(time.monotonic() - begun - 0.002)
    return crowd.percentile(sorted(late), 0.99) > 0.01


def one_round(port):
    with crowd.Trickle(port, TRICKLE) as trickle, crowd.Deaf(port, DEAF), crowd.Wrk(port, KEEP_ALIVE, SECONDS) as wrk:
        took, failed = crowd.scrape(port, SECONDS)
    return took, failed, trickle, wrk


@tap.case(f"scrapes beside {KEEP_ALIVE} keep-alive connections, {TRICKLE} that trickle and {DEAF} that never read")
def _():
    if not crowd.has_wrk():
        tap.skip("wrk is not installed")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most[1]), most[1]))
    server = subprocess.Popen([PROGRAM, "--serve", "0", "--source", "sim:m1-ultra+llm", "--speed", "1", "--interval", "1"],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r":(\d+)/metrics", server.stderr.readline()).group(1))
        wait_until(lambda: crowd.scrape_once(port) is not None, 30, lambda: "it does not serve")
        crowd.scrape(port, 2)
        time.sleep(1.5)
        memory, before, busy = memory_kb(server.pid), fds(server.pid), is_busy()
        took, failed, trickle, wrk = one_round(port)
        print(f"# {len(took)} scrapes, {failed} failed, p99 {crowd.percentile(took, 0.99) * 1000:.1f} ms, slowest {took[-1] * 1000:.1f} ms; wrk "
              f"{wrk.per_s:.0f}/s, p99 {wrk.p99_ms:.0f} ms, {wrk.errors} errors; {trickle.ended} that trickled were ended", flush=True)
        assert failed == 0 and len(took) > SECONDS, (failed, len(took))
        assert wrk.errors == 0 and wrk.per_s > 50, wrk.said
        assert trickle.ended >= TRICKLE * (SECONDS // 7), trickle.ended
        # Those who linger have a second.
        wait_until(lambda: fds(server.pid) <= before, 15, lambda: (before, fds(server.pid)))
        if not is_sanitized(PROGRAM):
            time.sleep(1.5)
            after = memory_kb(server.pid)
            print(f"# memory {memory} kB before, {after} kB after", flush=True)
            assert after <= memory + 1024, (memory, after)
            if busy:
                tap.skip("the machine is busy with other things: how long scrapes took is not judged")
            assert crowd.percentile(took, 0.99) <= 0.1, took[-5:]
    finally:
        server.terminate()
        assert server.wait(timeout=20) == 0
        server.stderr.close()


tap.main()
