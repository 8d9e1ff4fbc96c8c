"""How a whole file is refused: one sentence, the way to mend it, and a stable word for scripts."""

from batcher.errors import InputInvalid
from batcher.model import Problem


def refusal(kind: str, message: str, fix: str, *, line: int | None = None, column: str | None = None) -> InputInvalid:
    """An `InputInvalid` with exactly one problem, which carries kind, line and column for scripts."""
    problem = Problem(line=line, column=column, value=None, message=message, fix=fix, kind=kind)
    return InputInvalid(message, fix, (problem,))


def listed(words: list[str], *, most: int = 8) -> str:
    """`a`, `a and b`, `a, b and c`, or the first few `and 12 more`."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
