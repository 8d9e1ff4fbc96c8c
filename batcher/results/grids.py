"""Results files read back, cell by cell, as text: to compare a file with what the ledger would write."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from xml.etree import ElementTree as ET

from pyarrow import parquet

Grid = list[list[str]]
"""Lines of cells, the headers first. What is empty is no text."""

Grids = Mapping[str, Grid]
"""By sheet; what is no workbook has one, `RESULTS`."""

RESULTS = "Results"

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LARGEST = 2**30
"""Bytes of one part of a workbook, unpacked."""


class Unreadable(Exception):
    """The file is none of its format, or is damaged."""


def grids_of(word: str, data: bytes) -> Grids:
    """The cells of a file of the format `word`. Raises `Unreadable`."""
    try:
        return _READERS[word](data)
    # Each library has errors of its own for what is damaged, and some raise what they met.
    except Exception as error:
        raise Unreadable(type(error).__name__) from error


def _csv(data: bytes) -> Grids:
    text = data.decode("utf-8-sig")
    return {RESULTS: list(csv.reader(io.StringIO(text, newline=""), strict=True))}


def _parquet(data: bytes) -> Grids:
    table = parquet.read_table(io.BytesIO(data), page_checksum_verification=True)
    told = table.schema.metadata or {}
    about = [[key.decode(), told[key].decode()] for key in sorted(told) if key in _ABOUT]
    columns = [["" if cell is None else str(cell) for cell in column.to_pylist()] for column in table.columns]
    return {RESULTS: [list(table.column_names), *map(list, zip(*columns, strict=True))], "Metadata": about}


_ABOUT = frozenset({b"batcher.batch", b"batcher.environment"})


def _xlsx(data: bytes) -> Grids:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        texts = ["".join(part.text or "" for part in item.iter(f"{_MAIN}t")) for item in _part(book, "sharedStrings")]
        names = [sheet.get("name", "") for sheet in _part(book, "workbook").iter(f"{_MAIN}sheet")]
        sheets = [_part(book, f"worksheets/sheet{number}") for number in range(1, len(names) + 1)]
    return {name: _sheet(sheet, texts) for name, sheet in zip(names, sheets, strict=True)}


def _part(book: zipfile.ZipFile, name: str) -> ET.Element:
    info = book.getinfo(f"xl/{name}.xml")
    if info.file_size > _LARGEST:
        raise ValueError("larger than any results file")
    part = book.read(info)
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise ValueError("a workbook has no document type")
    return ET.fromstring(part)  # noqa: S314 - it declares no entity, so there is none to expand


def _sheet(sheet: ET.Element, texts: list[str]) -> Grid:
    grid: Grid = []
    for row in sheet.iter(f"{_MAIN}row"):
        cells = {_place(cell.get("r", "")): _cell(cell, texts) for cell in row.iter(f"{_MAIN}c")}
        grid += [[]] * (int(row.get("r", "0")) - 1 - len(grid))
        grid.append([cells.get(place, "") for place in range(max(cells, default=-1) + 1)])
    return grid


def _place(reference: str) -> int:
    """The column of `C7`, from 0."""
    place = 0
    for letter in reference.rstrip("0123456789"):
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _cell(cell: ET.Element, texts: list[str]) -> str:
    value = cell.findtext(f"{_MAIN}v") or ""
    if cell.get("t") == "s":
        return texts[int(value)]
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_MAIN}t"))
    return value


_READERS: Mapping[str, Callable[[bytes], Grids]] = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
