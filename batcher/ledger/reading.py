"""What the ledger remembers, read as records. Nothing here writes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, String, cast, func, select

from batcher import keys
from batcher.cycles import uncollected
from batcher.ledger.chain import end_of
from batcher.ledger.records import remains_of, rows_of, some_of
from batcher.ledger.revealing import ONLY_SEEN, last_change
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
from batcher.ledger.whose import is_of
from batcher.model import Distribution, Environment, Payout, Problem
from batcher.policy import Finding
from batcher.records import (
    BatchRecord,
    BatchSummary,
    InvalidLine,
    Kin,
    kind_of_batch,
)
from batcher.states import OPEN, RESULT_WORDS, State

_CHUNK = 500
"""How many values one `IN` takes; SQLite's bound on variables is far above."""


@uncollected()
def batch(connection: Connection, environment: Environment, name: str) -> BatchRecord:
    """The batch as the ledger knows it; one without rows where it does not."""
    its_id = batch_id(connection, environment, name)
    if its_id is None:
        return BatchRecord(environment=environment, name=name)
    planned = connection.execute(select(plans).where(plans.c.batch_id == its_id).order_by(plans.c.id)).all()
    columns = {plan.id: tuple(plan.columns) for plan in planned}
    last = planned[-1]
    events, digest = end_of(connection, its_id)
    return BatchRecord(
        environment=environment,
        name=name,
        rows=tuple(rows_of(connection, its_id, columns, last.id)),
        invalid=tuple(_invalid(connection, last)),
        columns=columns[last.id],
        file_name=last.file_name,
        file_rows=last.file_rows,
        choices=dict(last.choices),
        accepted_orders=frozenset(one for plan in planned for one in plan.choices.get("accepted_orders", ())),
        sealed={plan.choices["sealed"]: plan.confirmed_at for plan in planned if "sealed" in plan.choices},
        first_confirmed_at=planned[0].confirmed_at,
        last_confirmed_at=last.confirmed_at,
        journal=digest,
        events=events,
        last_change=last_change(connection, its_id),
    )


