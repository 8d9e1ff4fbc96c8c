"""The rows of a batch as records, with their attempts and sends: what lies in the tables, taken in one walk.

A large batch has a million of them, and nearly all of what they say is said again and again: cells by the attempt that
was made of them, times by everything that one plan wrote. Each such value is made once, and SQLAlchemy makes none.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from batcher.ledger.tables import attempts, rows, sends
from batcher.ledger.together import as_it_lies
from batcher.model import Distribution, Payout, PlannedOrder, Remains, Speaker
from batcher.policy import Finding
from batcher.records import AttemptRecord, RowRecord, SendRecord
from batcher.states import State

AT_ONCE = 5_000
"""Rows of a table that are fetched together."""

Columns = Mapping[int, tuple[str, ...]]
"""The headers of each plan's file, by its id."""


def rows_of(connection: Connection, batch_id: int, columns: Columns, last_plan: int) -> list[RowRecord]:
    """Every row that the batch ever had, in the order of the lines where files had them last."""
    found = list(_rows(connection, _ROWS.c.batch_id == batch_id, columns, last_plan))
    found.sort(key=attrgetter("line", "id"))
    return found


def some_of(connection: Connection, ids: Sequence[int], columns: Columns, last_plan: int) -> Iterator[RowRecord]:
    """The rows with these ids."""
    for start in range(0, len(ids), _AT_A_TIME):
        yield from _rows(connection, _ROWS.c.id.in_(ids[start : start + _AT_A_TIME]), columns, last_plan)


_ROWS = as_it_lies(rows)
_AT_A_TIME = 500
"""How many values one `IN` takes; SQLite's bound on variables is far above."""


def _rows(connection: Connection, wanted: ColumnElement[bool], columns: Columns, last_plan: int) -> Iterator[RowRecord]:
    reader = _Reader(columns, _sends(connection, wanted))
    tried = _attempts(connection, wanted)
    row_id, of_row = next(tried, _NO_MORE)
    for row in _walk(connection, select(_ROWS).where(wanted).order_by(_ROWS.c.id)):
        cells = reader.cells(row.cells)
        own: tuple[AttemptRecord, ...] = ()
        if row_id == row.id:
            own = tuple([reader.attempt(attempt, row, cells) for attempt in of_row])
            row_id, of_row = next(tried, _NO_MORE)
        yield RowRecord(
            id=row.id,
            identity=row.identity,
            line=row.line,
            in_file=row.plan_id == last_plan,
            columns=columns[row.plan_id],
            cells=cells,
            wanted=row.wanted,
            attempts=own,
        )


_NO_MORE: tuple[int, Iterator[Row[Any]]] = (-1, iter(()))


