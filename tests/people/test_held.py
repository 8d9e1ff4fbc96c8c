"""A schedule's plan above `[approval]`: what waits, and the yes and no to it, at the command line."""

from pathlib import Path

import pytest

from batcher.approval import Stage
from batcher.assembly import Office
from batcher.assembly.holding import Holding
from batcher.assembly.plans import Plans, plans_folder
from batcher.assembly.sheets import load_sheet
from batcher.errors import OwnFault
from batcher.planning import Choices
from batcher.settings import load_settings
from tests.cli.desk import Done, row
from tests.people.desk import Bench
from tests.people.hall import PASSWORD, Hall

BY = "schedule monthly"


@pytest.fixture
def two(bench: Bench) -> Bench:
    """Above GBP 10 it takes two: ann and bob approve, and a schedule has prepared a plan."""
    bench.settings = {"approval": {"above": ["GBP 10"]}}
    with Hall(bench.folder) as hall:
        hall.fill()
    settings = load_settings(bench.config(), {}, places=())
    with Office(settings) as office:
        held(office, bench.sheet([row("R1", "8.00"), row("R2", "4.00")]))
    return bench


def held(office: Office, path: Path, batch: str = "march") -> str:
    """Have a plan wait as a schedule has; its digest."""
    plan = office.plan(load_sheet(path, office.settings), batch, Choices())
    sealed = office.sealing.seal(plan, path, prepared_at=office.now, prepared_by=BY)
    assert Holding(office, Plans(plans_folder(office.settings))).hold(sealed)
    return sealed.digest


def waiting(bench: Bench) -> list[dict[str, str]]:
    found: list[dict[str, str]] = bench.batcher("approve", "--json").json["waiting"]
    return found


def decide(bench: Bench, plan: str, *flags: object, by: str = "ann") -> Done:
    return bench.batcher("approve", plan, "--as", by, "--yes", *bench.password(PASSWORD), *flags)


def test_what_waits_is_listed_and_approved_by_the_first_signs_of_its_digest(two: Bench) -> None:
    (one,) = waiting(two)
    assert (one["batch"], one["prepared_by"], one["stage"]) == ("march", BY, "waiting")
    assert two.batcher("approve").out.startswith(f"{one['plan'][:12]}  batch march  GBP 12.00  prepared by {BY} on ")
    done = decide(two, one["plan"][:12])
    assert done.code == 0
    assert "Sends 2 orders for GBP 12.00, from payouts.csv.\nPrepared by schedule monthly on " in done.err
    assert "The schedule monthly carries it out with its next look." in done.err
    assert waiting(two) == []
    assert "No plan waits" in two.batcher("approve").err
    assert two.posts() == 0


def test_a_schedules_plan_is_refused_with_a_reason(two: Bench) -> None:
    (one,) = waiting(two)
    assert decide(two, one["plan"][:8], "--refuse", "--reason", "the wrong month").code == 0
    assert waiting(two) == []
    assert decide(two, one["plan"][:8]).code == 2


@pytest.mark.parametrize(("by", "code"), [("pat", 8), ("vic", 8), ("bob", 0)])
def test_only_an_approver_approves_it(two: Bench, by: str, code: int) -> None:
    (one,) = waiting(two)
    assert decide(two, one["plan"][:12], by=by).code == code


def test_a_digest_that_no_plan_has_is_said(two: Bench) -> None:
    done = decide(two, "0" * 12)
    assert done.code == 2
    assert "No plan that waits or is approved begins with 000000000000." in done.err


def test_under_the_name_of_a_person_nothing_prepares_by_itself(two: Bench) -> None:
    with Hall(two.folder) as hall, pytest.raises(OwnFault):
        hall.approvals.prepare_by_itself("a" * 64, batch="nov", totals={}, by="ann", now=hall.now)


def test_a_schedule_withdraws_nothing_but_its_own_plans(two: Bench) -> None:
    with Hall(two.folder) as hall:
        hall.prepare()
        hall.approvals.withdraw(hall.prepare().plan, by=BY, reason="no", now=hall.now)
        approval = hall.approvals.of(hall.prepare().plan)
    assert approval is not None
    assert approval.stage is Stage.WAITING
