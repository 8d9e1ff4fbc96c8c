"""Sheets that are too large to be held: they are read as small ones are, and a check says of them the same."""

import codecs
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher import keys
from batcher.errors import InputInvalid
from batcher.intake import ReadOptions, Surveyed, read_sheet, survey_sheet
from batcher.intake.header import known
from batcher.intake.judging import judging_of, opened
from batcher.intake.opening import grid_of, large_csv
from batcher.intake.record import Record
from batcher.intake.repeats import Repeats
from batcher.intake.text.csvtext import Dialect
from batcher.intake.text.quickly import Quickly
from batcher.intake.text.source import Held
from batcher.model import CheckedSheet
from batcher.planning import rows_alike
from tests.intake.sheets import HEADER, UNHURRIED, as_text, row

NAMES = partial(known, columns={})

AMOUNTS = st.sampled_from(["12.50", "5", "0", "1,234", "1.234,50", "x", "-3", "£7", "9.999", "1000000001"])
RECIPIENTS = st.sampled_from(
    [
        *[("EMAIL", address, "") for address in ("ann@example.com", "Ann@Example.com", "nobody", "ann@gmial.com")],
        *[("EMAIL", address, "") for address in ("Info@example.com", "info@example.com", "z\u00f6@ex\u00e4mple.com")],
        ("EMAIL", "z\u00f6@xn--exmple-cua.com", ""),
        ("PAYOUT_LINK", "", ""),
        ("PAYOUT_LINK", "ann@example.com", "E1"),
        ("RECIPIENT", "ann@example.com", "E1"),
        ("RECIPIENT", "", "E1"),
    ]
)
ROWS = st.lists(
    st.builds(
        lambda reference, amount, to, currency, product: row(
            reference,
            amount=amount,
            currency=currency,
            product=product,
            distribution=to[0],
            email=to[1],
            recipient_reference=to[2],
        ),
        st.sampled_from(["", "", "A", "B", "a", "C\u200b", "D", *"EFGHIJ"]),
        st.one_of(st.sampled_from(["5", "5.00", "12.50"]), AMOUNTS),
        RECIPIENTS,
        st.one_of(st.just("GBP"), st.sampled_from(["GBP", "EUR", "JPY", "?"])),
        st.sampled_from(["AMZ-GB", "AMZ-GB", "amz-gb", "A|B", "B|A"]),
    ),
    min_size=1,
    max_size=12,
)


@UNHURRIED
@given(ROWS, st.sampled_from(["allow", "warn", "error"]))
def test_a_check_that_only_counts_says_the_same(tmp_path: Path, rows: list[list[str]], same_recipient: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(as_text([HEADER, *rows]).encode())
    options = ReadOptions(same_recipient=same_recipient)
    counted, sheet = survey_sheet(path, options).counted(), read_sheet(path, options)
    assert counted.sheet == CheckedSheet.of(sheet)
    assert rows_alike(counted.likely_alike) == rows_alike((row.line, payout) for row, payout in sheet.payouts)


@UNHURRIED
@given(ROWS)
def test_who_is_paid_is_the_same_by_the_column_and_by_the_payout(tmp_path: Path, rows: list[list[str]]) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(as_text([HEADER, *rows]).encode())
    for judged in survey_sheet(path, ReadOptions()).judging.judged():
        by_column = judged.frame["recipient"].to_pylist()
        for place, payout in judged.frame.payouts(judged.sound).items():
            assert by_column[place] == keys.recipient(payout)


@UNHURRIED
@given(ROWS, st.integers(50, 400))
def test_blocks_side_by_side_say_the_same_as_one_block(tmp_path: Path, rows: list[list[str]], size: int) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(as_text([HEADER, *rows]).encode())
    options = ReadOptions(same_recipient="warn")
    table, _ = opened(path, options)
    pieces = Quickly(Held(path.read_bytes()), "utf-8", Dialect(","), size, size).blocks
    in_pieces = judging_of(replace(table, grid=replace(table.grid, blocks=pieces)), options)
    assert Surveyed(judging=in_pieces, name=path.name, digest="").counted() == survey_sheet(path, options).counted()


def large(path: Path, data: bytes, encoding: str | None = None) -> tuple[list[Record], str, str | None]:
    path.write_bytes(data)
    grid, digest = large_csv(path, NAMES, ReadOptions(encoding=encoding))
    return list(grid.records()), digest, grid.encoding


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
    ],
)
def test_a_large_file_is_read_as_a_small_one(tmp_path: Path, encoding: str, mark: bytes) -> None:
    path = tmp_path / "sheet.csv"
    data = mark + as_text([HEADER, row(note='two\nlines, "quoted"'), row("R2", note="caf\u00e9")]).encode(encoding)
    found, digest, _ = large(path, data)
    grid, same = grid_of(path, NAMES, ReadOptions())
    assert (found, digest) == (list(grid.records()), same)
    assert found[0].cells == HEADER


