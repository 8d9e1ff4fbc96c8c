"""What the account holds, what it can buy, and what that costs: answers that a plan is checked against.

Money is read strictly: one balance or price that is no amount makes the whole answer unreadable. A product may be
strange in any field but its code, as nothing is held against a row for what the catalogue leaves out.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import simplejson

from batcher import keys
from batcher.model import Answer, Payout, Product
from batcher.runa import fields
from batcher.runa.reading import read_answer

MOST_ESTIMATED = 500
"""How many payouts one estimate takes."""


def read_balances(status: int, headers: Mapping[str, str], answer: bytes | None) -> Answer[Mapping[str, Decimal]]:
    """What each currency's balance holds, by its code in upper case."""
    return read_answer(status, headers, answer, _balances)


def read_products(status: int, headers: Mapping[str, str], answer: bytes | None) -> Answer[Sequence[Product]]:
    """The catalogue, in its own order."""
    return read_answer(status, headers, answer, _products)


def read_product(status: int, headers: Mapping[str, str], answer: bytes | None) -> Answer[Product]:
    """One product of the catalogue."""
    return read_answer(status, headers, answer, lambda content: _product(fields.mapping(content)))


def estimate_body(currency: str, payouts: Sequence[Payout]) -> bytes:
    """The request that asks what these payouts would cost, each item as its order would have it.

    Raises `ValueError` for none of them, or for more than `MOST_ESTIMATED`.
    """
    if not 1 <= len(payouts) <= MOST_ESTIMATED:
        raise ValueError(f"between 1 and {MOST_ESTIMATED} payouts can be estimated, not {len(payouts)}")
    request = {
        "items": [keys.item(payout) for payout in payouts],
        "payment_method": {"currency": currency, "type": "ACCOUNT_BALANCE"},
    }
    return simplejson.dumps(request, use_decimal=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def read_prices(
    status: int, headers: Mapping[str, str], answer: bytes | None, *, currency: str, payouts: Sequence[Payout]
) -> Answer[Sequence[Decimal]]:
    """The price of each payout, in their order. An answer about other payouts than these is unreadable."""

    def meaning(content: Any) -> Sequence[Decimal] | None:
        told = fields.mapping(content)
        items = told.get("items")
        if told.get("currency") not in (None, currency) or not isinstance(items, list) or len(items) != len(payouts):
            return None
        prices = [_price(fields.mapping(item), payout) for item, payout in zip(items, payouts, strict=True)]
        known = [price for price in prices if price is not None]
        return known if len(known) == len(prices) else None

    return read_answer(status, headers, answer, meaning)


def _price(item: Mapping[str, Any], payout: Payout) -> Decimal | None:
    """What the item costs, unless it is for another face value: nobody documents the order of the items."""
    price, face_value = fields.amount(item.get("price")), fields.amount(item.get("face_value"))
    is_ours = face_value in (None, payout.amount)
    return price if is_ours and price is not None and price >= 0 else None


def _balances(content: Any) -> Mapping[str, Decimal] | None:
    """From a list of balances, an object with that list, or a single balance."""
    rows = _listed(content, "balances", "items")
    if rows is None and "currency" in fields.mapping(content):
        rows = [content]
    if rows is None:
        return None
    balances: dict[str, Decimal] = {}
    for row in map(fields.mapping, rows):
        currency, held = fields.text(row.get("currency"), 10), fields.amount(row.get("balance"))
        # Of two balances in one currency, nobody could say which one pays.
        if currency is None or held is None or currency.upper() in balances:
            return None
        balances[currency.upper()] = held
    return balances


def _products(content: Any) -> Sequence[Product] | None:
    """What has no code cannot be ordered and is left out; where nothing has one, this is no catalogue."""
    rows = _listed(content, "catalog", "products", "items")
    if rows is None:
        return None
    products = [product for row in rows if (product := _product(fields.mapping(row))) is not None]
    return products if products or not rows else None


def _listed(content: Any, *names: str) -> list[Any] | None:
    """The list that the answer is, or has under the first of these names that holds one."""
    candidates = (content, *(fields.mapping(content).get(name) for name in names))
    return next((each for each in candidates if isinstance(each, list)), None)


def _product(content: Mapping[str, Any]) -> Product | None:
    code = fields.text(content.get("code"), 100)
    if code is None:
        return None
    orderable = content.get("is_orderable")
    denominations = fields.mapping(fields.mapping(content.get("gift_card")).get("denominations"))
    kind = denominations.get("type")
    return Product(
        code=code,
        name=fields.text(content.get("name"), 300) or "",
        currency=fields.text(content.get("currency"), 10),
        orderable=orderable if isinstance(orderable, bool) else None,
        state=fields.text(content.get("state"), 40),
        minimum=_face_value(denominations.get("minimum_value")) if kind == "open" else None,
        maximum=_face_value(denominations.get("maximum_value")) if kind == "open" else None,
        fixed=_fixed(denominations.get("available_list")) if kind == "fixed" else (),
    )


def _fixed(values: object) -> tuple[Decimal, ...]:
    """All of them, or none where one cannot be read: a row might ask for just that one."""
    listed = [_face_value(value) for value in values] if isinstance(values, list) else []
    known = tuple(value for value in listed if value is not None)
    return known if len(known) == len(listed) else ()


def _face_value(value: object) -> Decimal | None:
    amount = fields.amount(value)
    return amount if amount is not None and amount > 0 else None
