"""Files as nobody has made them: texts of the fragments that matter, and real files with something wrong in them."""

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import parquet

from batcher.intake import ReadOptions
from tests.corpus.cases import cases
from tests.intake.sheets import HEADER, as_text, row
from tests.intake.workbooks import document, number_cell, packed, table, table_row, text_cell, unpacked, written

FILLED = ReadOptions(currency="GBP", product="AMZ-GB", distribution="PAYOUT_LINK")
"""So that a row with a reference and an amount is a payout already."""

SIGNS = (
    *",;\t|^~ \"'\\=+-@.()%",
    "\r",
    "\n",
    "\r\n",
    "\x00",
    "\x1a",
    "\x85",
    "\u2028",
    "\ufeff",
    "\u00a0",
    "\u202f",
    "\u2212",
    "\u200b",
)
WORDS = (
    *("reference", "Amount", "currency", "Product", "distribution", "E-mail", "note", "Amount (GBP)", "value", "ref"),
    *("GBP", "EUR", "JPY", "AMZ-GB", "PT-1", "EMAIL", "PAYOUT_LINK", "ann@example.com", "zoé@example.net", "R1", "R2"),
    *(
        "0",
        "1",
        "12",
        "012",
        "12.50",
        "12,50",
        "1,234",
        "1.234",
        "1.234,50",
        "1,234.50",
        "1 234,50",
        "1'234.50",
        "12,-",
    ),
    *("£12.50", "12,50 €", "$5", "-5", "(5)", "5-", "1e5", "5%", "12k", "0.001", "1234567890123", "1,23,456.70"),
    *("=1+1", "@SUM(A1)", "'=x", "#N/A", "Total", "sep=;", "sep=,", "http://x/y", "café", "Straße", "x" * 3000),
)
LINES = (
    "reference,amount\n",
    "reference;amount\r\n",
    "reference\tamount\tnote\r",
    "R1,5.00\n",
    'R2,"1,234.50"\n',
    "R3;12,50\r\n",
    '"R4","7"\n',
    "R5\t1.234,50\tx\r",
    *(as_text([cells]) for cells in (HEADER, row("A1"), row("A2", amount="7,50"))),
)
TEXTS = st.lists(
    st.one_of(st.sampled_from(SIGNS), st.sampled_from(WORDS), st.sampled_from(LINES), st.characters()), max_size=40
).map("".join)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman", "utf-7")


def encoded(text: str, encoding: str) -> bytes:
    """The text in these bytes, with what the encoding cannot say left out, and lone halves of letters left in."""
    keeps_halves = encoding.startswith("utf-") and encoding != "utf-7"
    return text.encode(encoding, "surrogatepass" if keeps_halves else "ignore")


@cache
def real_files() -> tuple[tuple[bytes, ReadOptions], ...]:
    """The corpus, the samples, and the same sheet in each kind of workbook."""
    samples = sorted((Path(__file__).parents[2] / "sample_data").glob("*.csv"))
    return (
        *((case.path.read_bytes(), case.options) for case in cases()),
        *((path.read_bytes(), FILLED) for path in samples),
        *((data, FILLED) for data in workbook_files()),
    )


@cache
def workbook_files() -> tuple[bytes, ...]:
    """Three rows with text, numbers, and a formula, as an Excel and an OpenDocument workbook and as Parquet."""

    def fill(book: Any, sheet: Any) -> None:
        euros = book.add_format({"num_format": "#,##0.00 [$€]"})
        sheet.write_row(0, 0, ["Reference", "Amount", "Note"])
        sheet.write_row(1, 0, ["R1", "1.234,50", "x_x000D_y"])
        sheet.write_row(2, 0, ["R2", 12.5, "=1+1"])
        sheet.write_number(3, 1, 7, euros)
        sheet.write_formula(3, 2, "=B2", None, "R3")
        sheet.set_row(2, None, None, {"hidden": True})

    cells = table(
        table_row(text_cell("Reference"), text_cell("Amount"), text_cell("Note")),
        table_row(text_cell("R1"), number_cell("12.5", "12,50")),
        table_row(text_cell("R2"), number_cell("7", "7.00"), text_cell("x<text:s/>y")),
    )
    file = io.BytesIO()
    columns = {"Reference": ["R1", "R2"], "Amount": pa.array([12.5, 7.0]), "Note": ["x", None]}
    parquet.write_table(pa.table(columns), file, write_page_checksum=True)
    return written(fill), document(cells), file.getvalue()


