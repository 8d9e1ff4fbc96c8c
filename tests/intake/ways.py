"""The same payouts saved in every way that a spreadsheet knows: encodings, divisions, quotes, marks, and formats."""

import codecs
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import parquet

from tests.intake.workbooks import document, number_cell, table, table_row, text_cell, written

COLUMNS = ("Reference", "Name", "Amount", "Currency", "Product", "Distribution", "Email")
AMOUNT = COLUMNS.index("Amount")

_NAMES = (
    *("Ann", "Zoé", "O'Brien", "Müller, Jörg", 'Jo "Bee" Day', "Smith; Co", "Straße 5", "a|b", "tab\there", "x = y"),
    *("two\nlines", "two\r\nlines", "", " ", "Ærø", "#12", "-", "12,50", "1.234", "sep=;", "Łódź", "李雷"),
)
_REFERENCES = (
    "R1",
    "007",
    "0012",
    "INV-2026/1",
    "a b",
    "A,1",
    "café",
    "x;y",
    "1.5",
    "12",
    "00",
    "Ω",
    "-A1",
    "+44 7",
    "=A1",
    "@x",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One payout, as the person means it."""

    reference: str
    name: str
    cents: int
    currency: str
    email: str

    @property
    def amount(self) -> Decimal:
        return Decimal(self.cents) / 100

    def cells(self, amount: str) -> list[str]:
        """The row, with its amount written in some way."""
        return [self.reference, self.name, amount, self.currency, "AMZ-GB", "EMAIL", self.email]


@dataclass(frozen=True, slots=True)
class Way:
    """How a sheet is saved as text."""

    encoding: str
    mark: bytes
    delimiter: str
    quotes_all: bool
    line_end: str
    locale: str
    sign: str
    omits_zeros: bool = False
    """Whether decimals that are none are left out: `1,000` for `1,000.00`."""

    def saved(self, rows: Sequence[Asked]) -> bytes | None:
        """The bytes; `None` where the encoding has not all of the letters."""
        lines = [list(COLUMNS)]
        for row in rows:
            amount = localised(row.amount, self.locale)
            if self.omits_zeros:
                amount = re.sub("[.,]00$", "", amount)
            lines.append(row.cells(signed(amount, self.sign, row.currency)))
        text = "".join(self.delimiter.join(map(self._cell, cells)) + self.line_end for cells in lines)
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError:
            return None

    def _cell(self, text: str) -> str:
        if self.quotes_all or any(sign in text for sign in (self.delimiter, '"', "\r", "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text


LOCALES = ("plain", "english", "german", "french", "narrow", "swiss", "comma")
SIGNED = ("none", "sign before", "code behind")
ENCODED = (
    ("utf-8", b""),
    ("utf-8", codecs.BOM_UTF8),
    ("utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16-be", codecs.BOM_UTF16_BE),
    ("utf-16-le", b""),
    ("utf-16-be", b""),
    ("cp1252", b""),
    ("mac_roman", b""),
)
"""Name for Python, and the mark in front."""
_OF_LOCALES = {
    "plain": ("", "."),
    "comma": ("", ","),
    "english": (",", "."),
    "german": (".", ","),
    "french": ("\u00a0", ","),
    "narrow": (" ", ","),
    "swiss": ("'", "."),
}


def localised(amount: Decimal, locale: str) -> str:
    """With two decimals, in one country's way."""
    group, mark = _OF_LOCALES[locale]
    return f"{amount:,.2f}".replace(",", "\x00").replace(".", mark).replace("\x00", group)


def signed(text: str, sign: str, currency: str) -> str:
    """With its currency, or without."""
    if sign == "sign before":
        return f"{'€' if currency == 'EUR' else '£'}{text}"
    return f"{text} {currency}" if sign == "code behind" else text


def rows(**given: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Asked]]:
    """Sheets in which each reference is one of its own."""
    one = st.builds(
        Asked,
        reference=given.get(
            "reference", st.one_of(st.sampled_from(_REFERENCES), st.from_regex("[0-9]{1,8}", fullmatch=True))
        ),
        name=given.get("name", st.lists(st.sampled_from(_NAMES), min_size=1, max_size=2).map(" ".join)),
        cents=st.one_of(st.integers(1, 99_999_999), st.integers(1, 999).map(lambda whole: whole * 100_000)),
        currency=st.sampled_from(("GBP", "EUR")),
        email=st.sampled_from(("ann@example.com", "Bob@EXAMPLE.org", "o'brien@example.net")),
    )
    return st.lists(one, min_size=1, max_size=6, unique_by=lambda row: row.reference.casefold())


def ways(**given: st.SearchStrategy[Any]) -> st.SearchStrategy[Way]:
    """Every way to save them as text, but for what is given."""
    encoded = given.get("encoded", st.sampled_from(ENCODED))
    return st.builds(
        lambda encoded, **way: Way(encoding=encoded[0], mark=encoded[1], **way),
        encoded=encoded,
        delimiter=given.get("delimiter", st.sampled_from((",", ";", "\t", "|"))),
        quotes_all=st.booleans(),
        line_end=st.sampled_from(("\n", "\r\n", "\r")),
        locale=given.get("locale", st.sampled_from(LOCALES)),
        sign=given.get("sign", st.sampled_from(SIGNED)),
        omits_zeros=given.get("omits_zeros", st.just(False)),
    )


def as_xlsx(asked: Sequence[Asked], *, numbers: bool) -> bytes:
    """An Excel workbook, with amounts as numbers, or as the texts that they look like."""

    def fill(book: Any, sheet: Any) -> None:
        money = book.add_format({"num_format": "#,##0.00"})
        sheet.write_row(0, 0, COLUMNS)
        for line, row in enumerate(asked, 1):
            for place, cell in enumerate(row.cells(f"{row.amount:.2f}")):
                if place == AMOUNT and numbers:
                    sheet.write_number(line, place, float(row.amount), money)
                else:
                    sheet.write_string(line, place, cell)

    return written(fill)


def as_ods(asked: Sequence[Asked], *, numbers: bool) -> bytes:
    """An OpenDocument workbook."""
    lines = [table_row(*map(text_cell, COLUMNS))]
    for row in asked:
        cells = [text_cell(_marked_up(cell)) for cell in row.cells(f"{row.amount:.2f}")]
        if numbers:
            cells[AMOUNT] = number_cell(f"{row.amount.normalize():f}", f"{row.amount:,.2f}")
        lines.append(table_row(*cells))
    return document(table(*lines))


def _marked_up(cell: str) -> str:
    text = escape(cell.replace("\r\n", "\n"), quote=False).replace("\t", "<text:tab/>").replace(" ", "<text:s/>")
    return text.replace("\n", "<text:line-break/>")


def as_parquet(asked: Sequence[Asked], *, numbers: bool) -> bytes:
    """A Parquet file, with amounts as decimals or as texts."""
    columns: dict[str, Any] = {
        name: [row.cells(f"{row.amount:.2f}")[place] for row in asked] for place, name in enumerate(COLUMNS)
    }
    if numbers:
        columns["Amount"] = pa.array([row.amount for row in asked], pa.decimal128(12, 2))
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()
