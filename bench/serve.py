#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/serve.py ACTOP [--into FILE]: actop --serve beside prometheus-node-exporter and Python's http.server, in one run.

Each server runs alone. CPU is the server's own (user + system, by the scheduler's count):
  - a second of CPU time per scrape, with one scrape a second and nothing left out: sampling, ageing, answering;
  - requests per second and CPU per request with wrk on 8 keep-alive connections, as fast as it goes. actop gives a body
    of the last 100 ms again, node-exporter reads everything for each request, http.server reads a file with the bytes
    of actop's body: three different things, which is why CPU per scrape stands beside it.
bench/run prints this, too. --into puts the section at the end of docs/bench.md, for those who want only this.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "lib"))
import crowd

SCRAPES, WRK_SECONDS = 30, 5
HEADING = "## Serving\n"


def cpu_s(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
        except FileNotFoundError:
            pass
    return total * 1e-9


def memory_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) / 1024


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read()


def wait_for(port):
    end = time.monotonic() + 20
    while True:
        try:
            return get(port)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def exited_cpu(pid):
    """Threads of http.server end with their request: what they used is only in the whole process's count (10 ms steps)."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name, argv, port, cwd=None):
    process = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clock = exited_cpu if name == "http.server" else cpu_s
    try:
        body = wait_for(port)
        time.sleep(2)
        before = clock(process.pid)
        for _ in range(SCRAPES):
            begun = time.monotonic()
            get(port)
            time.sleep(max(0, 1 - (time.monotonic() - begun)))
        scrape_ms = (clock(process.pid) - before) / SCRAPES * 1000
        before = exited_cpu(process.pid)
        with crowd.Wrk(port, 8, WRK_SECONDS) as wrk:
            pass
        request_us = (exited_cpu(process.pid) - before) / (wrk.per_s * WRK_SECONDS) * 1e6
        row = (name, len(body), scrape_ms, wrk.per_s, request_us, wrk.errors, memory_mb(process.pid))
        print("%-22s %6d B  %7.3f ms CPU/scrape  %8.0f requests/s  %7.1f us CPU each, %d errors, %.1f MB at most" % row, file=sys.stderr,
              flush=True)
        return row
    finally:
        process.terminate()
        process.wait()


def compare(actop):
    """The section's text."""
    port, rows = free_port(), []
    rows.append(measure("actop", [actop, "--serve", str(port), "--interval", "1"], port))
    exporter = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if exporter:
        port = free_port()
        rows.append(measure("node-exporter", [exporter, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], port))
    with tempfile.TemporaryDirectory(prefix="actop-bench.") as folder:
        port = free_port()
        server = subprocess.Popen([actop, "--serve", str(port)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(folder, "metrics"), "wb") as f:
            f.write(wait_for(port))
        server.terminate()
        server.wait()
        port = free_port()
        rows.append(measure("http.server", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)], port, folder))
    text = HEADING + "\n"
    text += ("One scrape a second for %d s, then wrk with 8 keep-alive connections for %d s, each server alone. actop samples once a second\n"
             "and gives a body of the last 100 ms again; `prometheus-node-exporter` reads for each request, with what Debian turns on; Python's\n"
             "`http.server` sends a file with the bytes of actop's body. Load of the machine when it ended: %.1f.\n\n"
             % (SCRAPES, WRK_SECONDS, os.getloadavg()[0]))
    text += "| server | body | CPU per scrape, sampling included | requests/s | CPU per request | memory at most |\n|---|---|---|---|---|---|\n"
    for name, size, scrape_ms, per_s, request_us, errors, memory in rows:
        text += f"| {name} | {size:,} B | {scrape_ms:.2f} ms | {per_s:,.0f}{' (%d errors)' % errors if errors else ''} | {request_us:.0f} µs | {memory:.1f} MB |\n"
    return text


def put_into(path, section):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    at = text.find(HEADING)
    with open(path, "w", encoding="utf-8") as f:
        f.write((text[:at] if at >= 0 else text.rstrip("\n") + "\n\n") + section)


if __name__ == "__main__":
    if not crowd.has_wrk():
        sys.exit("bench/serve.py: wrk is not installed")
    section = compare(os.path.abspath(sys.argv[1]))
    if "--into" in sys.argv:
        put_into(sys.argv[sys.argv.index("--into") + 1], section)
    else:
        print(section, end="")
