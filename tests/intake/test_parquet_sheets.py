"""Parquet files to rows of cells: numbers as exact as their column, and no column that is more than cells."""

import io
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from batcher.errors import InputInvalid
from batcher.intake.grid import Grid
from batcher.intake.workbooks.parquet import read_parquet
from tests.intake.sheets import UNHURRIED
from tests.intake.test_workbook_cells import AMOUNTS, TEXTS
from tests.intake.workbooks import refused, rows_of


def read(data: bytes) -> Grid:
    return read_parquet(data, "payouts.parquet")


def written(columns: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def cell_of(values: Any) -> tuple[str, bool, str | None]:
    """The first cell of a column with these values: its text, whether it is a number, and its oddity."""
    record = list(read(written({"x": values})).records())[1]
    oddity = record.oddities.get(0)
    return record.cells[0], 0 in record.numbers, oddity.kind if oddity else None


def test_names_of_columns_are_the_first_line_and_blank_rows_are_counted() -> None:
    columns = {"Reference": ["R1", None, " ", "R4"], "Amount": [Decimal("12.50"), None, None, Decimal(7)]}
    for options in ({}, {"row_group_size": 1}, {"use_dictionary": False}, {"compression": "zstd"}):
        grid = read(written(columns, **options))
        assert rows_of(grid) == [(1, ("Reference", "Amount")), (2, ("R1", "12.5")), (5, ("R4", "7"))]
        assert rows_of(grid) == rows_of(grid)
        assert [record.numbers for record in grid.records()] == [frozenset(), {1}, {1}]
        assert (grid.sheet, grid.encoding, grid.delimiter, grid.doubts) == (None, None, None, ())


@pytest.mark.parametrize(
    ("values", "cell"),
    [
        (pa.array([12]), ("12", True, None)),
        (pa.array([-12], pa.int8()), ("-12", True, None)),
        (pa.array([1234567890123456789]), ("1234567890123456789", True, None)),
        (pa.array([2**64 - 1], pa.uint64()), ("18446744073709551615", True, None)),
        (pa.array([Decimal("0.10")], pa.decimal256(40, 2)), ("0.1", True, None)),
        (pa.array([12.5]), ("12.5", True, None)),
        (pa.array([0.1 + 0.2]), ("0.3", True, None)),
        (pa.array([1e16]), ("10000000000000000", True, "number_digits_lost")),
        (pa.array([12.35], pa.float32()), ("12.35", True, None)),
        (pa.array([9999.99], pa.float32()), ("9999.99", True, None)),
        (pa.array([1000000.01], pa.float32()), ("1000000", True, "number_digits_lost")),
        (pa.array([12345.67], pa.float32()), ("12345.6699", True, "number_digits_lost")),
        (pa.array([1.2345678], pa.float32()), ("1.23456776", True, "number_digits_lost")),
        (pa.array([12.5], pa.float16()), ("12.5", True, "number_digits_lost")),
        (pa.array([float("nan")]), ("NaN", False, "cell_is_error")),
        (pa.array([float("inf")], pa.float32()), ("inf", False, "cell_is_error")),
        (pa.array([True]), ("TRUE", False, "cell_is_boolean")),
        (pa.array([date(2026, 11, 3)]), ("2026-11-03", False, "cell_is_date")),
        (pa.array([datetime(2026, 11, 3, 14, 30, tzinfo=UTC)]), ("2026-11-03T14:30:00+00:00", False, "cell_is_date")),
        (pa.array([time(14, 30)]), ("14:30:00", False, "cell_is_date")),
        (pa.array([timedelta(hours=36)]), ("36:00:00", False, "cell_is_date")),
        (pa.array([1], pa.timestamp("ns")), ("1970-01-01T00:00:00", False, "cell_is_date")),
        (pa.array(["007"]), ("007", False, None)),
        (pa.array(["x" * 255], pa.large_string()), ("x" * 255, False, None)),
        (pa.array(["a", "b"]).dictionary_encode(), ("a", False, None)),
        (pa.array([7, 8]).dictionary_encode(), ("7", True, None)),
    ],
)
def test_a_value_becomes_a_cell_by_its_type(values: Any, cell: tuple[str, bool, str | None]) -> None:
    assert cell_of(values) == cell


def test_no_digit_of_a_long_number_is_rounded() -> None:
    digits = "1234567890123456789012345678901"
    assert cell_of(pa.array([Decimal(digits)], pa.decimal256(40, 0))) == (digits, True, None)
    assert cell_of(pa.array([Decimal(f"12.5{'0' * 28}1")], pa.decimal128(38, 30)))[0] == f"12.5{'0' * 28}1"


def test_a_column_of_nothing_is_empty() -> None:
    columns = {"R": ["R1"], "N": pa.nulls(1)}
    assert rows_of(read(written(columns))) == [(1, ("R", "N")), (2, ("R1",))]
    assert rows_of(read(written({"R": pa.array([], pa.string())}))) == [(1, ("R",))]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([["a"]]), "column_nested"),
        (pa.array([{"a": 1}]), "column_nested"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "column_nested"),
        (pa.array([b"\xff"]), "column_not_cells"),
    ],
)
def test_columns_that_are_more_than_cells_are_refused_by_name(values: Any, kind: str) -> None:
    problem = refused(lambda: read(written({"Reference": ["R1"], "Odd one": values})))
    assert (problem.kind, problem.column, "'Odd one'" in problem.message) == (kind, "Odd one", True)


