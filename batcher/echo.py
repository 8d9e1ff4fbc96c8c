"""The echo: does the order that the API reports say what the row says? Only a contradiction counts, never silence."""

from collections.abc import Iterable

from batcher import keys
from batcher.model import Distribution, Order, Payout, Remains

_SAYS_NOTHING = {None, "", "UNKNOWN"}


def contradictions(payout: Payout, *, key: str, order: Order) -> tuple[str, ...]:
    """The names of the fields in which `order` contradicts the row, in a fixed order; empty is agreement.

    What the order leaves out, or reports as `UNKNOWN`, proves nothing. Values are not repeated: they may be wrong
    because they are somebody else's.
    """
    return tuple(name for name, agrees in _comparisons(payout, key, order) if not agrees)


def _comparisons(payout: Payout, key: str, order: Order) -> Iterable[tuple[str, bool]]:
    yield "amount", order.amount is None or order.amount == payout.amount
    yield "currency", _same(payout.currency, order.currency)
    yield "distribution", _same(payout.distribution.value, order.distribution)
    if payout.distribution is Distribution.PAYOUT_LINK:
        # A link that was made for somebody is nobody else's.
        yield "recipient", order.link_mark in _SAYS_NOTHING | {keys.link_mark(payout)}
    elif payout.remains is not None:
        yield "recipient", _was_to(payout.remains, order)
    else:
        yield "recipient", _same(payout.email, order.email)
    if payout.distribution is Distribution.RECIPIENT and payout.remains is None:
        yield "recipient reference", order.recipient_reference in _SAYS_NOTHING | {payout.recipient_reference}
    yield "products", _folded(order.products or ()) in (set(), _folded(payout.products))
    yield "idempotency key", _same(key, order.key)
    yield "number of items", order.item_count in (None, 1)


def _was_to(remains: Remains, order: Order) -> bool:
    """Whether the order is to the recipient that was purged: by the address, else by the recipient's reference."""
    told = [word.strip() for word in (order.email, order.recipient_reference) if word not in _SAYS_NOTHING and word]
    digests = {keys.recipient_digest_of(one) for word in told for one in (word, word.casefold())}
    return not told or remains.recipient_digest in digests


def _same(ours: str | None, theirs: str | None) -> bool:
    return theirs in _SAYS_NOTHING or (ours or "").casefold() == (theirs or "").strip().casefold()


def _folded(products: tuple[str, ...]) -> set[str]:
    return {product.casefold() for product in products if product not in _SAYS_NOTHING}
