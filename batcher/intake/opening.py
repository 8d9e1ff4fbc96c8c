"""A file to the grid of its cells, by what its bytes are."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from batcher.intake import source
from batcher.intake.grid import Grid, Record
from batcher.intake.options import ReadOptions
from batcher.intake.text.csvtext import Dialect, records
from batcher.intake.text.dialect import Known, divided
from batcher.intake.text.encoding import decoded
from batcher.model import Problem


def grid_of(path: Path, known: Known, options: ReadOptions) -> tuple[Grid, str]:
    """The file's cells, and the SHA-256 of its bytes in hex. Raises `InputInvalid` where it is no table at all."""
    data = source.read_bytes(path)
    return _by_kind(data, path.name, known, options), source.digest(data)


def _by_kind(data: bytes, name: str, known: Known, options: ReadOptions) -> Grid:
    """Each kind of file has its own reader, which is imported only once it is needed."""
    if data.startswith(b"PAR1"):
        from batcher.intake.workbooks.parquet import read_parquet

        return read_parquet(data, name)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        from batcher.intake.workbooks.package import is_opendocument

        if is_opendocument(data, name):
            from batcher.intake.workbooks.opendocument import read_opendocument

            return read_opendocument(data, name, options.sheet)
        from batcher.intake.workbooks.workbook import read_workbook

        return read_workbook(data, name, options.sheet)
    return _csv(data, known, options)


def _csv(data: bytes, known: Known, options: ReadOptions) -> Grid:
    found = decoded(data, options.encoding)
    way = divided(found.text, known, options.delimiter)

    def all_records() -> Iterator[Record]:
        yield from _without_declaration(found.text, way.dialect) if way.declared else _records(found.text, way.dialect)

    return Grid(
        records=all_records,
        encoding=found.encoding,
        delimiter=way.dialect.delimiter,
        ends_open=not found.text.endswith(("\r", "\n")),
        doubts=tuple(_line_ends(found.text, all_records)),
    )


_LONE = re.compile(r"\r(?!\n)")


def _line_ends(text: str, all_records: Callable[[], Iterator[Record]]) -> Iterator[Problem]:
    """A carriage return alone ends a row, and in a file of other line ends it may have been meant as part of a cell."""
    lone = len(_LONE.findall(text)) if "\r\n" in text else 0
    if lone and lone > sum(len(_LONE.findall(cell)) for record in all_records() for cell in record.cells):
        yield Problem(
            line=None,
            column=None,
            value=None,
            message="Some rows end with a carriage return alone, and others with a whole line end.",
            fix="Look at the rows that are cut short, and save the sheet again.",
            kind="line_ends_mixed",
        )


def _records(text: str, dialect: Dialect) -> Iterator[Record]:
    return records(io.StringIO(text, newline=""), dialect)


def _without_declaration(text: str, dialect: Dialect) -> Iterator[Record]:
    """All rows but the first, which only names the delimiter; it is counted all the same."""
    return (record for record in _records(text, dialect) if record.line > 1)
