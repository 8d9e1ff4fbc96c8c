"""What the page asks of the ledger while others write it: figures, one row's story, and payouts found again."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, Subquery, and_, case, func, or_, select

from batcher import keys
from batcher.ledger import reading
from batcher.ledger.tables import attempts, batches, environments, journal, plans, rows, sends
from batcher.ledger.whose import is_of
from batcher.model import Environment, without_links
from batcher.states import PAID_OR_OPEN, State

_END = "\U0010ffff"
"""Sorts after every text that begins alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event of a row's story, with what became of the send that it tells of."""

    at: datetime
    attempt: int
    """Which attempt of the row, from 1."""
    from_state: State | None
    to_state: State | None
    why: str
    by: str | None
    """The person who decided it; empty where evidence did."""
    http_status: int | None = None
    """Of the answer that this event tells of."""
    message: str | None = None
    """What Runa said; never a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPayout:
    """One attempt that a search has found."""

    batch: str
    environment: Environment
    row_id: int
    name: str
    recipient: str
    """Casefolded address, else the recipient's reference; empty where it was purged or never there."""
    amount: Decimal
    currency: str
    attempt: int
    state: State
    order_id: str | None
    at: datetime
    """When it was paid, accepted, or planned: the latest of these that happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBatch:
    """One batch, for a list of all."""

    name: str
    environment: Environment
    confirmed_at: datetime
    """When it was confirmed last."""
    confirmed_by: str
    file_name: str
    states: Mapping[State, int]
    """Its rows that are in the file or may have paid, by where they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One row of a batch, for a list of them."""

    row_id: int
    name: str
    line: int
    in_file: bool
    """Whether the last confirmed file has it."""
    recipient: str
    """As in `FoundPayout`."""
    amount: Decimal
    currency: str
    product: str
    state: State
    attempts: int
    """How many it had."""
    order_id: str | None
    has_link: bool
    error_type: str | None
    error_message: str | None


class History:
    """Reads alone, and short."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def end(self, environment: Environment, batch: str) -> int:
        """The number of the batch's last event: where it is the same, nothing has changed. 0 for a new batch."""
        with self._reading() as connection:
            its_id = reading.batch_id(connection, environment, batch)
            query = select(func.max(journal.c.number)).where(journal.c.batch_id == its_id)
            return 0 if its_id is None else connection.scalar(query) or 0

    def states(self, environment: Environment, batch: str) -> dict[State, int]:
        """The rows of a batch that count, by where they stand."""
        with self._reading() as connection:
            its_id = reading.batch_id(connection, environment, batch)
            return {} if its_id is None else _states(connection, its_id)

    def sends_since(self, moment: datetime) -> int:
        """How many orders this ledger sent since then, of whichever batch: the limit is one for all."""
        with self._reading() as connection:
            return connection.scalar(select(func.count()).where(sends.c.sent_at > moment)) or 0

    def row(self, environment: Environment, batch: str, row_id: int) -> ShownRow | None:
        """One row of a batch; `None` where the batch does not have it."""
        with self._reading() as connection:
            its_id = reading.batch_id(connection, environment, batch)
            found = connection.execute(_rows(its_id or 0).where(rows.c.id == row_id)).first()
        return None if found is None else _shown(found)

    def rows(
        self, environment: Environment, batch: str, states: Collection[State] = (), *, first: int = 0, most: int = 100
    ) -> tuple[list[ShownRow], bool]:
        """Rows of a batch in the order of its file, only those in `states` where there are some; and whether more."""
        with self._reading() as connection:
            its_id = reading.batch_id(connection, environment, batch)
            query = _rows(its_id or 0).offset(first).limit(most + 1)
            if states:
                query = query.where(attempts.c.state.in_(states))
            found = [_shown(one) for one in connection.execute(query)]
        return found[:most], len(found) > most

    def links(self, environment: Environment, batch: str, row_ids: Collection[int]) -> dict[int, str]:
        """The links of these rows of a batch, by row; note first who sees them (`Ledger.note_seen`)."""
        with self._reading() as connection:
            its_id = reading.batch_id(connection, environment, batch)
            query = (
                select(attempts.c.row_id, attempts.c.redemption_url)
                .join(rows, attempts.c.row_id == rows.c.id)
                .where(rows.c.batch_id == its_id, rows.c.id.in_(row_ids), attempts.c.redemption_url.is_not(None))
            )
            return {one.row_id: one.redemption_url for one in connection.execute(query)}

    def known_recipients(self, environment: Environment, *, besides: str) -> tuple[set[str], set[str]]:
        """Whom other batches of the environment have paid, or may have: by name, and of the purged by digest."""
        query = (
            select(attempts.c.email, attempts.c.recipient_reference, attempts.c.recipient_digest)
            .join(rows, attempts.c.row_id == rows.c.id)
            .join(batches, rows.c.batch_id == batches.c.id)
            .join(environments, batches.c.environment_id == environments.c.id)
            .where(
                is_of(environment),
                batches.c.name != besides,
                attempts.c.state.in_(PAID_OR_OPEN),
            )
            .distinct()
        )
        with self._reading() as connection:
            found = connection.execute(query).all()
        named = {(one.email or "").casefold() or one.recipient_reference or "" for one in found}
        return named - {""}, {one.recipient_digest for one in found if one.recipient_digest is not None}

    def story(self, environment: Environment, batch: str, row_id: int) -> list[Happening]:
        """Everything that happened to a row, in order; nothing for a row that the batch does not have."""
        query = (
            select(journal, attempts.c.number.label("attempt"))
            .join(attempts, journal.c.attempt_id == attempts.c.id)
            .join(rows, attempts.c.row_id == rows.c.id)
            .where(rows.c.id == row_id, rows.c.batch_id == journal.c.batch_id)
            .order_by(journal.c.number)
        )
        with self._reading() as connection:
            its_id = reading.batch_id(connection, environment, batch)
            told = connection.execute(query.where(rows.c.batch_id == its_id)).all()
            answers = select(sends).join(attempts).where(attempts.c.row_id == row_id).order_by(sends.c.id)
            answered = {(one.attempt_id, one.answered_at): one for one in connection.execute(answers)}
        return [_happening(event, answered.get((event.attempt_id, event.at))) for event in told]

    def search(self, text: str, *, first: int = 0, most: int = 50) -> tuple[list[FoundPayout], bool]:
        """Payouts whose recipient, reference or order id begins with `text`, newest first; and whether there are more.

        An address is found whatever its case, as far as it was written in small letters or as it is searched for.
        """
        text = text.strip()
        if not text:
            return [], False
        query = (
            select(attempts, rows.c.identity, batches.c.name, environments.c.base_url, environments.c.account)
            .join(rows, attempts.c.row_id == rows.c.id)
            .join(batches, rows.c.batch_id == batches.c.id)
            .join(environments, batches.c.environment_id == environments.c.id)
            .where(or_(*_begins(text)))
            .order_by(attempts.c.id.desc())
            .offset(first)
            .limit(most + 1)
        )
        with self._reading() as connection:
            found = [_found(one) for one in connection.execute(query)]
        return found[:most], len(found) > most

    def batches(
        self, *, environment: Environment | None = None, name: str | None = None, first: int = 0, most: int = 50
    ) -> tuple[list[KnownBatch], bool]:
        """Batches (of one environment, or of all), the last confirmed first; and whether there are more."""
        last = select(func.max(plans.c.id).label("id")).group_by(plans.c.batch_id).subquery()
        query = (
            select(plans, batches.c.name, environments.c.base_url, environments.c.account)
            .join(last, last.c.id == plans.c.id)
            .join(batches, plans.c.batch_id == batches.c.id)
            .join(environments, batches.c.environment_id == environments.c.id)
            .order_by(plans.c.id.desc())
            .offset(first)
            .limit(most + 1)
        )
        if environment is not None:
            query = query.where(is_of(environment))
        if name is not None:
            query = query.where(batches.c.name == name)
        with self._reading() as connection:
            found = connection.execute(query).all()
            known = [_known(one, _states(connection, one.batch_id)) for one in found[:most]]
        return known, len(found) > most

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            # One moment for all that is read here.
            connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()


