"""Every statement that changes the ledger. Each function runs inside a transaction that its caller holds."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Table, bindparam, func, insert, or_, select, update

from batcher import keys
from batcher.ledger.tables import (
    api_keys,
    attempts,
    batches,
    environments,
    invalid_lines,
    journal,
    plans,
    rows,
    sends,
)
from batcher.model import Environment, Instant, Order, Payout, Reply, Speaker
from batcher.policy import Verdict
from batcher.records import AttemptRecord, Confirmation
from batcher.states import LIVE, UNSENT, IllegalTransition, State, step


def find_or_add(connection: Connection, table: Table, **values: Any) -> int:
    """The id of the row with these values, made where there is none."""
    query = select(table.c.id).where(*(table.c[name] == value for name, value in values.items()))
    found: int | None = connection.scalar(query)
    return found if found is not None else _added(connection, table, **values)


def _added(connection: Connection, table: Table, **values: Any) -> int:
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None  # noqa: S101 - every table here has one
    return int(key[0])


def environment_id(connection: Connection, environment: Environment) -> int:
    """The id of an environment, made where there is none."""
    return find_or_add(connection, environments, base_url=environment.base_url, account=environment.account)


def remember_api_key(connection: Connection, environment: Environment, fingerprint: str, now: datetime) -> None:
    """Note that this key speaks for this account."""
    place = environment_id(connection, environment)
    query = select(api_keys.c.id).where(api_keys.c.environment_id == place, api_keys.c.fingerprint == fingerprint)
    if connection.scalar(query) is None:
        _added(connection, api_keys, environment_id=place, fingerprint=fingerprint, first_seen_at=now)


def confirm(connection: Connection, confirmation: Confirmation, now: datetime) -> None:
    """Write a confirmed plan, whole: rows, withdrawals, and the key and exact body of each new attempt."""
    place = environment_id(connection, confirmation.environment)
    batch_id = find_or_add(connection, batches, environment_id=place, name=confirmation.batch)
    plan_id = _added(
        connection,
        plans,
        batch_id=batch_id,
        confirmed_at=now,
        confirmed_by=confirmation.confirmed_by,
        file_name=confirmation.file_name,
        file_digest=confirmation.file_digest,
        columns=list(confirmation.columns),
        choices=dict(confirmation.choices),
        recipe=confirmation.recipe,
        file_rows=len(confirmation.entries) + len(confirmation.invalid),
    )
    row_ids = _enter_rows(connection, confirmation, batch_id, plan_id)
    for attempt_id in confirmation.withdrawn:
        move(connection, attempt_id, State.WITHDRAWN, now, "a later confirmed plan omits or changes the row")
    _plan(connection, confirmation, row_ids, place, plan_id, now)
    _add_all(
        connection,
        invalid_lines,
        [
            {
                "plan_id": plan_id,
                "line": line.line,
                "cells": list(line.cells),
                "reference": line.reference,
                "problems": [asdict(problem) for problem in line.problems],
            }
            for line in confirmation.invalid
        ],
    )


def _enter_rows(connection: Connection, confirmation: Confirmation, batch_id: int, plan_id: int) -> dict[str, int]:
    """Note where the file has each row; gives the ids of all rows of the batch by identity."""
    query = select(rows.c.identity, rows.c.id).where(rows.c.batch_id == batch_id)
    known: dict[str, int] = {row.identity: row.id for row in connection.execute(query)}
    fresh = [entry for entry in confirmation.entries if entry.identity not in known]
    common = {"batch_id": batch_id, "plan_id": plan_id}
    _add_all(
        connection,
        rows,
        [
            {
                **common,
                "identity": entry.identity,
                "line": entry.line,
                "cells": list(entry.cells),
                "wanted": entry.wanted,
            }
            for entry in fresh
        ],
    )
    moved = [
        {
            "its_id": known[entry.identity],
            "its_line": entry.line,
            "its_cells": list(entry.cells),
            "its_wish": entry.wanted,
        }
        for entry in confirmation.entries
        if entry.identity in known
    ]
    if moved:
        _move_rows(connection, moved, plan_id)
    return {row.identity: row.id for row in connection.execute(query)}


def _move_rows(connection: Connection, moved: Sequence[dict[str, Any]], plan_id: int) -> None:
    """Note where the file has rows that were known; what is not sent yet takes its cells from there."""
    cells = bindparam("its_cells", type_=JSON)
    anew = {"plan_id": plan_id, "line": bindparam("its_line"), "cells": cells, "wanted": bindparam("its_wish")}
    connection.execute(update(rows).where(rows.c.id == bindparam("its_id")).values(anew), moved)
    unsent = or_(*(attempts.c.state == state for state in sorted(UNSENT)))
    waiting = set(connection.scalars(select(attempts.c.row_id).where(unsent)))
    refreshed = [one for one in moved if one["its_id"] in waiting]
    if refreshed:
        values = {"plan_id": plan_id, "cells": cells}
        connection.execute(
            update(attempts).where(unsent, attempts.c.row_id == bindparam("its_id")).values(values), refreshed
        )


def _plan(
    connection: Connection,
    confirmation: Confirmation,
    row_ids: dict[str, int],
    place: int,
    plan_id: int,
    now: datetime,
) -> None:
    """Write new attempts; one that was withdrawn is planned again in its place."""
    withdrawn, live = _withdrawn_and_live(connection, plan_id)
    cells = {entry.identity: list(entry.cells) for entry in confirmation.entries}
    new = []
    for order in confirmation.orders:
        values: dict[str, Any] = {"planned_at": now, "plan_id": plan_id, "cells": cells[order.identity]}
        values |= {"key": order.key, "body": order.body, **_payout(order.payout)}
        row_id = row_ids[order.identity]
        if row_id in live:
            # Planning has looked already; a plan that was made before the ledger moved on stops here.
            raise IllegalTransition(f"{keys.row_name(order.identity)} has a live attempt, and gets no other beside it")
        again = withdrawn.get((row_id, order.number))
        if again is not None:
            move(connection, again, State.PLANNED, now, "confirmed again", **values)
        else:
            common = {"row_id": row_id, "environment_id": place, "number": order.number, "state": State.PLANNED}
            new.append({**common, **values})
    last = connection.scalar(select(func.max(attempts.c.id))) or 0
    _add_all(connection, attempts, new)
    _add_all(
        connection,
        journal,
        [
            {"attempt_id": attempt_id, "at": now, "from_state": None, "to_state": State.PLANNED, "why": "confirmed"}
            for attempt_id in connection.scalars(select(attempts.c.id).where(attempts.c.id > last))
        ],
    )


def _withdrawn_and_live(connection: Connection, plan_id: int) -> tuple[dict[tuple[int, int], int], set[int]]:
    """Of the plan's batch: withdrawn attempts by row and number, and the rows that have a live attempt."""
    batch = select(plans.c.batch_id).where(plans.c.id == plan_id).scalar_subquery()
    in_batch = attempts.c.row_id.in_(select(rows.c.id).where(rows.c.batch_id == batch))
    query = select(attempts.c.row_id, attempts.c.number, attempts.c.id)
    found = connection.execute(query.where(in_batch, attempts.c.state == State.WITHDRAWN))
    withdrawn = {(attempt.row_id, attempt.number): attempt.id for attempt in found}
    live = connection.scalars(select(attempts.c.row_id).where(in_batch, attempts.c.state.in_(LIVE)))
    return withdrawn, set(live)