def damaged_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """One to four wounds: bytes or whole lines are gone, there twice, elsewhere, others, or come from nowhere."""
    for wound in draw(st.lists(st.sampled_from(WOUNDS), min_size=1, max_size=4)):
        data = wound(draw, data)
    return data


def _cut(draw: st.DrawFn, data: bytes) -> tuple[bytes, bytes, bytes]:
    """A text in three: of the middle part something becomes."""
    start = draw(st.integers(0, len(data)))
    length = draw(st.one_of(st.integers(0, 3), st.integers(0, max(0, len(data) - start))))
    return data[:start], data[start : start + length], data[start + length :]


def _deleted(draw: st.DrawFn, data: bytes) -> bytes:
    before, _, behind = _cut(draw, data)
    return before + behind


def _doubled(draw: st.DrawFn, data: bytes) -> bytes:
    before, middle, behind = _cut(draw, data)
    return before + middle * 2 + behind


def _swapped(draw: st.DrawFn, data: bytes) -> bytes:
    before, middle, behind = _cut(draw, data)
    return middle + before + behind


def _inserted(draw: st.DrawFn, data: bytes) -> bytes:
    before, middle, behind = _cut(draw, data)
    some = st.one_of(st.sampled_from((*SIGNS, *WORDS, *LINES)).map(lambda text: text.encode()), st.binary(max_size=4))
    return before + draw(some) + middle + behind


def _replaced(draw: st.DrawFn, data: bytes) -> bytes:
    before, middle, behind = _cut(draw, data)
    return before + draw(st.binary(min_size=min(len(middle), 3), max_size=3)) + behind[: len(data)]


def _truncated(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: draw(st.integers(0, len(data)))]


def _lines_moved(draw: st.DrawFn, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    one, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    moved = draw(st.sampled_from(("deleted", "doubled", "swapped")))
    if moved == "swapped":
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines[other:other] = [lines[one]]
        del lines[one : one + 2 * (moved == "deleted")]
    return b"".join(lines)


Wound = Callable[[st.DrawFn, bytes], bytes]
WOUNDS: tuple[Wound, ...] = (_deleted, _doubled, _swapped, _inserted, _replaced, _truncated, _lines_moved)


@st.composite
def damaged_files(draw: st.DrawFn) -> tuple[bytes, ReadOptions]:
    """A real file with wounds."""
    data, options = draw(st.sampled_from(real_files()))
    return damaged_bytes(draw, data), options


@st.composite
def damaged_packages(draw: st.DrawFn) -> bytes:
    """A workbook that is packed rightly, one part of which has wounds, is gone, or is there under another name."""
    parts = unpacked(draw(st.sampled_from(workbook_files()[:2])))
    name = draw(st.sampled_from(sorted(parts)))
    fate = draw(st.sampled_from(("wounded", "wounded", "wounded", "gone", "renamed")))
    data = parts.pop(name)
    if fate == "wounded":
        parts[name] = damaged_bytes(draw, data)
    elif fate == "renamed":
        parts[draw(st.text(min_size=1, max_size=8))] = data
    return _packed(parts)


def _packed(parts: dict[str, bytes]) -> bytes:
    try:
        return packed(parts)
    except (ValueError, UnicodeError, IndexError, zipfile.LargeZipFile):
        return b"PK\x03\x04"
