"""The journal computed again from its beginning, and held against what the tables say. Nothing here writes.

Everything goes by once, some lines at a time. What may differ then is looked at again, value by value, for the words.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from batcher import keys
from batcher.ledger import chain
from batcher.ledger.heard import AT_ONCE, COVERED, Entity, Heard, agrees, entities_of, fields_of, streamed
from batcher.ledger.tables import attempts, journal, rows
from batcher.ledger.together import as_it_lies
from batcher.records import Digests, Discrepancy, JournalReading
from batcher.states import TRANSITIONS, UNSENT

_FIELDS_OF_EVENTS = ("attempt_id", "at", "from_state", "to_state", "why", "by", "content")

Event = Mapping[str, Any]
"""One line of the journal, as it lies there."""


def read_journal(connection: Connection, batch_id: int) -> JournalReading:
    """Compute the chain of a batch again, and compare what it tells with the tables."""
    names, heard, links = _Names(connection, batch_id), Heard(connection, batch_id), _Links(connection, batch_id)
    digests = Digests()
    broken: list[Discrepancy] = []
    for event, following in _with_following(_events(connection, batch_id)):
        digests.append(str(event["digest"]))
        broken += _hear(event, heard, names)
        broken += links.broken(event, following, names)
    heard.compare(connection)
    return JournalReading(
        digests=digests,
        discrepancies=(*_by_place(broken), *_Details(connection, batch_id, heard.suspects, names).differences()),
        last_events=heard.last_events,
        plan_events=frozenset(heard.plan_events),
    )


def _events(connection: Connection, batch_id: int) -> Iterator[Event]:
    lying = as_it_lies(journal)
    return streamed(connection, select(lying).where(lying.c.batch_id == batch_id).order_by(lying.c.number))


def _with_following(events: Iterator[Event]) -> Iterator[tuple[Event, Event | None]]:
    event = next(events, None)
    while event is not None:
        following = next(events, None)
        yield event, following
        event = following


def _by_place(broken: Iterable[Discrepancy]) -> Iterable[Discrepancy]:
    """One for each event, in their order; what names the field goes before what does not."""
    found: dict[int | None, Discrepancy] = {}
    for one in sorted(broken, key=lambda one: (one.event or 0, one.field is None)):
        found.setdefault(one.event, one)
    return found.values()


class _Names:
    """What people call what lies in the tables; asked for only where something is wrong."""

    def __init__(self, connection: Connection, batch_id: int) -> None:
        self._connection, self._batch_id = connection, batch_id

    def row(self, row_id: Any) -> str | None:
        lying = as_it_lies(rows)
        query = select(lying.c.identity).where(lying.c.id == _id(row_id), lying.c.batch_id == self._batch_id)
        identity = self._connection.scalar(query)
        return None if identity is None else keys.row_name(str(identity))

    def attempt(self, attempt_id: Any) -> str | None:
        lying = as_it_lies(attempts)
        return self.row(self._connection.scalar(select(lying.c.row_id).where(lying.c.id == _id(attempt_id))))

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


def _id(given: Any) -> int:
    """An id that a database takes; 0, which none has, for anything else."""
    return given if isinstance(given, int) and abs(given) < _MOST else 0


_MOST = 1 << 63


def _hear(event: Event, heard: Heard, names: _Names) -> Iterator[Discrepancy]:
    """Take in one event; gives what about it cannot be."""
    content = _read(event["content"])
    if content is None:
        yield _of_event(event, names, "content", "is no JSON of a journal")
        content = {}
    if event["to_state"] is not None:
        before = heard.state(event["attempt_id"])
        if event["from_state"] != before:
            yield _of_event(event, names, "from_state", "does not follow from the event before")
        elif before is not None and event["to_state"] not in TRANSITIONS.get(before, ()):
            yield _of_event(event, names, "to_state", "never follows the state before it")
        heard.moved(event["attempt_id"], event["to_state"], event["number"])
    heard.told(content, event["number"])


def _read(content: object) -> dict[str, Any] | None:
    """An event's content, or `None` where it is none."""
    try:
        found = json.loads(str(content))
        lists = [found.get(table, []) for table in COVERED]
        sound = all(isinstance(entity["id"], int) for entities in lists for entity in entities)
        here = [(int(first), int(last)) for first, last in found.get("here", ())]
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    return found if sound and all(last - first < _MOST_ROWS for first, last in here) else None


_MOST_ROWS = 10_000_000
"""Of one file: no changed digit makes this a loop without an end."""


def _of_event(event: Event, names: _Names, field: str | None, message: str) -> Discrepancy:
    number, row = event["number"], names.attempt(event["attempt_id"])
    of = f" of {row}" if row is not None else ""
    what = "" if field is None else f", {field}"
    return Discrepancy(where=f"event {number}{of}{what}", message=message, event=number, row=row, field=field)


