"""Workbooks for tests: written by libraries or by hand, as bytes, and what the readers make of them."""

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from batcher.errors import InputInvalid
from batcher.intake.grid import Grid
from batcher.model import Problem

TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
ODS_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    f'xmlns:table="{TABLE}" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def written(write: Callable[[Any, Any], None], *, name: str = "Payouts") -> bytes:
    """A workbook of one sheet, which `write` fills: it gets the workbook and the sheet."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    write(book, book.add_worksheet(name))
    book.close()
    return file.getvalue()


def with_cell(value: object, number_format: str = "General") -> bytes:
    """A workbook whose cell A1 holds a value in a format."""
    return written(lambda book, sheet: sheet.write(0, 0, value, book.add_format({"num_format": number_format})))


def changed(data: bytes, part: str, *swaps: tuple[str, str]) -> bytes:
    """The packed file with text in one part swapped; each must be there."""
    parts = unpacked(data)
    text = parts[part].decode()
    for old, new in swaps:
        assert old in text, text[:2000]
        text = text.replace(old, new)
    return packed({**parts, part: text.encode()})


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            # Who looks for this part looks at the first bytes of the file.
            package.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def with_rows(rows: str, *, after: str = "", before: str = "") -> bytes:
    """A workbook whose sheet has exactly these rows, as XML."""
    data = written(lambda _, sheet: None)
    return changed(data, SHEET, ("<sheetData/>", f"{before}<sheetData>{rows}</sheetData>{after}"))


def document(tables: str, *, styles: str = "", kind: str = "spreadsheet", doctype: str = "") -> bytes:
    """An OpenDocument file with these tables, as XML."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<office:document-content {ODS_NAMES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{tables}</office:{kind}></office:body></office:document-content>"
    )
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    manifest = b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    parts = {"mimetype": mimetype.encode(), "META-INF/manifest.xml": manifest, "content.xml": content.encode()}
    return packed(parts)


def table(*rows: str, name: str = "Payouts", columns: str = "<table:table-column/>", style: str = "plain") -> str:
    inside = "".join(row if row.startswith("<table:table-row") else table_row(row) for row in rows)
    return f'<table:table table:name="{name}" table:style-name="{style}">{columns}{inside}</table:table>'


def table_row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def text_cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p></table:table-cell>'


def number_cell(value: str, shown: str | None = None, kind: str = "float", more: str = "") -> str:
    seen = f"<text:p>{shown}</text:p>" if shown is not None else ""
    return f'<table:table-cell office:value-type="{kind}" office:value="{value}" {more}>{seen}</table:table-cell>'


def rows_of(grid: Grid) -> list[tuple[int, tuple[str, ...]]]:
    """Line and cells of every record."""
    return [(record.line, record.cells) for record in grid.records()]


def first_cell(grid: Grid) -> tuple[str, bool, str | None]:
    """Text of cell A1, whether it is a number, and the kind of its oddity."""
    record = next(grid.records())
    oddity = record.oddities.get(0)
    return record.cells[0], 0 in record.numbers, oddity.kind if oddity else None


def oddity_of(grid: Grid, line: int = 1, place: int = 0) -> str:
    """What is said of a cell, kind and sentence; empty where nothing is."""
    record = next(record for record in grid.records() if record.line == line)
    oddity = record.oddities.get(place)
    return f"{oddity.kind}: {oddity.message}" if oddity else ""


def doubts_of(grid: Grid) -> list[tuple[str, int | None, str]]:
    return [(doubt.kind, doubt.line, doubt.message) for doubt in grid.doubts]


def refused(read: Callable[[], Grid]) -> Problem:
    """The one problem for which a file is refused, at once or on the way through its rows."""
    with pytest.raises(InputInvalid) as caught:
        list(read().records())
    (problem,) = caught.value.problems
    assert problem.fix
    return problem


def kinds(problems: Iterable[Problem]) -> list[str]:
    return [problem.kind for problem in problems]
