"""The recipe made fast gives the bytes that the slow one gives: one other byte would pay somebody twice."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batcher import keys
from batcher.model import Payout
from tests.core import slow_recipe
from tests.core.payouts import UNHURRIED, accounts, batch_names, payouts, references

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
any_payouts = st.one_of(payouts(), payouts(references=references), payouts(references=st.none()))


@UNHURRIED
@given(st.lists(any_text, max_size=6))
def test_a_digest_is_that_of_the_slow_recipe(fields: list[str]) -> None:
    assert keys.digest(*fields) == slow_recipe.digest(*fields)


@UNHURRIED
@given(accounts, batch_names, any_text, st.integers(1, keys.MAX_ATTEMPTS))
def test_a_key_is_that_of_the_slow_recipe(account: str, batch: str, identity: str, attempt: int) -> None:
    said: dict[str, Any] = {"account": account, "batch": batch, "identity": identity, "attempt": attempt}
    assert keys.idempotency_key(**said) == slow_recipe.idempotency_key(**said)


@UNHURRIED
@given(any_text, any_text, any_payouts)
def test_a_body_has_the_bytes_of_the_slow_recipe(key: str, batch: str, payout: Payout) -> None:
    assert keys.body(key=key, batch=batch, payout=payout) == slow_recipe.body(key=key, batch=batch, payout=payout)
    assert keys.item(payout) == slow_recipe.item(payout)


@UNHURRIED
@given(any_payouts)
def test_what_tells_payouts_apart_is_that_of_the_slow_recipe(payout: Payout) -> None:
    assert keys.content_digest(payout) == slow_recipe.content_digest(payout)
    assert keys.twin_digest(payout) == slow_recipe.twin_digest(payout)
