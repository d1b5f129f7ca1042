# SPDX-License-Identifier: MIT
"""What a profile looks like: a table for a terminal, HTML for a notebook, a figure."""
from html import escape

_CHARTS = (("package_watts", "Package", "W"), ("gpu_util_pct", "GPU", "%"), ("cpu_util_pct", "CPU", "%"),
           ("bandwidth_gbps", "Bandwidth", "GB/s"))


def _number(value, digits=3):
    """Digits that matter, without exponents; "–" for what is not known."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - int(f"{abs(value):e}".split("e")[1]))
    return f"{value:.{places}f}"


def _energy(joules):
    if joules is None:
        return "–"
    return f"{_number(joules.value)} ±{_number(joules.error, 2)}" if joules.error > 0 else _number(joules.value)


def _units(section):
    """("512 tokens", "0.13 J/token") for each kind of unit."""
    found = []
    for kind, n in section.units.items():
        per = section.joules_per(kind)
        one = kind[:-1] if kind.endswith("s") else kind
        rate = section.per_second(kind)
        found.append((f"{n:g} {kind}", f"{_number(per)} J/{one}" if per is not None else f"{_number(rate)} {kind}/s"))
    return found


def rows(profiler):
    """(heads, lines) of the report's table."""
    heads = ["section", "time s", "package J", "mean W", "peak W", "GPU %", "GB/s", "GPU MHz", "work", "per unit"]
    lines = []
    for section in [*profiler.sections, profiler.whole()]:
        units = _units(section) or [("", "")]
        lines.append([
            "  " * section.depth + section.name, f"{section.duration_s:.3f}", _energy(section.energy.get("package")),
            _number(section.mean_watts), _number(section.peak_watts), _number(section.mean("gpu_util_pct")),
            _number(section.bandwidth_gbps), _number(section.mean("gpu_freq_mhz"), 4),
            ", ".join(u for u, _ in units), ", ".join(p for _, p in units)])
    return heads, lines


def notes(profiler):
    """Sentences under the table: what was left out or taken off."""
    said = []
    baseline = profiler.baseline_watts
    if baseline:
        idle = ", ".join(f"{rail} {_number(watts)} W" for rail, watts in baseline.items() if watts > 0)
        said.append(f"Joules are less the idle draw measured before: {idle or 'none was seen'}.")
    package = profiler.whole().energy.get("package")
    if package is None:
        said.append("No energy counter can be read here; actop doctor says why.")
    elif package.error > 0:
        said.append("± is the most the truth can differ by: counters are published every so often.")
    throttled = profiler.whole().throttled_s
    if throttled > 0:
        said.append(f"Throttled for {_number(throttled)} s.")
    return said


def text(profiler):
    """The report as lines of text; columns nobody has a value for are left out."""
    if not len(profiler):
        return "no samples"
    heads, lines = rows(profiler)
    used = [i for i in range(len(heads)) if i < 2 or any(line[i] not in ("", "–") for line in lines)]
    table = [[row[i] for i in used] for row in [heads, *lines]]
    widths = [max(len(row[i]) for row in table) for i in range(len(used))]
    out = ["  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip()
           for row in table]
    out.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join([*out, *notes(profiler)])


# ---- HTML -----------------------------------------------------------------------------------------------------------


def _series(profiler, name, most=240):
    """[(seconds, value)] of a column, the highest of each part when there are more points than can be seen."""
    timeline = profiler._timeline()
    if name not in timeline.names or not len(timeline):
        return []
    column, when = timeline._column(name), timeline._received
    step = max(1, len(column) // most)
    points = []
    for k in range(0, len(column), step):
        values = [v for v in column[k:k + step] if v == v]
        if values:
            points.append(((when[k] - timeline.began_ns) / 1e9, max(values)))
    return points


def _chart(profiler, name, title, unit, width=260, height=60):
    points = _series(profiler, name)
    if len(points) < 2:
        return ""
    begin, end = points[0][0], points[-1][0]
    top = max(v for _, v in points) or 1
    across, up = (width - 2) / max(end - begin, 1e-9), (height - 14) / top
    line = " ".join(f"{1 + (t - begin) * across:.1f},{height - 1 - v * up:.1f}" for t, v in points)
    shades = "".join(
        f'<rect x="{1 + max(0, from_s - begin) * across:.1f}" y="12" height="{height - 12}" '
        f'width="{max(0.5, (min(to_s, end) - max(from_s, begin)) * across):.1f}" fill="#4287f5" opacity="0.12">'
        f'<title>{escape(label)}</title></rect>'
        for label, from_s, to_s in spans(profiler) if to_s >= begin and from_s <= end)
    return (f'<svg width="{width}" height="{height}" role="img" aria-label="{title}" style="margin-right:8px">{shades}'
            f'<text x="1" y="10" font-size="10" fill="currentColor">{title}, at most {_number(top)} {unit}</text>'
            f'<polyline points="{line}" fill="none" stroke="#4287f5" stroke-width="1.2"/></svg>')


def spans(profiler):
    """[(name, from, to)] of the outer sections, in seconds since the first sample."""
    began = profiler._timeline().began_ns or 0
    return [(s.name, (s.began_ns - began) / 1e9, (s._span()[1] - began) / 1e9) for s in profiler.sections if s.depth == 0]


def html(profiler):
    """The report for a notebook: charts and the table. Names are escaped."""
    if not len(profiler):
        return "<p>actop: no samples</p>"
    heads, lines = rows(profiler)
    charts = "".join(_chart(profiler, *chart) for chart in _CHARTS)
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:{"left" if i == 0 else "right"}">'
                         f'{escape(cell).replace("  ", "&emsp;")}</td>' for i, cell in enumerate(line)) + "</tr>"
        for line in lines)
    under = "".join(f"<p>{escape(note)}</p>" for note in notes(profiler))
    return f"<div>{charts}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{under}</div>"


# ---- a figure -------------------------------------------------------------------------------------------------------


def figure(profiler, axes=None):
    """Power, utilization and bandwidth over time, the sections shaded. Returns matplotlib's Figure."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError("matplotlib is required: pip install actop[plot]") from None
    if axes is None:
        _, axes = plt.subplots(3, 1, sharex=True, figsize=(8, 6), constrained_layout=True)
    panels = (("Power, W", (("package_watts", "package"), ("cpu_watts", "CPU"), ("gpu_watts", "GPU"), ("dram_watts", "DRAM"))),
              ("Utilization, %", (("cpu_util_pct", "CPU"), ("gpu_util_pct", "GPU"), ("ane_util_pct", "ANE"))),
              ("Bandwidth, GB/s", (("bandwidth_gbps", "DRAM"),)))
    for ax, (title, series) in zip(axes, panels):
        for name, label in series:
            points = _series(profiler, name, 2000)
            if points:
                ax.plot([t for t, _ in points], [v for _, v in points], label=label, linewidth=1)
        for label, from_s, to_s in spans(profiler):
            ax.axvspan(from_s, to_s, alpha=0.12)
            if ax is axes[0]:
                ax.annotate(label, (from_s, 1), xycoords=("data", "axes fraction"), fontsize=8, va="bottom")
        ax.set_ylabel(title)
        ax.set_ylim(bottom=0)
        if ax.get_lines():
            ax.legend(loc="upper right", fontsize=8)
    axes[-1].set_xlabel("s")
    return axes[0].figure
