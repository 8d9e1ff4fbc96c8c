"""The picture of `python -m tests.benchmarks.reading --plot docs/reading.svg`: time and memory as a sheet grows.

The file names the digest of its data. The colours are readable on white and on black.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.reading import Size

SAYS = "Time and memory of a check as a sheet grows. Data: sha256 "
_GREY, _BLUE, _RED, _GREEN = "#808890", "#3b8eea", "#e5534b", "#3fa45b"
_COLOURS = {"batcher check": _BLUE, "pandas.read_csv, its import included": _RED, "pyarrow, the parse alone": _GREEN}

Series = Mapping[str, list[float]]
"""By contestant: a number for each size."""


def times_s(sizes: Sequence[Size]) -> Series:
    """Seconds on the clock."""
    return dict(
        zip(
            _COLOURS,
            (
                [size.check.wall_s for size in sizes],
                [size.pandas.wall_s for size in sizes],
                [size.pyarrow.own_s for size in sizes],
            ),
            strict=True,
        )
    )


def peaks_mb(sizes: Sequence[Size]) -> Series:
    """The most memory at once; that of the process in which pyarrow parses is not its parse's alone."""
    of = ([size.check.peak_mb for size in sizes], [size.pandas.peak_mb for size in sizes])
    return dict(zip(_COLOURS, of, strict=False))


def digest(sizes: Sequence[Size]) -> str:
    """What the picture says of its data."""
    data = ([size.rows for size in sizes], times_s(sizes), peaks_mb(sizes))
    return hashlib.sha256(repr(data).encode()).hexdigest()


def draw(path: Path, sizes: Sequence[Size]) -> None:
    """Write the picture, as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: Any = {"svg.hashsalt": "batcher", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
    with mpl.rc_context(
        settings | dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), _GREY)
    ):
        figure = Figure(figsize=(8, 4), layout="constrained")
        rows = [size.rows for size in sizes]
        times, peaks = figure.subplots(1, 2)
        series_s = times_s(sizes)
        _lines(times, rows, series_s, "seconds")
        times.set_yscale("log")
        _lines(peaks, rows, peaks_mb(sizes), "most memory at once, MB")
        peaks.set_ylim(bottom=0)
        times.yaxis.set_major_formatter("{x:g}")
        named = times.get_legend_handles_labels()
        figure.legend(*named, loc="outside upper left", ncols=len(series_s), frameon=False, labelcolor=_GREY)
        figure.supxlabel("rows of the sheet", color=_GREY, fontsize=10)
        said = {
            "Date": None,
            "Creator": None,
            "Title": "Time and memory of a check",
            "Description": SAYS + digest(sizes),
        }
        figure.savefig(path, format="svg", transparent=True, metadata=said)


def _lines(axes: Any, rows: Sequence[int], series: Series, label: str) -> None:
    for name, values in series.items():
        axes.plot(rows, values, color=_COLOURS[name], linewidth=1.5, marker="o", markersize=4, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylabel(label)
    axes.set_facecolor("none")
    for spine in axes.spines.values():
        spine.set_color(_GREY)
