"""OpenDocument spreadsheets to rows of cells: the format keeps what is shown, and says 'this row a million times'."""

import io
from decimal import Decimal

import pytest
from hypothesis import given
from python_calamine import CalamineWorkbook

from batcher.intake.grid import Grid
from batcher.intake.workbooks.opendocument import read_opendocument
from batcher.intake.workbooks.package import is_opendocument
from tests.intake.sheets import UNHURRIED
from tests.intake.test_workbook_cells import TABLES
from tests.intake.workbooks import (
    document,
    doubts_of,
    first_cell,
    kinds,
    number_cell,
    oddity_of,
    packed,
    refused,
    rows_of,
    table,
    table_row,
    text_cell,
    unpacked,
)

ANY = text_cell("R1")
HIDDEN_STYLE = (
    '<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
)


FAILED = 'table:formula="of:=1/0" office:value-type="float" office:value="0">'


def read(data: bytes, sheet: str | None = None) -> Grid:
    return read_opendocument(data, "payouts.ods", sheet)


def of_cell(cell: str) -> Grid:
    return read(document(table(cell)))


def test_rows_and_cells_that_repeat_are_as_many_as_they_say() -> None:
    grid = read(
        document(
            table(
                table_row("<table:table-cell/>", more='table:number-rows-repeated="2"'),
                table_row(
                    '<table:table-cell table:number-columns-repeated="2"/>',
                    number_cell("12.5", "12.50", more='table:number-columns-repeated="2"'),
                    '<table:table-cell table:number-columns-repeated="16380"/>',
                    more='table:number-rows-repeated="2"',
                ),
                table_row(ANY),
                table_row("<table:table-cell/>", more='table:number-rows-repeated="1048570"'),
            )
        )
    )
    assert rows_of(grid) == [(3, ("", "", "12.5", "12.5")), (4, ("", "", "12.5", "12.5")), (5, ("R1",))]
    assert [record.numbers for record in grid.records()] == [{2, 3}, {2, 3}, set()]
    assert (grid.sheet, grid.encoding, grid.delimiter, grid.doubts) == ("Payouts", None, None, ())


def test_rows_in_groups_and_headers_are_rows() -> None:
    rows = (
        f"<table:table-header-rows>{table_row(ANY)}</table:table-header-rows><table:table-row-group>"
        f"<table:table-row-group>{table_row(text_cell('R2'))}</table:table-row-group>{table_row(text_cell('R3'))}"
        "</table:table-row-group>"
    )
    assert rows_of(read(document(f'<table:table table:name="P">{rows}</table:table>'))) == [
        (1, ("R1",)),
        (2, ("R2",)),
        (3, ("R3",)),
    ]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<text:p>INV-1</text:p>", "INV-1"),
        ("<text:p> INV\n  1 </text:p>", "INV 1"),
        ('<text:p>a<text:s text:c="3"/>b<text:s/></text:p>', "a   b "),
        ("<text:p>a<text:tab/>b<text:line-break/>c</text:p><text:p>d</text:p>", "a\tb\nc\nd"),
        ("<text:p><text:span>IN</text:span><text:a>V</text:a>-1</text:p>", "INV-1"),
        ("<office:annotation><text:p>who?</text:p></office:annotation><text:p>INV-1</text:p>", "INV-1"),
        ("<text:p>INV<office:annotation><text:p>who?</text:p></office:annotation>-1</text:p>", "INV-1"),
        ("<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame><text:p>x</text:p>", "x"),
    ],
)
def test_a_text_is_what_its_paragraphs_say_and_no_comment(inside: str, text: str) -> None:
    cell = f'<table:table-cell office:value-type="string">{inside}</table:table-cell>'
    assert first_cell(of_cell(cell)) == (text, False, None)


def test_a_text_may_stand_in_an_attribute() -> None:
    cell = '<table:table-cell office:value-type="string" office:string-value="R1"/>'
    assert first_cell(of_cell(cell)) == ("R1", False, None)


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        ("12.5", "12.50", "12.5"),
        ("12.5", "12,50", "12.5"),
        ("12.5", "12,50 €", "12.5"),
        ("12.5", "EUR 12.5", "12.5"),
        ("1234.5", "1.234,50", "1234.5"),
        ("1234567.5", "12,34,567.50", "1234567.5"),
        ("1234.5", "1\u202f234,50", "1234.5"),
        ("1234", "1'234", "1234"),
        ("-12.5", "-12.50", "-12.5"),
        ("-12.5", "(12.50)", "-12.5"),
        ("12.499999999999998", "12.5", "12.5"),
        ("12345", "1.2345E+04", "12345"),
        ("0.5", ".5", "0.5"),
        ("12.5", "###", "12.5"),
        ("12.5", None, "12.5"),
    ],
)
def test_a_number_that_is_shown_in_any_country_s_way_is_a_number(value: str, shown: str | None, text: str) -> None:
    assert first_cell(of_cell(number_cell(value, shown))) == (text, True, None)


