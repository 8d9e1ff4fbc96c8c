"""A file to the grid of its cells, by what its bytes are."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from batcher.intake import source
from batcher.intake.grid import Grid
from batcher.intake.options import ReadOptions
from batcher.intake.record import Record
from batcher.intake.text.csvtext import Dialect, Records
from batcher.intake.text.dialect import Divided, divided
from batcher.intake.text.encoding import decoded
from batcher.intake.text.quickly import ENCODINGS, Quickly
from batcher.intake.text.reading import SAMPLE, Known
from batcher.intake.text.source import Held, Source, large_text
from batcher.intake.text.strays import Mended, doubt, may_be_broken, mended
from batcher.model import Problem

_PARQUET = b"PAR1"
_END_OF_FILE = "\x1a"
"""What DOS writes behind a text."""
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", _PARQUET)


def grid_of(path: Path, known: Known, options: ReadOptions) -> tuple[Grid, str]:
    """The file's cells, and the SHA-256 of its bytes in hex. Raises `InputInvalid` where it is no table at all."""
    # What is no file on a disk, such as a pipe, can be read only once.
    if path.is_file():
        beginning, size = source.beginning_of(path)
        if size > source.MAX_BYTES and not beginning.startswith(_PACKED):
            return large_csv(path, known, options)
    data = source.read_bytes(path)
    return _by_kind(data, path.name, known, options), source.digest(data)


def is_workbook(path: Path) -> bool:
    """Whether a file on the disk begins as workbooks and Parquet files do. Raises `InputInvalid` where it is none."""
    return source.beginning_of(path)[0].startswith(_PACKED)


def _by_kind(data: bytes, name: str, known: Known, options: ReadOptions) -> Grid:
    """Each kind of file has its own reader, which is imported only once it is needed."""
    if data.startswith(_PARQUET):
        from batcher.intake.workbooks.parquet import read_parquet

        return read_parquet(data, name)
    if data.startswith(_PACKED):
        from batcher.intake.workbooks.package import is_opendocument

        if is_opendocument(data, name):
            from batcher.intake.workbooks.opendocument import read_opendocument

            return read_opendocument(data, name, options.sheet)
        from batcher.intake.workbooks.workbook import read_workbook

        return read_workbook(data, name, options.sheet)
    return _csv(data, known, options)


def _csv(data: bytes, known: Known, options: ReadOptions) -> Grid:
    found = decoded(data, options.encoding)
    text = found.text.removesuffix(_END_OF_FILE)
    way = divided(text, known, options.delimiter)
    sound = _with_strays_read(text, way)
    text = text if sound is None else sound.text
    # Whatever the file's bytes are, its text is held as UTF-8, which is read quickest.
    as_it_is = text is found.text and found.encoding in ENCODINGS
    grid = _divided(Held(data if as_it_is else text.encode()), "utf-8", way, ends_open=not text.endswith(("\r", "\n")))
    return replace(
        grid,
        encoding=found.encoding,
        left_open=None if sound is None else sound.left_open,
        doubts=(*way.doubts, *(() if sound is None else doubt(sound)), *_line_ends(text, grid.records)),
    )


def _with_strays_read(text: str, way: Divided) -> Mended | None:
    """The text with quotes that break the rules written as they ask; `None` where it has none, or none that can be."""
    plain = way.dialect == Dialect(way.dialect.delimiter)
    if way.strays or (plain and len(text) > SAMPLE and may_be_broken(text)):
        found = mended(text, way.dialect.delimiter)
        if found is not None and found.rows:
            return found
    return None


def large_csv(path: Path, known: Known, options: ReadOptions) -> tuple[Grid, str]:
    """A CSV that is not held in memory, and the SHA-256 of its bytes. Raises `InputInvalid` as `grid_of` does."""
    found = large_text(path, options.encoding, SAMPLE)
    way = divided(found.beginning, known, options.delimiter)
    grid = _divided(found.source, found.encoding, way, ends_open=found.ends_open)
    return replace(grid, doubts=way.doubts), found.digest


def _divided(held: Source, encoding: str, way: Divided, *, ends_open: bool) -> Grid:
    quickly = Quickly(held, encoding, way.dialect)

    def all_records() -> Iterator[Record]:
        with held.lines(encoding) as lines:
            for record in Records(_without_mark(lines), way.dialect):
                # The row that only names the delimiter is counted all the same.
                if record.line > way.declared:
                    yield record

    return Grid(
        records=all_records,
        blocks=quickly.blocks if quickly.possible else None,
        encoding=encoding,
        delimiter=None if way.one_column else way.dialect.sign,
        ends_open=ends_open,
    )


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """The lines, the first without a byte order mark, which some encodings leave in the text."""
    left = iter(lines)
    first = next(left, "")
    return chain([first.lstrip("\ufeff")], left) if first else iter(())


_LONE = re.compile(r"\r(?!\n)")


def _line_ends(text: str, all_records: Callable[[], Iterator[Record]]) -> Iterator[Problem]:
    """A carriage return alone ends a row, and in a file of other line ends it may have been meant as part of a cell."""
    lone, whole = len(_LONE.findall(text)), text.count("\r\n")
    if not (lone and whole):
        return
    cells = [cell for record in all_records() for cell in record.cells if "\r" in cell]
    in_cells = sum(len(_LONE.findall(cell)) for cell in cells), sum(cell.count("\r\n") for cell in cells)
    if lone > in_cells[0] and whole > in_cells[1]:
        yield Problem(
            line=None,
            column=None,
            value=None,
            message="Some rows end with a carriage return alone, and others with a whole line end.",
            fix="Look at the rows that are cut short, and save the sheet again.",
            kind="line_ends_mixed",
        )
