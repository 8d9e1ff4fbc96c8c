"""What a journal says of every entity, kept small: a number for each field in place of its value.

A batch of a million rows has tens of millions of fields, and hardly any of them ever differs. So the events and the
tables go by once, and only what may differ is looked at again, value by value (`batcher.ledger.verifying`).
"""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from batcher.ledger import chain
from batcher.ledger.tables import attempts, invalid_lines, plans, rows, sends
from batcher.ledger.together import as_it_lies
from batcher.states import UNSENT

COVERED: Mapping[str, Table] = {table.name: table for table in (plans, rows, attempts, sends, invalid_lines)}
"""The tables that the journal tells of."""

AT_ONCE = 1000
"""Lines that are read from the database in one go."""

Entity = tuple[str, Any]
"""A table, and an id in it."""

_NOTHING = hash(None)
"""What stands for a field that is empty, or was never told of."""


def _number(value: Any) -> int:
    """What stands for a value. Of texts only: nobody can make two with one hash, as each process draws its key."""
    if isinstance(value, str):
        return hash(value)
    return _NOTHING if value is None else hash(f"\0{value!r}")


def entities_of(batch_id: int) -> dict[str, Select[Any]]:
    """The queries for everything that lies in the tables for a batch; a send comes with the salt of its attempt."""
    lying = {name: as_it_lies(table) for name, table in COVERED.items()}
    of_rows = select(rows.c.id).where(rows.c.batch_id == batch_id)
    of_plans = select(plans.c.id).where(plans.c.batch_id == batch_id)
    tried, sent = lying["attempts"], lying["sends"]
    return {
        "plans": select(lying["plans"]).where(lying["plans"].c.batch_id == batch_id),
        "rows": select(lying["rows"]).where(lying["rows"].c.batch_id == batch_id),
        "attempts": select(tried).where(tried.c.row_id.in_(of_rows)),
        "sends": select(sent, tried.c.salt.label("salt"))
        .join(tried, tried.c.id == sent.c.attempt_id)
        .where(tried.c.row_id.in_(of_rows)),
        "invalid_lines": select(lying["invalid_lines"]).where(lying["invalid_lines"].c.plan_id.in_(of_plans)),
    }


def fields_of(table: str) -> list[str]:
    """The fields that an event may tell of."""
    return [column.name for column in COVERED[table].c if column.name not in ("id", "salt")]


