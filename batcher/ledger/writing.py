"""Statements that take payments on: what was sent, answered, settled, taken over, recovered.

Each function runs inside a transaction that its caller holds. A plan is written by `batcher.ledger.confirming`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from batcher.ledger import chain
from batcher.ledger.chain import Event, kept, sealed
from batcher.ledger.tables import (
    api_keys,
    attempts,
    environments,
    journal,
    rows,
    sends,
)
from batcher.model import Environment, Instant, Order, Reply, Speaker
from batcher.policy import Verdict
from batcher.records import AttemptRecord
from batcher.states import State, step


def find_or_add(connection: Connection, table: Table, **values: Any) -> int:
    """The id of the row with these values, made where there is none."""
    query = select(table.c.id).where(*(table.c[name] == value for name, value in values.items()))
    found: int | None = connection.scalar(query)
    return found if found is not None else added(connection, table, **values)


def added(connection: Connection, table: Table, **values: Any) -> int:
    """The id of a new row with these values."""
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
        added(connection, api_keys, environment_id=place, fingerprint=fingerprint, first_seen_at=now)


def move(
    connection: Connection,
    attempt_id: int,
    to: State,
    now: datetime,
    why: str,
    by: str | None = None,
    *,
    send: dict[str, Any] | None = None,
    **values: Any,
) -> None:
    """Take one attempt to its next state and say why in the journal; raises `IllegalTransition` and changes nothing.

    `by` is the person who decided it, where one did; `send` is what became of one of its sends, with its `id`.
    """
    current, batch_id, salt, end = _standing(connection, attempt_id)
    step(current, to)
    if salt is None:
        # What was purged may be told anew, by an order that comes through after all.
        values["salt"] = salt = chain.salts_of(connection)(chain.SALT_BYTES)
    connection.execute(update(attempts).where(attempts.c.id == attempt_id).values(state=to, **values))
    content: dict[str, Any] = {}
    if told := sealed("attempts", kept(values), salt):
        content["attempts"] = [{"id": attempt_id, **told}]
    if send is not None:
        content["sends"] = [sealed("sends", kept(send), salt)]
    event = Event(at=now, why=why, by=by, attempt_id=attempt_id, from_state=current, to_state=to, content=content)
    chain.add(connection, batch_id, [event], end)


def _standing(connection: Connection, attempt_id: int) -> tuple[State, int, bytes | None, tuple[int, str]]:
    """The state of an attempt, its batch, its salt, and where the batch's chain ends."""
    found = connection.execute(
        select(attempts.c.state, attempts.c.salt, rows.c.batch_id, journal.c.number, journal.c.digest)
        .join(rows, rows.c.id == attempts.c.row_id)
        .join(journal, journal.c.batch_id == rows.c.batch_id)
        .where(attempts.c.id == attempt_id)
        .order_by(journal.c.number.desc())
        .limit(1)
    ).one()
    return State(found.state), found.batch_id, found.salt, (found.number, found.digest)


def sending(connection: Connection, attempt_id: int, speaker: Speaker, at: Instant, server_at: datetime | None) -> int:
    """Note that the attempt is about to be sent; gives the id of the send."""
    values = {
        "attempt_id": attempt_id,
        "sent_at": at.at,
        "sent_monotonic_s": at.monotonic_s,
        "boot": at.boot,
        "server_at": server_at,
        "base_url": speaker.base_url,
        "api_version": speaker.api_version,
        "fingerprint": speaker.fingerprint,
    }
    send_id = added(connection, sends, **values)
    move(connection, attempt_id, State.SENT, at.at, "about to be sent", send={"id": send_id, **values})
    return send_id


def answered(
    connection: Connection, send_id: int, attempt_id: int, reply: Reply, verdict: Verdict, to: State, at: Instant
) -> None:
    """Note what came back for a send, and where that takes the attempt."""
    answer = {
        "answered_at": at.at,
        "answered_monotonic_s": at.monotonic_s,
        "finding": verdict.finding.value,
        "cause": verdict.cause,
        "fault": None if reply.fault is None else reply.fault.value,
        "http_status": reply.http_status,
        "error_type": reply.error_type,
        "message": reply.message,
        "request_id": reply.request_id,
        "reply_date": reply.date,
        "retry_after_s": reply.retry_after_s,
    }
    connection.execute(update(sends).where(sends.c.id == send_id).values(answer))
    values: dict[str, Any] = {"error_type": None, "error_message": None}
    if to is State.ACCEPTED:
        assert reply.order is not None  # noqa: S101 - that is what accepted means
        values |= {"order_id": reply.order.order_id, "accepted_at": at.at}
    else:
        values = {"error_type": verdict.cause, "error_message": reply.message}
    move(connection, attempt_id, to, at.at, f"answer: {verdict.cause}", send={"id": send_id, **answer}, **values)


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
    values: dict[str, Any] = {"order_id": order_id, "accepted_at": at.at, "error_type": None, "error_message": None}
    move(connection, attempt_id, State.ACCEPTED, at.at, why, by, **values)


def refreshed(connection: Connection, attempt: AttemptRecord, now: datetime) -> None:
    """Note what a paid order that was read again now says of its payout and its price. Its state stays as it is."""
    told_again = [attempts.c[name] for name in ("payout_status", "expiry_date", "price", "discount")]
    query = select(*told_again).where(attempts.c.id == attempt.id, attempts.c.state == State.COMPLETED)
    before = connection.execute(query).mappings().first()
    told = {} if before is None else {name: getattr(attempt, name) for name in before}
    changed = {name: value for name, value in told.items() if before is not None and value != before[name]}
    if not changed:
        return
    connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(changed))
    _, batch_id, _, end = _standing(connection, attempt.id)
    content = {"attempts": [{"id": attempt.id, **kept(changed)}]}
    chain.add(connection, batch_id, [Event(at=now, why="read again", attempt_id=attempt.id, content=content)], end)


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
