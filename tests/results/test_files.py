"""How results come to the disk: for their owner only, whole or not at all."""

import csv
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.errors import OwnFault, UsageError
from batcher.records import BatchRecord
from batcher.results import FORMATS, write_results
from batcher.results.files import write_csv
from batcher.states import State
from tests.payouts import attempt, payout, record_of

RECORD: BatchRecord = record_of(attempt(State.COMPLETED, payout("R1"), redemption_url="https://links.example/1"))


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.fixture
def open_umask() -> Iterator[None]:
    """As careless as a process can be."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_the_folder_and_the_file_are_for_their_owner_only(tmp_path: Path) -> None:
    (path,) = write_results(RECORD, tmp_path / "deep" / "results")
    assert path == tmp_path / "deep" / "results" / "nov.csv"
    assert (mode(path.parent), mode(path)) == ("0o700", "0o600")


@pytest.mark.usefixtures("open_umask")
def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(tmp_path: Path) -> None:
    for word in FORMATS:
        (tmp_path / f"nov.{word}").write_text("old")
    assert [mode(path) for path in write_results(RECORD, tmp_path, FORMATS)] == ["0o600"] * 3


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o750)
    write_results(RECORD, shared)
    assert mode(shared) == "0o750"


def test_it_opens_in_excel_by_a_double_click(tmp_path: Path) -> None:
    (path,) = write_results(RECORD, tmp_path)
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfreference,")
    assert data.endswith(b"\r\n")


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    write_results(RECORD, tmp_path, FORMATS)
    write_results(RECORD, tmp_path, FORMATS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nov.csv", "nov.parquet", "nov.xlsx"]


@pytest.mark.parametrize("asked", [("xlsx", "csv", "parquet"), ("parquet", "xlsx", "csv", "csv"), FORMATS])
def test_the_csv_comes_first_and_no_format_twice(tmp_path: Path, asked: tuple[str, ...]) -> None:
    assert [path.suffix for path in write_results(RECORD, tmp_path, asked)] == [".csv", ".xlsx", ".parquet"]


def test_a_format_that_was_not_asked_for_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "nov.csv").write_text("old")
    write_results(RECORD, tmp_path, ["parquet"])
    assert (tmp_path / "nov.csv").read_text() == "old"


def test_what_a_workbook_cannot_hold_costs_neither_the_csv_nor_the_old_workbook(tmp_path: Path) -> None:
    (tmp_path / "nov.xlsx").write_text("old")
    record = record_of(attempt(State.PLANNED, payout("R1"), cells=("R1", "x" * 32_768)), cells=("R1", "x" * 32_768))
    with pytest.raises(UsageError, match=r"'amount' in line 2 of the results of nov holds 32,768 characters"):
        write_results(record, tmp_path, FORMATS)
    assert (tmp_path / "nov.csv").exists()
    assert (tmp_path / "nov.xlsx").read_text() == "old"


@pytest.mark.parametrize("word", FORMATS)
def test_the_same_record_gives_the_same_bytes(tmp_path: Path, word: str) -> None:
    first, again = (write_results(RECORD, tmp_path / name, [word])[0].read_bytes() for name in "ab")
    assert first == again


def test_a_file_that_cannot_be_put_in_place_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "nov.csv").mkdir()
    (tmp_path / "nov.csv" / "old").write_text("as it was")
    with pytest.raises(OwnFault, match=r"nov\.csv could not be written \(.+\)\. Mend that; nothing is lost"):
        write_results(RECORD, tmp_path)
    assert (tmp_path / "nov.csv" / "old").read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["nov.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    old = write_csv(tmp_path / "nov.csv", ["old"], [])
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OwnFault, match="could not be written"):
            write_results(RECORD, tmp_path)
        assert old.read_bytes() == b"\xef\xbb\xbfold\r\n"
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_that_is_a_file_is_our_own_fault_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("not a folder")
    with pytest.raises(OwnFault, match="could not be written"):
        write_results(RECORD, tmp_path / "results")


def test_a_table_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "nov.csv", ["old"], [])

    def lines() -> Iterator[list[str]]:
        yield ["new"]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_csv(path, ["new"], lines())
    assert path.read_bytes() == b"\xef\xbb\xbfold\r\n"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+44 7700 900000", "'+44 7700 900000"),
        ("-cmd", "'-cmd"),
        ("-12.50", "-12.50"),
        ("-", "'-"),
        ("\tx", "'\tx"),
        ("12.50", "12.50"),
        ("'quoted", "'quoted"),
        ("", ""),
    ],
)
def test_cells_and_headers_that_a_spreadsheet_would_run_are_text(tmp_path: Path, cell: str, written: str) -> None:
    path = write_csv(tmp_path / "a.csv", [cell, "b"], [[cell, "b"]])
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [[written, "b"], [written, "b"]]
