"""What a person says of a sheet in the form of the page, and whether it can be meant."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from batcher.assembly import SaidOfFile
from batcher.errors import UsageError
from batcher.intake.header import WORDS, simplified
from batcher.web.sheets.outlining import OURS, Reading

DELIMITERS = ("comma", "semicolon", "tab", "pipe", "space")
ENCODINGS = ("utf-8", "cp1252", "mac_roman", "utf-16", "iso8859_15")
DECIMALS = {"point": "1,234.50", "comma": "1.234,50"}
NONE = "none"
"""For one of our columns that the sheet does not have."""


def said_in_form(text: Callable[[str], str], reading: Reading | None, before: SaidOfFile) -> SaidOfFile:
    """What the form says: how the file is read, and which column is which where those were shown.

    Raises `UsageError` for what cannot be meant.
    """
    said = _how_it_is_read(text)
    same = replace(before, columns=(), unused=frozenset()) == said
    if reading is None or not same or text("columns") != "shown":
        # Read in another way, it may have other columns: they are looked at anew.
        return replace(said, columns=before.columns, unused=before.unused) if same else said
    columns, unused = _columns(text, reading)
    return replace(said, columns=columns, unused=unused)


def _how_it_is_read(text: Callable[[str], str]) -> SaidOfFile:
    line = text("header_line")
    if line and not (line.isascii() and line.isdigit() and 0 < int(line) <= 1_000_000):
        raise UsageError(f"Row {line!r} cannot name the columns.", "Enter the number of a row, such as 3.")
    if text("decimal") not in {"", *DECIMALS} or text("encoding") not in {"", *ENCODINGS}:
        raise UsageError("There is no such choice.", "Choose one from the list.")
    try:
        return SaidOfFile.of(
            encoding=text("encoding") or None,
            delimiter=text("delimiter") or None,
            sheet=text("sheet") or None,
            header_line=int(line) if line else None,
            decimal=text("decimal") or None,
        )
    except ValueError:
        raise UsageError("That divides no cells.", "Choose what stands between two cells of a row.") from None


def _columns(text: Callable[[str], str], reading: Reading) -> tuple[tuple[tuple[str, str], ...], frozenset[str]]:
    """Ours and theirs as they were chosen, and ours that were said not to be there."""
    chosen: dict[str, str] = {}
    for ours in OURS:
        place = text(f"column-{ours}")
        if place == NONE:
            continue
        if not (place.isascii() and place.isdigit() and int(place) < len(reading.columns)):
            raise UsageError("There is no such column.", "Choose one from the list.")
        chosen[ours] = reading.columns[int(place)].title.strip()
    _refuse_double(chosen)
    return tuple(chosen.items()), frozenset(OURS) - chosen.keys()


def _refuse_double(chosen: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for ours, theirs in chosen.items():
        other = seen.setdefault(simplified(theirs), ours)
        if other != ours:
            raise UsageError(
                f"{theirs!r} was chosen as the {WORDS[other]} and as the {WORDS[ours]}.", "A column has one meaning."
            )


def delimiter_name(said: SaidOfFile) -> str:
    """The word for what was said to divide the cells; empty where nothing was."""
    signs = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
    return signs.get(said.delimiter or "", said.delimiter or "")


def decimal_name(said: SaidOfFile) -> str:
    """The word for what was said to be the decimal mark; empty where nothing was."""
    return {".": "point", ",": "comma"}.get(said.decimal or "", "")
