"""The picture of `python -m tests.benchmarks.throttle_rate --plot docs/limit.svg`: what a server sees of three clients.

The same data always gives the same file (with one release of matplotlib), and the file names the digest of its data, so
that a test can tell whether it is up to date without drawing it again. The colours are readable on white and on black.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.throttle_rate import RESTARTS, world
from tests.throttle.clients import PER_MINUTE
from tests.throttle.servers import most_in_a_minute

SEED = 1
SHOWN = ("batcher", "AsyncLimiter(60, 60)", "pyrate-limiter")
SAYS = "Requests that arrived in the last 60 seconds, through six crashes. Data: sha256 "
_GREY, _BLUE, _RED = "#808890", "#3b8eea", "#e5534b"


STEP_S = 4


def series() -> dict[str, list[int]]:
    """By client: every four seconds, how many requests arrived in the 60 s before; last, the most of any 60 s."""
    seen = {client: sorted(world(client, SEED, RESTARTS).arrivals) for client in SHOWN}
    moments = range(0, int(max(arrivals[-1] for arrivals in seen.values())) + 60 + STEP_S, STEP_S)
    return {
        client: [
            *(bisect_right(arrivals, moment) - bisect_right(arrivals, moment - 60.0) for moment in moments),
            most_in_a_minute(arrivals),
        ]
        for client, arrivals in seen.items()
    }


def digest(data: Mapping[str, list[int]]) -> str:
    """What the picture says of its data."""
    return hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()


def draw(path: Path) -> None:
    """Write the picture, as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    data, died = series(), [died_s / 60 for died_s, _ in world("batcher", SEED, RESTARTS).downs]
    settings: Any = {"svg.hashsalt": "batcher", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
    with mpl.rc_context(
        settings | dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), _GREY)
    ):
        figure = Figure(figsize=(8, 6), layout="constrained")
        rows = figure.subplots(len(SHOWN), sharex=True, sharey=True)
        for axes, (client, figures) in zip(rows, data.items(), strict=True):
            *counts, most = figures
            minutes = [number * STEP_S / 60 for number in range(len(counts))]
            over = [count > PER_MINUTE for count in counts]
            axes.plot(minutes, counts, color=_BLUE, linewidth=1.5)
            axes.fill_between(
                minutes, PER_MINUTE, counts, where=over, interpolate=True, color=_RED, alpha=0.6, linewidth=0
            )
            axes.axhline(PER_MINUTE, color=_GREY, linewidth=1, linestyle="--")
            axes.vlines(died, 0, 1, color=_GREY, linewidth=1, linestyle=":", transform=axes.get_xaxis_transform())
            axes.set_title(f"{client}: {most} at most", loc="left", color=_GREY)
            axes.set_facecolor("none")
            for spine in axes.spines.values():
                spine.set_color(_GREY)
        rows[1].set_ylabel("requests in the last 60 s (the limit is 60)")
        rows[-1].set_xlabel("minutes; dotted: the process is killed and begins again")
        said = {
            "Date": None,
            "Creator": None,
            "Title": "The limit, kept and broken",
            "Description": SAYS + digest(data),
        }
        figure.savefig(path, format="svg", transparent=True, metadata=said)
