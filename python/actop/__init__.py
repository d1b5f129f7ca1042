# SPDX-License-Identifier: MIT
"""actop: what a whole chip is doing, for your own code.

    import actop

    with actop.Profiler(interval_s=0.5) as p:
        work()
    print(p.get_summary()["total_package_joules"])

    with actop.Monitor() as m:
        snap = m.get_snapshot()
        print(snap.cpu_watts, snap.evidence["cpu_watts"])

A value that cannot be read is None; snap.evidence says where a value came from and why another is missing. Sources are
this machine ("auto"), recordings ("replay:FILE"), simulated machines ("sim:m4-max") and other actops
("http://HOST:PORT").
"""
import atexit

from actop import _actop
from actop._actop import ActopError, __version__, features
from actop.api import Monitor, Profiler, profiled, read_recording, section
from actop.models import CoreSample, FanReading, ProcessSample, SystemSnapshot

__all__ = [
    "ActopError", "AsyncMonitor", "CoreSample", "FanReading", "Monitor", "ProcessSample", "Profiler", "SystemSnapshot",
    "__version__", "features", "profiled", "read_recording", "section",
]


def __getattr__(name):
    """AsyncMonitor, when it is asked for: asyncio takes longer to import than everything here."""
    if name == "AsyncMonitor":
        from actop._aio import AsyncMonitor

        globals()[name] = AsyncMonitor
        return AsyncMonitor
    raise AttributeError(f"module 'actop' has no attribute '{name}'")


def load_ipython_extension(shell):
    """%load_ext actop: the cell magic %%actop."""
    from actop._magic import load

    load(shell)


atexit.register(_actop.shutdown)
del atexit
