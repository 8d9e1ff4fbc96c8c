"""A results file beside the ledger: the line and the column of whatever somebody has changed in it."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.records import BatchRecord, JournalReading
from batcher.results import FORMATS, FileCheck, check_file, write_results
from batcher.results.grids import grids_of
from batcher.states import State
from tests.payouts import BATCH, ENVIRONMENT, Book, Unreadable, payout, sheet

ROWS = [payout(f"R{n}", f"{n + 10}.00", email=f"person{n}@example.com") for n in range(4)]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book(tmp_path) as book:
        book.confirm(sheet(*ROWS, Unreadable("R8")), skip_invalid=True)
        book.bring("R0", State.COMPLETED)
        book.bring("R1", State.REJECTED)
        yield book


def written(book: Book, word: str = "csv") -> tuple[Path, bytes]:
    (path,) = write_results(book.batch(), book.path.parent / "results", [word])
    return path, path.read_bytes()


def check(book: Book, path: Path, data: bytes, word: str = "csv") -> FileCheck:
    journal, record = book.ledger.read_journal(ENVIRONMENT, BATCH)
    assert record is not None
    return check_file(path, word, data, record, journal)


def places(found: FileCheck) -> set[tuple[int | None, str | None]]:
    return {(one.line, one.field) for one in found.discrepancies}


def edited(data: bytes, line: int, column: str, value: str) -> bytes:
    """The CSV with another cell, as a spreadsheet would save it."""
    table = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    table[line - 1][table[0].index(column)] = value
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    return text.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize("word", FORMATS)
def test_a_file_that_nobody_changed_agrees(book: Book, word: str) -> None:
    found = check(book, *written(book, word), word)
    assert (found.discrepancies, found.events_since, found.without_digest) == ((), 0, False)


@pytest.mark.parametrize("word", FORMATS)
def test_the_digest_is_the_last_column_and_the_same_in_every_line(book: Book, word: str) -> None:
    headers, *lines = grids_of(word, written(book, word)[1])["Results"]
    assert headers[-1] == "journal"
    assert {line[-1] for line in lines} == {book.batch().journal}


def test_a_changed_cell_is_named_by_its_line_and_its_column(book: Book) -> None:
    path, data = written(book)
    found = check(book, path, edited(data, 2, "price", "95.00"))
    assert [one.where for one in found.discrepancies] == ["nov.csv, line 2, price"]


def test_nothing_of_a_changed_cell_is_repeated(book: Book) -> None:
    path, data = written(book)
    found = check(book, path, edited(data, 2, "redemption_url", "https://links.example/stolen"))
    assert [one.where for one in found.discrepancies] == ["nov.csv, line 2, redemption_url"]
    assert "links.example" not in repr(found)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, bytes, BatchRecord, JournalReading]]:
    """Each format of one batch, with what it is held against."""
    with Book(tmp_path_factory.mktemp("checking")) as book:
        book.confirm(sheet(*ROWS, Unreadable("R8")), skip_invalid=True)
        book.bring("R0", State.COMPLETED)
        journal, record = book.ledger.read_journal(ENVIRONMENT, BATCH)
        assert record is not None
        return {word: (*written(book, word), record, journal) for word in FORMATS}


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 10**6), other=st.integers(1, 255))
def test_one_changed_byte_of_the_csv_is_found_or_is_no_part_of_a_cell(
    shelf: dict[str, tuple[Path, bytes, BatchRecord, JournalReading]], place: int, other: int
) -> None:
    path, data, record, journal = shelf["csv"]
    place %= len(data)
    tampered = data[:place] + bytes([data[place] ^ other]) + data[place + 1 :]
    found = check_file(path, "csv", tampered, record, journal).discrepancies
    if found:
        assert all(one.file == "nov.csv" for one in found)
        return
    assert grids_of("csv", tampered) == grids_of("csv", data)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10**6), other=st.integers(1, 255), word=st.sampled_from(["xlsx", "parquet"]))
def test_one_changed_byte_of_a_workbook_or_a_parquet_file_changes_no_cell_unseen(
    shelf: dict[str, tuple[Path, bytes, BatchRecord, JournalReading]], place: int, other: int, word: str
) -> None:
    path, data, record, journal = shelf[word]
    place %= len(data)
    tampered = data[:place] + bytes([data[place] ^ other]) + data[place + 1 :]
    if not check_file(path, word, tampered, record, journal).discrepancies:
        assert grids_of(word, tampered) == grids_of(word, data)


def test_a_cell_of_a_workbook_that_was_saved_anew_is_named(book: Book) -> None:
    path, data = written(book, "xlsx")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = re.sub(rb"<v>9\.50?</v>", b"<v>950</v>", part, count=1)
            after.writestr(name, part)
    found = check(book, path, out.getvalue(), "xlsx")
    assert places(found) == {(2, "price")}


def test_lines_that_were_taken_out_or_put_in_are_named(book: Book) -> None:
    path, data = written(book)
    lines = data.splitlines(keepends=True)
    assert check(book, path, b"".join(lines[:-1])).discrepancies[-1].message == "is missing"
    assert check(book, path, data + lines[-1]).discrepancies[-1].message == "is not in the ledger"


def test_an_older_file_agrees_as_far_as_it_goes(book: Book) -> None:
    path, data = written(book)
    book.bring("R2", State.COMPLETED)
    found = check(book, path, data)
    assert (found.discrepancies, found.events_since) == ((), 3)


def test_in_an_older_file_what_was_not_touched_since_must_agree(book: Book) -> None:
    path, data = written(book)
    book.bring("R2", State.COMPLETED)
    assert places(check(book, path, edited(data, 2, "price", "95.00"))) == {(2, "price")}
    assert places(check(book, path, edited(data, 4, "status", "COMPLETED"))) == set()
    assert places(check(book, path, edited(data, 6, "status", "COMPLETED"))) == {(6, "status")}
    other_key = edited(data, 2, "idempotency_key", "00000000-0000-8000-8000-000000000000")
    assert (2, "idempotency_key") in places(check(book, path, other_key))


def test_a_file_from_before_a_later_plan_is_compared_where_no_line_has_moved(book: Book) -> None:
    path, data = written(book)
    book.confirm(sheet(*ROWS[1:]), accept_missing=True, retry=False)
    found = check(book, path, data)
    assert found.discrepancies == ()
    assert found.events_since > 0
    assert places(check(book, path, edited(data, 2, "order_id", "O-else"))) == {(2, "order_id")}


def test_a_digest_that_is_none_of_the_journals_is_named_in_every_line(book: Book) -> None:
    path, data = written(book)
    found = check(book, path, data.replace(book.batch().journal.encode(), b"0" * 64))
    assert places(found) == {(line, "journal") for line in range(2, 7)}


def test_one_line_with_another_digest_is_named(book: Book) -> None:
    path, data = written(book)
    assert places(check(book, path, edited(data, 3, "journal", "0" * 64))) == {(3, "journal")}
    book.bring("R2", State.COMPLETED)
    assert places(check(book, path, edited(data, 3, "journal", "0" * 64))) == {(3, "journal")}


def test_a_file_of_an_older_release_has_no_digest_and_is_compared_all_the_same(book: Book) -> None:
    path, data = written(book)
    table = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    text = io.StringIO(newline="")
    csv.writer(text).writerows(line[:-1] for line in table)
    older = text.getvalue().encode("utf-8-sig")
    found = check(book, path, older)
    assert (found.discrepancies, found.without_digest) == ((), True)
    assert places(check(book, path, edited(older, 2, "price", "1.00"))) == {(2, "price")}


@pytest.mark.parametrize("word", FORMATS)
def test_what_is_no_file_of_its_kind_is_said_to_be_damaged(book: Book, word: str) -> None:
    path, _ = written(book, word)
    (found,) = check(book, path, b"\xff\x00 no table", word).discrepancies
    assert found.message.startswith("cannot be read") or found.field is not None
