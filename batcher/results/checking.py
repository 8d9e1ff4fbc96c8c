"""A results file held against what the ledger would write: the line and the column of each cell that differs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from batcher.records import BatchRecord, Discrepancy, JournalReading
from batcher.results.files import content_of
from batcher.results.grids import RESULTS, Grid, Unreadable, grids_of

_MOVED_BY_PLANS = frozenset({"row", "error_type", "error_message"})
"""Columns in which a line changes although nothing happened to its row: a later plan moves lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """What one results file has shown."""

    path: Path
    discrepancies: tuple[Discrepancy, ...] = ()
    events_since: int = 0
    """How many events the journal has had since it was written; the lines of their rows were not compared."""
    without_digest: bool = False
    """Whether an older release wrote it, without the column `journal`."""


def check_file(path: Path, word: str, data: bytes, record: BatchRecord, journal: JournalReading) -> FileCheck:
    """Compare the file's bytes, of the format `word`, with the batch at the moment at which they were written."""
    name = path.name
    try:
        found = grids_of(word, data)
        results = found[RESULTS]
    except (Unreadable, KeyError):
        return FileCheck(
            path=path, discrepancies=(_place(name, "cannot be read: it is damaged, or no file of its kind"),)
        )
    wanted = grids_of(word, content_of(word, record))
    digests = _column(results, "journal")
    if digests is None:
        places = tuple(_compared(name, results, _without(wanted[RESULTS], "journal")))
        return FileCheck(path=path, discrepancies=places, without_digest=True)
    digest = Counter(digests).most_common(1)[0][0] if digests else record.journal
    if digest == record.journal:
        places = tuple(one for sheet in wanted for one in _compared(name, found.get(sheet, []), wanted[sheet], sheet))
        return FileCheck(path=path, discrepancies=places)
    written = set(digests)
    known = {one: number for number, one in enumerate(journal.digests, start=1) if one in written}
    if digest not in known:
        words = "carries a digest that is none of this journal's: it, or the journal, was changed"
        lines = [line for line, one in enumerate(digests, start=2) if one not in known]
        return FileCheck(path=path, discrepancies=tuple(_place(name, words, line, "journal") for line in lines))
    since = known[digest]
    places = tuple(_Older(name, results, wanted[RESULTS], record, journal, since).differences())
    return FileCheck(path=path, discrepancies=places, events_since=len(journal.digests) - since)


def _place(
    file: str, message: str, line: int | None = None, column: str | None = None, row: str | None = None, sheet: str = ""
) -> Discrepancy:
    parts = [file, sheet, "" if line is None else f"line {line}", column or ""]
    where = ", ".join(part for part in parts if part)
    return Discrepancy(where=where, message=message, row=row, field=column, file=file, line=line)


def _column(grid: Grid, header: str) -> list[str] | None:
    if not grid or header not in grid[0]:
        return None
    place = grid[0].index(header)
    return [line[place] if place < len(line) else "" for line in grid[1:]]


def _without(grid: Grid, header: str) -> Grid:
    place = grid[0].index(header)
    return [[*line[:place], *line[place + 1 :]] for line in grid]


def _compared(file: str, found: Grid, wanted: Grid, sheet: str = RESULTS) -> Iterator[Discrepancy]:
    """Every cell in which two tables differ."""
    named = "" if sheet == RESULTS else sheet
    headers = wanted[0] if wanted and sheet == RESULTS else []
    for line, (ours, theirs) in enumerate(zip_longest(wanted, found), start=1):
        if ours is None or theirs is None:
            words = "is not in the ledger" if ours is None else "is missing"
            yield _place(file, words, line, sheet=named)
            continue
        for place, (our, their) in enumerate(zip_longest(ours, theirs, fillvalue="")):
            if our != their:
                column = headers[place] if place < len(headers) else f"column {place + 1}"
                yield _place(file, "is not what the ledger says", line, column, sheet=named)


class _Older:
    """A file that was written before the last events: what has not changed since must agree."""

    def __init__(
        self, file: str, found: Grid, wanted: Grid, record: BatchRecord, journal: JournalReading, since: int
    ) -> None:
        self._file = file
        self._found = found
        self._wanted = wanted
        self._digest = journal.digests[since - 1]
        touched = {row_id for row_id, number in journal.last_events.items() if number > since}
        self._untouched = {row.latest.order.key: row.name for row in record.rows if row.id not in touched}
        self._keys = {one.order.key for row in record.rows for one in row.attempts}
        self._planned_since = any(number > since for number in journal.plan_events)

    def differences(self) -> Iterator[Discrepancy]:
        """Every cell that can be compared, and differs."""
        lines = dict(enumerate(self._found[1:], start=2))
        key_at = self._found[0].index("idempotency_key") if "idempotency_key" in self._found[0] else None
        if key_at is None:
            yield _place(self._file, "is missing", 1, "idempotency_key")
            return
        by_key = {line[key_at] if key_at < len(line) else "": number for number, line in lines.items()}
        for number, digest in enumerate(_column(self._found, "journal") or (), start=2):
            if digest != self._digest:
                yield _place(self._file, "is not the digest of the other lines", number, "journal")
        for key, number in by_key.items():
            if key and key not in self._keys:
                yield _place(self._file, "is the key of no row of this batch", number, "idempotency_key")
        wanted = self._wanted_lines()
        for key, name in self._untouched.items():
            if key not in by_key:
                yield _place(self._file, f"has no line for {name}", row=name)
            else:
                yield from self._line_differences(by_key[key], lines[by_key[key]], wanted.get(key, {}), name)
        if not self._planned_since:
            yield from self._invalid_differences(lines, key_at)

    def _wanted_lines(self) -> dict[str, dict[str, str]]:
        headers = self._wanted[0]
        place = headers.index("idempotency_key")
        return {line[place]: dict(zip(headers, line, strict=True)) for line in map(self._filled, self._wanted[1:])}

    def _filled(self, line: list[str]) -> list[str]:
        return [*line, *[""] * (len(self._wanted[0]) - len(line))]

    def _line_differences(
        self, number: int, line: list[str], wanted: dict[str, str], name: str | None
    ) -> Iterable[Discrepancy]:
        left_out = {"journal"} | (_MOVED_BY_PLANS if self._planned_since else frozenset())
        for header, cell in zip_longest(self._found[0], line, fillvalue=""):
            if header not in left_out and header in wanted and cell != wanted[header]:
                yield _place(self._file, "is not what the ledger says", number, header, name)

    def _invalid_differences(self, lines: dict[int, list[str]], key_at: int) -> Iterable[Discrepancy]:
        headers = self._wanted[0]
        place = headers.index("idempotency_key")
        ours = [line for line in map(self._filled, self._wanted[1:]) if not line[place]]
        theirs = [(number, line) for number, line in lines.items() if key_at >= len(line) or not line[key_at]]
        for our, their in zip_longest(ours, theirs):
            if our is None:
                yield _place(self._file, "is not in the ledger", their[0])
            elif their is None:
                yield _place(self._file, "has too few lines that could not be read")
            else:
                number, line = their
                yield from self._line_differences(number, line, dict(zip(headers, our, strict=True)), None)