def _latest(batch_id: int) -> Subquery:
    """For each row of a batch the attempt that says where it stands, as `RowRecord.latest` does."""
    rank = func.row_number().over(
        partition_by=attempts.c.row_id,
        order_by=(
            case((attempts.c.state.in_(PAID_OR_OPEN), 0), else_=1),
            case((attempts.c.state == State.WITHDRAWN, 1), else_=0),
            attempts.c.number.desc(),
        ),
    )
    last_plan = select(func.max(plans.c.id)).where(plans.c.batch_id == batch_id).scalar_subquery()
    ranked = (
        select(attempts.c.id, attempts.c.state, (rows.c.plan_id == last_plan).label("here"), rank.label("rank"))
        .join(rows, attempts.c.row_id == rows.c.id)
        .where(rows.c.batch_id == batch_id)
        .subquery()
    )
    return select(ranked.c.id, ranked.c.state, ranked.c.here).where(ranked.c.rank == 1).subquery()


def _rows(batch_id: int) -> Select[Any]:
    """The rows that count, each with its latest attempt, in the order of the file."""
    latest = _latest(batch_id)
    return (
        select(attempts, rows.c.identity, rows.c.line, latest.c.here)
        .join(latest, latest.c.id == attempts.c.id)
        .join(rows, attempts.c.row_id == rows.c.id)
        .where(_counts(latest))
        .order_by(rows.c.line, rows.c.id)
    )


