"""A Parquet file to rows of cells: the columns' names are line 1, the first row is line 2, and nothing is a guess.

Batches are read as they are asked for, anew each time. Texts stay in their dictionary until a cell is made of one: a
small file can hold one long text a million times.
"""

import io
import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from batcher.intake.grid import Grid
from batcher.intake.record import Record
from batcher.intake.refusal import refusal
from batcher.intake.workbooks.cellvalues import (
    EMPTY,
    CellValue,
    cell_name,
    digits_lost,
    duration,
    from_boolean,
    from_date,
    from_error,
    from_number,
    plain,
    rounded,
)
from batcher.intake.workbooks.gathering import MAX_LINE, MAX_PLACES, Bounds, record_of
from batcher.intake.workbooks.numberformats import Showing, Shown
from batcher.intake.workbooks.package import damaged, has_password

MAX_UNPACKED = 2_000_000_000
"""Bytes of all columns as the file counts them."""
_BATCH = 4096
_AS_HELD = Shown(Showing.SAME)

ToCell = Callable[[Any, str], CellValue]
"""Makes a cell of a value that is there, and of the name of its place."""


def read_parquet(data: bytes, name: str) -> Grid:
    """All rows of the file. Raises `InputInvalid`, also later: for nested columns, and where the file is damaged."""
    if data.endswith(b"PARE"):
        raise has_password(name)
    with _translated(name):
        file = _opened(data, ())
        _refuse_too_large(file, name)
        kinds = [_kind(field, name) for field in file.schema_arrow]
        texts = tuple(field.name for field in file.schema_arrow if _is_text(field.type))
    return Grid(records=lambda: _records(data, texts, kinds, name))


def _opened(data: bytes, texts: tuple[str, ...]) -> Any:
    return parquet.ParquetFile(io.BytesIO(data), read_dictionary=list(texts), page_checksum_verification=True)


def _refuse_too_large(file: Any, name: str) -> None:
    about = file.metadata
    unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows >= MAX_LINE or len(file.schema_arrow) > MAX_PLACES or unpacked > MAX_UNPACKED:
        message = (
            f"{name} has {about.num_rows:,} rows of {len(file.schema_arrow):,} columns and unpacks to "
            f"{unpacked / 1_000_000:,.0f} MB, more than any sheet of payouts needs."
        )
        raise refusal("sheet_too_large", message, "Split it into several sheets, each with its own batch name.")


def _records(data: bytes, texts: tuple[str, ...], kinds: list[ToCell], name: str) -> Iterator[Record]:
    with _translated(name):
        file = _opened(data, texts)
        yield Record(1, tuple(file.schema_arrow.names))
        bounds = Bounds(name)
        line = 1
        for batch in file.iter_batches(batch_size=_BATCH):
            # The library does not look by itself whether the places in a dictionary are there, or texts are UTF-8.
            batch.validate(full=True)
            columns = [_values(column) for column in batch.columns]
            for place in range(batch.num_rows):
                line += 1
                values = ((at, column(place)) for at, column in enumerate(columns))
                cells = {at: _cell(value, kinds[at], at, line) for at, value in values if value is not None}
                if record := record_of(line, cells):
                    bounds.count(record)
                    yield record
        if line != file.metadata.num_rows + 1:
            raise damaged(name, f"it says that it has {file.metadata.num_rows:,} rows, and has {line - 1:,}")


def _values(column: Any) -> Callable[[int], Any]:
    """The values of a column by their place in the batch. What is not there is `None`."""
    if isinstance(column, pa.DictionaryArray):
        values, places = column.dictionary.to_pylist(), column.indices.to_pylist()
        return lambda place: None if places[place] is None else values[places[place]]
    cells = column.to_pylist() if not pa.types.is_temporal(column.type) else _moments(column)
    return lambda place: cells[place]


def _moments(column: Any) -> list[Any]:
    """Dates and times as they are: what Python's have no place for, a nanosecond, is cut off, as it is for show."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    elif pa.types.is_time(column.type):
        column = column.cast(pa.time64("us"), safe=False)
    elif pa.types.is_duration(column.type):
        column = column.cast(pa.duration("us"), safe=False)
    return list(column.to_pylist())


def _cell(value: Any, kind: ToCell, place: int, line: int) -> CellValue:
    return kind(value, cell_name(place, line))


def _kind(field: Any, name: str) -> ToCell:
    """How values of a column become cells."""
    found = field.type
    if pa.types.is_dictionary(found):
        found = found.value_type
    for is_one, kind in _KINDS:
        if is_one(found):
            return kind
    nested = pa.types.is_nested(found)
    what = "lists or tables within cells" if nested else f"values of the type {found}"
    message = f"The column {field.name!r} of {name} holds {what}, which cannot be read as cells."
    kind_of_refusal = "column_nested" if nested else "column_not_cells"
    raise refusal(kind_of_refusal, message, "Leave the column out, or write it as text or numbers.", column=field.name)


def _is_text(found: Any) -> bool:
    return bool(pa.types.is_string(found) or pa.types.is_large_string(found))


def _text(value: str, _: str) -> CellValue:
    return CellValue(value)


def _exact(value: int | Decimal, _: str) -> CellValue:
    """Whole numbers and decimals have all their digits, however many."""
    return CellValue(plain(Decimal(value)), is_number=True)


def _float(value: float, name: str) -> CellValue:
    if not math.isfinite(value):
        return from_error("NaN" if math.isnan(value) else str(value), name)
    return from_number(rounded(Decimal(repr(value))), _AS_HELD, name)


def _short_float(value: float, name: str) -> CellValue:
    """A number of 32 bits keeps six digits, so cents only up to ten thousand; it is what those six digits say."""
    if not math.isfinite(value):
        return _float(value, name)
    kept = Decimal(f"{value:.9g}")
    short = Decimal(f"{value:.6g}")
    if abs(kept) >= 10_000 or _single(short) != _single(kept):
        return digits_lost(kept, name, kept=6)
    return CellValue(plain(short), is_number=True)


def _single(value: Decimal) -> float:
    """What four bytes keep of it; `pa.scalar` would import pandas to ask whether it is one of its values."""
    kept: float = struct.unpack("f", struct.pack("f", float(value)))[0]
    return kept


def _half_float(value: float, name: str) -> CellValue:
    return digits_lost(Decimal(repr(float(value))), name, kept=3) if math.isfinite(value) else _float(value, name)


def _boolean(value: bool, name: str) -> CellValue:
    return from_boolean(is_true=value, name=name)


def _moment(value: date | datetime | time | timedelta, name: str) -> CellValue:
    if isinstance(value, timedelta):
        return from_date(duration(Decimal(value // timedelta(microseconds=1)) / 86_400_000_000), name)
    return from_date(value.isoformat(), name)


_KINDS: tuple[tuple[Callable[[Any], bool], ToCell], ...] = (
    (lambda found: _is_text(found) or pa.types.is_string_view(found), _text),
    (pa.types.is_integer, _exact),
    (pa.types.is_decimal, _exact),
    (pa.types.is_float64, _float),
    (pa.types.is_float32, _short_float),
    (pa.types.is_float16, _half_float),
    (pa.types.is_boolean, _boolean),
    (pa.types.is_null, lambda _value, _name: EMPTY),
    (lambda found: pa.types.is_temporal(found) and not pa.types.is_interval(found), _moment),
)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn what the library fails with into a sentence."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise damaged(name, reason[:160]) from error
