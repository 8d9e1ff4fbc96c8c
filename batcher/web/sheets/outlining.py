"""How a sheet is read, as the page shows it: plain values, and no file that is still open."""

from dataclasses import dataclass

from batcher.intake import Outline
from batcher.intake.header import FIELDS, WORDS
from batcher.intake.text.csvtext import NAMES
from batcher.model import Problem, without_links

SAMPLE_ROWS = 5
MOST_SHOWN = 80
"""Characters of a cell in the sample, and in the grid of problems."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One of the sheet's columns."""

    place: int
    title: str
    ours: str | None
    """Which of ours it is."""
    sample: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the sheet is read."""

    encoding: str | None
    delimiter: str | None
    """Its name."""
    sheet: str | None
    header_line: int
    above: int
    """Rows above the header, which are not read."""
    rows: int
    columns: tuple[Column, ...]
    lines: tuple[int, ...]
    """Of the sample."""
    doubts: tuple[Problem, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """Headers as the file writes them."""
        return tuple(column.title for column in self.columns)

    @property
    def places(self) -> dict[str, int]:
        """Where ours are."""
        return {column.ours: column.place for column in self.columns if column.ours is not None}


def reading_of(outline: Outline) -> Reading:
    """What the page shows of an outline; reads the file to its end. Raises `InputInvalid`."""
    ours = {place: name for name, place in outline.header.places.items()}
    sample, rows = [], 0
    for record in outline.records:
        rows += 1
        if rows <= SAMPLE_ROWS:
            sample.append(record)
    delimiter = outline.delimiter
    return Reading(
        encoding=outline.encoding,
        delimiter=None if delimiter is None else NAMES.get(delimiter, repr(delimiter)),
        sheet=outline.sheet,
        header_line=outline.header.line,
        above=len(outline.table.above),
        rows=rows,
        columns=tuple(
            Column(
                place=place,
                title=title,
                ours=ours.get(place),
                sample=tuple(shown(record.cells[place]) for record in sample),
            )
            for place, title in enumerate(outline.header.titles)
        ),
        lines=tuple(record.line for record in sample),
        doubts=outline.doubts,
    )


def shown(cell: str) -> str:
    """A cell on a page: short, and without a link that is worth money."""
    text = "".join(sign if sign.isprintable() else "·" for sign in without_links(cell))
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def words_of(ours: str) -> str:
    """What a person calls one of our columns."""
    words = WORDS[ours]
    return words[:1].upper() + words[1:]


OURS = tuple(FIELDS)
"""Our columns, in the order in which they are shown."""
