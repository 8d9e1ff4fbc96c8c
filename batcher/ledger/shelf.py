"""What was read of Runa's order list and balances, kept as evidence."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from batcher.evidence import Frontier, KeptOrder, ListReading, Walk
from batcher.ledger.place import write_failed
from batcher.ledger.tables import attempts, balances, list_readings, listed_orders, sends
from batcher.ledger.whose import is_in
from batcher.ledger.writing import environment_id
from batcher.model import Environment, Instant

_TOLD = [
    listed_orders.c[name]
    for name in ("status", "description", "key", "currency", "price", "told_all", "last_reading_id")
]
"""What a later reading may say anew of an order."""


class Shelf:
    """The readings of each environment. Keeping one more changes nothing about any payment."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, environment: Environment, walk: Walk, *, known: frozenset[str], last_send_id: int) -> ListReading:
        """Keep one walk through the list, whole or not at all. Raises `OwnFault` where it cannot be written.

        `known` are the orders that the ledger had when it began, `last_send_id` its newest send then.
        """
        try:
            with self._engine.begin() as connection:
                return _keep(connection, environment, walk, known, last_send_id)
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    def readings(self, environment: Environment) -> list[ListReading]:
        """All readings of an environment, oldest first."""
        with self._engine.connect() as connection:
            query = select(list_readings).where(is_in(list_readings, environment)).order_by(list_readings.c.id)
            return [_reading(found) for found in connection.execute(query)]

    def orders(self, environment: Environment) -> dict[str, KeptOrder]:
        """Every order that any reading has shown, by id."""
        with self._engine.connect() as connection:
            return _kept(connection, environment)

    def frontier(self, environment: Environment) -> Frontier | None:
        """Where the newest complete reading ended, if a later one can go on there."""
        query = (
            select(list_readings.c.frontier)
            .where(is_in(list_readings, environment), list_readings.c.why_incomplete == "")
            .order_by(list_readings.c.id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            found: dict[str, Any] | None = connection.scalar(query)
        if found is None:
            return None
        return Frontier(
            head=found["head"],
            head_ids=frozenset(found["head_ids"]),
            tail=found["tail"],
            tail_ids=frozenset(found["tail_ids"]),
            proven=found.get("proven", False),
        )

    def known_orders(self, environment: Environment, *, since: datetime | None = None) -> frozenset[str]:
        """The ids of all orders that an attempt has; of those accepted `since` then, where that is said."""
        query = select(attempts.c.order_id).where(is_in(attempts, environment), attempts.c.order_id.is_not(None))
        if since is not None:
            query = query.where(attempts.c.accepted_at >= since)
        with self._engine.connect() as connection:
            return frozenset(order_id for order_id in connection.scalars(query) if order_id is not None)

    def last_send_id(self) -> int:
        """The newest send of any batch, or 0."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.max(sends.c.id))) or 0

    def keep_balances(self, environment: Environment, read: Mapping[str, Decimal], now: datetime) -> None:
        """Keep what the account held. Raises `OwnFault` where it cannot be written."""
        try:
            with self._engine.begin() as connection:
                place = environment_id(connection, environment)
                rows = [
                    {"environment_id": place, "read_at": now, "currency": currency, "amount": amount}
                    for currency, amount in read.items()
                ]
                if rows:
                    connection.execute(insert(balances), rows)
        except SQLAlchemyError as error:
            raise write_failed(error) from error


def _keep(
    connection: Connection, environment: Environment, walk: Walk, known: frozenset[str], last_send_id: int
) -> ListReading:
    place = environment_id(connection, environment)
    before = _kept(connection, environment)
    held = set(walk.orders) if walk.whole else {*walk.orders, *before}
    reading = ListReading(
        id=0,
        began=walk.began,
        ended=walk.ended,
        began_server_at=walk.began_server_at,
        ended_server_at=walk.ended_server_at,
        last_send_id=last_send_id,
        pages=walk.pages,
        whole=walk.whole,
        why_incomplete=walk.why_incomplete,
        missing=frozenset() if walk.why_incomplete else known - held,
    )
    values = _values(reading, place, walk.frontier)
    key = connection.execute(insert(list_readings).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101 - every table here has one
    reading_id = int(key[0])
    _keep_orders(connection, place, before, walk, reading_id)
    return _reading(connection.execute(select(list_readings).where(list_readings.c.id == reading_id)).one())


def _values(reading: ListReading, place: int, frontier: Frontier | None) -> dict[str, Any]:
    stored = None
    if frontier is not None:
        stored = asdict(frontier) | {"head_ids": sorted(frontier.head_ids), "tail_ids": sorted(frontier.tail_ids)}
    return {
        "environment_id": place,
        "began_at": reading.began.at,
        "ended_at": reading.ended.at,
        "began_monotonic_s": reading.began.monotonic_s,
        "ended_monotonic_s": reading.ended.monotonic_s,
        "boot": reading.began.boot,
        "began_server_at": reading.began_server_at,
        "ended_server_at": reading.ended_server_at,
        "last_send_id": reading.last_send_id,
        "pages": reading.pages,
        "whole": reading.whole,
        "why_incomplete": reading.why_incomplete,
        "missing": sorted(reading.missing),
        "frontier": stored,
    }


def _keep_orders(
    connection: Connection, place: int, before: Mapping[str, KeptOrder], walk: Walk, reading_id: int
) -> None:
    new, seen = [], []
    for order_id, order in walk.orders.items():
        old = before.get(order_id)
        values: dict[str, Any] = {
            "status": order.status,
            # What was told once stays told: a page may be of an older moment than a reading by id.
            "description": (old.description if old else None) or order.description,
            "key": order.key or (old.key if old else None),
            "currency": order.currency or (old.currency if old else None),
            "price": order.price if order.price is not None else (old.price if old else None),
            "told_all": order_id in walk.told_all or (old is not None and old.told_all),
            "last_reading_id": reading_id,
        }
        if old is None:
            new.append(
                values
                | {
                    "environment_id": place,
                    "order_id": order_id,
                    "first_seen_at": walk.began.at,
                    "first_reading_id": reading_id,
                }
            )
        else:
            seen.append({"its_id": order_id, **{f"its_{name}": value for name, value in values.items()}})
    if new:
        connection.execute(insert(listed_orders), new)
    if seen:
        anew = {column: bindparam(f"its_{column.name}", type_=column.type) for column in _TOLD}
        here = (listed_orders.c.environment_id == place, listed_orders.c.order_id == bindparam("its_id"))
        connection.execute(update(listed_orders).where(*here).values(anew), seen)


def _kept(connection: Connection, environment: Environment) -> dict[str, KeptOrder]:
    query = select(listed_orders).where(is_in(listed_orders, environment)).order_by(listed_orders.c.id)
    return {
        found.order_id: KeptOrder(
            order_id=found.order_id,
            status=found.status,
            description=found.description,
            key=found.key,
            currency=found.currency,
            price=found.price,
            told_all=found.told_all,
            first_seen_at=found.first_seen_at,
            first_reading=found.first_reading_id,
            last_reading=found.last_reading_id,
        )
        for found in connection.execute(query)
    }


def _reading(found: Row[Any]) -> ListReading:
    return ListReading(
        id=found.id,
        began=Instant(at=found.began_at, monotonic_s=found.began_monotonic_s, boot=found.boot),
        ended=Instant(at=found.ended_at, monotonic_s=found.ended_monotonic_s, boot=found.boot),
        began_server_at=found.began_server_at,
        ended_server_at=found.ended_server_at,
        last_send_id=found.last_send_id,
        pages=found.pages,
        whole=found.whole,
        why_incomplete=found.why_incomplete,
        missing=frozenset(found.missing),
    )