@uncollected()
def renewed(connection: Connection, held: BatchRecord) -> BatchRecord | None:
    """The batch by what was read of it before, where all that happened since was to few of its rows; else `None`.

    Nothing changes in the tables without an event that tells of it.
    """
    its_id = batch_id(connection, held.environment, held.name)
    lying = (journal.c.batch_id == its_id, journal.c.number >= held.events)
    told = select(journal.c.number, journal.c.digest, journal.c.attempt_id, ONLY_SEEN.label("only_seen"))
    query = told.where(*lying).order_by(journal.c.number)
    found = connection.execute(query.limit(max(_FEW, len(held.rows) // 10))).all()
    if its_id is None or not found or found[0].digest != held.journal:
        return None
    if end_of(connection, its_id)[0] != found[-1].number:
        return None
    since = found[1:]
    touched = {event.attempt_id for event in since}
    if None in touched:
        return None
    if not since:
        return held
    last = connection.execute(select(plans).where(plans.c.batch_id == its_id).order_by(plans.c.id)).all()
    columns = {plan.id: tuple(plan.columns) for plan in last}
    ids = _rows_with(connection, sorted(touched))
    anew = {row.id: row for row in some_of(connection, ids, columns, last[-1].id)}
    return replace(
        held,
        rows=tuple([anew.get(row.id, row) for row in held.rows]),
        journal=since[-1].digest,
        events=since[-1].number,
        last_change=next((event.digest for event in reversed(since) if not event.only_seen), held.last_change),
    )


_FEW = 100
"""Events that are few in any batch."""


def _rows_with(connection: Connection, attempt_ids: Sequence[int]) -> list[int]:
    """The ids of the rows that have these attempts."""
    found: set[int] = set()
    for start in range(0, len(attempt_ids), _CHUNK):
        some = attempts.c.id.in_(attempt_ids[start : start + _CHUNK])
        found.update(connection.scalars(select(attempts.c.row_id).where(some)))
    return sorted(found)


def batch_before(connection: Connection, environment: Environment, name: str) -> BatchRecord | None:
    """The batch to compare `name` with: the last one confirmed of the same kind, else the last one of any."""
    query = (
        select(batches.c.name, func.min(plans.c.id).label("began"))
        .join(environments, batches.c.environment_id == environments.c.id)
        .join(plans, plans.c.batch_id == batches.c.id)
        .where(is_of(environment))
        .group_by(batches.c.id)
        .order_by(func.max(plans.c.id).desc())
    )
    began: dict[str, int] = {found.name: found.began for found in connection.execute(query)}
    # Ids count up, whatever the clock said: what was begun after this batch is not before it.
    others = [other for other, plan_id in began.items() if other != name and plan_id <= began.get(name, plan_id)]
    of_kind = [other for other in others if kind_of_batch(other) == kind_of_batch(name)]
    chosen = next(iter([*of_kind, *others]), None)
    return None if chosen is None else batch(connection, environment, chosen)


def asked_before(
    connection: Connection, environment: Environment, names: Iterable[str], wanted: Mapping[str, str]
) -> str | None:
    """The first of these batches whose last confirmed file asked for exactly this: identities and content digests."""
    for name in names:
        its_id = batch_id(connection, environment, name)
        last = connection.scalar(select(func.max(plans.c.id)).where(plans.c.batch_id == its_id))
        in_file = (rows.c.batch_id == its_id, rows.c.plan_id == last)
        if last is None or connection.scalar(select(func.count()).select_from(rows).where(*in_file)) != len(wanted):
            continue
        found = connection.execute(select(rows.c.identity, rows.c.wanted).where(*in_file))
        if all(wanted.get(row.identity) == row.wanted for row in found):
            return name
    return None


def batch_id(connection: Connection, environment: Environment, name: str) -> int | None:
    """The id of a batch, if the environment has it."""
    return connection.scalar(
        select(batches.c.id)
        .join(environments)
        .where(
            is_of(environment),
            batches.c.name == name,
        )
    )


def payout_of(attempt: Row[Any]) -> Payout:
    """What an attempt says, or what is left of it."""
    return Payout(
        reference=attempt.reference,
        amount=attempt.amount,
        currency=attempt.currency,
        products=tuple(attempt.products),
        distribution=Distribution(attempt.distribution),
        email=attempt.email,
        recipient_reference=attempt.recipient_reference,
        template=attempt.template,
        remains=remains_of(attempt),
    )


def _invalid(connection: Connection, plan: Row[Any]) -> Iterable[InvalidLine]:
    query = select(invalid_lines).where(invalid_lines.c.plan_id == plan.id).order_by(invalid_lines.c.line)
    for line in connection.execute(query):
        yield InvalidLine(
            line=line.line,
            columns=tuple(plan.columns),
            cells=tuple(line.cells),
            reference=line.reference,
            problems=tuple(Problem(**problem) for problem in line.problems),
        )


def kin(
    connection: Connection, environment: Environment, *, besides: str, twin_digests: Sequence[str], paid_since: datetime
) -> list[Kin]:
    """Paid (since then) and open attempts with one of these digests, in other batches at the same address."""
    moment = func.coalesce(attempts.c.completed_at, attempts.c.accepted_at, attempts.c.planned_at)
    # What was turned away at the door could not have paid: until it is sent again, nobody can know of it as a payment.
    may_have_paid = sends.c.finding.is_distinct_from(Finding.TURNED_AWAY.value)
    first_sent = select(func.min(sends.c.sent_at)).where(sends.c.attempt_id == attempts.c.id, may_have_paid)
    sent_at = first_sent.scalar_subquery().label("first_sent_at")
    found: list[Kin] = []
    for start in range(0, len(twin_digests), _CHUNK):
        query = (
            select(attempts, sent_at, rows.c.identity, batches.c.name.label("batch"), environments.c.account)
            .join(rows, attempts.c.row_id == rows.c.id)
            .join(batches, rows.c.batch_id == batches.c.id)
            .join(environments, batches.c.environment_id == environments.c.id)
            .where(
                # Under another account name it may be the same account all the same.
                environments.c.base_url == environment.base_url,
                (batches.c.name != besides) | (environments.c.account != environment.account),
                attempts.c.twin_digest.in_(twin_digests[start : start + _CHUNK]),
                attempts.c.state.in_(OPEN)
                # An order that failed has been seen to come through.
                | (attempts.c.state.in_([State.COMPLETED, State.FAILED]) & (moment >= paid_since)),
            )
            .order_by(attempts.c.id)
        )
        found += [_kin(attempt, environment) for attempt in connection.execute(query)]
    return found


def _kin(attempt: Row[Any], environment: Environment) -> Kin:
    same_account = attempt.account == environment.account
    return Kin(
        batch=attempt.batch if same_account else f"{attempt.batch} of account {attempt.account}",
        name=keys.row_name(attempt.identity),
        reference=attempt.reference,
        twin_digest=attempt.twin_digest,
        state=State(attempt.state),
        since=attempt.completed_at or attempt.accepted_at or attempt.planned_at,
        known_at=attempt.first_sent_at or attempt.accepted_at or attempt.completed_at or attempt.planned_at,
    )


def proven_kinds(connection: Connection, environment: Environment) -> set[tuple[tuple[str, ...], Distribution]]:
    """Products and delivery of every order that was completed in this environment."""
    # A JSON column cannot be compared on every database; its text can, and one kind is written in few ways.
    products = cast(attempts.c.products, String)
    query = (
        select(products, attempts.c.distribution)
        .join(environments, attempts.c.environment_id == environments.c.id)
        .where(
            is_of(environment),
            attempts.c.state == State.COMPLETED,
        )
        .distinct()
    )
    found = connection.execute(query)
    return {(tuple(json.loads(codes)), Distribution(distribution)) for codes, distribution in found}


def owner_of_key(connection: Connection, environment: Environment, key: str) -> tuple[str, str] | None:
    """The batch and the name of the row whose attempt has this key, if one has it."""
    query = (
        select(batches.c.name, rows.c.identity)
        .join(rows, rows.c.batch_id == batches.c.id)
        .join(attempts, attempts.c.row_id == rows.c.id)
        .join(environments, batches.c.environment_id == environments.c.id)
        .where(environments.c.base_url == environment.base_url, attempts.c.key == key)
    )
    found = connection.execute(query).first()
    return None if found is None else (found.name, keys.row_name(found.identity))


def account_of(connection: Connection, *, base_url: str, fingerprint: str) -> str | None:
    """The account under which this API key was used before, if it was."""
    query = (
        select(environments.c.account)
        .join(api_keys)
        .where(environments.c.base_url == base_url, api_keys.c.fingerprint == fingerprint)
    )
    return connection.scalar(query)


def newest_moment(connection: Connection) -> datetime | None:
    """The newest time that the ledger has seen on this machine's clock.

    Not what servers said: one wrong `Date` would age every key for good. A fresh one counts in the run that hears it.
    """
    seen = [
        connection.scalar(select(func.max(column)))
        for column in (sends.c.sent_at, sends.c.answered_at, plans.c.confirmed_at, journal.c.at)
    ]
    return max((moment for moment in seen if moment is not None), default=None)


def file_digests(connection: Connection) -> frozenset[str]:
    """The digests of all files that a plan was confirmed of."""
    return frozenset(connection.execute(select(plans.c.file_digest).distinct()).scalars())


def summaries(connection: Connection) -> list[BatchSummary]:
    """All batches of all environments, the last confirmed first."""
    query = (
        select(batches.c.name, environments.c.base_url, environments.c.account, func.max(plans.c.confirmed_at))
        .join(environments, batches.c.environment_id == environments.c.id)
        .join(plans, plans.c.batch_id == batches.c.id)
        .group_by(batches.c.id)
        .order_by(func.max(plans.c.confirmed_at).desc())
    )
    found = []
    for name, base_url, account, _ in connection.execute(query).all():
        environment = Environment(base_url=base_url, account=account)
        found.append(summary(batch(connection, environment, name)))
    return found


def summary(record: BatchRecord) -> BatchSummary:
    """Where one batch stands."""
    counts: dict[str, int] = {"INVALID": len(record.invalid)} if record.invalid else {}
    for row in record.rows:
        word = RESULT_WORDS[row.latest.state]
        counts[word] = counts.get(word, 0) + 1
    assert record.last_confirmed_at is not None  # noqa: S101 - a batch in the ledger was confirmed
    return BatchSummary(
        name=record.name,
        environment=record.environment,
        rows=len(record.rows) + len(record.invalid),
        counts=counts,
        paid=record.paid,
        last_confirmed_at=record.last_confirmed_at,
        file_name=record.file_name or "",
    )
