"""Whatever is planned under whatever limits: above them, nothing is confirmed that nobody else has approved."""

from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from batcher.assembly import Office, Surroundings
from batcher.errors import NotApproved
from batcher.planning import Choices
from batcher.roles import Role
from batcher.settings import Settings
from tests.payouts import payout, sheet
from tests.people.hall import PASSWORD, quick

KEY = SecretStr("xx.no-key")
CURRENCIES = st.sampled_from(["GBP", "EUR", "USD"])
AMOUNTS = st.decimals("0.01", 5000, places=2)
LIMITS = st.dictionaries(CURRENCIES, st.decimals(0, 9000, places=2), max_size=3)
PAYOUTS = st.lists(st.tuples(CURRENCIES, AMOUNTS), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger with three users."""
    path: Path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    url = f"sqlite:///{path}"
    with office(url, {}) as first:
        for name, role in [("pat", Role.PREPARER), ("ann", Role.APPROVER), ("bob", Role.APPROVER)]:
            first.people.add(name, role, PASSWORD, by="root", now=first.now)
    return url


def office(url: str, limits: dict[str, Decimal]) -> Office:
    above = [f"{currency} {amount}" for currency, amount in limits.items()]
    chosen = Settings(ledger={"url": url}, approval={"above": above})  # type: ignore[arg-type]
    return Office(chosen, Surroundings(passwords=quick))


NUMBERS = count()


@given(limits=LIMITS, paid=PAYOUTS, preparer=st.sampled_from(["pat", "ann"]), approver=st.sampled_from(["ann", "bob"]))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_plan_above_a_limit_is_confirmed_with_somebody_elses_approval_or_not_at_all(
    url: str, limits: dict[str, Decimal], paid: list[tuple[str, Decimal]], preparer: str, approver: str
) -> None:
    number = next(NUMBERS)
    batch, digest = f"b{number}", f"{number:064x}"
    payouts = [payout(f"R{place}", str(amount), currency=currency) for place, (currency, amount) in enumerate(paid)]
    sums = {currency: sum(amount for one, amount in paid if one == currency) for currency, _ in paid}
    needed = bool(limits) and any(total > limits.get(currency, Decimal(0)) for currency, total in sums.items())
    with office(url, limits) as desk:
        # Another address in each batch: that nobody is paid twice is another story.
        plan = desk.plan(sheet(*payouts), batch, Choices(pay_again=frozenset(one.reference or "" for one in payouts)))
        assert plan.problems == ()

        def confirmed(sealed: str | None) -> bool:
            try:
                desk.confirm(plan, KEY, sealed=sealed)
            except NotApproved:
                assert desk.batch(batch).rows == ()
                return False
            assert len(desk.batch(batch).rows) == len(payouts)
            return True

        if not needed:
            assert confirmed(None)
            return
        assert not confirmed(None)
        assert not confirmed(digest)
        desk.approvals.prepare(digest, batch=batch, totals=plan.sends_total, by=preparer, now=desk.now)
        assert not confirmed(digest)
        try:
            desk.approvals.approve(digest, by=approver, now=desk.now)
        except NotApproved:
            assert approver == preparer
            assert not confirmed(digest)
            return
        assert approver != preparer
        assert not confirmed(None)
        assert confirmed(digest)
        with pytest.raises(NotApproved):
            desk.confirm(plan, KEY, sealed=digest)
