"""From the body of `POST /order` to what it asks for, or to the reply that says what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batcher.sandbox import catalogue
from batcher.sandbox.message import Reply, refused

MOST_ITEMS = 200
MOST_ESTIMATED = 500
_REFERENCE = re.compile(r"[A-Za-z0-9\-_@.]{1,255}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_LARGEST = Decimal(10) ** 7


@dataclass(frozen=True, slots=True)
class AskedItem:
    """One payout that an order asks for."""

    face_value: Decimal
    """With two places."""
    codes: tuple[str, ...]
    """Product codes, or the one template id."""
    discount: Decimal
    """0.05 is five per cent."""
    distribution: Mapping[str, str]
    """`distribution_method` as it was sent."""
    products: Mapping[str, Any]
    """`products` as they were sent."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """The e-mail address and the recipient reference, where there are any."""
        return tuple(
            self.distribution[name] for name in ("email_address", "recipient_reference") if name in self.distribution
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a valid body asks for."""

    currency: str
    items: tuple[AskedItem, ...]
    description: str | None
    metadata: Mapping[str, str]


class _Wrong(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


def read_order(document: object, *, most_items: int = MOST_ITEMS) -> Asked | Reply:
    """What the body asks for, or the 400 or 422 that refuses it."""
    try:
        body = _object(document, [])
        currency = _payment_currency(body.get("payment_method"))
        raw_items = body.get("items")
        if not isinstance(raw_items, list) or not 1 <= len(raw_items) <= most_items:
            raise _invalid(f"between 1 and {most_items} items are needed", ["items"])
        items = tuple(_item(raw, ["items", at], currency) for at, raw in enumerate(raw_items))
        return Asked(currency, items, _description(body.get("description")), _metadata(body.get("metadata")))
    except _Wrong as wrong:
        return wrong.reply


def _invalid(message: str, location: list[str | int]) -> _Wrong:
    detail = {"type": "value_error", "message": message, "location": ["body", *location]}
    return _Wrong(refused(422, "validation_error", "The body of the request is not valid.", [detail]))


def _refused(kind: str, message: str) -> _Wrong:
    return _Wrong(refused(400, kind, message))


def _object(raw: object, location: list[str | int]) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise _invalid("an object is needed", location)
    return raw


def _text(raw: object, location: list[str | int], longest: int = 255) -> str:
    if not isinstance(raw, str) or not 1 <= len(raw) <= longest:
        raise _invalid(f"a text of 1 to {longest} characters is needed", location)
    return raw


def _payment_currency(raw: object) -> str:
    method = _object(raw, ["payment_method"])
    if method.get("type") != "ACCOUNT_BALANCE":
        raise _invalid("the type must be ACCOUNT_BALANCE", ["payment_method", "type"])
    currency = _text(method.get("currency"), ["payment_method", "currency"], 3)
    if currency not in {product.currency for product in catalogue.PRODUCTS}:
        raise _refused("payment_method_unavailable", f"There is no balance in {currency}.")
    return currency


def _item(raw: object, location: list[str | int], currency: str) -> AskedItem:
    item = _object(raw, location)
    distribution = _distribution(item.get("distribution_method"), [*location, "distribution_method"])
    products = _object(item.get("products"), [*location, "products"])
    face_value = _face_value(item.get("face_value"), [*location, "face_value"])
    if products.get("type") == "TEMPLATE":
        codes, discount = _template(products, face_value, [*location, "products"], currency)
    else:
        codes, discount = _products(products, face_value, [*location, "products"], currency)
    if (len(codes) > 1 or products["type"] == "TEMPLATE") and face_value % 1:
        raise _invalid("several products need a whole number", [*location, "face_value"])
    return AskedItem(face_value, codes, discount, distribution, products)


def _face_value(raw: object, location: list[str | int]) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise _invalid("a number is needed", location)
    if not Decimal("0.01") <= raw <= _LARGEST:
        raise _invalid("at least 0.01 is needed", location)
    value = Decimal(raw)
    rounded = value.quantize(Decimal("0.01"))
    if rounded != value:
        raise _invalid("at most two decimal places are possible", location)
    return rounded


def _distribution(raw: object, location: list[str | int]) -> Mapping[str, str]:
    method = _object(raw, location)
    kind = method.get("type")
    if kind not in ("EMAIL", "PAYOUT_LINK", "RECIPIENT"):
        raise _invalid("the type must be EMAIL, PAYOUT_LINK or RECIPIENT", [*location, "type"])
    if kind != "PAYOUT_LINK" and not _ADDRESS.fullmatch(str(method.get("email_address", ""))):
        raise _invalid("an e-mail address is needed", [*location, "email_address"])
    if kind == "RECIPIENT" and not _REFERENCE.fullmatch(str(method.get("recipient_reference", ""))):
        raise _invalid("a reference of A-Z a-z 0-9 - _ @ . is needed", [*location, "recipient_reference"])
    return {name: _text(value, [*location, name]) for name, value in method.items()}


def _products(
    products: Mapping[str, Any], face_value: Decimal, location: list[str | int], currency: str
) -> tuple[tuple[str, ...], Decimal]:
    if products.get("type") == "SINGLE":
        codes: tuple[str, ...] = (_text(products.get("value"), [*location, "value"]),)
    elif products.get("type") == "MULTIPLE":
        values = products.get("values")
        if not isinstance(values, list) or len(values) < 2:
            raise _invalid("two or more products are needed", [*location, "values"])
        codes = tuple(_text(value, [*location, "values", at]) for at, value in enumerate(values))
    else:
        raise _invalid("the type must be SINGLE, MULTIPLE or TEMPLATE", [*location, "type"])
    found = [_product(code, face_value, currency) for code in codes]
    return codes, min(product.discount for product in found)


def _product(code: str, face_value: Decimal, currency: str) -> catalogue.Product:
    product = catalogue.BY_CODE.get(code)
    if product is None:
        raise _refused("product_validation_error", f"There is no product {code}.")
    if not product.is_orderable:
        raise _refused("product_validation_error", f"{code} cannot be ordered.")
    if product.currency != currency:
        raise _refused("currency_mismatch", f"{code} is in {product.currency}, the payment in {currency}.")
    if not product.can_give(face_value):
        raise _refused("product_validation_error", f"{code} does not come at {face_value}.")
    return product


def _template(
    products: Mapping[str, Any], face_value: Decimal, location: list[str | int], currency: str
) -> tuple[tuple[str, ...], Decimal]:
    code = _text(products.get("template_id"), [*location, "template_id"])
    if code not in catalogue.TEMPLATES or face_value > catalogue.TEMPLATE_MAXIMUM:
        raise _refused("product_validation_error", f"The template {code} is unknown, or not for {face_value}.")
    if catalogue.TEMPLATES[code] != currency:
        raise _refused("currency_mismatch", f"{code} is in {catalogue.TEMPLATES[code]}, the payment in {currency}.")
    return (code,), Decimal(0)


def _description(raw: object) -> str | None:
    return None if raw is None else _text(raw, ["description"], 128)


def _metadata(raw: object) -> Mapping[str, str]:
    if raw is None:
        return {}
    pairs = _object(raw, ["metadata"])
    if len(pairs) > 20:
        raise _invalid("at most 20 pairs are possible", ["metadata"])
    for name, value in pairs.items():
        if not 1 <= len(name) <= 40 or not isinstance(value, str) or len(value) > 200:
            raise _invalid("names have at most 40 and values, which are texts, 200 characters", ["metadata", name])
    return pairs
