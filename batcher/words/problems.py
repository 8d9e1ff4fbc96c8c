"""Problems on the screen: by kind, the first rows of each, and never more than a screen or two."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from batcher.model import Problem

WHOLE = 20
"""So many problems in all are shown one by one; of more, each kind shows its first."""
FIRST = 3
"""Rows of a kind that are shown where there are many problems."""
KINDS = 12
"""Kinds whose rows are shown; of further ones only the heading is."""
LINES_NAMED = 10
"""Further lines of a kind that are named by their numbers."""
MAX_VALUE, MAX_WORDS = 60, 400
"""Characters of a cell, and of a message or a fix: a quote left open makes a cell of a whole file."""


@dataclass(frozen=True, slots=True)
class Group:
    """All problems of one kind."""

    kind: str
    problems: tuple[Problem, ...]
    """In the order of the file."""

    @property
    def lines(self) -> tuple[int, ...]:
        """The rows that have it, each once; none where it is no row of the file that has it."""
        return tuple(dict.fromkeys(problem.line for problem in self.problems if problem.line is not None))

    @property
    def heading(self) -> str:
        """`Amount not a number: 1,237 rows`; only counted where no row of the file has it."""
        name = self.kind.replace("_", " ").capitalize()
        if not self.lines:
            return f"{name}: {len(self.problems):,}"
        return f"{name}: {len(self.lines):,} row{'s' * (len(self.lines) != 1)}"


def grouped(problems: Iterable[Problem]) -> tuple[Group, ...]:
    """The problems by kind: first what is about the file or the batch, then what most rows have."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem)
    groups = [Group(kind, tuple(found)) for kind, found in kinds.items()]
    # The sort is stable: kinds of equally many rows stay in the order of the file.
    return tuple(sorted(groups, key=lambda group: (bool(group.lines), -len(group.lines))))


def problems_in_words(problems: Sequence[Problem]) -> Iterator[str]:
    """The problems as lines of text, bounded whatever their number."""
    if len(problems) == 1:
        yield _shown(problems[0])
        return
    groups = grouped(problems)
    for group in groups[:KINDS]:
        yield group.heading
        yield from _rows(group, WHOLE if len(problems) <= WHOLE else FIRST)
    for group in groups[KINDS:]:
        yield f"{group.heading}{_on(group.lines)}"


def groups_as_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """How many rows have which kind of problem, for scripts; in the order of the screen."""
    return [
        {"kind": group.kind, "rows": len(group.lines), "problems": len(group.problems)} for group in grouped(problems)
    ]


def _rows(group: Group, most: int) -> Iterator[str]:
    if not group.lines:
        # Nobody can look these up by a line.
        most = WHOLE
    shown, hidden = group.problems[:most], group.problems[most:]
    for problem in shown:
        yield f"  {_shown(problem)}"
    told = {problem.line for problem in shown}
    further = tuple(line for line in group.lines if line not in told)
    if further:
        yield f"  … and {len(further):,} more{_on(further)}"
    elif hidden:
        yield f"  … and {len(hidden):,} more"


def _on(lines: Sequence[int]) -> str:
    """`, line 17`, `, lines 17, 18, 22 …`, or nothing."""
    if not lines:
        return ""
    named = ", ".join(str(line) for line in lines[:LINES_NAMED])
    return f", line{'s' * (len(lines) > 1)} {named}{' …' * (len(lines) > LINES_NAMED)}"


def _shown(problem: Problem) -> str:
    return str(
        replace(
            problem,
            column=_cut(problem.column, MAX_VALUE),
            value=_cut(problem.value, MAX_VALUE),
            message=_cut(problem.message, MAX_WORDS) or "",
            fix=_cut(problem.fix, MAX_WORDS) or "",
        )
    )


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None or len(text) <= most else f"{text[: most - 1]}…"
