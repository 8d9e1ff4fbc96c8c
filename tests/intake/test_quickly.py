"""What is read quickly is what the one authority reads, wherever the pieces of a file end."""

import io

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputInvalid
from batcher.intake.blocks import Block
from batcher.intake.text.csvtext import Dialect, Records
from batcher.intake.text.quickly import Quickly
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


def by_blocks(text: str, first: int, size: int) -> Rows | str:
    quickly = Quickly(Held(text.encode()), "utf-8", Dialect(","), first, size)
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
@given(st.one_of(TEXTS, PLAIN), st.integers(1, 40), st.integers(1, 60))
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