@pytest.mark.parametrize(
    ("data", "encoding", "kind"),
    [
        ("Amount,caf\u00e9\n1,2\n".encode("cp1252"), None, "encoding_unknown"),
        (b"Amount,Note\n1,\xc3", None, "encoding_unknown"),
        (b"Amount,Note\n1,\x00\n", None, "nul_bytes"),
        (b"Amount,Note\n1,\x81\n", "cp1252", "encoding_unknown"),
    ],
)
def test_what_a_large_file_is_not_is_refused(tmp_path: Path, data: bytes, encoding: str | None, kind: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        large(tmp_path / "sheet.csv", data, encoding)
    assert caught.value.problems[0].kind == kind


def test_a_large_file_of_an_encoding_that_is_said(tmp_path: Path) -> None:
    found, _, encoding = large(tmp_path / "sheet.csv", "Amount,caf\u00e9\n1,2\n".encode("cp1252"), "cp1252")
    assert (found[0].cells, encoding) == (("Amount", "caf\u00e9"), "cp1252")


def test_a_large_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(as_text([HEADER, row()]).encode())
    grid, _ = large_csv(path, NAMES, ReadOptions())
    assert len(list(grid.records())) == 2
    path.write_bytes(as_text([HEADER, row(), row("R2")]).encode())
    with pytest.raises(InputInvalid) as caught:
        list(grid.records())
    assert caught.value.problems[0].kind == "file_changed"


@pytest.mark.parametrize("by", ["blocks", "records"])
def test_a_large_file_that_is_written_over_in_the_middle_of_a_reading_is_refused(tmp_path: Path, by: str) -> None:
    path = tmp_path / "sheet.csv"
    lines = [HEADER, *(row(f"R{number:06}") for number in range(60_000))]
    path.write_bytes(as_text(lines).encode())
    grid, _ = large_csv(path, NAMES, ReadOptions())
    assert grid.blocks is not None
    reading = grid.blocks(len(HEADER), 1) if by == "blocks" else grid.records()
    next(iter(reading))
    with path.open("r+b") as file:
        # The same people in the other order: not one of the digest's rows would be missed by its length.
        file.write(as_text([HEADER, *lines[:0:-1]]).encode())
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputInvalid) as caught:
        list(reading)
    assert caught.value.problems[0].kind == "file_changed"


def test_a_file_of_another_time_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(as_text([HEADER, row()]).encode())
    grid, _ = large_csv(path, NAMES, ReadOptions())
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputInvalid):
        list(grid.records())


@UNHURRIED
@given(st.lists(st.lists(st.integers(-5, 5), max_size=6), max_size=6), st.integers(1, 8))
def test_what_comes_more_than_once_is_found_in_memory_and_on_disk(batches: list[list[int]], held: int) -> None:
    import numpy as np

    repeats = Repeats(held)
    everything = [number for batch in batches for number in batch]
    for batch in batches:
        repeats.add(np.array(batch, dtype=np.int64))
    assert repeats.found().tolist() == sorted({number for number in everything if everything.count(number) > 1})
