# SPDX-License-Identifier: MIT
"""Each head of tests/unit/serve/requests.def over a real connection, whole and byte by byte: the exact status, one answer, the
end of the connection; and a server that is none the worse for it."""
import ast
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import promlint
import tap

MACROS = {"H": b"Host: localhost\r\n", "E": b"\r\n", "GET": b"GET / HTTP/1.1\r\n"}


def rows():
    """(what, bytes, status) of the table; C strings that follow each other are one."""
    with open(os.path.join(tap.SOURCE, "tests", "unit", "serve", "requests.def"), encoding="utf-8") as f:
        for line in f:
            found = re.match(r'REQUEST\("((?:[^"\\]|\\.)*)", (.*), (\d+)\)$', line)
            if not found:
                assert not line.startswith("REQUEST"), line
                continue
            parts = re.findall(r'"(?:[^"\\]|\\.)*"|\w+', found.group(2))
            data = b"".join(MACROS[p] if p in MACROS else ast.literal_eval("b" + p) for p in parts)
            yield found.group(1), data, int(found.group(3))


ROWS = list(rows())


class Server:
    def __enter__(self):
        self.process = subprocess.Popen([tap.ACTOP, "--serve", "0", "--interval", "0.3"], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)/metrics", self.process.stderr.readline()).group(1))
        end = time.monotonic() + 20
        while self.refused() is None:
            assert time.monotonic() < end
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def refused(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                return promlint.values(answer.read().decode()).get("actop_http_refused_total")
        except OSError:
            return None

    def fds(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def ask(self, data, byte_by_byte, ends):
        """All that comes back. ends: the server is expected to close; else we do when there is nothing more for a while."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for part in ([data[i:i + 1] for i in range(len(data))] if byte_by_byte else [data]):
                    s.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has seen enough
            if not ends:
                s.shutdown(socket.SHUT_WR)
            got = b""
            while True:
                try:
                    part = s.recv(65536)
                except ConnectionResetError:
                    return got
                if not part:
                    return got
                got += part


def take_answer(data):
    """(status, headers, body, rest)"""
    head, end, rest = data.partition(b"\r\n\r\n")
    assert end, data[:200]
    lines = head.decode("latin-1").split("\r\n")
    assert re.fullmatch(r"HTTP/1\.1 \d{3} [A-Za-z ]+", lines[0]), lines[0]
    headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
    return int(lines[0].split()[1]), headers, rest, int(headers["content-length"])


def wanted_status(data, status):
    """A good head may still ask for what there is not."""
    if status != 200:
        return status
    target = data.lstrip(b"\r\n").split(b" ")[1]
    path = re.sub(rb"^http://[^/]*", b"", target, flags=re.I).split(b"?")[0]
    return 200 if path in (b"/", b"/metrics") else 404


@tap.case("every head gets its status, one answer and the end of the connection", ("whole", False), ("byte by byte", True))
def _(byte_by_byte):
    assert len([1 for _, _, status in ROWS if status >= 400]) >= 150, len(ROWS)
    with Server() as server:
        refused, fds = server.refused(), server.fds()
        for what, data, status in ROWS:
            if status == 0:
                continue
            got = server.ask(data, byte_by_byte, ends=status >= 400)
            assert got, (what, "no answer")
            answered, headers, rest, length = take_answer(got)
            assert answered == wanted_status(data, status), (what, answered, status)
            if status >= 400:
                assert headers["connection"] == "close" and len(rest) == length, (what, headers, rest[:80])
            elif data.lstrip().startswith(b"HEAD"):
                assert rest == b"", what
            else:
                assert len(rest) >= length, what
        # 404 closes nothing but counts as refused, like everything above.
        time.sleep(0.2)  # a body of the last 100 ms is given again
        counted = sum(1 for _, data, status in ROWS if status != 0 and wanted_status(data, status) != 200)
        extra = sum(1 for what, _, _ in ROWS if what == "what follows is not looked at")
        assert refused + counted <= server.refused() <= refused + counted + extra, (refused, counted, server.refused())
        end = time.monotonic() + 5
        while server.fds() > fds and time.monotonic() < end:
            time.sleep(0.1)
        assert server.fds() <= fds and server.process.poll() is None


@tap.case("what is not complete gets no answer, and the end of the connection when the client has no more to say")
def _():
    with Server() as server:
        for what, data, status in ROWS:
            if status == 0:
                assert server.ask(data, False, ends=False) == b"", what


@tap.case("an endless head, an endless line and a thousand fields are ended before they are read to the end")
def _():
    with Server() as server:
        for what, start, more, wanted in (("a head", MACROS["GET"] + MACROS["H"], b"X: y\r\n", 431),
                                          ("a line", MACROS["GET"] + MACROS["H"] + b"X: ", b"aaaaaaaa", 431),
                                          ("a name", MACROS["GET"] + MACROS["H"], b"aaaaaaaa", 431),
                                          ("a target", b"GET /", b"aaaaaaaa", 414), ("a method", b"", b"AAAAAAAA", 414),
                                          ("a query", b"GET /?", b"aaaaaaaa", 414)):
            got = server.ask(start + more * 4000, False, ends=True)
            if got:  # else the rest of what we sent has reset the connection
                assert take_answer(got)[0] == wanted, (what, got[:60])
            got = server.ask((start + more * 4000)[:8192], False, ends=True)
            assert take_answer(got)[0] == wanted, (what, got[:60])
        assert server.process.poll() is None


tap.main()
