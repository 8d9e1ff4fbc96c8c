"""What is read quickly is what the one authority reads, wherever the pieces of a file end."""

import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputInvalid
from batcher.intake.blocks import Block
from batcher.intake.text.csvtext import Dialect, Records
from batcher.intake.text.quickly import ONE_BYTE, Quickly, encloses_whole_cells
from batcher.intake.text.source import Held
from tests.intake.sheets import UNHURRIED

WIDTH = 3
Rows = list[tuple[int, tuple[str, ...], tuple[str, ...]]]

CELLS = st.lists(st.sampled_from([*"ab1 .-\u00e9\ufeff\u2028'=\"", "\r", "\n", "'=", "NA", "null"]), max_size=5).map(
    "".join
)
TEXTS = st.lists(
    st.tuples(st.lists(CELLS, min_size=0, max_size=WIDTH + 1), st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n"])),
    max_size=12,
).map(lambda rows: "".join(",".join(cells) + end for cells, end in rows))
QUOTED = st.lists(
    st.tuples(*[st.text('ab, .\r\n"\u00e9', max_size=4).map(lambda cell: '"' + cell.replace('"', '""') + '"')] * WIDTH),
    min_size=1,
    max_size=12,
).map(lambda rows: "".join(",".join(cells) + "\r\n" for cells in rows))
ENCLOSED = st.lists(
    st.tuples(*[st.text("ab, '=.\u00e9", max_size=4).map(lambda cell: f'"{cell}"') | st.just("b")] * WIDTH),
    min_size=1,
    max_size=12,
).map(lambda rows: "\n".join(map(",".join, rows)))
PLAIN = st.lists(st.tuples(*[st.text("ab1 .-\u00e9'", max_size=4)] * WIDTH).map(",".join), min_size=1, max_size=30).map(
    "\n".join
)


def by_the_authority(text: str) -> Rows | str:
    try:
        found = [record.restored for record in Records(io.StringIO(text, newline=""), Dialect(",")) if record.line > 1]
    except InputInvalid as error:
        return error.problems[0].kind
    padding = ("",) * WIDTH
    return [
        (
            record.line,
            (record.cells + padding)[:WIDTH],
            record.cells[WIDTH:] if any(map(str.strip, record.cells[WIDTH:])) else (),
        )
        for record in found
    ]


def by_blocks(text: str, first: int, size: int, encoding: str = "utf-8") -> Rows | str:
    quickly = Quickly(Held(text.encode(encoding)), encoding, Dialect(","), first, size)
    assert quickly.possible
    try:
        return [row for block in quickly.blocks(WIDTH, 1) for row in _rows(block)]
    except InputInvalid as error:
        return error.problems[0].kind


def _rows(block: Block) -> Rows:
    assert all(column.type == pa.string() and not column.null_count for column in block.columns)
    lines = block.lines.to_pylist()
    return [(lines[place], cells, block.surplus.get(place, ())) for place, cells in enumerate(block.rows())]


@UNHURRIED
@given(st.one_of(TEXTS, PLAIN, QUOTED, ENCLOSED), st.integers(1, 40), st.integers(1, 60))
def test_blocks_hold_what_the_authority_reads(text: str, first: int, size: int) -> None:
    text = f"one,two,three\n{text}"
    assert by_blocks(text, first, size) == by_the_authority(text)


def test_a_quote_that_runs_on_over_many_pieces_is_one_cell() -> None:
    text = "one,two,three\n" + "a,b,c\n" * 5 + 'x,"' + "line\n" * 50 + '",z\n' + "a,b,c\n" * 5
    rows = by_blocks(text, 10, 12)
    assert rows == by_the_authority(text)
    assert [row[0] for row in rows] == list(range(2, 13))


def test_rows_of_another_width_blank_rows_and_marks_in_the_middle() -> None:
    text = "one,two,three\n" + "a,b\n\n,,\na,b,c,d\n\ufeffa,b,c\n'=1,b,c\n" * 20
    assert by_blocks(text, 14, 30) == by_the_authority(text)


def test_quotes_come_off_wherever_they_stand() -> None:
    text = "one,two,three\n" + 'a,b,c\n"a",b,c\na,"b,1",\n"a","""b""",c\n' * 20
    rows = by_blocks(text, 14, 25)
    assert rows == by_the_authority(text)
    assert isinstance(rows, list)
    assert rows[3][1] == ("a", '"b"', "c")


@UNHURRIED
@given(
    st.one_of(PLAIN, ENCLOSED),
    st.integers(1, 40),
    st.integers(1, 60),
    st.sampled_from([*ONE_BYTE, "latin-1", "mac_roman"]),
)
def test_an_encoding_of_one_byte_is_read_as_the_same_text(text: str, first: int, size: int, encoding: str) -> None:
    text = f"one,two,three\n{text}"
    assert by_blocks(text, first, size, encoding) == by_the_authority(text)


@pytest.mark.parametrize("encoding", sorted(ONE_BYTE))
def test_each_byte_of_a_one_byte_encoding_is_one_character_and_ascii_is_in_it(encoding: str) -> None:
    assert bytes(range(128)).decode(encoding) == bytes(range(128)).decode("ascii")
    for byte in range(128, 256):
        assert len(bytes([byte]).decode(encoding, errors="replace")) == 1


@pytest.mark.parametrize(
    ("piece", "whole"),
    [
        (b'"a","b",c\r\n', True), (b'a,"b,1",c\na,b,"c"', True), (b'"",b,""\r\n', True), (b'"a"\n"b"\n', True),
        (b'a"b,c"\n', False), (b'"a" ,b\n', False), (b'"a""b",c\n', False), (b'"a\nb",c\n', False),
        (b'"a,b\n', False), (b'a,"\n",b\n', False), (b' "a",b\n', False), (b'"', False), (b'a,""b"",c\n', False),
    ],
)  # fmt: skip
def test_quotes_that_enclose_whole_cells_of_one_line(piece: bytes, whole: bool) -> None:
    assert encloses_whole_cells(piece, ",") is whole
