"""Nobody approves what they prepared, whatever happens in whatever order; and an approval is used once."""

import hashlib
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from batcher.approval import Approval, Stage, above, why_not_use
from batcher.errors import BatcherError, NotApproved, UsageError
from batcher.roles import Right, Role, User, may
from tests.payouts import ENVIRONMENT, NOW
from tests.people.hall import PASSWORD, PLAN, ROLES, TOTALS, Hall

PLANS = [hashlib.sha256(name.encode()).hexdigest() for name in ("one", "two")]


def test_a_plan_is_prepared_by_one_and_approved_by_another_and_carried_out_once(hall: Hall) -> None:
    assert hall.approvals.of(PLAN) is None
    assert hall.prepare("pat").stage is Stage.WAITING
    assert [one.plan for one in hall.approvals.waiting()] == [PLAN]
    assert hall.approve("ann").stage is Stage.APPROVED
    assert hall.approvals.waiting() == []
    assert [one.plan for one in hall.approvals.approved()] == [PLAN]
    assert hall.approvals.closed(first=0, most=1) == ([], False)
    told = hall.use()
    assert hall.approvals.approved() == []
    assert (told["prepared_by"], told["approved_by"]) == ("pat", "ann")
    found = hall.approvals.of(PLAN)
    assert found is not None
    assert (found.stage, found.totals, found.batch) == (Stage.USED, TOTALS, "nov")
    with pytest.raises(NotApproved, match="used already"):
        hall.use()


def test_plans_that_are_over_come_the_last_first_some_at_a_time(hall: Hall) -> None:
    for number, plan in enumerate(PLANS):
        hall.approvals.prepare(plan, batch=f"b{number}", totals=TOTALS, by="pat", now=hall.now)
        hall.approvals.refuse(plan, by="ann", reason="no", now=hall.now)
    pages = [hall.approvals.closed(first=first, most=1) for first in (0, 1)]
    assert [([one.plan for one in found], more) for found, more in pages] == [([PLANS[1]], True), ([PLANS[0]], False)]
    assert hall.approvals.approved() == []


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("pat", "pat is a preparer, and may not approve"),
        ("vic", "vic is a viewer, and may not approve"),
        ("bob", "bob prepared this plan; another person approves it."),
    ],
)
def test_who_may_not_approve(hall: Hall, by: str, words: str) -> None:
    hall.prepare("bob")
    with pytest.raises(NotApproved, match=words):
        hall.approve(by)
    with pytest.raises(NotApproved, match="Nobody has approved it yet"):
        hall.use()


def test_a_viewer_prepares_nothing(hall: Hall) -> None:
    with pytest.raises(NotApproved, match="vic is a viewer"):
        hall.prepare("vic")


def test_a_plan_that_nobody_has_prepared_cannot_be_approved(hall: Hall) -> None:
    with pytest.raises(NotApproved, match="Nobody has prepared this plan"):
        hall.approve("ann")


def test_who_prepares_the_same_plan_again_is_not_taken_for_another(hall: Hall) -> None:
    hall.prepare("pat")
    hall.prepare("pat")
    with pytest.raises(NotApproved, match="pat prepared this very plan already"):
        hall.prepare("bob")


def test_who_is_disabled_approves_nothing_and_what_they_approved_is_approved_no_longer(hall: Hall) -> None:
    hall.prepare("pat")
    hall.approve("ann")
    hall.people.disable("ann", by="root", now=hall.now)
    with pytest.raises(NotApproved, match="ann, who approved it, may not approve any more"):
        hall.use()
    with pytest.raises(NotApproved, match="ann is disabled"):
        hall.refuse("ann")


def test_an_approval_is_taken_back_by_refusing_it(hall: Hall) -> None:
    hall.prepare("pat")
    hall.approve("ann")
    hall.refuse("bob")
    with pytest.raises(NotApproved, match="bob refused it: the wrong month"):
        hall.use()
    with pytest.raises(NotApproved, match="seal a new one"):
        hall.approve("ann")


def test_a_refusal_needs_a_reason(hall: Hall) -> None:
    hall.prepare("pat")
    with pytest.raises(UsageError, match="needs a reason"):
        hall.approvals.refuse(PLAN, by="ann", reason=" ", now=hall.now)


def test_what_was_approved_is_the_sum_that_is_sent(hall: Hall) -> None:
    hall.prepare("pat")
    hall.approve("ann")
    for totals in ({"GBP": Decimal("12000.01")}, {"GBP": Decimal(12000), "EUR": Decimal(1)}, {}):
        with pytest.raises(NotApproved, match="something else than what was approved"):
            hall.use(totals=totals)
    with pytest.raises(NotApproved, match="for another batch"):
        hall.use(batch="december")
    hall.use(totals={"GBP": Decimal(12000)})


# Rules of their own

