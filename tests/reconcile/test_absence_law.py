"""The law of this room: whatever is read, answered and misread in whatever order, a row whose order exists at the
sandbox is never held to be absent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from batcher.policy import latest
from batcher.resending import why_not_send
from batcher.states import UNSENT, State
from tests.payouts import SPEAKER, payout
from tests.reconcile.case import SETTLE_AFTER, Case

FAULTS = (
    "error_unmade_stored",
    "error_made_stored",
    "error_made",
    "error_unmade",
    "lost_reply",
    "reset_before",
    "hang_before",
    "in_progress_reply",
    "broken_json",
    "too_many",
)
STORED = ("error_unmade_stored", "error_made_stored")
OTHER = payout("R2", email="ann@example.com")


@dataclass(frozen=True)
class Elsewhere:
    """An order of the row that another ledger made before."""

    number: int
    account: str


@dataclass(frozen=True)
class Tale:
    """An account as it is, and what happens."""

    email: str
    elsewhere: Elsewhere | None
    switches: dict[str, Any]
    page_size: int
    steps: list[str]


def _jump(case: Case, hours: int) -> None:
    case.clock.offset += timedelta(hours=hours)


def _send(case: Case, name: str = "R1") -> None:
    """Send it where a run would."""
    attempt = case.book.row(name).latest
    if attempt.state not in UNSENT | {State.UNKNOWN}:
        return
    now = latest([case.clock.instant().at, case.book.ledger.newest_moment()])
    if why_not_send(attempt, speaker=SPEAKER, now=now) is None:
        case.send(name)


def _ask_until_stored(case: Case) -> None:
    for _ in range(3):
        _send(case)
        case.wait(SETTLE_AFTER.total_seconds() * 0.55)


STEPS: dict[str, Callable[[Case], object]] = {
    "send": _send,
    "ask until stored": _ask_until_stored,
    "read": lambda case: case.read(),
    "read what is new": lambda case: case.read(whole=False),
    "read one page": lambda case: case.read(max_pages=1),
    "read twice": lambda case: case.read_twice(),
    "read too soon": lambda case: case.read_twice(apart_s=SETTLE_AFTER.total_seconds() / 2),
    "a minute": lambda case: case.wait(60),
    "a quarter": lambda case: case.wait(SETTLE_AFTER.total_seconds()),
    "a month": lambda case: case.wait(29.5 * 86_400),
    "foreign": lambda case: case.foreign(count=2),
    "foreign and slow": lambda case: case.foreign(email="slow@example.com"),
    "other row": lambda case: _send(case, "R2"),
    "forward": lambda case: _jump(case, 1),
    "back": lambda case: _jump(case, -1),
    "reboot": lambda case: setattr(case.clock, "boot", case.clock.boot + "+"),
}


def _few(steps: Iterable[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(steps)), max_size=2)


@st.composite
def tales(draw: st.DrawFn) -> Tale:
    switches: dict[str, Any] = {
        "list_order": draw(st.sampled_from(["newest", "oldest"])),
        "list_end": draw(st.sampled_from(["empty_page", "null_cursor"])),
        "list_lag_s": draw(st.sampled_from([0, 0, 60, 800])),
        "get_lag_s": draw(st.sampled_from([0, 0, 60])),
        "failed_shape": draw(st.sampled_from(["bare", "full"])),
    }
    first, rest = draw(st.sampled_from(FAULTS)), draw(st.sampled_from((*FAULTS, *STORED, *STORED, *STORED)))
    switches[first] = [1]
    switches[rest] = [*switches.get(rest, []), *range(2, 9)]
    who = st.sampled_from(["jo", "slow", "stuck", "fail", "late"])
    made = st.builds(Elsewhere, st.sampled_from([1, 2, 32]), st.sampled_from(["main", "old-name"]))
    return Tale(
        email=f"{draw(who)}@example.com",
        elsewhere=draw(st.none() | st.none() | made),
        switches=switches,
        page_size=draw(st.sampled_from([1, 3, 500])),
        steps=[
            *draw(_few(STEPS)),
            *draw(st.sampled_from([["ask until stored"], ["send", "a month"], ["send", "send"]])),
            *draw(_few(STEPS)),
            *draw(st.sampled_from([["read twice"], ["read", "a quarter", "read"], ["read too soon"]])),
            *draw(_few(STEPS)),
            "read",
        ],
    )


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(tale=tales())
def test_no_row_whose_order_exists_is_ever_held_to_be_absent(
    tmp_path_factory: pytest.TempPathFactory, tale: Tale
) -> None:
    _live(tmp_path_factory.mktemp("case"), tale)


def _live(folder: Path, tale: Tale) -> None:
    row = payout("R1", email=tale.email)
    with Case(folder, page_size=tale.page_size, **tale.switches) as case:
        if tale.elsewhere is not None and tale.email.startswith(("jo", "fail", "late")):
            case.sandbox.change({name: [] for name in FAULTS if name in tale.switches})
            case.order_elsewhere(row, number=tale.elsewhere.number, account=tale.elsewhere.account)
            case.wait(60)
            case.sandbox.change(tale.switches)
        case.confirm(row, OTHER)
        for step in tale.steps:
            STEPS[step](case)
            if not step.startswith("read"):
                continue
            case.settle()
            if any(one.state is State.ABSENT for one in case.book.row("R1").attempts):
                event("proven absent")
                assert case.live_orders_of(row) == []
                return
