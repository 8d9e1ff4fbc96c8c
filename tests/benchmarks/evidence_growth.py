"""How the evidence grows with a batch: ten times the rows and orders in the list should take ten times as long.

    python -m tests.benchmarks.evidence_growth

It prints ratios of one run, in which the sizes take turns; what is quadratic would show as a hundred.
"""

import statistics
from collections.abc import Callable

from batcher.clock import SystemClock
from batcher.evidence import Evidence
from batcher.planning import Choices, make_plan
from batcher.reconcile import evidence
from tests.payouts import NOW, WINDOW_DAYS, sheet
from tests.reconcile.test_matching import listed, many, tag_of
from tests.reconcile.test_plans import Forgetful

SMALL, LARGE = 2_000, 20_000
ROUNDS = 5


def matching(rows: int) -> Callable[[], object]:
    """Every row has its order in the list."""
    record, payouts = many(rows)
    kept = {f"O-{nth}": listed(f"O-{nth}", tag_of(paid)) for nth, paid in enumerate(payouts)}
    return lambda: evidence(record, [], kept, reading=None, known=frozenset())


def planning(rows: int) -> Callable[[], object]:
    """A ledger that is lost: every row is found."""
    record, payouts = many(rows)
    kept = {f"O-{nth}": listed(f"O-{nth}", tag_of(paid)) for nth, paid in enumerate(payouts)}
    told: Evidence = evidence(record, [], kept, reading=None, known=frozenset())
    file = sheet(*payouts)
    return lambda: make_plan(
        file, record, Forgetful(), choices=Choices(), now=NOW, window_days=WINDOW_DAYS, evidence=told
    )


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    clock = SystemClock()
    began_s = clock.instant().monotonic_s
    work()
    return clock.instant().monotonic_s - began_s


def main() -> None:
    """Print how many times longer ten times the rows take."""
    for name, made in (("matching", matching), ("planning", planning)):
        small, large = made(SMALL), made(LARGE)
        ratios = sorted(seconds(large) / seconds(small) for _ in range(ROUNDS))
        print(f"{name}: {LARGE:,} rows take {statistics.median(ratios):.1f} times as long as {SMALL:,}")


if __name__ == "__main__":
    main()
