"""Excel workbooks to rows of cells: which sheet, what is hidden or merged, and what no file may do to the reader."""

import io
from datetime import date
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest

from batcher.intake.grid import Grid
from batcher.intake.workbooks import package
from batcher.intake.workbooks.workbook import read_workbook
from tests.intake import workbooks
from tests.intake.workbooks import (
    SHEET,
    changed,
    doubts_of,
    kinds,
    packed,
    refused,
    rows_of,
    unpacked,
    with_rows,
    written,
)


def read(data: bytes, sheet: str | None = None) -> Grid:
    return read_workbook(data, "payouts.xlsx", sheet)


def simple(book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ["Reference", "Amount"])
    sheet.write_row(1, 0, ["R1", 12.5])


def several(*names: str, hidden: tuple[str, ...] = (), empty: tuple[str, ...] = ()) -> bytes:
    def write(book: Any, first: Any) -> None:
        simple(book, first)
        for name in names:
            sheet = book.add_worksheet(name)
            if name not in empty:
                simple(book, sheet)
            if name in hidden:
                sheet.very_hidden() if name.isupper() else sheet.hide()

    return written(write)


def test_rows_keep_the_numbers_of_the_spreadsheet_and_cells_their_columns() -> None:
    def write(_: Any, sheet: Any) -> None:
        sheet.write(2, 1, "Amount")
        sheet.write(3, 1, "   ")
        sheet.write(6, 1, 12.5)
        sheet.write(6, 4, " x ")

    grid = read(written(write))
    assert rows_of(grid) == [(3, ("", "Amount")), (7, ("", "12.5", "", "", " x "))]
    assert [record.numbers for record in grid.records()] == [frozenset(), {1}]
    assert rows_of(grid) == rows_of(grid)
    assert (grid.sheet, grid.encoding, grid.delimiter, grid.doubts) == ("Payouts", None, None, ())


def test_the_dimension_that_a_sheet_claims_loses_no_row() -> None:
    data = changed(written(simple), SHEET, ('<dimension ref="A1:B2"/>', '<dimension ref="A1:A1"/>'))
    assert rows_of(read(data)) == [(1, ("Reference", "Amount")), (2, ("R1", "12.5"))]
    data = changed(written(simple), SHEET, ('<dimension ref="A1:B2"/>', '<dimension ref="A1:XFD1048576"/>'))
    assert len(rows_of(read(data))) == 2


def test_rows_and_cells_that_do_not_say_where_they_are_follow_each_other() -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row r='5'><c r='B5'><v>3</v></c><c><v>4</v></c></row>"
    assert rows_of(read(with_rows(rows))) == [(1, ("1", "2")), (5, ("", "3", "4"))]


