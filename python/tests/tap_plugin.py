# SPDX-License-Identifier: MIT
"""A pytest plugin that says TAP on stdout, and nothing else there. A test's name is its function's, with spaces."""
import os
import sys

_out = os.fdopen(os.dup(1), "w")  # pytest takes stdout over
_count = 0


def _say(text):
    _out.write(text + "\n")
    _out.flush()


def pytest_addoption(parser):
    # What explains failed assertions asks for this option of the reporter that is not there.
    parser.addoption("--tap-verbose", dest="verbose", type=int, default=0)


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long; only in make test-long")
    config.addinivalue_line("markers", "figure: measures time; not under sanitizers")


def pytest_unconfigure():
    _out.close()


def pytest_collection_finish(session):
    _say(f"1..{len(session.items)}")


def _name(nodeid):
    file, _, rest = nodeid.partition("::")
    return f"{os.path.basename(file).removeprefix('test_').removesuffix('.py')}: {rest.removeprefix('test_').replace('_', ' ')}"


def _comment(text):
    for line in str(text).splitlines():
        _say("# " + line)


def pytest_collectreport(report):
    if report.failed:
        _comment(report.longrepr)


def pytest_runtest_logreport(report):
    global _count
    done = report.when == "call" or (report.when == "setup" and not report.passed)
    if report.when == "teardown" and report.failed:
        _comment(report.longrepr)
        _say("Bail out! a test's teardown failed: " + _name(report.nodeid))
        sys.exit(1)
    if not done:
        return
    _count += 1
    if report.skipped:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _say(f"ok {_count} - {_name(report.nodeid)} # SKIP {why.removeprefix('Skipped: ')}")
    elif report.passed:
        _say(f"ok {_count} - {_name(report.nodeid)}")
    else:
        _say(f"not ok {_count} - {_name(report.nodeid)}")
        _comment(report.longrepr)