def _add_all(connection: Connection, table: Table, values: Sequence[dict[str, Any]]) -> None:
    """Insert many rows with one statement."""
    if values:
        connection.execute(insert(table), values)


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


def move(
    connection: Connection,
    attempt_id: int,
    to: State,
    now: datetime,
    why: str,
    by: str | None = None,
    **values: Any,
) -> None:
    """Take one attempt to its next state and say why in the journal; raises `IllegalTransition` and changes nothing.

    `by` is the person who decided it, where one did.
    """
    current = State(connection.execute(select(attempts.c.state).where(attempts.c.id == attempt_id)).scalar_one())
    step(current, to)
    connection.execute(update(attempts).where(attempts.c.id == attempt_id).values(state=to, **values))
    _note(connection, attempt_id, current, to, now, why, by)


def _note(
    connection: Connection,
    attempt_id: int,
    current: State | None,
    to: State,
    now: datetime,
    why: str,
    by: str | None = None,
) -> None:
    values = {"attempt_id": attempt_id, "at": now, "from_state": current, "to_state": to, "why": why, "by": by}
    connection.execute(insert(journal).values(values))


def sending(connection: Connection, attempt_id: int, speaker: Speaker, at: Instant, server_at: datetime | None) -> int:
    """Note that the attempt is about to be sent; gives the id of the send."""
    move(connection, attempt_id, State.SENT, at.at, "about to be sent")
    return _added(
        connection,
        sends,
        attempt_id=attempt_id,
        sent_at=at.at,
        sent_monotonic_s=at.monotonic_s,
        boot=at.boot,
        server_at=server_at,
        base_url=speaker.base_url,
        api_version=speaker.api_version,
        fingerprint=speaker.fingerprint,
    )