def test_a_workbook_saved_as_strict_reads_the_same() -> None:
    swaps = (
        ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        (
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )
    parts = unpacked(written(simple))
    for part, data in parts.items():
        for old, new in swaps:
            parts[part] = parts[part].replace(old.encode(), new.encode()) if data else data
    assert rows_of(read(packed(parts))) == rows_of(read(written(simple)))


def test_texts_of_several_looks_are_one_and_readings_above_them_are_none() -> None:
    inline = (
        "<row r='1'><c r='A1' t='inlineStr'><is><r><t>IN</t></r><r><t xml:space='preserve'>V 1</t></r></is></c></row>"
    )
    assert rows_of(read(with_rows(inline))) == [(1, ("INV 1",))]

    def rich(book: Any, sheet: Any) -> None:
        sheet.write_rich_string(0, 0, book.add_format({"bold": True}), "IN", "V 1")
        sheet.write_string(0, 1, "_x0041_ and _x000D_")

    data = written(rich)
    assert rows_of(read(data)) == [(1, ("INV 1", "_x0041_ and _x000D_"))]
    spoken = changed(data, "xl/sharedStrings.xml", ("</si>", "<rPh sb='0' eb='1'><t>spoken</t></rPh></si>"))
    assert rows_of(read(spoken)) == rows_of(read(data))
    returned = "<row r='1'><c r='A1' t='inlineStr'><is><t>a_x000D_b</t></is></c></row>"
    assert rows_of(read(with_rows(returned))) == [(1, ("a\rb",))]


@pytest.mark.parametrize("asked", ["Payouts", "payouts", None])
def test_the_only_sheet_or_the_one_that_is_named(asked: str | None) -> None:
    grid = read(several("Notes", empty=("Notes",)), asked)
    assert (grid.sheet, len(rows_of(grid)), grid.doubts) == ("Payouts", 2, ())


def test_several_sheets_with_something_in_them_are_never_chosen_from() -> None:
    problem = refused(lambda: read(several("March", "Empty", empty=("Empty",))))
    assert (problem.kind, "'Payouts' and 'March'" in problem.message) == ("sheet_ambiguous", True)
    assert "--sheet NAME" in problem.fix
    assert read(several("March"), "March").sheet == "March"
    problem = refused(lambda: read(several("March"), "April"))
    assert (problem.kind, "'Payouts' and 'March'" in problem.message) == ("sheet_unknown", True)
    assert refused(lambda: read(several("E", empty=("E",)), "E")).kind == "sheet_empty"


def test_hidden_sheets_are_said_and_read_only_when_they_are_named() -> None:
    data = several("Old", "OLDER", hidden=("Old", "OLDER"))
    ((kind, _, message),) = doubts_of(read(data))
    assert (kind, "'Old' and 'OLDER'" in message) == ("sheets_hidden", True)
    grid = read(data, "older")
    assert (grid.sheet, kinds(grid.doubts)) == ("OLDER", ["sheets_hidden"])
    parts = changed(several(), "xl/workbook.xml", ('sheetId="1"', 'sheetId="1" state="hidden"'))
    assert refused(lambda: read(parts)).kind == "sheet_hidden_only"


def test_sheets_of_charts_are_no_sheets() -> None:
    def write(book: Any, sheet: Any) -> None:
        simple(book, sheet)
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=Payouts!$B$2:$B$2"})
        book.add_chartsheet("Chart").set_chart(chart)

    assert read(written(write)).sheet == "Payouts"


def test_an_empty_workbook_is_said_to_be_empty() -> None:
    assert refused(lambda: read(written(lambda _, sheet: sheet.write(3, 3, "  ")))).kind == "file_empty"
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    assert refused(lambda: read(file.getvalue())).kind == "file_empty"


def test_hidden_rows_and_columns_are_read_and_said() -> None:
    def write(_: Any, sheet: Any) -> None:
        for line in range(6):
            sheet.write_row(line, 0, [f"R{line}", line, "x"])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_row(4, 0)
        sheet.set_row(9, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})
        sheet.set_column(5, 16_383, None, None, {"hidden": True})

    grid = read(written(write))
    assert len(rows_of(grid)) == 6
    assert doubts_of(grid) == [
        ("rows_hidden", 3, "2 rows are hidden in the spreadsheet, row 3 the first, and are read like any other."),
        ("columns_hidden", None, "Column B is hidden in the spreadsheet, and is read like any other."),
    ]


def test_rows_that_a_filter_hides_are_read_and_said() -> None:
    def write(_: Any, sheet: Any) -> None:
        for line in range(6):
            sheet.write_row(line, 0, [f"R{line}", line])
        sheet.autofilter(0, 0, 4, 1)
        sheet.filter_column(1, "x > 2")
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_row(5, None, None, {"hidden": True})

    grid = read(written(write))
    assert (len(rows_of(grid)), [doubt[:2] for doubt in doubts_of(grid)]) == (
        6,
        [("rows_hidden", 6), ("rows_filtered", 3)],
    )


def test_merged_cells_are_said_in_every_row_that_lacks_a_value_for_them() -> None:
    def write(_: Any, sheet: Any) -> None:
        for line in range(4):
            sheet.write_row(line, 0, [f"R{line}", line, "x"])
        sheet.merge_range(1, 1, 2, 1, 7)
        sheet.merge_range(3, 1, 3, 2, 8)

    grid = read(written(write))
    assert [sorted(record.oddities) for record in grid.records()] == [[], [1], [1], [2]]
    assert workbooks.oddity_of(grid, 3, 1).startswith("cells_merged: B2:B3 are merged into one cell")


def test_workbooks_of_another_library_read_as_they_were_made() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["R1", 12.5, True, date(2026, 11, 3), None, "=B1*2"])
    file = io.BytesIO()
    book.save(file)
    (record,) = read(file.getvalue()).records()
    assert record.cells == ("R1", "12.5", "TRUE", "2026-11-03", "", "")
    assert {place: oddity.kind for place, oddity in record.oddities.items()} == {
        2: "cell_is_boolean",
        3: "cell_is_date",
        5: "formula_without_value",
    }


def entity_bomb(data: bytes, part: str, *, external: bool) -> bytes:
    entity = 'SYSTEM "file:///etc/hostname"' if external else '"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"'
    doctype = f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b {entity}>]>'
    text = unpacked(data)[part].decode()
    end = text.index("?>") + 2
    return packed({**unpacked(data), part: (text[:end] + doctype + text[end:]).encode()})


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "_rels/.rels"])
@pytest.mark.parametrize("external", [True, False])
def test_entities_are_refused_before_they_are_anything(part: str, external: bool) -> None:
    assert refused(lambda: read(entity_bomb(written(simple), part, external=external))).kind == "file_has_entities"