def test_what_pandas_writes_is_read() -> None:
    frame = pd.DataFrame({"Reference": ["R1", None], "Amount": [12.5, 7.0], "Kind": pd.Categorical(["a", "b"])})
    file = io.BytesIO()
    frame.to_parquet(file)
    assert rows_of(read(file.getvalue()))[1:] == [(2, ("R1", "12.5", "a")), (3, ("", "7", "b"))]


def test_damaged_files_are_refused_in_words() -> None:
    whole = written({"Reference": [f"R{number}" for number in range(1000)]}, write_page_checksum=True)
    for data in (b"", b"PAR1", whole[:-9], whole[: len(whole) // 2], b"PAR1" + bytes(100) + b"PAR1"):
        assert refused(lambda data=data: read(data)).kind == "file_damaged"  # type: ignore[misc]
    flipped = bytearray(whole)
    flipped[60] ^= 0xFF
    assert refused(lambda: read(bytes(flipped))).kind == "file_damaged"
    assert refused(lambda: read(whole[:-4] + b"PARE")).kind == "file_has_password"


def test_a_small_file_that_is_a_large_sheet_is_refused() -> None:
    many = written({"x": pa.array([None], pa.string()).take(pa.array([0] * 1_048_576))})
    assert refused(lambda: read(many)).kind == "sheet_too_large"
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 150_000, pa.int32()), pa.array(["x" * 200_000]))
    assert refused(lambda: read(written({"x": long}))).kind == "cell_too_long"


@UNHURRIED
@given(rows=st.lists(st.tuples(TEXTS, AMOUNTS), min_size=1, max_size=8))
def test_what_is_written_is_read(rows: list[tuple[str, Decimal]]) -> None:
    texts, amounts = zip(*rows, strict=True)
    for column in (pa.array(amounts, pa.decimal128(12, 2)), pa.array([float(amount) for amount in amounts])):
        grid = read(written({"Reference": texts, "Amount": column}))
        read_back = [(record.cells, set(record.numbers)) for record in grid.records()][1:]
        assert read_back == [((text, f"{amount.normalize():f}"), {1}) for text, amount in rows]


WHOLE = written({"Reference": ["R1", "R2"] * 9, "Amount": [1.5, 2.5] * 9}, write_page_checksum=True)


@UNHURRIED
@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_one_wrong_byte_is_refused_or_changes_no_cell(at: int, byte: int) -> None:
    try:
        read_back = rows_of(read(WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]))
    except InputInvalid:
        return
    assert read_back[1:] == rows_of(read(WHOLE))[1:]
