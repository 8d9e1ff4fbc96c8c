"""An OpenDocument spreadsheet (.ods) to rows of cells.

It is read here, from expat's events: `python-calamine`, the one kept library that reads it, gives values alone, and
neither what a cell shows nor what is hidden, filtered or merged, nor formulas without a result. It is a witness in the
tests. A few bytes of this format can say 'a million times this row', so rows are counted before they are made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from batcher.intake.grid import Grid
from batcher.intake.record import Record
from batcher.intake.workbooks.gathering import Gathering, Merged, record_of
from batcher.intake.workbooks.markup import walked
from batcher.intake.workbooks.opendocumentcells import value_of
from batcher.intake.workbooks.opendocumenttables import RawCell, RawRow, RawTable, Tables
from batcher.intake.workbooks.package import Package, damaged, has_password, not_a_workbook, refuse_others
from batcher.intake.workbooks.sheetchoice import SheetEntry, chosen

_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"


@dataclass(slots=True)
class _Found:
    """One sheet of the document, as far as it was of interest."""

    entry: SheetEntry
    gathering: Gathering
    wanted: bool
    has_content: bool = False


def read_opendocument(data: bytes, name: str, sheet: str | None) -> Grid:
    """One sheet of the document `name`: the one that is asked for, or the only visible one with something in it.

    Raises `InputInvalid` for what is no such document or a damaged one, has a password, or may mean several sheets.
    """
    package = Package(data, name)
    _refuse_unreadable(package)
    found = _sheets(package, sheet)
    filled = {each.entry for each in found if each.has_content}
    entry, doubts = chosen([each.entry for each in found], sheet, name, filled.__contains__)
    return next(each for each in found if each.entry == entry).gathering.grid(doubts)


def _refuse_unreadable(package: Package) -> None:
    refuse_others(package)
    kind = package.read("mimetype").strip() if "mimetype" in package else b""
    if not kind.startswith(_SPREADSHEET):
        raise not_a_workbook(package.name, "another OpenDocument file" if b"opendocument" in kind else "a packed file")
    manifest = package.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in package else b""
    if b"encryption-data" in manifest or "encrypted-package" in package:
        raise has_password(package.name)
    if "content.xml" not in package:
        raise damaged(package.name, "its part content.xml is missing")


def _sheets(package: Package, asked: str | None) -> list[_Found]:
    """Every sheet, of which those that may be meant are gathered: by name, or the first visible one that is filled."""
    found: list[_Found] = []
    with package.opened("content.xml") as stream:
        tables = Tables(package.name)
        for _ in walked(stream, tables, whole_names=True):
            for part in tables.done:
                if isinstance(part, RawTable):
                    found.append(_begun(part, package.name, asked, found))
                else:
                    _take(found[-1], part, package.name)
            tables.done.clear()
        if not tables.is_spreadsheet:
            raise not_a_workbook(package.name, "another OpenDocument file")
    return found


def _begun(table: RawTable, file: str, asked: str | None, before: list[_Found]) -> _Found:
    entry = SheetEntry(table.name, str(len(before)), table.hidden)
    if asked is not None:
        wanted = table.name.casefold() == asked.strip().casefold()
    else:
        wanted = not table.hidden and not any(each.has_content and each.wanted for each in before)
    gathering = Gathering(file, table.name)
    gathering.hidden_columns = table.hidden_columns
    return _Found(entry, gathering, wanted)


def _take(sheet: _Found, row: RawRow, file: str) -> None:
    if not sheet.wanted and sheet.has_content:
        return
    gathering = sheet.gathering
    gathering.merged += _merged(row)
    for record in _records(row, gathering, file):
        sheet.has_content = True
        if not sheet.wanted:
            return
        gathering.take(record, hidden=row.hidden, filtered=row.filtered)


def _records(row: RawRow, gathering: Gathering, file: str) -> Iterator[Record]:
    for line in range(row.line, row.line + row.repeated):
        record = _record(row, line, gathering, file)
        if record is None:
            # So are all its repetitions.
            return
        if line == row.line:
            gathering.bounds.foresee(record, row.repeated)
        gathering.bounds.check(0, line)
        yield record


def _record(row: RawRow, line: int, gathering: Gathering, file: str) -> Record | None:
    cells = {}
    for cell in row.cells:
        value = value_of(cell, line, file)
        if not value.text and value.oddity is None:
            continue
        gathering.bounds.check(cell.place + cell.repeated - 1, line)
        cells[cell.place] = value
        for place in range(cell.place + 1, cell.place + cell.repeated):
            cells[place] = value_of(cell, line, file, place)
    return record_of(line, cells)


def _merged(row: RawRow) -> list[Merged]:
    spans = [cell for cell in row.cells if cell.columns > 1 or cell.rows > 1]
    return [_block(cell, row.line) for cell in spans]


def _block(cell: RawCell, line: int) -> Merged:
    return Merged(cell.place, line, cell.place + cell.columns - 1, line + cell.rows - 1)
