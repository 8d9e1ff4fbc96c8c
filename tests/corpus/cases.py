"""The corpus as a test sees it: each file with what is expected of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batcher.intake import ReadOptions

FOLDER = Path(__file__).parent
EXPECTED = ".expect.json"

Expectation = dict[str, Any]
"""What a README beside this file describes."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One file of the corpus."""

    path: Path
    options: ReadOptions
    readings: tuple[Expectation, ...]
    """Each of them is right."""

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"


def inputs() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*/*") if path.is_file() and not _is_ours(path))


def expectations() -> list[Path]:
    return sorted(FOLDER.glob(f"*/*{EXPECTED}"))


def expectation_of(path: Path) -> Path:
    return path.with_name(path.stem + EXPECTED)


def cases() -> list[Case]:
    return [_case(path) for path in inputs() if expectation_of(path).exists()]


def _is_ours(path: Path) -> bool:
    return path.name.endswith(EXPECTED) or "__pycache__" in path.parts


def _case(path: Path) -> Case:
    content = json.loads(expectation_of(path).read_text(encoding="utf-8"))
    options = ReadOptions(**content.get("options", {}))
    return Case(path, options, tuple(content.get("any_of", [content])))
