# SPDX-License-Identifier: MIT
"""%%actop for IPython and Jupyter: `%load_ext actop`, then `%%actop [INTERVAL]` at the head of a cell profiles the cell and
shows the report under it. The profiler is left in the variable actop_profile."""
from actop.api import Profiler


def actop(line, cell, shell):
    """Run a cell under a Profiler; the line may give the interval in seconds and, after it, a source."""
    words = line.split()
    try:
        interval_s = float(words[0]) if words else 0.1
    except ValueError:
        raise ValueError(f"%%actop takes an interval in seconds, not {words[0]!r}") from None
    profiler = Profiler(interval_s, source=words[1] if len(words) > 1 else "auto")
    with profiler, profiler.section("cell"):
        result = shell.run_cell(cell)
    shell.user_ns["actop_profile"] = profiler
    if getattr(result, "error_in_exec", None) is None and getattr(result, "error_before_exec", None) is None:
        return profiler
    return None


def load(shell):
    """For %load_ext actop."""
    shell.register_magic_function(lambda line, cell: actop(line, cell, shell), magic_kind="cell", magic_name="actop")