def test_bombs_are_refused_by_what_they_say_they_unpack_to() -> None:
    assert (
        refused(lambda: read(packed({**unpacked(written(simple)), "x": bytes(30_000_000)}))).kind
        == "file_unpacks_too_large"
    )
    many = packed({f"part{number}": b"" for number in range(package.MAX_PARTS + 1)})
    assert refused(lambda: read(many)).kind == "file_unpacks_too_large"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("<row r='2'/><row r='1'/>", "row 1 follows row 2"),
        ("<row r='1048577'/>", "row 1048577"),
        ("<row r='1'><c r='XFE1'><v>1</v></c></row>", "'XFE1'"),
        ("<row r='1'><c r='A2'><v>1</v></c></row>", "'A2'"),
        ("<row r='1'><c r='B1'><v>1</v></c><c r='B1'><v>2</v></c></row>", "B1 comes after"),
        ("<row r='1'><c r='A1' t='s'><v>7</v></c></row>", "the text of cell A1 is missing"),
        ("<row r='1'><c r='A1' t='s'><v>-1</v></c></row>", "the text of cell A1 is missing"),
        ("<row r='1'><c r='A1' s='99'><v>1</v></c></row>", "the format of cell A1 is missing"),
        ("<row r='1'><c r='A1'><v>1e</v></c></row>", "'1e' for a number"),
        ("<row r='1'><c r='A1'><v>1E99999</v></c></row>", "for a number"),
        ("<row r='1'><c r='A1'><v>NaN</v></c></row>", "for a number"),
        ("<row r='1'><c r='A1' t='zz'><v>1</v></c></row>", "unknown kind"),
        ("<row r='x'/>", "invalid literal"),
        ("<row r='1'><c r='A1'><v>1</v></c></row><rov r='2'/>", "a 'rov' among the rows after row 1"),
        ("<row r='1'><d r='A1'/></row>", "a 'd' among the rows after row 1"),
        ("<row r='1'>", "mismatched tag"),
    ],
)
def test_a_sheet_that_breaks_its_own_rules_is_damaged(rows: str, reason: str) -> None:
    problem = refused(lambda: read(with_rows(rows)))
    assert (problem.kind, reason in problem.message) == ("file_damaged", True), problem.message


def test_files_that_are_no_workbook_are_named() -> None:
    whole = written(simple)
    for cut in (whole[:200], whole[:-200], b"PK\x03\x04", b"", whole.replace(b"xl/worksheets", b"xl/worksheetz")):
        assert refused(lambda cut=cut: read(cut)).kind == "file_damaged"  # type: ignore[misc]
    flipped = bytearray(whole)
    flipped[whole.index(SHEET.encode()) + 60] ^= 0xFF
    assert refused(lambda: read(bytes(flipped))).kind == "file_damaged"
    assert refused(lambda: read(packed({"a.txt": b"x"}))).kind == "file_not_workbook"
    word = packed({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
    assert "Word document" in refused(lambda: read(word)).message
    assert ".xlsb" in refused(lambda: read(packed({"xl/workbook.bin": b""}))).message
    assert "Numbers" in refused(lambda: read(packed({"Index/Document.iwa": b""}))).message
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    assert ".xls" in refused(lambda: read(old)).message
    assert refused(lambda: read(old + "EncryptedPackage".encode("utf-16-le"))).kind == "file_has_password"


def test_letters_that_are_in_no_known_encoding_are_damage() -> None:
    data = changed(written(simple), SHEET, ('encoding="UTF-8"', 'encoding="odd-8"'))
    assert refused(lambda: read(data)).kind == "file_damaged"
    parts = unpacked(written(simple))
    parts[SHEET] = parts[SHEET].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert len(rows_of(read(packed(parts)))) == 2


def test_a_missing_sheet_is_damage_and_not_an_empty_sheet() -> None:
    parts = unpacked(written(simple))
    del parts[SHEET]
    assert refused(lambda: read(packed(parts))).kind == "file_damaged"


def test_a_cell_far_away_in_every_row_does_not_fill_the_memory() -> None:
    rows = "".join(f"<row r='{line}'><c r='XFD{line}'><v>1</v></c></row>" for line in range(1, 400))
    assert refused(lambda: read(with_rows(rows))).kind == "sheet_too_large"
