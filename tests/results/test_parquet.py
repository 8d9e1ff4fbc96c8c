"""Parquet: typed columns of ours, text of the input's, null where there is nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from batcher import __version__
from batcher.errors import UsageError
from batcher.records import BatchRecord
from batcher.results import write_results
from batcher.results.table import OUR_COLUMNS
from batcher.states import State
from tests.payouts import BATCH, COLUMNS, Book, attempt, payout, record_of, sheet


def read(record: BatchRecord, folder: Path) -> Any:
    (path,) = write_results(record, folder, ["parquet"])
    return parquet.read_table(path)


def priced(*prices: str) -> BatchRecord:
    """A batch of paid rows at these prices."""
    rows = tuple(
        record_of(attempt(State.COMPLETED, payout(f"R{number}"), price=Decimal(price))).rows[0]
        for number, price in enumerate(prices)
    )
    return replace(record_of(attempt(State.COMPLETED, payout("R1"))), rows=rows)


def test_columns_have_their_types_and_stand_in_order(tmp_path: Path) -> None:
    schema = read(priced("9.50"), tmp_path).schema
    assert schema.names == [*COLUMNS, *OUR_COLUMNS]
    others = {
        "row": pa.int64(),
        "attempts": pa.int64(),
        "price": pa.decimal128(38, 4),
        "submitted_at": pa.timestamp("us", "UTC"),
        "completed_at": pa.timestamp("us", "UTC"),
    }
    assert [field.type for field in schema] == [others.get(name, pa.string()) for name in schema.names]


def test_a_paid_row_says_what_the_csv_says(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(payout("R1")))
    book.bring("R1", State.COMPLETED)
    (line,) = read(book.batch(), tmp_path / "results").to_pylist()
    moment = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert (line["reference"], line["amount"], line["status"]) == ("R1", "10.00", "COMPLETED")
    assert (line["row"], line["attempts"], line["price"]) == (2, 1, Decimal("9.50"))
    assert (line["submitted_at"], line["completed_at"], line["expiry_date"]) == (moment, moment, "2027-11-03")


def test_what_is_empty_is_null(tmp_path: Path) -> None:
    (line,) = read(record_of(attempt(State.PLANNED, payout("R1"))), tmp_path).to_pylist()
    empty = ["note", "order_id", "redemption_url", "price", "error_type", "submitted_at", "completed_at"]
    assert [line[name] for name in empty] == [None] * len(empty)


def test_text_is_not_touched(tmp_path: Path) -> None:
    cells = ("=1+1", "'=1", " x ", "\ta", "0012")
    record = record_of(attempt(State.PLANNED, payout("R1"), cells=cells), cells=cells)
    (line,) = read(record, tmp_path).to_pylist()
    assert tuple(line[name] for name in COLUMNS[:5]) == cells


def test_no_decimal_of_a_price_is_lost(tmp_path: Path) -> None:
    table = read(priced("9.50", "0.123456", "12345678901234567890.1"), tmp_path)
    assert table.schema.field("price").type == pa.decimal128(38, 6)
    assert table["price"].to_pylist() == [Decimal("9.50"), Decimal("0.123456"), Decimal("12345678901234567890.1")]


def test_a_price_that_it_cannot_keep_is_refused_and_not_rounded(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than 38 digits"):
        read(priced("12345678901234567890." + "1" * 19), tmp_path)


def test_the_file_says_whose_results_it_holds(tmp_path: Path) -> None:
    metadata = read(priced("9.50"), tmp_path).schema.metadata
    assert metadata[b"batcher.batch"].decode() == BATCH
    assert metadata[b"batcher.environment"].decode() == "PLAYGROUND (main at playground.runa.io)"
    assert metadata[b"batcher.version"].decode() == __version__


def test_a_batch_without_rows_has_the_same_columns(tmp_path: Path) -> None:
    full = read(priced("9.50"), tmp_path)
    assert read(replace(priced("9.50"), rows=()), tmp_path).schema.equals(full.schema)