def plain(value: Any) -> Any:
    """A field as an event would tell it, were it not personal."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def agrees(table: str, field: str, value: Any, salt: bytes | None, expected: Any) -> bool:
    """Whether a field is what an event says of it."""
    if field in chain.PERSONAL[table] and isinstance(expected, str) and expected.startswith("~"):
        return chain.commitment(salt, field, value) == expected
    return bool(plain(value) == expected)


class Heard:
    """The events of a batch, heard in their order."""

    def __init__(self, connection: Connection, batch_id: int) -> None:
        self._queries = entities_of(batch_id)
        self._tables = {name: _Numbers(connection, name, query) for name, query in self._queries.items()}
        self._state: dict[Any, Any] = {}
        self._row_of: dict[Any, Any] = {}
        self.suspects: set[Entity] = set()
        """What may not be as the events say."""
        self.plan_events: list[int] = []
        self.last_events: dict[int, int] = {}
        """For each row, the number of the last event that tells of it."""

    def state(self, attempt_id: Any) -> Any:
        """Where the events have brought an attempt so far."""
        return self._state.get(attempt_id)

    def moved(self, attempt_id: Any, state: str, number: int) -> None:
        """An event says so of an attempt."""
        self._set("attempts", attempt_id, {"state": state}, number)

    def told(self, content: Mapping[str, Any], number: int) -> None:
        """What an event says has changed."""
        if content.get("plans"):
            self.plan_events.append(number)
            self._move_rows(content, number)
        for table in COVERED:
            for entity in content.get(table, ()):
                self._set(table, entity.get("id"), entity, number)

    def _move_rows(self, content: Mapping[str, Any], number: int) -> None:
        """A confirmed plan takes the rows that its file has, and what of them is not sent yet."""
        plan_id = content["plans"][0].get("id")
        here = {one for first, last in content.get("here", ()) for one in range(first, last + 1)}
        for row_id in here:
            self._set("rows", row_id, {"plan_id": plan_id}, number)
        if here:
            for attempt_id, row_id in self._row_of.items():
                if row_id in here and self._state.get(attempt_id) in UNSENT:
                    self._set("attempts", attempt_id, {"plan_id": plan_id}, number)

    def _set(self, table: str, entity_id: Any, fields: Mapping[str, Any], number: int) -> None:
        if not self._tables[table].set(entity_id, fields):
            self.suspects.add((table, entity_id))
        row = entity_id if table == "rows" else None
        if table == "attempts":
            if "state" in fields:
                self._state[entity_id] = _same(fields["state"])
            if "row_id" in fields:
                self._row_of[entity_id] = fields["row_id"]
            row = self._row_of.get(entity_id)
        if table == "sends":
            row = self._row_of.get(self._tables["sends"].attempt_of(entity_id, fields))
        if isinstance(row, int):
            self.last_events[row] = number

    def compare(self, connection: Connection) -> None:
        """Hold the tables against what was told; whatever differs is among the suspects then."""
        for name, query in self._queries.items():
            numbers = self._tables[name]
            for entity in streamed(connection, query):
                if not numbers.takes(entity):
                    self.suspects.add((name, entity["id"]))
            self.suspects.update((name, lost) for lost in numbers.untaken())


class _Numbers:
    """Of one table: a number for each field of each entity that lies there."""

    def __init__(self, connection: Connection, table: str, query: Select[Any]) -> None:
        self._table = table
        self._fields = {name: place for place, name in enumerate(fields_of(table))}
        ids = query.subquery().c.id
        first, last, count = connection.execute(select(func.min(ids), func.max(ids), func.count(ids))).one()
        self._first, self._places = first or 0, {}
        span = 0 if not count else last - first + 1
        if span > 2 * count + AT_ONCE:
            # Many others lie between, or somebody has put one far away.
            self._places = {one: place for place, one in enumerate(connection.scalars(select(ids).order_by(ids)))}
            span = len(self._places)
        self._numbers = array("q", [_NOTHING]) * (span * len(self._fields))
        self._told = bytearray(span)
        self._attempts: dict[Any, Any] = {}

    def _place(self, entity_id: Any) -> int | None:
        if self._places:
            return self._places.get(entity_id)
        if not isinstance(entity_id, int) or not 0 <= entity_id - self._first < len(self._told):
            return None
        return entity_id - self._first

    def set(self, entity_id: Any, fields: Mapping[str, Any]) -> bool:
        """Note what an event says; whether that can be."""
        place = self._place(entity_id)
        if place is None:
            return False
        self._told[place] = True
        start = place * len(self._fields)
        for name, value in fields.items():
            if (at := self._fields.get(name)) is not None:
                self._numbers[start + at] = _number(value)
        return True

    def attempt_of(self, send_id: Any, fields: Mapping[str, Any]) -> Any:
        """The attempt that a send is of, by what was told."""
        if "attempt_id" in fields:
            self._attempts[send_id] = fields["attempt_id"]
        return self._attempts.get(send_id)

    def takes(self, entity: Mapping[str, Any]) -> bool:
        """Whether an entity is as the events say; it has been found then."""
        place = self._place(entity["id"])
        if place is None or not self._told[place]:
            return False
        self._told[place] = False
        start = place * len(self._fields)
        personal, salt = chain.PERSONAL[self._table], entity.get("salt")
        for name, at in self._fields.items():
            value = plain(entity[name])
            number = self._numbers[start + at]
            # A commitment that stands in its field's place does not count as the field.
            if _number(value) == number and not (name in personal and isinstance(value, str) and value[:1] == "~"):
                continue
            if name not in personal or _number(chain.commitment(salt, name, entity[name])) != number:
                return False
        return True

    def untaken(self) -> Iterator[Any]:
        """What was told of, and not found."""
        if self._places:
            return (one for one, place in self._places.items() if self._told[place])
        return (self._first + place for place, told in enumerate(self._told) if told)


def streamed(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """The lines of a query, of which only some are in memory at a time."""
    return iter(connection.execute(query, execution_options={"yield_per": AT_ONCE}).mappings())


_WORDS: dict[str, str] = {}


def _same(word: Any) -> Any:
    """A word that occurs often, kept once."""
    return _WORDS.setdefault(word, word) if isinstance(word, str) and len(_WORDS) < AT_ONCE else word
