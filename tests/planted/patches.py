"""Planted bugs: small patches, each of which is one mistake that somebody could make."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

BUGS = Path(__file__).parent / "bugs"

_NAME = re.compile(r"\d{2,3}-[a-z0-9-]+")
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@.*")


class NoFit(Exception):
    """A patch does not fit the tree: the code has moved on, and the patch has to follow."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place that is changed: whole lines, found by what they say and not by their number."""

    path: str
    """From the root of the project, with slashes."""
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One patch."""

    name: str
    """`NN-what-is-wrong`."""
    costs: str
    """What it would cost, in a sentence."""
    tests: tuple[str, ...]
    """The test files that should catch it."""
    hunks: tuple[Hunk, ...]

    @property
    def number(self) -> int:
        """What its name begins with."""
        return int(self.name.partition("-")[0])

    def applied(self, root: Path) -> dict[str, str]:
        """The changed files by path, as they would be. Raises `NoFit`, and changes nothing."""
        changed: dict[str, str] = {}
        for hunk in self.hunks:
            file = root / hunk.path
            if hunk.path not in changed and not file.is_file():
                raise NoFit(f"{self.name}: there is no {hunk.path}")
            text = changed.get(hunk.path) or file.read_text(encoding="utf-8")
            places = [found.start() for found in re.finditer(f"^{re.escape(hunk.old)}", text, re.MULTILINE)]
            if len(places) != 1:
                raise NoFit(f"{self.name}: {hunk.path} has these lines {len(places)} times:\n{hunk.old}")
            changed[hunk.path] = text[: places[0]] + hunk.new + text[places[0] + len(hunk.old) :]
        return changed

    def plant(self, root: Path) -> None:
        """Change the files under `root`. Raises `NoFit`, and changes nothing then."""
        for path, text in self.applied(root).items():
            (root / path).write_text(text, encoding="utf-8")


def all_bugs(folder: Path = BUGS) -> list[Bug]:
    """Every planted bug, by number."""
    bugs = [read_bug(path.stem, path.read_text(encoding="utf-8")) for path in folder.glob("*.patch")]
    return sorted(bugs, key=lambda bug: bug.number)


def read_bug(name: str, text: str) -> Bug:
    """A patch as it is written: `Costs:` and `Tests:`, each on a line, then a unified diff. Raises `ValueError`."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name} is no name such as 01-what-is-wrong")
    lines = text.splitlines(keepends=True)
    head = _head(lines)
    bug = Bug(name=name, costs=head["Costs"], tests=tuple(head["Tests"].split()), hunks=tuple(_hunks(lines)))
    if not bug.hunks or not bug.costs or not bug.tests:
        raise ValueError(f"{name} says not what it changes, what that costs, or who should see it")
    return bug


def _head(lines: Iterable[str]) -> Mapping[str, str]:
    head = {"Costs": "", "Tests": ""}
    for line in lines:
        word, _, rest = line.partition(":")
        if word in head:
            head[word] = rest.strip()
    return head


def _hunks(lines: Iterable[str]) -> Iterable[Hunk]:
    path, old, new = "", "", ""
    for line in lines:
        if line.startswith("--- a/") or _HUNK.match(line):
            if old != new:
                yield Hunk(path, old, new)
            old = new = ""
        if line.startswith("--- a/"):
            path = line.removeprefix("--- a/").strip()
        elif path and not line.startswith("+++ "):
            old += line[1:] if line[0] in " -" else ""
            new += line[1:] if line[0] in " +" else ""
    if old != new:
        yield Hunk(path, old, new)