CURRENCIES = st.sampled_from(["GBP", "EUR", "USD"])
SUMS = st.dictionaries(CURRENCIES, st.decimals(0, 10**6, places=2))


@given(totals=SUMS, limits=SUMS)
def test_one_person_is_enough_for_what_lies_at_or_below_every_limit_and_for_nothing_else(
    totals: dict[str, Decimal], limits: dict[str, Decimal]
) -> None:
    enough = not limits or all(amount <= limits.get(currency, Decimal(0)) for currency, amount in totals.items())
    assert (above(totals, limits) == {}) is enough


@given(totals=SUMS, limits=SUMS, more=st.decimals("0.01", 10**6, places=2), currency=CURRENCIES)
def test_a_larger_plan_never_needs_less(
    totals: dict[str, Decimal], limits: dict[str, Decimal], more: Decimal, currency: str
) -> None:
    larger = totals | {currency: totals.get(currency, Decimal(0)) + more}
    assert above(totals, limits).keys() <= above(larger, limits).keys()


@given(
    approved=st.none() | st.booleans(),
    used=st.booleans(),
    preparer=st.sampled_from(["pat", "ann"]),
    role=st.sampled_from(Role),
    disabled=st.booleans(),
    same=st.booleans(),
)
def test_a_plan_is_carried_out_only_with_a_live_approval_of_somebody_else(
    approved: bool | None, used: bool, preparer: str, role: Role, disabled: bool, same: bool
) -> None:
    approval = Approval(
        plan=PLAN,
        environment=ENVIRONMENT,
        batch="nov",
        totals=TOTALS,
        prepared_by=preparer,
        prepared_at=NOW,
        approved=approved,
        decided_by=None if approved is None else "ann",
        decided_at=None if approved is None else NOW,
        used_at=NOW if used else None,
    )
    user = User(name="ann", role=role, created_at=NOW, created_by="root", disabled_at=NOW if disabled else None)
    fine = approved is True and not used and preparer != "ann" and may(role, Right.APPROVE) and not disabled and same
    assert (why_not_use(approval, user, TOTALS if same else {}) == "") is fine


class AnyOrder(RuleBasedStateMachine):
    """Everybody tries everything, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.hall = Hall(Path(self.folder.name)).fill()
        self.prepared: dict[str, str] = {}
        self.used: list[str] = []

    def teardown(self) -> None:
        self.hall.__exit__(None, None, None)
        self.folder.cleanup()

    @rule(by=st.sampled_from([*ROLES]), plan=st.sampled_from(PLANS))
    def prepare(self, by: str, plan: str) -> None:
        try:
            self.hall.prepare(by, plan)
        except NotApproved:
            return
        # Whoever comes second is told so.
        assert self.prepared.setdefault(plan, by) == by

    @rule(by=st.sampled_from([*ROLES]), plan=st.sampled_from(PLANS))
    def approve(self, by: str, plan: str) -> None:
        try:
            self.hall.approve(by, plan)
        except NotApproved:
            return
        assert ROLES[by] is Role.APPROVER
        assert self.prepared[plan] != by
        assert plan not in self.used

    @rule(by=st.sampled_from([*ROLES]), plan=st.sampled_from(PLANS))
    def refuse(self, by: str, plan: str) -> None:
        try:
            self.hall.refuse(by, plan)
        except NotApproved:
            return
        assert ROLES[by] is Role.APPROVER

    @rule(name=st.sampled_from([*ROLES]))
    def disable(self, name: str) -> None:
        try:
            self.hall.people.disable(name, by="root", now=self.hall.now)
        except UsageError:
            return

    @rule(name=st.sampled_from([*ROLES, "eve"]))
    def add(self, name: str) -> None:
        try:
            self.hall.people.add(name, Role.VIEWER, PASSWORD, by="root", now=self.hall.now)
        except UsageError:
            return
        assert name == "eve"

    @rule(plan=st.sampled_from(PLANS))
    def use(self, plan: str) -> None:
        before = self.hall.approvals.of(plan)
        try:
            told = self.hall.use(plan)
        except NotApproved:
            return
        assert plan not in self.used
        assert before is not None
        assert before.stage is Stage.APPROVED
        assert told["approved_by"] != self.prepared[plan]
        approver = self.hall.people.user(told["approved_by"])
        assert approver is not None
        assert approver.may(Right.APPROVE)
        self.used.append(plan)

    @invariant()
    def the_chain_agrees(self) -> None:
        assert self.hall.ledger.read_register(ENVIRONMENT, "nov").discrepancies == ()


AnyOrder.TestCase.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyOrder = AnyOrder.TestCase


def test_every_refusal_is_one_of_batchers_own(hall: Hall) -> None:
    for call in (lambda: hall.approve("nobody"), lambda: hall.prepare("nobody"), lambda: hall.use("0" * 64)):
        with pytest.raises(BatcherError):
            call()
