# SPDX-License-Identifier: MIT
"""A real Prometheus scrapes three simulated machines: all are up, a value comes back as it was served, a shipped alert fires."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

MACHINES = ("m1", "m4-max", "m5-max")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


class Fleet:
    """Three actops and a Prometheus."""

    def __init__(self):
        self.processes, self.ports = [], []
        for machine in MACHINES:
            process = subprocess.Popen([tap.ACTOP, "--serve", "0", "--source", f"sim:{machine}", "--speed", "1", "--interval",
                                        "0.5"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            self.processes.append(process)
            self.ports.append(int(re.search(r":(\d+)/metrics", process.stderr.readline()).group(1)))
        self.dead = free_port()
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in (*self.ports, self.dead))
        shipped = os.path.join(tap.SOURCE, "packaging", "prometheus")
        with open(os.path.join(shipped, "alerts.yml"), encoding="utf-8") as f:
            alerts = f.read().replace("for: 5m", "for: 0s")
        with open(os.path.join(tap.tmp, "alerts.yml"), "w", encoding="utf-8") as f:
            f.write(alerts)
        shutil.copy(os.path.join(shipped, "rules.yml"), tap.tmp)
        with open(os.path.join(tap.tmp, "prometheus.yml"), "w") as f:
            f.write(f"global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n"
                    f"rule_files: [rules.yml, alerts.yml]\n"
                    f"scrape_configs: [{{job_name: actop, static_configs: [{{targets: [{targets}]}}]}}]\n")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = open(os.path.join(tap.tmp, "log"), "w")
        self.processes.append(subprocess.Popen(
            ["prometheus", f"--config.file={tap.tmp}/prometheus.yml", f"--storage.tsdb.path={tap.tmp}/data",
             f"--web.listen-address={self.url[7:]}"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))

    def query(self, expression):
        answer = json.loads(get(f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}"))
        return {r["metric"].get("instance", ""): float(r["value"][1]) for r in answer["data"]["result"]}

    def wait(self, expression, wanted, seconds=40):
        end = time.monotonic() + seconds
        got = None
        while time.monotonic() < end:
            try:
                got = self.query(expression)
                if wanted(got):
                    return got
            except OSError:
                pass
            time.sleep(0.3)
        raise AssertionError(f"{expression}: {got}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
            if process.stderr:
                process.stderr.close()
        self.log.close()


def series_of(text):
    """{(name, labels): value} of a body, counters with the time they began left out."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = re.fullmatch(r"([a-z_0-9]+)(?:\{(.*)\})? (\S+)", line).groups()
            pairs = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels or "")
            found[name, frozenset((k, re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], v)) for k, v in pairs)] = float(value)
    return found


def check_values(fleet, port):
    """Every series that does not change for two seconds, but those about the server itself, has the very value that was served; and all
    are there."""
    url = f"http://127.0.0.1:{port}/metrics"
    bodies = []
    for _ in range(12):  # two scrapes at least, and every sample
        bodies.append(series_of(get(url)))
        time.sleep(0.2)
    before = bodies[0]
    query = urllib.parse.quote(f'{{instance="127.0.0.1:{port}",__name__=~"actop_.+|process_.+"}}')
    answer = json.loads(get(f"{fleet.url}/api/v1/query?query={query}"))
    after = series_of(get(url))
    bodies.append(after)
    stored = {}
    for result in answer["data"]["result"]:
        labels = {k: v for k, v in result["metric"].items() if k not in ("__name__", "instance", "job")}
        stored[result["metric"]["__name__"], frozenset(labels.items())] = float(result["value"][1])
    steady = {key: value for key, value in before.items()
              if not key[0].startswith(("actop_http_", "process_")) and all(body.get(key) == value for body in bodies)}
    assert len(steady) > 150, len(steady)
    wrong = {key: (value, stored.get(key)) for key, value in steady.items() if stored.get(key) != value}
    assert not wrong, list(wrong.items())[:5]
    assert set(before) & set(after) <= set(stored), list(set(before) & set(after) - set(stored))[:5]
    print(f"# {len(steady)} of {len(stored)} series stood still and are equal", flush=True)


@tap.case("a real Prometheus scrapes three machines, gets the values served, and fires a shipped alert")
def _():
    if not shutil.which("prometheus"):
        tap.skip("prometheus is not installed")
    with Fleet() as fleet:
        up = fleet.wait("up", lambda got: sum(got.values()) == 3)
        assert all(up[f"127.0.0.1:{port}"] == 1 for port in fleet.ports), up
        for port in fleet.ports:
            served = re.search(r"^actop_ram_total_bytes (\S+)$", get(f"http://127.0.0.1:{port}/metrics"), re.M)
            stored = fleet.wait("actop_ram_total_bytes", lambda got: len(got) == 3)
            assert stored[f"127.0.0.1:{port}"] == float(served.group(1)), (stored, served)
            check_values(fleet, port)
        with open(os.path.join(tap.SOURCE, "packaging", "prometheus", "rules.yml"), encoding="utf-8") as f:
            recorded = re.findall(r"record: (\S+)", f.read())
        assert len(recorded) >= 5, recorded
        for name in recorded:
            fleet.wait(name, lambda got: len(got) >= 1)
        fleet.wait("scrape_samples_scraped", lambda got: sum(n > 300 for n in got.values()) == 3)
        fleet.wait("rate(actop_energy_joules_total[10s])", lambda got: len(got) == 3 and any(n > 0 for n in got.values()))
        firing = fleet.wait('ALERTS{alertname="ActopHostDown",alertstate="firing"}', lambda got: len(got) > 0)
        assert list(firing) == [f"127.0.0.1:{fleet.dead}"], firing


tap.main()
