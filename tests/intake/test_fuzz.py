"""Files that nobody has made, by the thousand: every promise of the reader is kept for each."""

import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.intake import ReadOptions
from tests.intake.fragments import (
    ENCODINGS,
    FILLED,
    TEXTS,
    damaged_files,
    damaged_packages,
    encoded,
    real_files,
    workbook_files,
)
from tests.intake.promises import broken, outcome_of

MANY = settings(
    deadline=timedelta(seconds=20),
    max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""The deadline is that of a hang: on a busy machine all else takes a hundredth of it."""


A_MOMENT = 2.0
"""Seconds of computing, whatever else the machine does: a hundred times what is needed."""


def held(folder: Path, data: bytes, options: ReadOptions = FILLED) -> None:
    path = folder / "sheet.csv"
    path.write_bytes(data)
    assert broken(path, options) == []


@MANY
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    held(tmp_path, data)


@MANY
@given(st.sampled_from([b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff", b"a,b\n"]), st.binary())
def test_any_bytes_behind_the_sign_of_a_format_are_read_or_refused(tmp_path: Path, sign: bytes, data: bytes) -> None:
    held(tmp_path, sign + data)


@MANY
@given(TEXTS, st.sampled_from(ENCODINGS))
def test_any_text_of_the_fragments_that_matter_is_read_or_refused(tmp_path: Path, text: str, encoding: str) -> None:
    held(tmp_path, encoded(text, encoding))


@MANY
@given(
    TEXTS,
    st.sampled_from([",", ";", "\t", "|", " ", "x", "'", "\\", "."]),
    st.sampled_from([None, ".", ","]),
    st.sampled_from([None, 1, 2]),
)
def test_whatever_a_person_says_of_the_file_every_promise_is_kept(
    tmp_path: Path, text: str, delimiter: str, decimal: str | None, header_line: int | None
) -> None:
    options = replace(FILLED, delimiter=delimiter, decimal=decimal, header_line=header_line)
    held(tmp_path, f"reference{delimiter}amount\n{text}".encode(errors="ignore"), options)


@MANY
@given(TEXTS, st.sampled_from([*ENCODINGS, "latin-1", "cp1250", "idna", "hex", "unicode_escape", "undefined", "", " "]))
def test_whatever_encoding_a_person_says_every_promise_is_kept(tmp_path: Path, text: str, encoding: str) -> None:
    held(tmp_path, f"reference,amount\nR9,5\n{text}".encode(errors="ignore"), replace(FILLED, encoding=encoding))


@pytest.mark.parametrize(
    "encoding", ["utf-7", "unicode_escape", "raw_unicode_escape", "idna", "hex", "undefined", "a\0b"]
)
def test_an_encoding_that_makes_half_letters_or_none_is_refused_in_words(tmp_path: Path, encoding: str) -> None:
    data = b"reference,amount\nR1+2AA-,5\nR2\\ud800,6\n"
    held(tmp_path, data, replace(FILLED, encoding=encoding))


def test_a_link_in_a_message_takes_no_more_than_itself(tmp_path: Path) -> None:
    held(tmp_path, b"Name,T,http://x/yUlm\nJo,Ulm\n")


@MANY
@given(st.lists(st.tuples(TEXTS, TEXTS).map(",".join), max_size=5).map("\n".join))
def test_any_rows_below_our_header_are_read_or_refused(tmp_path: Path, rows: str) -> None:
    held(tmp_path, f"reference,amount\nR9,5\n{rows}".encode(errors="ignore"))


@MANY
@given(damaged_files())
def test_a_real_file_with_something_wrong_in_it_is_read_or_refused(
    tmp_path: Path, file: tuple[bytes, ReadOptions]
) -> None:
    held(tmp_path, *file)


@MANY
@given(damaged_packages())
def test_a_workbook_with_something_wrong_in_a_part_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    held(tmp_path, data)


@MANY
@given(st.sampled_from(workbook_files()), st.data())
def test_a_workbook_with_wrong_bytes_is_read_or_refused(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(whole) - 1))
    held(tmp_path, whole[:at] + data.draw(st.binary(min_size=1, max_size=4)) + whole[at + 1 :])


@pytest.mark.parametrize("column", ["amount", "reference", "email", "product", "currency", "distribution", "note"])
def test_a_long_cell_takes_a_moment_and_not_the_square_of_its_letters(tmp_path: Path, column: str) -> None:
    cells = {"amount": "5", "reference": "R1", column: "a" * 60_000}
    (tmp_path / "sheet.csv").write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    begun = process_time()
    outcome = outcome_of(tmp_path / "sheet.csv", FILLED)
    assert process_time() - begun < A_MOMENT
    assert broken(tmp_path / "sheet.csv", FILLED, outcome) == []


@pytest.mark.parametrize(
    "text",
    [
        f"reference,Amount ({' ' * 12_000}.\nR1,5\n",
        f"sep= \n{' ' * 60_000}\nreference amount\n",
        f"reference,amount\nR1,{'(' * 30_000}\n",
        f"reference,amount\nR1,5{',' * 100_000}\n",
        f"reference,amount\nR1,{' ' * 100_000}x\n",
        f"reference,amount,note\nR1,5,{'=' * 100_000}\n",
        f"reference,amount,email\nR1,5,{'a.' * 50_000}@example.com\n",
        f"reference,amount,email\nR1,5,a@{'b.' * 50_000}com\n",
        f"reference,amount,product\nR1,5,{'A|' * 50_000}B\n",
        f"{' ' * 100_000}reference,amount\nR1,5\n",
        "".join(f"{chr(39)}a{chr(39)},{chr(39)}b{chr(39)}{' ' * 50}x\n" for _ in range(2_000)),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_repeats_itself_takes_a_moment_and_not_its_square(tmp_path: Path, text: str) -> None:
    (tmp_path / "sheet.csv").write_text(text)
    begun = process_time()
    outcome = outcome_of(tmp_path / "sheet.csv", FILLED)
    assert process_time() - begun < A_MOMENT
    assert broken(tmp_path / "sheet.csv", FILLED, outcome) == []


def test_most_real_files_hold_payouts_so_that_the_promises_say_something(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    paid = 0
    for data, options in real_files():
        path.write_bytes(data)
        paid += outcome_of(path, options).paid
    assert paid > 300


def test_the_workbooks_are_real_ones(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    for data in workbook_files():
        path.write_bytes(data)
        assert outcome_of(path, FILLED).paid >= 2, data[:4]
        assert data.startswith(b"PAR1") or zipfile.is_zipfile(path)
