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

__all__ = [
    "ActopError", "AlertEngine", "AlertFrame", "AsyncMonitor", "CoreSample", "FanReading", "Monitor", "ProcessSample",
    "Profiler", "SystemSnapshot", "__version__", "features", "profiled", "read_recording", "section",
]


# What takes longer to import than everything else here, or is seldom asked for.
_LATER = {"AsyncMonitor": "actop._aio", "AlertEngine": "actop.analytics", "AlertFrame": "actop.analytics",
          "CoreSample": "actop.models", "FanReading": "actop.models", "ProcessSample": "actop.models",
          "SystemSnapshot": "actop.models"}


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module 'actop' has no attribute '{name}'")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_LATER[name]), name)
    return value


def load_ipython_extension(shell):
    """%load_ext actop: the cell magic %%actop."""
    from actop._magic import load

    load(shell)


atexit.register(_actop.shutdown)
del atexit