def _attempts(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[tuple[int, Iterator[Row[Any]]]]:
    """By row, in the order of the rows' ids: its attempts, oldest first."""
    lying = as_it_lies(attempts)
    query = select(lying).join(_ROWS, _ROWS.c.id == lying.c.row_id).where(wanted)
    return groupby(_walk(connection, query.order_by(lying.c.row_id, lying.c.number)), key=attrgetter("row_id"))


def _walk(connection: Connection, query: Any) -> Iterator[Row[Any]]:
    for some in connection.execute(query).partitions(AT_ONCE):
        yield from some


def _sends(connection: Connection, wanted: ColumnElement[bool]) -> Mapping[int, list[SendRecord]]:
    """By attempt, oldest first."""
    lying, of_attempt = as_it_lies(sends), as_it_lies(attempts)
    query = (
        select(lying)
        .join(of_attempt, of_attempt.c.id == lying.c.attempt_id)
        .join(_ROWS, _ROWS.c.id == of_attempt.c.row_id)
        .where(wanted)
        .order_by(lying.c.id)
    )
    found: defaultdict[int, list[SendRecord]] = defaultdict(list)
    speakers: dict[tuple[str, str, str], Speaker] = {}
    for send in _walk(connection, query):
        who = send.base_url, send.api_version, send.fingerprint
        speaker = speakers.get(who)
        if speaker is None:
            speaker = speakers[who] = Speaker(base_url=who[0], api_version=who[1], fingerprint=who[2])
        found[send.attempt_id].append(
            SendRecord(
                id=send.id,
                sent_at=datetime.fromisoformat(send.sent_at),
                speaker=speaker,
                server_at=_moment(send.server_at),
                answered_at=_moment(send.answered_at),
                finding=None if send.finding is None else _FINDINGS[send.finding],
                cause=send.cause,
            )
        )
    return found


class _Reader:
    """Makes values of what lies in the tables, and those that come again once."""

    def __init__(self, columns: Columns, sent: Mapping[int, list[SendRecord]]) -> None:
        self._columns = columns
        self._sent = sent
        self._texts: dict[str, str] = {}
        self._amounts: dict[str, Decimal] = {}
        self._products: dict[str, tuple[str, ...]] = {}
        self._planned: dict[str, datetime] = {}

    def cells(self, text: str) -> tuple[str, ...]:
        """The cells of a row. Equal ones are held once, also in the payout that was made of them."""
        if len(self._texts) > _TEXTS:
            self._texts.clear()
        one = self._texts.setdefault
        return tuple([one(cell, cell) for cell in json.loads(text)])

    def attempt(self, attempt: Row[Any], row: Row[Any], cells: tuple[str, ...]) -> AttemptRecord:
        """An attempt of a row that has these cells."""
        order = PlannedOrder(
            identity=row.identity,
            number=attempt.number,
            key=attempt.key,
            body=attempt.body,
            payout=self._payout(attempt),
        )
        planned_at = self._planned.get(attempt.planned_at)
        if planned_at is None:
            planned_at = self._planned[attempt.planned_at] = datetime.fromisoformat(attempt.planned_at)
        return AttemptRecord(
            id=attempt.id,
            order=order,
            state=_STATES[attempt.state],
            planned_at=planned_at,
            columns=self._columns[attempt.plan_id],
            cells=cells if attempt.cells == row.cells else self.cells(attempt.cells),
            sends=tuple(self._sent.get(attempt.id, ())),
            order_id=attempt.order_id,
            accepted_at=_moment(attempt.accepted_at),
            completed_at=_moment(attempt.completed_at),
            redemption_url=attempt.redemption_url,
            payout_status=attempt.payout_status,
            expiry_date=attempt.expiry_date,
            price=None if attempt.price is None else self._amount(attempt.price),
            discount=None if attempt.discount is None else self._amount(attempt.discount),
            error_type=attempt.error_type,
            error_message=attempt.error_message,
        )

    def _payout(self, attempt: Row[Any]) -> Payout:
        one = self._texts.get
        products = self._products.get(attempt.products)
        if products is None:
            products = self._products[attempt.products] = tuple(json.loads(attempt.products))
        return Payout(
            reference=one(attempt.reference, attempt.reference),
            amount=self._amount(attempt.amount),
            currency=one(attempt.currency, attempt.currency),
            products=products,
            distribution=_DISTRIBUTIONS[attempt.distribution],
            email=one(attempt.email, attempt.email),
            recipient_reference=one(attempt.recipient_reference, attempt.recipient_reference),
            template=one(attempt.template, attempt.template),
            remains=remains_of(attempt),
        )

    def _amount(self, text: str) -> Decimal:
        amount = self._amounts.get(text)
        if amount is None:
            amount = self._amounts[text] = Decimal(text)
        return amount


_TEXTS = 200_000
"""Texts that are remembered at one time; what comes again in a sheet comes often, or in the row that it is of."""
_STATES = {state.value: state for state in State}
_DISTRIBUTIONS = {distribution.value: distribution for distribution in Distribution}
_FINDINGS = {finding.value: finding for finding in Finding}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def remains_of(attempt: Row[Any]) -> Remains | None:
    """What is left of a payout whose personal fields were purged; `None` for any other."""
    if attempt.content_digest is None:
        return None
    return Remains(
        content_digest=attempt.content_digest,
        twin_digest=attempt.twin_digest,
        recipient_digest=attempt.recipient_digest,
    )
