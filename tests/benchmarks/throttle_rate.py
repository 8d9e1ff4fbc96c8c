"""What the lease costs and what it saves: 1,200 orders against six kinds of server, beside other limiters.

    python -m tests.benchmarks.throttle_rate                              the table, in Markdown
    python -m tests.benchmarks.throttle_rate --check docs/reliability.md  whether the table there is this one
    python -m tests.benchmarks.throttle_rate --plot docs/limit.svg        and the picture of one network
    python -m tests.benchmarks.throttle_rate --seeds 500                  batcher alone, on many networks

All of it is virtual time. Each way takes up to 300 ms, one in fifty 1 to 3 s; with restarts, the process is killed at
six random moments and nothing runs for up to 20 s each time. Every client asks for all its orders at once, sends again
what its ledger holds no answer for, and is shown to every server and every phase of it; what is refused is counted and
not sent again.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.throttle.clients import CLIENTS, PER_MINUTE, played
from tests.throttle.servers import SERVERS, most_in_a_minute
from tests.throttle.simulation import World, crashes, tailed

ORDERS = 1200
IDEAL_S = ORDERS * 60.0 / PER_MINUTE
"""Twenty minutes: what the orders take at the limit, evenly."""
RESTARTS = 6
DOWN_S = 20.0
"""The longest that nothing runs after a crash."""
SEEDS = range(5)
"""The networks of the table."""
HEAD = ("client", "restarts", "in the worst minute", *SERVERS, "minutes", "share of the limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One client on one network."""

    most: int
    """Requests that arrived in the worst minute."""
    refused: tuple[int, ...]
    """By each server, as they stand in `SERVERS`."""
    minutes: float
    """From the start to the last arrival, all in all."""
    share: float
    """Requests a minute as a part of the limit, over the time in which a process ran. A wait that a restart brings with
    it is time that ran."""
    share_of_all: float
    """The same over all the time, the time in which nothing ran included."""
    waits_s: tuple[float, ...]
    """From each restart to its first send."""


def world(client: str, seed: int, restarts: int, *, down_s: float = DOWN_S, reboots: bool = False) -> World:
    """What one client leaves behind on one network."""
    deaths = crashes(seed, restarts, within_s=IDEAL_S, down_s=down_s, reboots=reboots)
    return played(client, World(tailed(seed)), ORDERS, deaths)


def measured(seen: World) -> Figures:
    """The figures of what is left behind."""
    arrivals, last_s = seen.arrivals, max(seen.arrivals)
    limit_per_s = PER_MINUTE / 60.0
    return Figures(
        most=most_in_a_minute(arrivals),
        refused=tuple(refused(arrivals, PER_MINUTE) for refused in SERVERS.values()),
        minutes=last_s / 60.0,
        share=len(arrivals) / (last_s - seen.down_s) / limit_per_s,
        share_of_all=len(arrivals) / last_s / limit_per_s,
        waits_s=tuple(_waits_s(seen)),
    )


def _waits_s(seen: World) -> list[float]:
    """A process that dies before its first send has no such wait."""
    sent = [send.sent.monotonic_s for send in seen.ledger]
    waits_s = []
    for (_, began_s), (died_s, _) in pairwise([*seen.downs, (float("inf"), 0.0)]):
        waits_s += [at_s - began_s for at_s in sent if began_s <= at_s < died_s][:1]
    return waits_s


def line(client: str, restarts: int) -> str:
    """A line of the table: the worst counts and the least share of all networks, and the mean of the minutes."""
    runs = [measured(world(client, seed, restarts)) for seed in SEEDS]
    cells = [
        f"`{client}`" if "(" in client else client,
        str(restarts),
        str(max(figures.most for figures in runs)),
        *(f"{max(counts):,}" for counts in zip(*(figures.refused for figures in runs), strict=True)),
        f"{sum(figures.minutes for figures in runs) / len(runs):.1f}",
        f"{min(figures.share for figures in runs):.1%}",
    ]
    return f"| {' | '.join(cells)} |"


def table() -> list[str]:
    """The lines of the table."""
    rows = [line(client, restarts) for client in CLIENTS for restarts in (0, RESTARTS)]
    return [f"| {' | '.join(HEAD)} |", "|---|" + "--:|" * (len(HEAD) - 1), *rows]


def is_there(lines: Sequence[str], page: Path) -> bool:
    """Whether the page holds these lines, one after the other."""
    return "\n".join(lines) in page.read_text(encoding="utf-8")


def sweep(seeds: range) -> list[str]:
    """batcher alone on many networks, as a table: shares are least and mean, of the time that ran and of all of it."""
    head = (
        "batcher",
        "networks",
        "in the worst minute",
        "refused",
        "share, least",
        "mean",
        "of all the time",
        "first send after a restart, mean",
        "worst",
    )
    rows = [
        _swept(name, [measured(world("batcher", seed, restarts, down_s=down_s, reboots=reboots)) for seed in seeds])
        for name, restarts, down_s, reboots in (
            ("no restart", 0, 0.0, False),
            (f"{RESTARTS} restarts at once", RESTARTS, 0.0, False),
            (f"{RESTARTS} restarts after up to {DOWN_S:.0f} s", RESTARTS, DOWN_S, False),
            (f"{RESTARTS} reboots of up to {DOWN_S:.0f} s", RESTARTS, DOWN_S, True),
        )
    ]
    return [f"| {' | '.join(head)} |", "|---|" + "--:|" * (len(head) - 1), *rows]


def _swept(name: str, runs: Sequence[Figures]) -> str:
    waits_s = [wait_s for figures in runs for wait_s in figures.waits_s]
    cells = [
        name,
        f"{len(runs):,}",
        str(max(figures.most for figures in runs)),
        str(sum(sum(figures.refused) for figures in runs)),
        f"{min(figures.share for figures in runs):.2%}",
        f"{sum(figures.share for figures in runs) / len(runs):.2%}",
        f"{sum(figures.share_of_all for figures in runs) / len(runs):.2%}",
        f"{sum(waits_s) / len(waits_s):.1f} s" if waits_s else "",
        f"{max(waits_s):.1f} s" if waits_s else "",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print what is asked for; 1 if the page that is checked holds another table."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks.throttle_rate")
    asked.add_argument("--check", type=Path, metavar="PAGE", help="say whether this page holds the table")
    asked.add_argument("--plot", type=Path, metavar="SVG", help="draw the picture (needs the extra `bench`)")
    asked.add_argument("--seeds", type=int, metavar="N", help="batcher alone, on so many networks")
    options = asked.parse_args()
    lines = sweep(range(options.seeds)) if options.seeds else table()
    print("\n".join(lines))
    if options.plot:
        from tests.benchmarks.throttle_plot import draw

        draw(options.plot)
    if options.check and not is_there(lines, options.check):
        print(f"{options.check} holds another table: put this one there", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
