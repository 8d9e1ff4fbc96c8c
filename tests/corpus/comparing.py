"""What the reader made of a file, held against what was expected of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from batcher.errors import InputInvalid
from batcher.intake import Outline, read_outline, read_sheet
from batcher.model import Problem, Sheet
from tests.corpus.cases import Case, Expectation

ALWAYS_DOUBTED = "column_missing"
"""A doubt of every table that is no sheet of payouts: it says nothing of what is odd about one."""


@dataclass(frozen=True, slots=True)
class Found:
    """Both outputs, or why there is none."""

    outline: Outline | InputInvalid
    sheet: Sheet | InputInvalid

    @property
    def payouts(self) -> list[list[Any]]:
        """Line, reference, amount, currency and address of each row that would be paid."""
        if isinstance(self.sheet, InputInvalid):
            return []
        return [
            [row.line, payout.reference, str(payout.amount), payout.currency, payout.email]
            for row, payout in self.sheet.payouts
        ]

    @property
    def doubts(self) -> list[Problem]:
        """What is said of the file besides the problems of its rows."""
        outline = () if isinstance(self.outline, InputInvalid) else self.outline.doubts
        sheet = () if isinstance(self.sheet, InputInvalid) else self.sheet.warnings
        return [*outline, *sheet]


@cache
def found_in(case: Case) -> Found:
    """Read once for all tests."""
    outline: Outline | InputInvalid
    sheet: Sheet | InputInvalid
    try:
        outline = read_outline(case.path, case.options)
    except InputInvalid as error:
        outline = error
    try:
        sheet = read_sheet(case.path, case.options)
    except InputInvalid as error:
        sheet = error
    return Found(outline, sheet)


def differences(found: Found, expected: Expectation) -> list[str]:
    """Every way in which the two differ, in words; none where all is as expected."""
    table = expected.get("table", {})
    checks = [_of_the_sheet(found, expected), _of_doubts(found, expected)]
    if "error" in table:
        checks += [_of_a_refusal("the table", found.outline, table["error"]), _of_no_sheet(found)]
    elif table:
        checks.append(_of_the_table(found.outline, table))
    return [difference for check in checks for difference in check]


def _of_the_table(outline: Outline | InputInvalid, expected: Expectation) -> Iterator[str]:
    if isinstance(outline, InputInvalid):
        yield f"the table was refused: {_told(outline)}"
        return
    yield from _unlike("the header's line", outline.header.line, expected["line"])
    yield from _unlike("the columns", _trimmed(outline.header.titles), _trimmed(expected["columns"]))
    records = [[record.line, _trimmed(record.cells)] for record in outline.records]
    yield from _unlike("the records", records, [[line, _trimmed(cells)] for line, cells in expected["records"]])


def _of_the_sheet(found: Found, expected: Expectation) -> Iterator[str]:
    if "refused" in expected:
        yield from _of_a_refusal("the sheet", found.sheet, expected["refused"])
        return
    perhaps, paid = expected.get("perhaps", []), [line for line, *_ in found.payouts]
    payouts = sorted(expected.get("payouts", []) + [payout for payout in perhaps if payout[0] in paid])
    problems = sorted(expected.get("problems", []) + [[line, None] for line, *_ in perhaps if line not in paid])
    yield from _unlike("the payouts", found.payouts, payouts)
    if not payouts and not problems:
        return
    if isinstance(found.sheet, InputInvalid):
        yield f"the sheet was refused: {_told(found.sheet)}"
        return
    kinds = {row.line: [problem.kind for problem in row.problems] for row in found.sheet.rows if row.problems}
    yield from _unlike("the lines with problems", list(kinds), [line for line, _ in problems])
    for line, words in problems:
        if line in kinds and words is not None and not set(words) & set(kinds[line]):
            yield f"the problem of line {line} is {kinds[line]}, and not one of {words}"


def _of_no_sheet(found: Found) -> Iterator[str]:
    if not isinstance(found.sheet, InputInvalid):
        yield "the sheet was read although its table has no meaning"


def _of_a_refusal(what: str, outcome: object, expected: Expectation) -> Iterator[str]:
    if not isinstance(outcome, InputInvalid):
        yield f"{what} was not refused"
    elif not any(_is(problem, expected["line"], expected["kinds"]) for problem in outcome.problems):
        yield f"{what} was refused otherwise: {_told(outcome)}, and not {expected}"


def _of_doubts(found: Found, expected: Expectation) -> Iterator[str]:
    told = [problem for problem in found.doubts if problem.kind != ALWAYS_DOUBTED]
    if expected.get("doubts") == [] and told:
        yield f"there are doubts about a file that leaves none: {_listed(told)}"
    for line, kinds in expected.get("doubts", []):
        if not any((line is None or problem.line == line) and _has(problem, kinds) for problem in told):
            yield f"no doubt is told of line {line or 'any'} ({kinds or 'of any kind'}); told is {_listed(told)}"


def _is(problem: Problem, lines: object, kinds: list[str] | None) -> bool:
    allowed = lines if isinstance(lines, list) else [lines]
    return (lines is None or problem.line in allowed) and _has(problem, kinds)


def _has(problem: Problem, kinds: list[str] | None) -> bool:
    return kinds is None or problem.kind in kinds


def _unlike(what: str, found: object, expected: object) -> Iterator[str]:
    if found != expected:
        yield f"{what}: found {found}, expected {expected}"


def _trimmed(cells: Sequence[str]) -> list[str]:
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _told(error: InputInvalid) -> str:
    return _listed(error.problems)


def _listed(problems: Iterable[Problem]) -> str:
    return ", ".join(f"{problem.kind} in line {problem.line}" for problem in problems) or "nothing"
