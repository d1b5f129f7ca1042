# SPDX-License-Identifier: MIT
"""Clients nobody likes, and one that measures: for tests of load and for the bench. Standard library only, and wrk.

    with crowd.Trickle(port, 500), crowd.Deaf(port, 200), crowd.Wrk(port, 1000, seconds):
        took, failed = crowd.scrape(port, seconds)
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Clients:
    """A number of connections in a thread of their own, each taken up again when the server has ended it."""

    def __init__(self, port, n):
        self.port, self.n, self.ended = port, n, 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def connect(self):
        s = socket.socket()
        self.prepare(s)
        s.settimeout(5)
        try:
            s.connect(("127.0.0.1", self.port))
            s.setblocking(False)
            return s
        except OSError:
            s.close()
            return None

    def prepare(self, s):
        pass

    def run(self):
        clients = [None] * self.n
        while not self.stop.is_set():
            begun = time.monotonic()
            for i, s in enumerate(clients):
                if self.stop.is_set():
                    break
                if s is None:
                    clients[i] = s = self.connect()
                    if s is not None:
                        self.begin(s)
                elif not self.go_on(s):
                    s.close()
                    clients[i] = None
                    self.ended += 1
            self.stop.wait(max(0, 1 - (time.monotonic() - begun)))
        for s in clients:
            if s is not None:
                s.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


class Trickle(Clients):
    """A byte of a request that never ends, every second."""

    def begin(self, s):
        s.send(b"G")

    def go_on(self, s):
        try:
            if s.recv(4096, socket.MSG_DONTWAIT):
                return False
            return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        try:
            s.send(b"E")
            return True
        except OSError:
            return False


class Deaf(Clients):
    """Asks a hundred times and never reads."""

    def prepare(self, s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def begin(self, s):
        try:
            s.send(REQUEST * 100)
        except OSError:
            pass

    def go_on(self, s):
        try:
            s.send(b"")
            return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 and self.alive(s)
        except OSError:
            return False

    @staticmethod
    def alive(s):
        """Ended by the server: its end is behind everything we do not read, so only a reset or a failing write tells."""
        try:
            s.send(b"\r\n")
            return True
        except BlockingIOError:
            return True
        except OSError:
            return False


class Wrk:
    """wrk with so many keep-alive connections for so long; afterwards .per_s, .p99_ms and .errors."""

    def __init__(self, port, n, seconds, path="/metrics", threads=1, accept=None):
        self.argv = ["wrk", f"-t{threads}", f"-c{n}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
        self.argv += ["-H", "Accept: " + accept] if accept else []
        self.argv.append(f"http://127.0.0.1:{port}{path}")

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.said = self.process.communicate()[0]
        self.per_s = float(re.search(r"Requests/sec:\s+([\d.]+)", self.said).group(1))
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", self.said).groups()
        self.p99_ms = float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", self.said)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", self.said)
        self.errors = sum(int(n) for n in errors.groups()) if errors else 0
        self.errors += int(bad.group(1)) if bad else 0


def has_wrk():
    return shutil.which("wrk") is not None


def scrape_once(port, timeout=10):
    """Seconds one scrape takes on a connection of its own; None when it failed."""
    begun = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
            s.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            got = b""
            while True:
                part = s.recv(1 << 17)
                if not part:
                    break
                got += part
    except OSError:
        return None
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    good = head.startswith(b"HTTP/1.1 200 ") and length and int(length.group(1)) == len(body)
    return time.monotonic() - begun if good else None


def scrape(port, seconds):
    """scrapes() in a process of its own, which a crowd's threads in this one do not keep from its clock."""
    code = "import crowd, json, sys; print(json.dumps(crowd.scrapes(int(sys.argv[1]), float(sys.argv[2]))))"
    argv = [sys.executable, "-c", code, str(port), str(seconds)]
    return tuple(json.loads(subprocess.run(argv, cwd=os.path.dirname(os.path.abspath(__file__)), capture_output=True, check=True).stdout))


def scrapes(port, seconds, every=0.1):
    """A scrape every 100 ms: the times of those that went well, sorted, and how many failed."""
    took, failed, end = [], 0, time.monotonic() + seconds
    at = time.monotonic()
    while at < end:
        one = scrape_once(port)
        if one is None:
            failed += 1
        else:
            took.append(one)
        at = max(at + every, time.monotonic())
        time.sleep(max(0, at - time.monotonic()))
    return sorted(took), failed


def percentile(took, share):
    return took[min(len(took) - 1, int(share * len(took)))] if took else float("inf")
