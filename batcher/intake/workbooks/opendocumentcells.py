"""What a cell of an OpenDocument spreadsheet is worth: it says its kind, its value, and what it shows."""

import re
from collections.abc import Callable

from batcher.intake.workbooks.cellvalues import (
    EMPTY,
    CellValue,
    cell_name,
    from_boolean,
    from_date,
    from_error,
    from_number,
    from_text,
    number_in,
    rounded,
    without_value,
)
from batcher.intake.workbooks.numberformats import Showing, Shown
from batcher.intake.workbooks.opendocumenttables import RawCell
from batcher.intake.workbooks.package import damaged
from batcher.intake.workbooks.seennumbers import seen

_CLOCK = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_ERROR = re.compile(r"#[A-Z][A-Z0-9/_!?]*|Err:\d+")


def value_of(cell: RawCell, line: int, file: str, place: int | None = None) -> CellValue:
    """The cell in that row; `place` is its own where it repeats another one."""
    name = cell_name(cell.place if place is None else place, line)
    shown = cell.shown or ""
    if cell.is_error or (cell.has_formula and _ERROR.fullmatch(shown)):
        return from_error(shown or "Err", name)
    if not cell.kind and not shown:
        return without_value(name) if cell.has_formula else EMPTY
    if cell.kind in ("", "string"):
        return from_text(shown if cell.shown is not None else cell.value or "", name)
    value = cell.value
    if value is None or cell.kind not in _KINDS:
        raise damaged(file, f"cell {name} has no value of its kind, {cell.kind[:20]!r}", line=line)
    made = _KINDS[cell.kind](value, shown, name)
    if made is None:
        raise damaged(file, f"cell {name} holds {value[:40]!r} for a number", line=line)
    return made


def _number(value: str, shown: str, name: str) -> CellValue | None:
    held = number_in(value)
    if held is None:
        return None
    number = rounded(held)
    return from_number(number, seen(shown, number), name)


def _percentage(value: str, shown: str, name: str) -> CellValue | None:
    held = number_in(value)
    return None if held is None else from_number(rounded(held), Shown(Showing.OTHER, shown), name)


def _date(value: str, _: str, name: str) -> CellValue:
    return from_date(value, name)


def _time(value: str, _: str, name: str) -> CellValue:
    found = _CLOCK.fullmatch(value)
    clock = f"{found[1]}{found[2]:0>2}:{found[3]:0>2}:{found[4]:0>2}" if found else value
    return from_date(clock, name)


def _boolean(value: str, _: str, name: str) -> CellValue:
    return from_boolean(is_true=value == "true", name=name)


_KINDS: dict[str, Callable[[str, str, str], CellValue | None]] = {
    "float": _number,
    "currency": _number,
    "percentage": _percentage,
    "date": _date,
    "time": _time,
    "boolean": _boolean,
}