def answered(
    connection: Connection, send_id: int, attempt_id: int, reply: Reply, verdict: Verdict, to: State, at: Instant
) -> None:
    """Note what came back for a send, and where that takes the attempt."""
    connection.execute(
        update(sends)
        .where(sends.c.id == send_id)
        .values(
            answered_at=at.at,
            answered_monotonic_s=at.monotonic_s,
            finding=verdict.finding.value,
            cause=verdict.cause,
            fault=None if reply.fault is None else reply.fault.value,
            http_status=reply.http_status,
            error_type=reply.error_type,
            message=reply.message,
            request_id=reply.request_id,
            reply_date=reply.date,
            retry_after_s=reply.retry_after_s,
        )
    )
    values: dict[str, Any] = {"error_type": None, "error_message": None}
    if to is State.ACCEPTED:
        assert reply.order is not None  # noqa: S101 - that is what accepted means
        values |= {"order_id": reply.order.order_id, "accepted_at": at.at}
    else:
        values = {"error_type": verdict.cause, "error_message": reply.message}
    move(connection, attempt_id, to, at.at, f"answer: {verdict.cause}", **values)


def settled(connection: Connection, attempt_id: int, order: Order, to: State, why: str, at: Instant) -> None:
    """Note what an order that was read back has come to. A link is stored only with `COMPLETED`."""
    values: dict[str, Any] = {"payout_status": order.payout_status, "expiry_date": order.expiry_date}
    if to is State.COMPLETED:
        values |= {
            "completed_at": at.at,
            "redemption_url": order.redemption_url,
            "price": order.price,
            "discount": order.discount,
            "error_type": None,
            "error_message": None,
        }
    elif to is State.FAILED:
        values |= {"error_type": "order_failed", "error_message": "The order failed at Runa; nothing was paid."}
    elif to is State.MISMATCH:
        values |= {"error_type": "mismatch", "error_message": f"The order contradicts the row: {why}."}
    move(connection, attempt_id, to, at.at, f"read back: {why}", **values)


def taken_over(
    connection: Connection, attempt_id: int, order_id: str, why: str, at: Instant, by: str | None = None
) -> None:
    """Note that an order is an attempt's, whatever was thought of it before."""
    values = {"order_id": order_id, "accepted_at": at.at, "error_type": None, "error_message": None}
    move(connection, attempt_id, State.ACCEPTED, at.at, why, by, **values)


def refreshed(connection: Connection, attempt: AttemptRecord) -> None:
    """Note what a paid order that was read again now says of its payout and its price. Its state stays as it is."""
    connection.execute(
        update(attempts)
        .where(attempts.c.id == attempt.id, attempts.c.state == State.COMPLETED)
        .values(
            payout_status=attempt.payout_status,
            expiry_date=attempt.expiry_date,
            price=attempt.price,
            discount=attempt.discount,
        )
    )


def order_holder(connection: Connection, attempt_id: int, order_id: str) -> int | None:
    """Another attempt of the same environment that already claims this order, if there is one."""
    own = select(attempts.c.environment_id).where(attempts.c.id == attempt_id).scalar_subquery()
    query = select(attempts.c.id).where(
        attempts.c.environment_id == own, attempts.c.order_id == order_id, attempts.c.id != attempt_id
    )
    return connection.scalar(query)


def link_holder(connection: Connection, attempt_id: int, redemption_url: str) -> int | None:
    """Another attempt of the same environment that already has this link, if there is one."""
    own = select(attempts.c.environment_id).where(attempts.c.id == attempt_id).scalar_subquery()
    query = select(attempts.c.id).where(
        attempts.c.environment_id == own, attempts.c.redemption_url == redemption_url, attempts.c.id != attempt_id
    )
    return connection.scalar(query)


def recover(connection: Connection, attempt_ids: Iterable[int], now: datetime) -> None:
    """What was being sent when the last process ended is unknown."""
    for attempt_id in attempt_ids:
        move(connection, attempt_id, State.UNKNOWN, now, "the process ended before an answer was recorded")
