"""A confirmed plan written into the ledger, whole: rows, withdrawals, and the key and exact body of each new attempt.

It runs inside a transaction that its caller holds.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, or_, select, update

from batcher import keys
from batcher.ledger import chain
from batcher.ledger.chain import Event, kept, sealed
from batcher.ledger.tables import (
    attempts,
    batches,
    invalid_lines,
    plans,
    rows,
)
from batcher.ledger.writing import added, environment_id, find_or_add, move
from batcher.model import Payout
from batcher.records import Confirmation
from batcher.states import LIVE, UNSENT, IllegalTransition, State


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
    cells = {entry.identity: json.dumps(entry.cells) for entry in confirmation.entries}
    entered = _enter_rows(connection, confirmation, cells, batch_id, plan_id)
    told = {"plans": [{"id": plan_id, **kept(values)}], "here": chain.ranges(entered.here)}
    events = [Event(at=now, why="plan confirmed", by=confirmation.confirmed_by, content=told)]
    events += [Event(at=now, why="the file has the row otherwise than before", content=one) for one in entered.moved]
    chain.add(connection, batch_id, events)
    for attempt_id in confirmation.withdrawn:
        move(connection, attempt_id, State.WITHDRAWN, now, "a later confirmed plan omits or changes the row")
    chain.add(connection, batch_id, _plan(connection, confirmation, cells, entered, place, plan_id, now))
    others = (
        Event(at=now, why="the file has the row", content={"rows": [sealed("rows", row, row["salt"])]})
        for row in entered.fresh.values()
    )
    chain.add(connection, batch_id, [*others, *_note_invalid(connection, confirmation, plan_id, now)])


@dataclass(frozen=True, slots=True)
class _Entered:
    """The rows of a batch, once a confirmed file is noted."""

    ids: dict[str, int]
    """Of all rows that the batch ever had, by identity."""
    here: list[int]
    """Rows that were known, and that the file has."""
    moved: list[chain.Content]
    """What the file has otherwise than before."""
    fresh: dict[int, dict[str, Any]]
    """New rows by id, each as it lies in the table; of those no event has told yet."""


def _enter_rows(
    connection: Connection, confirmation: Confirmation, cells: Mapping[str, str], batch_id: int, plan_id: int
) -> _Entered:
    """Note where the file has each row; `cells` are theirs, as JSON, by identity."""
    lying = chain.as_it_lies(rows)
    query = select(*lying.c).where(lying.c.batch_id == batch_id)
    known = {row.identity: row for row in connection.execute(query)}
    salts = chain.salts_of(connection)
    fresh: dict[str, dict[str, Any]] = {
        entry.identity: {
            "batch_id": batch_id,
            "plan_id": plan_id,
            "identity": entry.identity,
            "line": entry.line,
            "cells": cells[entry.identity],
            "wanted": entry.wanted,
            "salt": salts(chain.SALT_BYTES),
        }
        for entry in confirmation.entries
        if entry.identity not in known
    }
    _add_as_they_lie(connection, rows, list(fresh.values()))
    here = [entry for entry in confirmation.entries if entry.identity in known]
    anew = []
    for entry in here:
        row = known[entry.identity]
        values = {"line": entry.line, "cells": cells[entry.identity], "wanted": entry.wanted}
        changed = {name: value for name, value in values.items() if value != getattr(row, name)}
        anew.append((row.id, values | {"salt": row.salt or salts(chain.SALT_BYTES)}, changed))
    moved = _move_rows(connection, anew, plan_id) if anew else []
    listed = connection.execute(select(rows.c.identity, rows.c.id).where(rows.c.batch_id == batch_id))
    ids: dict[str, int] = {row.identity: row.id for row in listed}
    for identity, values in fresh.items():
        values["id"] = ids[identity]
    return _Entered(
        ids=ids,
        here=[row_id for row_id, _, _ in anew],
        moved=moved,
        fresh={values["id"]: values for values in fresh.values()},
    )


def _move_rows(
    connection: Connection, anew: Sequence[tuple[int, dict[str, Any], dict[str, Any]]], plan_id: int
) -> list[chain.Content]:
    """Note where the file has rows that were known; what is not sent yet takes its cells from there.

    `anew` has, for each, its id, what it is now, and what of that it was not before. Gives what changed, for the
    journal; that all of them are of this plan now goes without saying.
    """
    lying = chain.as_it_lies(rows)
    values: dict[str, Any] = {name: bindparam(f"its_{name}") for name in ("line", "cells", "wanted", "salt")}
    values["plan_id"] = plan_id
    connection.execute(
        update(lying).where(lying.c.id == bindparam("its_id")).values(values),
        [{"its_id": row_id} | {f"its_{name}": value for name, value in now.items()} for row_id, now, _ in anew],
    )
    unsent = or_(*(attempts.c.state == state for state in sorted(UNSENT)))
    found = connection.execute(select(attempts.c.row_id, attempts.c.id, attempts.c.salt).where(unsent))
    waiting = {attempt.row_id: attempt for attempt in found}
    refreshed = [
        {"its_id": waiting[row_id].id, "its_cells": now["cells"]} for row_id, now, _ in anew if row_id in waiting
    ]
    if refreshed:
        lying = chain.as_it_lies(attempts)
        itself = lying.c.id == bindparam("its_id")
        connection.execute(update(lying).where(itself).values(plan_id=plan_id, cells=bindparam("its_cells")), refreshed)
    moved: list[chain.Content] = []
    for row_id, now, changed in anew:
        if not changed:
            continue
        content: dict[str, Any] = {"rows": [{"id": row_id, **sealed("rows", changed, now["salt"])}]}
        if "cells" in changed and row_id in waiting:
            attempt = waiting[row_id]
            told = sealed("attempts", {"cells": now["cells"]}, attempt.salt)
            content["attempts"] = [{"id": attempt.id, **told}]
        moved.append(content)
    return moved


def _plan(
    connection: Connection,
    confirmation: Confirmation,
    cells: Mapping[str, str],
    entered: _Entered,
    place: int,
    plan_id: int,
    now: datetime,
) -> Iterable[Event]:
    """Write new attempts; one that was withdrawn is planned again in its place. Gives what the journal is to tell."""
    withdrawn, live = _withdrawn_and_live(connection, plan_id)
    salts = chain.salts_of(connection)
    new: list[dict[str, Any]] = []
    for order in confirmation.orders:
        row_id = entered.ids[order.identity]
        if row_id in live:
            # Planning has looked already; a plan that was made before the ledger moved on stops here.
            raise IllegalTransition(f"{keys.row_name(order.identity)} has a live attempt, and gets no other beside it")
        values: dict[str, Any] = {"key": order.key, "body": order.body, **_payout(order.payout)}
        values |= {"planned_at": now, "plan_id": plan_id}
        again = withdrawn.get((row_id, order.number))
        if again is not None:
            values |= {"cells": json.loads(cells[order.identity]), "content_digest": None, "recipient_digest": None}
            move(connection, again, State.PLANNED, now, "confirmed again", **values)
            continue
        row = entered.fresh.get(row_id)
        new.append(
            {
                "row_id": row_id,
                "environment_id": place,
                "number": order.number,
                "state": State.PLANNED.value,
                **kept(values),
                "cells": cells[order.identity],
                # A new row and its attempt have one salt: what they both have is committed to once.
                "salt": salts(chain.SALT_BYTES) if row is None else row["salt"],
            }
        )
    last = connection.scalar(select(func.max(attempts.c.id))) or 0
    _add_as_they_lie(connection, attempts, new)
    added = connection.execute(select(attempts.c.row_id, attempts.c.id).where(attempts.c.id > last))
    ids: dict[int, int] = {attempt.row_id: attempt.id for attempt in added}
    return (_planned(ids[values["row_id"]], values, entered.fresh.pop(values["row_id"], None), now) for values in new)


def _planned(attempt_id: int, values: dict[str, Any], row: dict[str, Any] | None, now: datetime) -> Event:
    """What the journal tells of a new attempt, and of its row where that is new as well."""
    told = sealed("attempts", values, values["salt"])
    told["id"] = attempt_id
    content: dict[str, Any] = {"attempts": [told]}
    if row is not None:
        row = {**row, "cells": told["cells"]}
        del row["salt"]
        content["rows"] = [row]
    return Event(at=now, why="confirmed", attempt_id=attempt_id, to_state=State.PLANNED, content=content)


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
    _add_as_they_lie(connection, invalid_lines, lines)
    query = select(invalid_lines.c.id).where(invalid_lines.c.plan_id == plan_id).order_by(invalid_lines.c.id)
    for line_id, line in zip(connection.scalars(query).all(), lines, strict=True):
        told = {"id": line_id, **sealed("invalid_lines", line, line["salt"])}
        yield Event(at=now, why="a line that cannot be read", content={"invalid_lines": [told]})


def _withdrawn_and_live(connection: Connection, plan_id: int) -> tuple[dict[tuple[int, int], int], set[int]]:
    """Of the plan's batch: withdrawn attempts by row and number, and the rows that have a live attempt."""
    batch = select(plans.c.batch_id).where(plans.c.id == plan_id).scalar_subquery()
    in_batch = attempts.c.row_id.in_(select(rows.c.id).where(rows.c.batch_id == batch))
    query = select(attempts.c.row_id, attempts.c.number, attempts.c.id)
    found = connection.execute(query.where(in_batch, attempts.c.state == State.WITHDRAWN))
    withdrawn = {(attempt.row_id, attempt.number): attempt.id for attempt in found}
    live = connection.scalars(select(attempts.c.row_id).where(in_batch, attempts.c.state.in_(LIVE)))
    return withdrawn, set(live)


def _add_as_they_lie(connection: Connection, table: Table, values: Sequence[dict[str, Any]]) -> None:
    """Insert many rows with one statement; see `chain.kept`."""
    if values:
        connection.execute(insert(chain.as_it_lies(table)), values)


def _payout(payout: Payout) -> dict[str, Any]:
    return {
        "reference": payout.reference,
        "amount": payout.amount,
        "currency": payout.currency,
        "products": list(payout.products),
        "distribution": payout.distribution.value,
        "email": payout.email,
        "recipient_reference": payout.recipient_reference,
        "template": payout.template,
        "twin_digest": keys.twin_digest(payout),
    }
