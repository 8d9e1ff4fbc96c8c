"""A CSV's rows in blocks, read by pyarrow wherever that provably reads the same as the one authority, Python's `csv`.

A piece of text without a quote has no open question: its rows are its lines, and its cells lie between the delimiters.
Neither has one whose quotes only enclose whole cells of one line. Whatever else could differ sends a piece to the
authority: other quotes, lone carriage returns, rows of another width, blank rows, a byte order mark, a cell that begins
with an apostrophe, a cell that is too long. An encoding of one byte for each letter is put into UTF-8 by the piece.
"""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from batcher.intake.arrays import literal, whole
from batcher.intake.blocks import Block, block_of, blocks_of
from batcher.intake.record import Record
from batcher.intake.text.csvtext import MAX_CELL, Dialect, Records
from batcher.intake.text.source import PIECE, Source

ENCODINGS = frozenset({"utf-8", "utf-8-sig", "ascii"})
ONE_BYTE = frozenset({"cp1250", "cp1252", "iso8859-1", "iso8859-15", "mac-roman"})
"""Encodings that any bytes of a text can be decoded by, wherever they begin and end; all have ASCII in them."""
FIRST = 64_000
"""Bytes of the first piece, which always goes to the authority: in it are header and byte order mark."""

_LONE_RETURN = re.compile(rb"\r(?!\n)")
_APOSTROPHES = re.compile(rb"'(?:[=+\-@\t]|\xef\xbc[\x9d\x8b\x8d\xa0])")
"""Before these an apostrophe comes off a cell; see `batcher.cells`."""


@dataclass(frozen=True, slots=True)
class Quickly:
    """One CSV and how it is divided."""

    source: Source
    encoding: str
    dialect: Dialect
    first_size: int = FIRST
    size: int = PIECE
    """Bytes of the other pieces."""

    @property
    def possible(self) -> bool:
        """Whether any piece could be read quickly."""
        plain = Dialect(self.dialect.delimiter)
        return self._name in ENCODINGS | ONE_BYTE and self.dialect == plain and len(plain.delimiter.encode()) == 1

    @property
    def _name(self) -> str:
        return codecs.lookup(self.encoding).name

    def blocks(self, width: int, header_line: int) -> Iterator[Block]:
        """The rows below the header, in blocks. Raises `InputInvalid` as the authority does."""
        with self.source.opened() as stream:
            in_utf8 = self._name in ENCODINGS
            feed = _Feed(stream.read if in_utf8 else lambda size: stream.read(size).decode(self.encoding).encode())
            line, size = 0, self.first_size
            while piece := feed.piece(size):
                quick = self._quick(piece, width) if line >= header_line else None
                if quick is not None:
                    columns = [column.combine_chunks() for column in quick.columns]
                    count = quick.num_rows
                    yield block_of(whole(np.arange(line + 1, line + count + 1)), columns)
                    line += count
                else:
                    found, line = self._surely(feed, piece, line)
                    yield from blocks_of((record.restored for record in found if record.line > header_line), width)
                size = self.size

    def _quick(self, piece: bytes, width: int) -> pa.Table | None:
        """The piece as pyarrow reads it; `None` where that might not be what the authority reads."""
        if piece.startswith(codecs.BOM_UTF8) or _LONE_RETURN.search(piece) or _APOSTROPHES.search(piece):
            return None
        quoted = b'"' in piece
        if quoted and not encloses_whole_cells(piece, self.dialect.delimiter):
            return None
        names = [str(place) for place in range(width)]
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(piece),
                read_options=arrow_csv.ReadOptions(column_names=names, block_size=len(piece) + 1),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.dialect.delimiter,
                    quote_char='"' if quoted else False,
                    double_quote=False,
                    escape_char=False,
                    newlines_in_values=False,
                    ignore_empty_lines=False,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows != piece.count(b"\n") + (not piece.endswith(b"\n")):
            return None
        return None if _has_blank_row(table) or _has_long_cell(table) else table

    def _surely(self, feed: "_Feed", piece: bytes, line: int) -> tuple[list[Record], int]:
        """The piece's records by the authority, with what an open quote makes it read beyond; and the last row."""
        feed.give(piece)
        found: list[Record] = []
        counted = Records(feed, self.dialect, above=line)
        while not feed.done and (record := next(counted, None)) is not None:
            found.append(record)
        return found, counted.line


class _Feed(Iterator[str]):
    """A stream in pieces of whole lines, and the lines of a piece, which go on beyond it while a quote is open."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        """Gives the next bytes, about so many, in UTF-8."""
        self._rest = b""
        self._lines: list[str] = []
        self._at = 0
        self._begun = False

    def piece(self, size: int) -> bytes:
        """The next bytes, up to a line's end; empty at the end of the stream."""
        data = self._rest
        while more := self._read(size):
            data += more
            end = data.rfind(b"\n") + 1
            if end:
                self._rest = data[end:]
                return self._without_mark(data[:end])
        self._rest = b""
        return self._without_mark(data)

    def _without_mark(self, data: bytes) -> bytes:
        first, self._begun = not self._begun, True
        while first and data.startswith(codecs.BOM_UTF8):
            data = data.removeprefix(codecs.BOM_UTF8)
        return data

    def give(self, piece: bytes) -> None:
        """Go through the lines of this piece next."""
        self._lines, self._at = list(io.StringIO(piece.decode(), newline="")), 0

    @property
    def done(self) -> bool:
        """Whether every line of the piece was taken."""
        return self._at >= len(self._lines)

    def __next__(self) -> str:
        if self.done:
            self._lines += io.StringIO(self._lines_beyond().decode(), newline="")
        if self.done:
            raise StopIteration
        self._at += 1
        return self._lines[self._at - 1]

    def _lines_beyond(self) -> bytes:
        data = self._rest
        # Some at once: a cell may go on for many lines, and each step copies what is left.
        while not (end := data.find(b"\n", FIRST) + 1) and (more := self._read(PIECE)):
            data += more
        end = end or len(data)
        self._rest = data[end:]
        return data[:end]


def encloses_whole_cells(piece: bytes, delimiter: str) -> bool:
    """Whether each quote stands at one end of a cell, with neither a quote nor a line end between the two.

    No carriage return may stand alone in the piece, which begins where a row does.
    """
    signs = np.frombuffer(piece, dtype=np.uint8)
    quotes = np.flatnonzero(signs == ord('"'))
    if len(quotes) % 2:
        return False
    line_end, cell_end = ord("\n"), ord(delimiter)
    before = signs[quotes[::2] - 1]
    if quotes[0] == 0:
        before[0] = line_end
    after = signs[np.minimum(quotes[1::2] + 1, len(signs) - 1)]
    if quotes[-1] == len(signs) - 1:
        after[-1] = line_end
    opens = (before == cell_end) | (before == line_end)
    closes = (after == cell_end) | (after == line_end) | (after == ord("\r"))
    within = np.searchsorted(quotes, np.flatnonzero(signs == line_end)) % 2
    return bool(opens.all() and closes.all() and not within.any())


def _has_blank_row(table: pa.Table) -> bool:
    """Whether some row holds nothing but blanks: it is none."""
    blank = None
    for column in table.columns:
        empty = pc.equal(pc.utf8_trim_whitespace(column), literal(""))
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return False
    return blank is not None


def _has_long_cell(table: pa.Table) -> bool:
    return any((pc.max(pc.binary_length(column)).as_py() or 0) > MAX_CELL for column in table.columns)
