"""What is taken out of a batch once nobody needs it any more: names, addresses, links. Its journal stays whole.

What stays is what a second payment would be known by: identity, key, digests, order, amount, states. Cells stay where
they only repeat something of that, so that the results can still be read.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, func, select, update
from sqlalchemy.exc import OperationalError

from batcher import keys
from batcher.errors import OwnFault
from batcher.ledger import chain, reading
from batcher.ledger.chain import Event
from batcher.ledger.tables import attempts, invalid_lines, journal, plans, rows, sends
from batcher.ledger.together import as_it_lies
from batcher.records import PersonalData
from batcher.states import OPEN, RESULT_WORDS, UNSENT, State

WHY = "names, addresses and links removed"
_MESSAGE = "What was wrong with this line was removed together with what it said."


def personal_data(connection: Connection, batch_id: int) -> PersonalData:
    """What stands against purging a batch, and how much there is to purge."""
    standing = connection.execute(
        select(attempts.c.state, func.count())
        .join(rows, rows.c.id == attempts.c.row_id)
        .where(rows.c.batch_id == batch_id)
        .group_by(attempts.c.state)
    )
    unsettled: Counter[str] = Counter()
    for state, count in standing:
        if state in OPEN | UNSENT:
            unsettled[RESULT_WORDS[State(state)]] += count
    touched = [
        connection.scalar(select(func.max(plans.c.confirmed_at)).where(plans.c.batch_id == batch_id)),
        connection.scalar(select(func.max(journal.c.at)).where(journal.c.batch_id == batch_id, journal.c.why != WHY)),
    ]
    return PersonalData(
        unsettled=dict(unsettled),
        last_touched_at=max((moment for moment in touched if moment is not None), default=None),
        held=_held(connection, batch_id),
    )


def _held(connection: Connection, batch_id: int) -> int:
    """How many rows and unreadable lines have something to remove: those with a salt."""
    of_attempts = select(attempts.c.row_id).where(attempts.c.salt.is_not(None))
    rows_held = select(func.count()).where(
        rows.c.batch_id == batch_id, rows.c.salt.is_not(None) | rows.c.id.in_(of_attempts)
    )
    of_batch = select(plans.c.id).where(plans.c.batch_id == batch_id)
    lines_held = select(func.count()).where(invalid_lines.c.plan_id.in_(of_batch), invalid_lines.c.salt.is_not(None))
    return (connection.scalar(rows_held) or 0) + (connection.scalar(lines_held) or 0)


def purge(connection: Connection, batch_id: int, *, by: str, now: datetime) -> int:
    """Remove what is personal, and tell the journal who did it; gives how many rows and lines had something."""
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    changes = list(_changes(connection, batch_id))
    for table in (rows, attempts, sends, invalid_lines):
        _write(connection, table, [entity for content, _ in changes for entity in content.get(table.name, ())])
    events = (Event(at=now, why=WHY, by=by, content=told) for _, told in changes)
    chain.add(connection, batch_id, events)
    return len(changes)


def sweep(engine: Engine) -> None:
    """Make the file and its log anew, without the bytes of what was removed. Raises `OwnFault` where others read."""
    with engine.connect() as connection:
        raw = connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            # What other batches hold shall not lie in a temporary file meanwhile.
            for statement in ("PRAGMA temp_store=MEMORY", "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"):
                raw.exec_driver_sql(statement)
            busy = raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        except OperationalError as error:
            raise _not_swept(str(error.orig)) from error
    if busy:
        raise _not_swept("another process reads it")


def _not_swept(why: str) -> OwnFault:
    return OwnFault(
        f"The personal data was removed, but its bytes may still lie in the ledger's files ({why}).",
        "Close whatever else reads the ledger, and run the same command again: it makes the file anew.",
    )


_Change = tuple[dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]]]
"""What is written, by table, and what the journal tells of it."""


def _changes(connection: Connection, batch_id: int) -> Iterator[_Change]:
    """For each row and each unreadable line that still has something personal: what becomes of it."""
    in_batch = select(rows.c.id).where(rows.c.batch_id == batch_id)
    tried: dict[int, list[Any]] = {}
    for attempt in connection.execute(select(attempts).where(attempts.c.row_id.in_(in_batch)).order_by(attempts.c.id)):
        tried.setdefault(attempt.row_id, []).append(attempt)
    sent: dict[int, list[Any]] = {}
    query = select(sends.c.id, sends.c.attempt_id).join(attempts).where(attempts.c.row_id.in_(in_batch))
    for send in connection.execute(query.where(sends.c.message.is_not(None)).order_by(sends.c.id)):
        sent.setdefault(send.attempt_id, []).append(send)
    for row in connection.execute(select(rows).where(rows.c.batch_id == batch_id).order_by(rows.c.id)):
        yield from _row_change(row, tried.get(row.id, []), sent)
    of_batch = select(plans.c.id).where(plans.c.batch_id == batch_id)
    query_lines = select(invalid_lines).where(invalid_lines.c.plan_id.in_(of_batch), invalid_lines.c.salt.is_not(None))
    for line in connection.execute(query_lines.order_by(invalid_lines.c.id)):
        problems = [problem | {"value": None, "message": _MESSAGE, "fix": ""} for problem in line.problems]
        values = {"id": line.id, "cells": [], "problems": problems, "salt": None}
        yield {"invalid_lines": [values]}, {"invalid_lines": [_told(values)]}


def _row_change(row: Any, tried: Iterable[Any], sent: Mapping[int, list[Any]]) -> Iterator[_Change]:
    tried = list(tried)
    personal = [attempt for attempt in tried if attempt.salt is not None]
    if row.salt is None and not personal:
        return
    content: dict[str, list[dict[str, Any]]] = {
        "attempts": [_purged_attempt(attempt) for attempt in personal],
        "sends": [{"id": send.id, "message": None} for attempt in personal for send in sent.get(attempt.id, ())],
    }
    if row.salt is not None:
        repeated = set().union(*(_repeatable(attempt) for attempt in tried))
        amounts = {attempt.amount for attempt in tried}
        content["rows"] = [{"id": row.id, "cells": _left(row.cells, repeated, amounts), "salt": None}]
    yield content, {table: [_told(one) for one in entities] for table, entities in content.items() if entities}


def _purged_attempt(attempt: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": attempt.id,
        "cells": _left(attempt.cells, _repeatable(attempt), {attempt.amount}),
        "body": b"",
        "email": None,
        "recipient_reference": None,
        "redemption_url": None,
        "error_message": None,
        "salt": None,
    }
    # What was purged before and has come through since keeps the digests that it has.
    if attempt.content_digest is None:
        payout = reading.payout_of(attempt)
        values["content_digest"] = keys.content_digest(payout)
        values["recipient_digest"] = keys.recipient_digest(payout)
    return values


def _repeatable(attempt: Any) -> set[str]:
    """What the ledger keeps of an attempt anyway, as a sheet would write it."""
    kept = {attempt.reference, attempt.currency, "|".join(attempt.products), attempt.distribution, attempt.template}
    return {one.strip().casefold() for one in kept if one}


def _left(cells: Iterable[str], repeated: Collection[str], amounts: Collection[Decimal]) -> list[str]:
    """The cells of a row, without those that say more than the ledger keeps."""
    return [cell if cell.strip().casefold() in repeated or _is_one_of(cell, amounts) else "" for cell in cells]


def _is_one_of(cell: str, amounts: Collection[Decimal]) -> bool:
    try:
        return Decimal(cell.strip()) in amounts
    except InvalidOperation:
        return False


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """As it lies in the table from now on; nothing of it is personal any more."""
    told = chain.kept({name: value for name, value in values.items() if name != "salt"})
    return told | ({"body": ""} if "body" in told else {})


def _write(connection: Connection, of: Table, entities: Iterable[Mapping[str, Any]]) -> None:
    """Write what was left of each; those with the same fields with one statement."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for entity in entities:
        values = chain.kept({f"its_{name}": value for name, value in entity.items()})
        alike.setdefault(tuple(name for name in entity if name != "id"), []).append(values)
    table = as_it_lies(of)
    for names, listed in alike.items():
        values = {name: bindparam(f"its_{name}") for name in names}
        connection.execute(update(table).where(table.c.id == bindparam("its_id")).values(values), listed)
