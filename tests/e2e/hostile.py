# SPDX-License-Identifier: MIT
"""Snapshots full of names that somebody chose to do harm, scraped by a real Prometheus with the shipped limits.

A machine's tree below --root is written anew for each snapshot: 200 processes that never were there before, network
interfaces that come and go, sensors with odd labels. 20 snapshots; with --long 500, which makes 100,000 distinct names.
"""
import json
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import promlint
import tap
import tree

SNAPSHOTS = 500 if "--long" in sys.argv else 20
EVERY_S = 1
PROCESSES = 200
NASTY = [b'"', b"\\", b"\n", b"\r", b"\t", b"\x1b[2J", b"\x00", b"\x7f", b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
         b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xc2\x85", b"{", b"}", b",", b"=", b"#", b" ", b"# EOF\n", b'"} 1\n', b"\\n", b"\\\"",
         b"NaN", b"%s%n", b"$(x)", b"<b>", b"'", b")", b"(", b"\xf0\x9f\x92\xa9", b"\xcc\x81" * 4, "ü".encode(), b"other"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def put(root, path, data):
    """Whole at once: it may be read at any moment."""
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full + ".new", "wb") as f:
        f.write(data)
    os.rename(full + ".new", full)


def put_in(folder, name, data):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


class Machine:
    """A tree that is another one every moment."""

    def __init__(self, root):
        self.root, self.random, self.pid, self.names, self.there = root, random.Random(4), 1000, set(), []
        with open(os.path.join(tree.FIXTURES, "amd-desktop", "cpu.tree"), encoding="utf-8") as f:
            tree.build(f.read().splitlines(), root, "cpu.tree")
        first = os.path.join(root, "t0")
        if os.path.isdir(first):
            shutil.copytree(first, root, dirs_exist_ok=True)
        for name in os.listdir(root):
            if re.fullmatch(r"t\d+", name):
                shutil.rmtree(os.path.join(root, name))
        for label in ("temp1_label", "temp2_label", "temp3_label"):
            put(root, "sys/class/hwmon/hwmon0/" + label, self.name(60) + b"\n")
        put(root, "proc/self/auxv", struct.pack("<4Q", 6, 4096, 0, 0))  # the size of a page
        self.next()

    def name(self, most):
        parts = [self.random.choice(NASTY) for _ in range(self.random.randint(1, 4))]
        return (b"%x" % self.random.getrandbits(40) + b"".join(parts))[:most]

    def process(self, tick):
        self.pid += 1
        name = self.name(15)
        self.names.add(name)
        folder = os.path.join(self.root, "proc", str(self.pid))
        os.mkdir(folder)
        put_in(folder, "cmdline", self.name(200) + b"\0" + self.name(200) + b"\0")
        put_in(folder, "stat",
               b"%d (%b) R 1 %d %d 0 -1 4194304 100 0 0 0 %d 5 0 0 20 0 1 0 %d 123456789 %d 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0"
               b" 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0\n" % (self.pid, name, self.pid, self.pid, tick * self.random.randint(0, 9), self.pid,
                                                     self.random.randint(1, 100000)))
        return self.pid

    def next(self):
        for pid in self.there:
            shutil.rmtree(os.path.join(self.root, "proc", str(pid)))
        self.there = [self.process(tick) for tick in range(PROCESSES)]
        lines = [b"Inter-|   Receive                                                |  Transmit",
                 b" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed"]
        for _ in range(self.random.randint(1, 30)):
            name = re.sub(rb"[\s/\0:]", b"_", self.name(15))
            lines.append(b"%b: %d 1 0 0 0 0 0 0 %d 1 0 0 0 0 0 0" % (name, self.random.getrandbits(40), self.random.getrandbits(40)))
        put(self.root, "proc/net/dev", b"\n".join(lines) + b"\n")


class Prometheus:
    def __init__(self, port):
        with open(os.path.join(tap.tmp, "prometheus.yml"), "w", encoding="utf-8") as f:
            f.write(f"global: {{scrape_interval: {int(EVERY_S * 1000)}ms, scrape_timeout: {int(EVERY_S * 1000)}ms}}\n"
                    f"scrape_configs: [{{job_name: actop, sample_limit: 5000, label_limit: 20, label_value_length_limit: 200,\n"
                    f"  static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = open(os.path.join(tap.tmp, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={tap.tmp}/prometheus.yml", f"--storage.tsdb.path={tap.tmp}/data",
             f"--web.listen-address={self.url[7:]}"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def query(self, expression):
        url = f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [(r["metric"], float(r["value"][1])) for r in json.load(answer)["data"]["result"]]

    def one(self, expression):
        result = self.query(expression)
        return result[0][1] if result else None

    def wait_for_up(self, seconds=40):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.one("up") == 1:
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.2)
        raise AssertionError("Prometheus does not come up, or does not see us")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def body_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read().decode()


@tap.case(f"{SNAPSHOTS} hostile snapshots: a real Prometheus takes each, series stay bounded, names come back as served")
def _():
    if not shutil.which("prometheus"):
        tap.skip("prometheus is not installed")
    machine = Machine(os.path.join(tap.tmp, "root"))
    with open(os.path.join(tap.tmp, "stderr"), "w+", encoding="utf-8") as said:
        actop = subprocess.Popen([tap.ACTOP, "--root", machine.root, "--source", "linux", "--serve", "0", "--serve-processes",
                                  "--expose-cmdline", "--interval", "0.2"], stdin=subprocess.DEVNULL, stderr=said)
        try:
            hold_out(machine, actop, said)
        finally:
            actop.kill()
            actop.wait()


def port_of(said):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        said.seek(0)
        found = re.search(r":(\d+)/metrics", said.read())
        if found:
            return int(found.group(1))
        time.sleep(0.1)
    raise AssertionError("it does not serve")


def hold_out(machine, actop, said):
    port = port_of(said)
    time.sleep(0.5)
    with Prometheus(port) as prometheus:
        prometheus.wait_for_up()
        began = time.time()
        for n in range(SNAPSHOTS):
            next_s = time.monotonic() + EVERY_S
            machine.next()
            if n % 10 == 0:
                problems = promlint.lint(body_of(port))
                assert not problems, problems[:5]
            time.sleep(max(0, next_s - time.monotonic()))
        assert actop.poll() is None, "it has ended"
        window = f"[{int(time.time() - began)}s]"
        assert prometheus.one(f"min_over_time(up{window})") == 1, prometheus.query("up")
        assert prometheus.one(f"count_over_time(up{window})") >= SNAPSHOTS * 0.8
        most = prometheus.one(f"max_over_time(scrape_samples_scraped{window})")
        assert 300 < most < 1500, most
        assert len(machine.names) > SNAPSHOTS * PROCESSES * 0.99, len(machine.names)
        # Now it stands still: what Prometheus holds is what is served.
        time.sleep(6 * EVERY_S)
        served = {labels["command"] for labels in commands(body_of(port))}
        held = {labels["command"] for labels, _ in prometheus.query("actop_process_rss_bytes")}
        assert len(served) == 51 and "other" in served and served == held, (len(served), served ^ held)


def commands(body):
    for line in body.splitlines():
        if line.startswith("actop_process_rss_bytes{"):
            yield {key: re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), value)
                   for key, value in promlint.labels_of(promlint.SAMPLE.match(line).group(3))}


tap.main()