@pytest.mark.parametrize(
    ("value", "shown", "kind"),
    [
        ("12.3456", "12.35", "float"),
        ("12.5", "13", "float"),
        ("12500", "12.5", "float"),
        ("1250", "12.50", "float"),
        ("12", "12k", "float"),
        ("12", "INV-12", "float"),
        ("12.5", "12 1/2", "float"),
        ("12.5", "-12.50", "float"),
        ("0.125", "12.5%", "percentage"),
        ("12.5", "paid", "currency"),
    ],
)
def test_a_number_that_is_shown_otherwise_is_said(value: str, shown: str, kind: str) -> None:
    grid = of_cell(number_cell(value, shown, kind))
    assert first_cell(grid)[1:] == (True, "number_not_as_shown")
    assert f"and shows {shown}" in oddity_of(grid)


def test_zeros_in_front_belong_to_a_code() -> None:
    assert first_cell(of_cell(number_cell("123", "00123"))) == ("00123", False, None)
    assert first_cell(of_cell(number_cell("12345678901234567", "12345678901234567")))[2] == "number_digits_lost"


@pytest.mark.parametrize(
    ("cell", "text", "kind"),
    [
        ('office:value-type="date" office:date-value="2026-11-03"><text:p>3-11</text:p>', "2026-11-03", "cell_is_date"),
        ('office:value-type="time" office:time-value="PT36H05M00S"><text:p>x</text:p>', "36:05:00", "cell_is_date"),
        ('office:value-type="boolean" office:boolean-value="true"><text:p>x</text:p>', "TRUE", "cell_is_boolean"),
        ('office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p>', "#N/A", "cell_is_error"),
        (f"{FAILED}<text:p>#DIV/0!</text:p>", "#DIV/0!", "cell_is_error"),
        ('table:formula="of:=[.B1]">', "", "formula_without_value"),
    ],
)  # fmt: skip
def test_what_is_neither_text_nor_number_is_said(cell: str, text: str, kind: str) -> None:
    assert first_cell(of_cell(f"<table:table-cell {cell}</table:table-cell>")) == (text, False, kind)


def test_a_formula_is_what_the_file_holds_as_its_result() -> None:
    assert first_cell(of_cell(number_cell("12.5", "12.5", more='table:formula="of:=[.B1]"'))) == ("12.5", True, None)
    empty = '<table:table-cell table:formula="of:=&quot;&quot;" office:value-type="string"><text:p/></table:table-cell>'
    assert rows_of(of_cell(ANY + empty)) == [(1, ("R1",))]


def test_hidden_rows_columns_and_filters_are_read_and_said() -> None:
    columns = '<table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/>'
    grid = read(
        document(
            table(
                table_row(ANY, ANY),
                table_row(ANY, more='table:visibility="collapse"'),
                table_row(ANY, more='table:visibility="filter" table:number-rows-repeated="2"'),
                columns=columns,
            )
        )
    )
    assert len(rows_of(grid)) == 4
    assert [(kind, line) for kind, line, _ in doubts_of(grid)] == [
        ("rows_hidden", 2),
        ("rows_filtered", 3),
        ("columns_hidden", None),
    ]


def test_merged_cells_are_said() -> None:
    over_two = text_cell("R1", 'table:number-rows-spanned="2"')
    grid = read(document(table(table_row(over_two, ANY), table_row("<table:covered-table-cell/>", ANY))))
    assert rows_of(grid) == [(1, ("R1", "R1")), (2, ("", "R1"))]
    assert [sorted(record.oddities) for record in grid.records()] == [[0], [0]]


def test_sheets_are_chosen_as_in_any_workbook() -> None:
    one, two = table(ANY, name="One"), table(ANY, ANY, name="Two")
    empty, gone = table(name="Empty"), table(ANY, name="Gone", style="gone")
    assert read(document(empty + two)).sheet == "Two"
    assert refused(lambda: read(document(one + two))).kind == "sheet_ambiguous"
    assert (read(document(one + two), "two").sheet, len(rows_of(read(document(one + two), "Two")))) == ("Two", 2)
    assert refused(lambda: read(document(one + two), "Three")).kind == "sheet_unknown"
    assert refused(lambda: read(document(one + empty), "Empty")).kind == "sheet_empty"
    assert kinds(read(document(one + gone, styles=HIDDEN_STYLE)).doubts) == ["sheets_hidden"]
    assert refused(lambda: read(document(gone, styles=HIDDEN_STYLE))).kind == "sheet_hidden_only"
    assert refused(lambda: read(document(empty))).kind == "file_empty"
    assert refused(lambda: read(document(""))).kind == "file_empty"


