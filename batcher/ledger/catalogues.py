"""Runa's catalogue as it was read last, one for each environment. Amounts are kept as text."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from batcher.ledger.tables import catalogues, environments
from batcher.ledger.whose import is_of
from batcher.ledger.writing import environment_id
from batcher.model import Environment, Product
from batcher.records import Catalogue


def keep(connection: Connection, environment: Environment, products: Iterable[Product], now: datetime) -> None:
    """Put this catalogue in the place of the one before."""
    place = environment_id(connection, environment)
    values = {"read_at": now, "products": [_as_json(product) for product in products]}
    known = connection.scalar(select(catalogues.c.id).where(catalogues.c.environment_id == place))
    if known is None:
        connection.execute(insert(catalogues).values(environment_id=place, **values))
    else:
        connection.execute(update(catalogues).where(catalogues.c.id == known).values(**values))


def kept(connection: Connection, environment: Environment) -> Catalogue | None:
    """The catalogue of the environment; `None` where none was ever read."""
    query = select(catalogues.c.read_at, catalogues.c.products).join(environments).where(is_of(environment))
    found = connection.execute(query).one_or_none()
    if found is None:
        return None
    products = [_from_json(product) for product in found.products]
    return Catalogue(read_at=found.read_at, products={product.code.casefold(): product for product in products})


def _as_json(product: Product) -> dict[str, Any]:
    return {
        "code": product.code,
        "name": product.name,
        "currency": product.currency,
        "orderable": product.orderable,
        "state": product.state,
        "minimum": _text(product.minimum),
        "maximum": _text(product.maximum),
        "fixed": [_text(value) for value in product.fixed],
    }


def _from_json(product: Mapping[str, Any]) -> Product:
    return Product(
        code=product["code"],
        name=product["name"],
        currency=product["currency"],
        orderable=product["orderable"],
        state=product["state"],
        minimum=_amount(product["minimum"]),
        maximum=_amount(product["maximum"]),
        fixed=tuple(Decimal(value) for value in product["fixed"]),
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
