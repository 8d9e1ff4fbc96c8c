"""The way of a file: bytes, text, records, columns, rules; at its end a payout or its problems for every row."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

import pandas as pd

from batcher import keys, money
from batcher.intake import source
from batcher.intake.defaults import check_defaults
from batcher.intake.doubts import warnings_of
from batcher.intake.encoding import decoded
from batcher.intake.frame import add_identities, as_frame
from batcher.intake.header import Header, known, refuse_unnamed, require, resolved
from batcher.intake.judgement import problems_of
from batcher.intake.options import ReadOptions
from batcher.intake.rules import REPEATED, rules_for
from batcher.intake.table import Record, Table, read_table
from batcher.model import Distribution, Payout, Problem, Sheet, SheetRow


def read_sheet(path: Path, options: ReadOptions) -> Sheet:
    """Every row of the file as a payout, or as all the problems that it has.

    Raises `InputInvalid` where the file as a whole has no meaning or two, and `UsageError` where the config's own
    defaults or column names cannot be used.
    """
    check_defaults(options)
    data = source.read_bytes(path)
    encoding, table = table_of(data, options)
    header = resolved(table.header.line, table.header.cells, options)
    refuse_unnamed(header, [record.cells for record in table.records])
    frame = as_frame(table, header, options)
    require(header, needed_by_deliveries(frame, header))
    problems = problems_of(frame, rules_for(require_reference=options.require_reference), header, table.records)
    payouts = _payouts(frame, problems)
    _refuse_repeated(frame, payouts, problems, header, table.records)
    return Sheet(
        name=name_of(path),
        digest=hashlib.sha256(data).hexdigest(),
        encoding=encoding,
        delimiter=table.delimiter,
        columns=header.titles,
        header_line=header.line,
        rows=_rows(frame, table.records, payouts, problems, len(header.titles)),
        warnings=warnings_of(frame, header, encoding),
    )


def table_of(data: bytes, options: ReadOptions) -> tuple[str, Table]:
    """The encoding of these bytes, and the one table that their text is. Raises `InputInvalid` where it is none."""
    found = decoded(data, options.encoding)
    return found.encoding, read_table(found.text, partial(known, columns=options.columns))


def name_of(path: Path) -> str:
    """The file's name without its folder; one that is no Unicode could be stored nowhere."""
    return os.fsencode(path.name).decode(errors="replace")


def needed_by_deliveries(frame: pd.DataFrame, header: Header) -> list[str]:
    """The columns that some delivery needs: one that the sheet lacks is told once, not on every row."""
    methods = set(frame["method"])
    needed = []
    if methods & {Distribution.EMAIL, Distribution.RECIPIENT}:
        needed.append("email")
    if Distribution.RECIPIENT in methods:
        needed.append("recipient_reference")
    if Distribution.PAYOUT_LINK in methods and "email" not in header.places:
        needed.append("reference")
    return needed


def _payouts(frame: pd.DataFrame, problems: Mapping[int, object]) -> dict[int, Payout]:
    """The payout of every row without a problem, normalised, by the row's place."""
    cells = zip(*(frame[column].tolist() for column in _PAID), strict=True)
    return {place: _payout(*row) for place, row in enumerate(cells) if place not in problems}


_PAID = (
    "reference_read",
    "amount_read",
    "currency",
    "codes",
    "method",
    "email_read",
    "recipient_reference",
    "template",
)


def _payout(
    reference: str,
    amount: Decimal,
    currency: str,
    products: tuple[str, ...],
    method: Distribution,
    email: str | None,
    recipient_reference: str,
    template: str,
) -> Payout:
    """What a row asks for. A recipient reference that the delivery does not send is no part of it, but a warning."""
    return Payout(
        reference=reference or None,
        amount=money.in_minor_units(amount, currency),
        currency=currency,
        products=products,
        distribution=method,
        email=email,
        recipient_reference=recipient_reference if method is Distribution.RECIPIENT else None,
        template=template or None,
    )


def _refuse_repeated(
    frame: pd.DataFrame,
    payouts: dict[int, Payout],
    problems: dict[int, list[Problem]],
    header: Header,
    records: Sequence[Record],
) -> None:
    """Move rows that are the same without a reference from the payouts to the problems: each might be a mistake."""
    nameless = {place: payout for place, payout in payouts.items() if payout.reference is None}
    if not nameless:
        return
    add_identities(frame, [keys.identity(nameless[place]) if place in nameless else "" for place in range(len(frame))])
    for place, found in problems_of(frame, (REPEATED,), header, records).items():
        problems[place] = found
        del payouts[place]


def _rows(
    frame: pd.DataFrame,
    records: Sequence[Record],
    payouts: Mapping[int, Payout],
    problems: Mapping[int, list[Problem]],
    width: int,
) -> tuple[SheetRow, ...]:
    """Each record with as many cells as there are columns: short ones filled up, empty surplus cut off."""
    padding = ("",) * width
    return tuple(
        SheetRow(
            line=record.line,
            cells=(record.cells + padding)[:width],
            payout=payouts.get(place),
            problems=tuple(problems.get(place, ())),
            reference=reference or None,
        )
        for place, (record, reference) in enumerate(zip(records, frame["reference_read"].tolist(), strict=True))
    )
