"""A confirmed plan written into the ledger, whole: rows, withdrawals, and the key and exact body of each new attempt.

It runs inside a transaction that its caller holds.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from batcher import keys
from batcher.cycles import uncollected
from batcher.errors import OwnFault
from batcher.ledger import chain
from batcher.ledger.chain import SALT_BYTES, Event, Salts, commitment, kept, sealed
from batcher.ledger.tables import attempts, batches, invalid_lines, moment_text, plans, rows
from batcher.ledger.together import as_it_lies, inserting, list_text, updating
from batcher.ledger.writing import added, environment_id, find_or_add, move
from batcher.model import PlannedOrder
from batcher.records import Confirmation, RowEntry
from batcher.states import LIVE, UNSENT, IllegalTransition, State

AT_ONCE = 2_000
"""Rows that are written together: all of a large file at once would cost more to hold than to write."""


@uncollected()
def confirm(connection: Connection, confirmation: Confirmation, now: datetime) -> None:
    """Write a confirmed plan, whole: rows, withdrawals, and the key and exact body of each new attempt."""
    place = environment_id(connection, confirmation.environment)
    batch_id = find_or_add(connection, batches, environment_id=place, name=confirmation.batch)
    values: dict[str, Any] = {
        "batch_id": batch_id,
        "confirmed_at": now,
        "confirmed_by": confirmation.confirmed_by,
        "file_name": confirmation.file_name,
        "file_digest": confirmation.file_digest,
        "columns": list(confirmation.columns),
        "choices": dict(confirmation.choices),
        "recipe": confirmation.recipe,
        "file_rows": len(confirmation.entries) + len(confirmation.invalid),
    }
    plan_id = added(connection, plans, **values)
    lying = as_it_lies(rows)
    known = {row.identity: row for row in connection.execute(select(lying).where(lying.c.batch_id == batch_id))}
    here = [entry for entry in confirmation.entries if entry.identity in known]
    moved = _move_rows(connection, here, known, plan_id)
    told = {"plans": [{"id": plan_id, **kept(values)}], "here": chain.ranges(known[one.identity].id for one in here)}
    events = [Event(at=now, why="plan confirmed", by=confirmation.confirmed_by, content=told)]
    events += [Event(at=now, why="the file has the row otherwise than before", content=one) for one in moved]
    chain.add(connection, batch_id, events)
    for attempt_id in confirmation.withdrawn:
        move(connection, attempt_id, State.WITHDRAWN, now, "a later confirmed plan omits or changes the row")
    known_ids = {identity: row.id for identity, row in known.items()}
    del known
    writer = _Writer(connection, batch_id, place, plan_id, now, known_ids)
    writer.write(confirmation.entries, confirmation.orders)
    chain.add(connection, batch_id, _note_invalid(connection, confirmation, plan_id, now))


def _move_rows(
    connection: Connection, here: Sequence[RowEntry], known: Mapping[str, Row[Any]], plan_id: int
) -> list[chain.Content]:
    """Note where the file has rows that were known; what is not sent yet takes its cells from there.

    Gives what the file has otherwise than before, for the journal; that all of them are of this plan now goes without
    saying.
    """
    if not here:
        return []
    salts = chain.salts_of(connection)
    unsent = or_(*(attempts.c.state == state for state in sorted(UNSENT)))
    query = select(attempts.c.row_id, attempts.c.id, attempts.c.salt).where(unsent)
    waiting = {attempt.row_id: attempt for attempt in connection.execute(query)}
    stay: list[tuple[Any, ...]] = []
    change: list[tuple[Any, ...]] = []
    refresh: list[tuple[Any, ...]] = []
    moved: list[chain.Content] = []
    for entry in here:
        row = known[entry.identity]
        cells = list_text(entry.cells)
        now = {"line": entry.line, "cells": cells, "wanted": entry.wanted}
        changed = {name: value for name, value in now.items() if value != getattr(row, name)}
        attempt = waiting.get(row.id)
        if attempt is not None:
            refresh.append((cells, plan_id, attempt.id))
        if not changed and row.salt:
            stay.append((plan_id, row.id))
            continue
        salt = row.salt or salts(SALT_BYTES)
        change.append((entry.line, cells, entry.wanted, salt, plan_id, row.id))
        if not changed:
            continue
        content: dict[str, Any] = {"rows": [{"id": row.id, **sealed("rows", changed, salt)}]}
        if "cells" in changed and attempt is not None:
            told = sealed("attempts", {"cells": cells}, attempt.salt)
            content["attempts"] = [{"id": attempt.id, **told}]
        moved.append(content)
    updating(connection, rows, ("plan_id",))(stay)
    updating(connection, rows, ("line", "cells", "wanted", "salt", "plan_id"))(change)
    updating(connection, attempts, ("cells", "plan_id"))(refresh)
    return moved


@dataclass(slots=True)
class _New:
    """One row of the file on its way into the ledger."""

    entry: RowEntry
    cells: str
    """As they lie in the tables."""
    row_id: int
    salt: bytes | None
    """There where the row itself is new; no event has told of it yet."""
    order: PlannedOrder | None


class _Writer:
    """Writes new rows and attempts, some thousand at a time; one that was withdrawn is planned again in its place."""

    def __init__(
        self, connection: Connection, batch_id: int, place: int, plan_id: int, now: datetime, known: Mapping[str, int]
    ) -> None:
        self._connection = connection
        self._batch_id, self._place, self._plan_id, self._now = batch_id, place, plan_id, now
        self._known = known
        self._salts: Salts = chain.salts_of(connection)
        self._withdrawn, self._live = _withdrawn_and_live(connection, batch_id) if known else ({}, set())
        self._add_rows = inserting(connection, rows, _ROW)
        self._add_attempts = inserting(connection, attempts, _ATTEMPT)
        self._last_row = connection.scalar(select(func.max(rows.c.id))) or 0
        self._last_attempt = connection.scalar(select(func.max(attempts.c.id))) or 0

    def write(self, entries: Iterable[RowEntry], orders: Sequence[PlannedOrder]) -> None:
        """Rows in the order of the file, and with each its order."""
        left = {order.identity: order for order in orders}
        if len(left) != len(orders):
            raise OwnFault("A plan has two orders for one row.")
        of_file = iter(entries)
        while some := list(itertools.islice(of_file, AT_ONCE)):
            chain.add(self._connection, self._batch_id, self._events(self._rows(some, left)))
        if left:
            raise OwnFault("A plan has an order for a row that its file does not have.")

    def _rows(self, entries: Sequence[RowEntry], orders: dict[str, PlannedOrder]) -> Iterator[_New]:
        """Insert the rows that are new; gives those, and the others that get an order."""
        fresh: dict[str, tuple[str, bytes]] = {}
        values: list[tuple[Any, ...]] = []
        for entry in entries:
            if entry.identity not in self._known:
                cells, salt = list_text(entry.cells), self._salts(SALT_BYTES)
                fresh[entry.identity] = (cells, salt)
                values.append((self._batch_id, entry.identity, self._plan_id, entry.line, cells, entry.wanted, salt))
        ids: Mapping[str, int] = {}
        if values:
            self._add_rows(values)
            ids = self._ids_of_rows()
        for entry in entries:
            order = orders.pop(entry.identity, None)
            if entry.identity in fresh:
                cells, salt = fresh[entry.identity]
                yield _New(entry, cells, ids[entry.identity], salt, order)
            elif order is not None:
                yield _New(entry, list_text(entry.cells), self._known[entry.identity], None, order)

    def _ids_of_rows(self) -> dict[str, int]:
        query = select(rows.c.identity, rows.c.id).where(rows.c.id > self._last_row)
        ids: dict[str, int] = {key: its_id for key, its_id in self._connection.execute(query)}  # noqa: C416 - a row is no pair to a type checker
        self._last_row = max(ids.values())
        return ids

    def _events(self, some: Iterable[_New]) -> list[Event]:
        """Insert their attempts; gives what the journal is to tell of both."""
        new: list[tuple[_New, PlannedOrder, tuple[Any, ...]]] = []
        others: list[Event] = []
        for one in some:
            if one.order is None:
                others.append(Event(at=self._now, why="the file has the row", content={"rows": [self._row(one)]}))
            elif not self._planned_again(one, one.order):
                new.append((one, one.order, self._attempt(one, one.order)))
        if not new:
            return others
        self._add_attempts([values for _, _, values in new])
        ids = self._ids_of_attempts()
        return [*(self._planned(ids[one.row_id], one, order, values) for one, order, values in new), *others]

    def _planned_again(self, one: _New, order: PlannedOrder) -> bool:
        """Whether the attempt was there, withdrawn, and is planned again in its place."""
        if one.row_id in self._live:
            # Planning has looked already; a plan that was made before the ledger moved on stops here.
            raise IllegalTransition(f"{keys.row_name(order.identity)} has a live attempt, and gets no other beside it")
        again = self._withdrawn.get((one.row_id, order.number))
        if again is None:
            return False
        payout = order.payout
        values: dict[str, Any] = {
            "key": order.key,
            "body": order.body,
            "reference": payout.reference,
            "amount": payout.amount,
            "currency": payout.currency,
            "products": list(payout.products),
            "distribution": payout.distribution.value,
            "email": payout.email,
            "recipient_reference": payout.recipient_reference,
            "template": payout.template,
            "twin_digest": keys.twin_digest(payout),
            "planned_at": self._now,
            "plan_id": self._plan_id,
            "cells": list(one.entry.cells),
            "content_digest": None,
            "recipient_digest": None,
        }
        move(self._connection, again, State.PLANNED, self._now, "confirmed again", **values)
        return True

    def _attempt(self, one: _New, order: PlannedOrder) -> tuple[Any, ...]:
        """What lies in the table, as `_ATTEMPT` names it."""
        payout = order.payout
        return (
            one.row_id,
            self._place,
            order.number,
            State.PLANNED.value,
            moment_text(self._now),
            self._plan_id,
            one.cells,
            order.key,
            order.body,
            payout.reference,
            format(payout.amount, "f"),
            payout.currency,
            list_text(payout.products),
            payout.distribution.value,
            payout.email,
            payout.recipient_reference,
            payout.template,
            keys.twin_digest(payout),
            # A new row and its attempt have one salt: what they both have is committed to once.
            one.salt or self._salts(SALT_BYTES),
        )

    def _ids_of_attempts(self) -> dict[int, int]:
        query = select(attempts.c.row_id, attempts.c.id).where(attempts.c.id > self._last_attempt)
        ids: dict[int, int] = {key: its_id for key, its_id in self._connection.execute(query)}  # noqa: C416 - a row is no pair to a type checker
        self._last_attempt = max(ids.values())
        return ids

    def _planned(self, attempt_id: int, one: _New, order: PlannedOrder, values: tuple[Any, ...]) -> Event:
        """What the journal tells of a new attempt, and of its row where that is new as well."""
        told = dict(zip(_ATTEMPT, values, strict=True))
        salt = told.pop("salt")
        for name in _PERSONAL_OF_ATTEMPT:
            told[name] = commitment(salt, name, told[name])
        told["id"] = attempt_id
        content: dict[str, Any] = {"attempts": [told]}
        if one.salt is not None:
            content["rows"] = [self._row(one, told["cells"])]
        return Event(at=self._now, why="confirmed", attempt_id=attempt_id, to_state=State.PLANNED, content=content)

    def _row(self, one: _New, cells: str | None = None) -> dict[str, Any]:
        """What the journal tells of a new row; `cells` is the commitment to them, where there is one already."""
        return {
            "id": one.row_id,
            "batch_id": self._batch_id,
            "identity": one.entry.identity,
            "plan_id": self._plan_id,
            "line": one.entry.line,
            "cells": cells or commitment(one.salt, "cells", one.cells),
            "wanted": one.entry.wanted,
        }


_ROW = ("batch_id", "identity", "plan_id", "line", "cells", "wanted", "salt")
_ATTEMPT = (
    *("row_id", "environment_id", "number", "state", "planned_at", "plan_id", "cells", "key", "body"),
    *("reference", "amount", "currency", "products", "distribution", "email", "recipient_reference", "template"),
    *("twin_digest", "salt"),
)
_PERSONAL_OF_ATTEMPT = tuple(name for name in _ATTEMPT if name in chain.PERSONAL["attempts"])


def _note_invalid(connection: Connection, confirmation: Confirmation, plan_id: int, now: datetime) -> Iterable[Event]:
    """Keep the lines that could not be read. Gives what the journal is to tell of them."""
    salts = chain.salts_of(connection)
    lines = [
        kept(
            {
                "plan_id": plan_id,
                "line": line.line,
                "cells": list(line.cells),
                "reference": line.reference,
                "problems": [asdict(problem) for problem in line.problems],
                "salt": salts(chain.SALT_BYTES),
            }
        )
        for line in confirmation.invalid
    ]
    if not lines:
        return
    inserting(connection, invalid_lines, tuple(lines[0]))([tuple(line.values()) for line in lines])
    query = select(invalid_lines.c.id).where(invalid_lines.c.plan_id == plan_id).order_by(invalid_lines.c.id)
    for line_id, line in zip(connection.scalars(query).all(), lines, strict=True):
        told = {"id": line_id, **sealed("invalid_lines", line, line["salt"])}
        yield Event(at=now, why="a line that cannot be read", content={"invalid_lines": [told]})


def _withdrawn_and_live(connection: Connection, batch_id: int) -> tuple[dict[tuple[int, int], int], set[int]]:
    """Of a batch: withdrawn attempts by row and number, and the rows that have a live attempt."""
    in_batch = attempts.c.row_id.in_(select(rows.c.id).where(rows.c.batch_id == batch_id))
    query = select(attempts.c.row_id, attempts.c.number, attempts.c.id)
    found = connection.execute(query.where(in_batch, attempts.c.state == State.WITHDRAWN))
    withdrawn = {(attempt.row_id, attempt.number): attempt.id for attempt in found}
    live = connection.scalars(select(attempts.c.row_id).where(in_batch, attempts.c.state.in_(LIVE)))
    return withdrawn, set(live)
