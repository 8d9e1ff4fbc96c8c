"""Sheets of inboxes above `[approval]`: their plans wait, are carried out once if approved, and only for their file."""

from pathlib import Path

import pytest

from tests.desk.shop import rows
from tests.inboxes.office import Clerk
from tests.inboxes.test_schedules import periods, schedule, until

LIMIT = ("GBP 1",)


@pytest.mark.parametrize("lost", [False, True], ids=["", "our copy lost"])
def test_once_approved_it_is_paid_once(tmp_path: Path, lost: bool) -> None:
    clerk = Clerk(tmp_path, approval=LIMIT)

    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 8
        if lost:
            clerk.lose_copies()
        clerk.decide()
        assert await clerk.run_due() == 0
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"march": 3}
    assert clerk.states() == [("march.csv", "ARCHIVED")]


@pytest.mark.parametrize("lost", [False, True], ids=["", "our copy lost"])
def test_a_period_s_sheet_is_paid_once_it_is_approved(tmp_path: Path, lost: bool) -> None:
    clerk = Clerk(tmp_path, approval=LIMIT)
    clerk.schedules = {"incentives": schedule()}

    async def story() -> None:
        await clerk.run_due()
        await until(clerk, 28)
        clerk.send("incentives-2026-03.csv")
        assert await clerk.run_due() == 8
        if lost:
            clerk.lose_copies()
        clerk.decide()
        await until(clerk, 28, 12)
        assert await clerk.run_due() == 0
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert clerk.paid() == {"monthly-2026-03": 3}
    assert clerk.states() == [("incentives-2026-03.csv", "ARCHIVED")]


@pytest.mark.parametrize("scheduled", [False, True])
def test_what_an_approver_refuses_is_put_aside_and_a_better_sheet_is_held_anew(tmp_path: Path, scheduled: bool) -> None:
    clerk = Clerk(tmp_path, approval=LIMIT)
    clerk.schedules = {"incentives": schedule()} if scheduled else {}

    async def story() -> None:
        await clerk.run_due()
        await until(clerk, 28)
        clerk.send("incentives-2026-03.csv")
        assert await clerk.run_due() == 8
        clerk.decide(reason="R2 has left.")
        await until(clerk, 28, 12)
        assert await clerk.run_due() == 8
        assert clerk.states() == [("incentives-2026-03.csv", "PUT_ASIDE")]
        assert b"R2 has left." in clerk.store.folders["rejected/incentives-2026-03.why.txt"]
        clerk.send("incentives-2026-03.csv", rows(2, start=7))
        await until(clerk, 28, 13)
        assert await clerk.run_due() == 8
        clerk.decide()
        await until(clerk, 28, 14)
        assert await clerk.run_due() == 0

    clerk.live(story())
    assert list(clerk.paid().values()) == [2]
    assert periods(clerk).get("2026-03", "DONE") == "DONE"


@pytest.mark.parametrize("moment", range(1, 9))
def test_an_approved_sheet_that_is_written_over_is_never_paid(tmp_path: Path, moment: int) -> None:
    """Whenever the process dies that leaves it: our copy of it may be here still."""
    clerk = Clerk(tmp_path, approval=LIMIT)

    async def story() -> None:
        clerk.send("march.csv")
        assert await clerk.run_due() == 8
        clerk.decide()
        clerk.send("march.csv", rows(2, start=10))
        await clerk.run_due(cut_at=moment)
        for _ in range(2):
            await clerk.later(minutes=20)
            await clerk.run_due()
        assert clerk.states() == [("march.csv", "WITHDRAWN"), ("march.csv", "HELD_FOR_APPROVAL")]

    clerk.live(story())
    assert clerk.paid() == {}