class _Links:
    """Where the chain does not hold: an event that is not as it was sealed, or one that is missing."""

    def __init__(self, connection: Connection, batch_id: int) -> None:
        self._previous = chain.beginning_of(connection, batch_id)
        self._place = 0
        self._cut = False

    def broken(self, event: Event, following: Event | None, names: _Names) -> Iterator[Discrepancy]:
        """What is wrong with the next event, beside the one that follows it."""
        if self._cut:
            return
        self._place += 1
        if event["number"] != self._place:
            self._cut = True
            yield Discrepancy(where=f"event {self._place}", message="is missing from the journal", event=self._place)
            return
        computed = _digest(event, self._previous)
        self._previous = str(event["digest"])
        if computed == event["digest"]:
            return
        if following is not None and _digest(following, computed) == following["digest"]:
            self._previous = computed
            yield _of_event(event, names, "digest", "is not the digest of that event")
            return
        words = "is not as it was written: its time, its states, its words, its person or its content was changed"
        yield _of_event(event, names, None, words)


def _digest(event: Event, previous: str) -> str:
    fields = {name: event[name] for name in _FIELDS_OF_EVENTS}
    return chain.event_digest(previous, number=event["number"], **fields | {"content": str(event["content"])})


class _Details:
    """Where the tables are not as the events have left them: what is wrong with each suspect, if anything is."""

    def __init__(self, connection: Connection, batch_id: int, suspects: Collection[Entity], names: _Names) -> None:
        self._connection, self._batch_id, self._names = connection, batch_id, names
        self._suspects = suspects
        self._told: dict[str, dict[Any, dict[str, Any]]] = {name: {} for name in COVERED}
        self._told_by: dict[tuple[str, Any, str], int] = {}
        """By table, id and field: the number of the event that set it last."""

    def differences(self) -> Iterator[Discrepancy]:
        """Every field of them."""
        if not self._suspects:
            return
        for event in _events(self._connection, self._batch_id):
            self._hear(event)
        for table in COVERED:
            found = self._lying(table)
            for entity in found.values():
                yield from self._differences_of(table, entity)
            for entity_id in self._told[table].keys() - found.keys():
                what, row = self._names.of(table, self._told[table][entity_id])
                yield Discrepancy(where=what, message="is in the journal, and the ledger has lost it", row=row)

    def _lying(self, table: str) -> dict[int, Mapping[str, Any]]:
        query = entities_of(self._batch_id)[table].subquery()
        ids = sorted(_id(entity_id) for of, entity_id in self._suspects if of == table)
        found: dict[int, Mapping[str, Any]] = {}
        for start in range(0, len(ids), AT_ONCE):
            some = select(query).where(query.c.id.in_(ids[start : start + AT_ONCE])).order_by(query.c.id)
            found |= {entity["id"]: entity for entity in self._connection.execute(some).mappings()}
        return found

    def _differences_of(self, table: str, entity: Mapping[str, Any]) -> Iterator[Discrepancy]:
        what, row = self._names.of(table, entity)
        expected = self._told[table].get(entity["id"])
        if expected is None:
            yield Discrepancy(where=what, message="is in the ledger, and no event tells of it", row=row)
            return
        for field in fields_of(table):
            if agrees(table, field, entity[field], entity.get("salt"), expected.get(field)):
                continue
            number = self._told_by.get((table, entity["id"], field))
            yield Discrepancy(
                where=f"{what}, {field}",
                message="is not what " + (f"event {number} says" if number is not None else "the journal says"),
                event=number,
                row=row,
                field=field,
            )

    def _hear(self, event: Event) -> None:
        content, number = _read(event["content"]) or {}, event["number"]
        if event["to_state"] is not None:
            self._set("attempts", event["attempt_id"], {"state": event["to_state"]}, number)
        if content.get("plans"):
            self._move_rows(content, number)
        for table in COVERED:
            for entity in content.get(table, ()):
                self._set(table, entity.get("id"), entity, number)

    def _move_rows(self, content: Mapping[str, Any], number: int) -> None:
        plan_id = content["plans"][0].get("id")
        here = {one for first, last in content.get("here", ()) for one in range(first, last + 1)}
        for table, entity_id in self._suspects:
            told = self._told["attempts"].get(entity_id, {}) if table == "attempts" else {}
            unsent = told.get("row_id") in here and told.get("state") in UNSENT
            if unsent or (table == "rows" and entity_id in here):
                self._set(table, entity_id, {"plan_id": plan_id}, number)

    def _set(self, table: str, entity_id: Any, fields: Mapping[str, Any], number: int) -> None:
        if (table, entity_id) in self._suspects:
            self._told[table].setdefault(entity_id, {"id": entity_id}).update(fields)
            self._told_by |= {(table, entity_id, name): number for name in fields}