def test_tables_that_are_no_sheets_are_none() -> None:
    deleted = f"<table:tracked-changes><table:deletion>{ANY}</table:deletion></table:tracked-changes>"
    linked = f"<table:dde-links><table:dde-link>{table(ANY, name='Linked')}</table:dde-link></table:dde-links>"
    assert rows_of(read(document(deleted + table(ANY) + linked))) == [(1, ("R1",))]
    assert refused(lambda: of_cell(f"<table:table-cell>{table(ANY)}</table:table-cell>")).kind == "file_damaged"


@pytest.mark.parametrize(
    "bomb",
    [
        table_row(ANY, more='table:number-rows-repeated="1048576"'),
        table_row(ANY, more='table:number-rows-repeated="99999999999"'),
        table_row(text_cell("R1", 'table:number-columns-repeated="16385"')),
        table_row(text_cell("R1", 'table:number-columns-repeated="99999999999"')),
        table_row(text_cell("R1", 'table:number-columns-repeated="16384"'), more='table:number-rows-repeated="9999"'),
        table_row("<table:table-cell/>", more='table:number-rows-repeated="99999999999"') + table_row(ANY),
    ],
)
def test_repetitions_are_counted_before_they_are_made(bomb: str) -> None:
    assert refused(lambda: read(document(table(bomb)))).kind == "sheet_too_large"


def test_blanks_are_counted_too() -> None:
    bomb = (
        '<table:table-cell office:value-type="string"><text:p><text:s text:c="999999999"/></text:p></table:table-cell>'
    )
    assert refused(lambda: of_cell(bomb)).kind == "cell_too_long"


def test_the_family_of_a_file_is_known_by_what_is_in_it() -> None:
    assert is_opendocument(document(""), "payouts.xlsx")
    assert not is_opendocument(packed({"[Content_Types].xml": b""}), "payouts.ods")


def test_files_that_cannot_be_read_are_named() -> None:
    assert refused(lambda: read(document("", kind="text"))).kind == "file_not_workbook"
    assert refused(lambda: read(packed({"a.txt": b"x"}))).kind == "file_not_workbook"
    assert refused(lambda: read(document(table(ANY))[:-60])).kind == "file_damaged"
    assert refused(lambda: read(document(table("<table:table-row>")))).kind == "file_damaged"
    assert refused(lambda: of_cell(number_cell("twelve", "12"))).kind == "file_damaged"
    assert (
        refused(lambda: of_cell('<table:table-cell office:value-type="odd" office:value="1"/>')).kind == "file_damaged"
    )
    manifest = b'<manifest:manifest><manifest:encryption-data manifest:checksum="x"/></manifest:manifest>'
    locked = packed({**unpacked(document(table(ANY))), "META-INF/manifest.xml": manifest})
    assert refused(lambda: read(locked)).kind == "file_has_password"
    for entity in ('<!ENTITY a "ha">', '<!ENTITY a SYSTEM "file:///etc/hostname">'):
        data = document(table(text_cell("&a;")), doctype=f"<!DOCTYPE x [{entity}]>")
        assert refused(lambda data=data: read(data)).kind == "file_has_entities"  # type: ignore[misc]


@UNHURRIED
@given(rows=TABLES)
def test_what_is_written_is_read_and_another_reader_agrees(rows: list[list[str | Decimal]]) -> None:
    data = document(table(*(table_row(*map(_cell, cells)) for cells in rows)))
    texts = [[cell if isinstance(cell, str) else f"{cell.normalize():f}" for cell in cells] for cells in rows]
    filled = [(line, row) for line, row in enumerate(texts, 1) if any(cell.strip() for cell in row)]
    if not filled:
        return
    grid = read(data)
    assert [(record.line, list(record.cells)) for record in grid.records()] == filled
    numbers = [{place for place, cell in enumerate(cells) if isinstance(cell, Decimal)} for cells in rows]
    assert [set(record.numbers) for record in grid.records()] == [numbers[line - 1] for line, _ in filled]
    witnessed = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    for record in grid.records():
        for place in record.numbers:
            assert float(record.cells[place]) == witnessed[record.line - 1][place]


def _cell(cell: str | Decimal) -> str:
    if isinstance(cell, Decimal):
        return number_cell(str(cell), f"{cell:,.2f}")
    escaped = cell.replace("&", "&amp;").replace("<", "&lt;").replace(" ", "<text:s/>")
    return text_cell(escaped)
