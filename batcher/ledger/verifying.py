"""The journal computed again from its beginning, and held against what the tables say. Nothing here writes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from batcher import keys
from batcher.ledger import chain
from batcher.ledger.tables import attempts, invalid_lines, journal, plans, rows, sends
from batcher.ledger.together import as_it_lies
from batcher.records import Discrepancy, JournalReading
from batcher.states import TRANSITIONS, UNSENT

_COVERED: Mapping[str, Table] = {table.name: table for table in (plans, rows, attempts, sends, invalid_lines)}
_FIELDS_OF_EVENTS = ("attempt_id", "at", "from_state", "to_state", "why", "by", "content")

Entities = Mapping[str, Mapping[int, Mapping[str, Any]]]
"""By table and id: fields as they lie there."""


def read_journal(connection: Connection, batch_id: int) -> JournalReading:
    """Compute the chain of a batch again, and compare what it tells with the tables."""
    lying = as_it_lies(journal)
    events = connection.execute(select(lying).where(lying.c.batch_id == batch_id).order_by(lying.c.number)).all()
    found = _entities(connection, batch_id)
    names = _Names(found)
    told = _Told()
    broken: list[Discrepancy] = []
    touched: list[frozenset[int]] = []
    for event in events:
        broken += told.hear(event, names)
        touched.append(frozenset(told.rows_of_last))
    broken += _broken_links(events, chain.beginning_of(connection, batch_id), names)
    return JournalReading(
        digests=tuple(str(event.digest) for event in events),
        discrepancies=(*_by_place(broken), *_differences(told, found, names)),
        touched=tuple(touched),
        plan_events=frozenset(told.plan_events),
    )


def _by_place(broken: Iterable[Discrepancy]) -> Iterable[Discrepancy]:
    """One for each event, in their order; what names the field goes before what does not."""
    found: dict[int | None, Discrepancy] = {}
    for one in sorted(broken, key=lambda one: (one.event or 0, one.field is None)):
        found.setdefault(one.event, one)
    return found.values()


def _entities(connection: Connection, batch_id: int) -> dict[str, dict[int, dict[str, Any]]]:
    """Everything that lies in the tables for a batch."""
    lying = {name: as_it_lies(table) for name, table in _COVERED.items()}
    of_rows = select(rows.c.id).where(rows.c.batch_id == batch_id)
    of_attempts = select(attempts.c.id).where(attempts.c.row_id.in_(of_rows))
    of_plans = select(plans.c.id).where(plans.c.batch_id == batch_id)
    queries: dict[str, Select[Any]] = {
        "plans": select(lying["plans"]).where(lying["plans"].c.batch_id == batch_id),
        "rows": select(lying["rows"]).where(lying["rows"].c.batch_id == batch_id),
        "attempts": select(lying["attempts"]).where(lying["attempts"].c.row_id.in_(of_rows)),
        "sends": select(lying["sends"]).where(lying["sends"].c.attempt_id.in_(of_attempts)),
        "invalid_lines": select(lying["invalid_lines"]).where(lying["invalid_lines"].c.plan_id.in_(of_plans)),
    }
    return {
        name: {entity["id"]: dict(entity) for entity in connection.execute(query).mappings()}
        for name, query in queries.items()
    }


class _Names:
    """What people call what lies in the tables."""

    def __init__(self, found: Entities) -> None:
        self._found = found

    def row(self, row_id: int | None) -> str | None:
        row = self._found["rows"].get(row_id or 0)
        return None if row is None else keys.row_name(str(row["identity"]))

    def attempt(self, attempt_id: int | None) -> str | None:
        attempt = self._found["attempts"].get(attempt_id or 0)
        return None if attempt is None else self.row(attempt["row_id"])

    def of(self, table: str, entity: Mapping[str, Any]) -> tuple[str, str | None]:
        """What it is, and the name of its row."""
        if table == "plans":
            return "the plan", None
        if table == "invalid_lines":
            return f"the unreadable line {entity.get('line')}", None
        row = self.row(entity["id"]) if table == "rows" else None
        if table == "attempts":
            row = self.row(entity.get("row_id"))
        if table == "sends":
            row = self.attempt(entity.get("attempt_id"))
        what = {"rows": "", "attempts": f"attempt {entity.get('number')} of ", "sends": "a send of "}[table]
        return f"{what}{row or 'a row that is not there'}", row


class _Told:
    """What the events say of every entity, heard in their order."""

    def __init__(self) -> None:
        self.entities: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in _COVERED}
        self.told_by: dict[tuple[str, int, str], int] = {}
        """By table, id and field: the number of the event that set it last."""
        self.plan_events: list[int] = []
        self.rows_of_last: set[int] = set()

    def hear(self, event: Row[Any], names: _Names) -> Iterator[Discrepancy]:
        """Take in one event; gives what about it cannot be."""
        self.rows_of_last = set()
        content = _read(event.content)
        if content is None:
            yield _of_event(event, names, "content", "is no JSON of a journal")
            content = {}
        if event.to_state is not None:
            before = self.entities["attempts"].get(event.attempt_id, {}).get("state")
            if event.from_state != before:
                yield _of_event(event, names, "from_state", "does not follow from the event before")
            elif before is not None and event.to_state not in TRANSITIONS.get(before, ()):
                yield _of_event(event, names, "to_state", "never follows the state before it")
            self._set("attempts", event.attempt_id, {"state": event.to_state}, event.number)
        if content.get("plans"):
            self.plan_events.append(event.number)
            self._move_rows(content, event.number)
        for table in _COVERED:
            for entity in content.get(table, ()):
                self._set(table, entity.get("id"), entity, event.number)

    def _move_rows(self, content: Mapping[str, Any], number: int) -> None:
        """A confirmed plan takes the rows that its file has, and what of them is not sent yet."""
        plan_id = content["plans"][0].get("id")
        here = {one for first, last in content.get("here", ()) for one in range(first, last + 1)}
        for row_id in here:
            self._set("rows", row_id, {"plan_id": plan_id}, number)
        for attempt_id, attempt in self.entities["attempts"].items():
            if attempt.get("row_id") in here and attempt.get("state") in UNSENT:
                self._set("attempts", attempt_id, {"plan_id": plan_id}, number)

    def _set(self, table: str, entity_id: Any, fields: Mapping[str, Any], number: int) -> None:
        entity = self.entities[table].setdefault(entity_id, {"id": entity_id})
        entity.update(fields)
        for name in fields:
            self.told_by[table, entity_id, name] = number
        row = entity_id if table == "rows" else entity.get("row_id")
        if table == "sends":
            row = self.entities["attempts"].get(entity.get("attempt_id", 0), {}).get("row_id")
        if isinstance(row, int):
            self.rows_of_last.add(row)


def _read(content: object) -> dict[str, Any] | None:
    """An event's content, or `None` where it is none."""
    try:
        found = json.loads(str(content))
        lists = [found.get(table, []) for table in _COVERED]
        sound = all(isinstance(entity["id"], int) for entities in lists for entity in entities)
        here = [(int(first), int(last)) for first, last in found.get("here", ())]
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    return found if sound and all(last - first < _MOST_ROWS for first, last in here) else None