def _counts(latest: Subquery) -> ColumnElement[bool]:
    """Whether a row counts, as `engine.outcome` says."""
    return or_(latest.c.here, latest.c.state.in_(PAID_OR_OPEN))


def _states(connection: Connection, batch_id: int) -> dict[State, int]:
    latest = _latest(batch_id)
    query = select(latest.c.state, func.count()).where(_counts(latest)).group_by(latest.c.state)
    return {State(state): count for state, count in connection.execute(query)}


def _shown(one: Row[Any]) -> ShownRow:
    return ShownRow(
        row_id=one.row_id,
        name=keys.row_name(one.identity),
        line=one.line,
        in_file=bool(one.here),
        recipient=_recipient(one),
        amount=one.amount,
        currency=one.currency,
        product="|".join(one.products),
        state=State(one.state),
        attempts=one.number,
        order_id=one.order_id,
        has_link=one.redemption_url is not None,
        error_type=one.error_type,
        error_message=None if one.error_message is None else without_links(one.error_message),
    )


def _recipient(one: Row[Any]) -> str:
    return keys.recipient(reading.payout_of(one)) if one.content_digest is None else ""


def _happening(event: Row[Any], answer: Row[Any] | None) -> Happening:
    message = None if answer is None else answer.message
    return Happening(
        at=event.at,
        attempt=event.attempt,
        from_state=None if event.from_state is None else State(event.from_state),
        to_state=None if event.to_state is None else State(event.to_state),
        why=without_links(event.why),
        by=event.by,
        http_status=None if answer is None else answer.http_status,
        message=None if message is None else without_links(message),
    )


def _begins(text: str) -> Iterator[ColumnElement[bool]]:
    """Ranges, so that the indices are used whatever the database thinks of case."""
    for column in (attempts.c.reference, attempts.c.recipient_reference, attempts.c.order_id, attempts.c.email):
        for begun in dict.fromkeys((text, text.casefold())):
            yield and_(column >= begun, column < begun + _END)


def _found(one: Row[Any]) -> FoundPayout:
    return FoundPayout(
        batch=one.name,
        environment=Environment(base_url=one.base_url, account=one.account),
        row_id=one.row_id,
        name=keys.row_name(one.identity),
        recipient=_recipient(one),
        amount=one.amount,
        currency=one.currency,
        attempt=one.number,
        state=State(one.state),
        order_id=one.order_id,
        at=one.completed_at or one.accepted_at or one.planned_at,
    )


def _known(one: Row[Any], states: Mapping[State, int]) -> KnownBatch:
    return KnownBatch(
        name=one.name,
        environment=Environment(base_url=one.base_url, account=one.account),
        confirmed_at=one.confirmed_at,
        confirmed_by=one.confirmed_by,
        file_name=one.file_name,
        states=states,
    )
