"""Problems at their cells, a page at a time: whatever the size of the sheet, a browser gets fifty rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from batcher.assembly import Checked
from batcher.model import Problem, SheetRow
from batcher.web.sheets.outlining import shown
from batcher.words.problems import Group, grouped

ROWS = 50
"""On one page."""
COLUMNS = 30
"""Of a wide sheet: those with problems on the page first, then the others in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the grid."""

    text: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row with problems."""

    line: int
    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...]
    """Those that are about no one cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One page of rows with problems."""

    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    kind: str | None
    """The kind of problem that is looked at; `None` for all."""
    page: int
    pages: int
    count: int
    """Rows on all pages."""
    left_out: int
    """Columns that are not shown."""


def kinds_of(checked: Checked) -> tuple[Group, ...]:
    """The kinds of problems that rows have, what most rows have first."""
    return tuple(group for group in grouped(checked.sheet.problems) if group.lines)


def grid_of(checked: Checked, kind: str | None, page: int) -> Grid:
    """The rows with problems of a kind, or of any; a page that is not there is the nearest."""
    faulty: Sequence[SheetRow] = checked.sheet.faulty
    if kind is not None:
        faulty = [row for row in faulty if any(problem.kind == kind for problem in row.problems)]
    pages = max(1, -(-len(faulty) // ROWS))
    page = min(max(1, page), pages)
    rows = list(islice(faulty, (page - 1) * ROWS, page * ROWS))
    titles = [title.strip() for title in checked.sheet.columns]
    places = _places(titles, rows)
    return Grid(
        titles=tuple(titles[place] for place in places),
        rows=tuple(_row(row, titles, places) for row in rows),
        kind=kind,
        page=page,
        pages=pages,
        count=len(faulty),
        left_out=len(titles) - len(places),
    )


def _places(titles: Sequence[str], rows: Sequence[SheetRow]) -> list[int]:
    """The columns that are shown, in the order of the sheet."""
    if len(titles) <= COLUMNS:
        return list(range(len(titles)))
    wrong = {problem.column for row in rows for problem in row.problems}
    by_need = sorted(range(len(titles)), key=lambda place: titles[place] not in wrong)
    return sorted(by_need[:COLUMNS])


def _row(row: SheetRow, titles: Sequence[str], places: Sequence[int]) -> Row:
    at = {place: tuple(problem for problem in row.problems if problem.column == titles[place]) for place in places}
    told = {id(problem) for problems in at.values() for problem in problems}
    return Row(
        line=row.line,
        cells=tuple(Cell(text=shown(_cell(row, place)), problems=at[place]) for place in places),
        problems=tuple(problem for problem in row.problems if id(problem) not in told),
    )


def _cell(row: SheetRow, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
