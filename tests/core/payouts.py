"""Payouts as the pure core gets them: one that tests vary, and strategies that draw any."""

import unicodedata
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from batcher.keys import normalised_reference
from batcher.model import Distribution, Payout

UNHURRIED = settings(deadline=None)
"""A busy machine may take its time over one example."""

ANN = Payout(
    reference="A-1",
    amount=Decimal("10.00"),
    currency="GBP",
    products=("AMZ-GB",),
    distribution=Distribution.EMAIL,
    email="ann@example.com",
    recipient_reference=None,
    template=None,
)

MINOR_UNITS = {"GBP": 2, "EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
"""Written down here, so that the tests don't ask the code under test."""

_SMALL = "abcdefghijklmnopqrstuvwxyz0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + _SMALL

batch_names = st.builds("{}{}".format, st.sampled_from(_SMALL), st.text(f"{_SMALL}._-", max_size=39))
accounts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30)
typed_references = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60).filter(
    str.strip
)
references = typed_references.map(normalised_reference)
emails = st.builds(
    "{}@{}.{}".format,
    st.text(f"{_LETTERS}ßéΣ.+-", min_size=1, max_size=12),
    st.text(f"{_SMALL}é", min_size=1, max_size=8),
    st.sampled_from(["com", "test"]),
)
codes = st.builds("{}-{}".format, st.text(_LETTERS, min_size=3, max_size=6), st.text(_LETTERS, min_size=2, max_size=2))
product_lists = st.one_of(
    st.lists(codes, min_size=1, max_size=4, unique_by=str.casefold).map(lambda some: tuple(sorted(some))),
    st.text(_LETTERS, min_size=1, max_size=8).map(lambda name: (f"PT-{name}",)),
)
recipient_references = st.text(f"{_LETTERS}_@.-", min_size=1, max_size=20)
templates = st.text(f"{_LETTERS}_.-", min_size=1, max_size=20)


def _amounts(places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1, 10**11).map(lambda minor: Decimal(minor).scaleb(-places))


amounts = {currency: _amounts(places) for currency, places in MINOR_UNITS.items()}
"""Amounts with exactly the currency's decimals."""

currencies = st.sampled_from(sorted(MINOR_UNITS))
distributions = st.sampled_from(Distribution)
any_reference = st.none() | references
any_email = st.none() | emails
any_template = st.none() | templates


@st.composite
def payouts(draw: st.DrawFn, references: st.SearchStrategy[str | None] = any_reference) -> Payout:
    """Any payout that a sheet can ask for."""
    currency = draw(currencies)
    distribution = draw(distributions)
    reference = draw(references)
    is_link = distribution is Distribution.PAYOUT_LINK
    nameless_link = is_link and reference is None
    return Payout(
        reference=reference,
        amount=draw(amounts[currency]),
        currency=currency,
        products=draw(product_lists),
        distribution=distribution,
        email=draw(any_email) if is_link and not nameless_link else draw(emails),
        recipient_reference=draw(recipient_references) if distribution is Distribution.RECIPIENT else None,
        template=draw(any_template),
    )


def decomposed(text: str) -> str:
    """The same text as some keyboards and file systems write it."""
    return unicodedata.normalize("NFD", text)