_MOST_ROWS = 10_000_000
"""Of one file: no changed digit makes this a loop without an end."""


def _of_event(event: Row[Any], names: _Names, field: str | None, message: str) -> Discrepancy:
    row = names.attempt(event.attempt_id)
    of = f" of {row}" if row is not None else ""
    what = "" if field is None else f", {field}"
    return Discrepancy(
        where=f"event {event.number}{of}{what}", message=message, event=event.number, row=row, field=field
    )


def _broken_links(events: Sequence[Row[Any]], begun: str, names: _Names) -> Iterator[Discrepancy]:
    """Where the chain does not hold: an event that is not as it was sealed, or one that is missing."""
    previous = begun
    for place, event in enumerate(events, start=1):
        if event.number != place:
            yield Discrepancy(where=f"event {place}", message="is missing from the journal", event=place)
            return
        computed = _digest(event, previous)
        if computed != event.digest:
            following = events[place] if place < len(events) else None
            if following is not None and _digest(following, computed) == following.digest:
                yield _of_event(event, names, "digest", "is not the digest of that event")
                previous = computed
                continue
            words = "is not as it was written: its time, its states, its words, its person or its content was changed"
            yield _of_event(event, names, None, words)
        previous = str(event.digest)


def _digest(event: Row[Any], previous: str) -> str:
    fields = {name: getattr(event, name) for name in _FIELDS_OF_EVENTS}
    return chain.event_digest(previous, number=event.number, **fields | {"content": str(event.content)})


def _differences(told: _Told, found: Entities, names: _Names) -> Iterator[Discrepancy]:
    """Where the tables are not as the events have left them."""
    for table, columns in _COVERED.items():
        fields = [column.name for column in columns.c if column.name not in ("id", "salt")]
        for entity_id, entity in found[table].items():
            what, row = names.of(table, entity)
            expected = told.entities[table].get(entity_id)
            if expected is None:
                yield Discrepancy(where=what, message="is in the ledger, and no event tells of it", row=row)
                continue
            agrees = _comparison(table, entity, _salt(table, entity, found))
            for field in fields:
                if agrees(field, expected.get(field)):
                    continue
                number = told.told_by.get((table, entity_id, field))
                yield Discrepancy(
                    where=f"{what}, {field}",
                    message="is not what " + (f"event {number} says" if number is not None else "the journal says"),
                    event=number,
                    row=row,
                    field=field,
                )
        for entity_id in told.entities[table].keys() - found[table].keys():
            what, row = names.of(table, told.entities[table][entity_id])
            yield Discrepancy(where=what, message="is in the journal, and the ledger has lost it", row=row)


def _salt(table: str, entity: Mapping[str, Any], found: Entities) -> bytes | None:
    if table == "sends":
        entity = found["attempts"].get(entity["attempt_id"], {})
    return entity.get("salt")


def _comparison(table: str, entity: Mapping[str, Any], salt: bytes | None) -> Callable[[str, Any], bool]:
    """Whether a field of an entity is what an event says of it."""

    def agrees(field: str, expected: Any) -> bool:
        value = entity[field]
        if field in chain.PERSONAL[table] and isinstance(expected, str) and expected.startswith("~"):
            return chain.commitment(salt, field, value) == expected
        plain = value.decode(errors="replace") if isinstance(value, bytes) else value
        return bool(plain == expected)

    return agrees
