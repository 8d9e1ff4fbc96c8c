"""The documents as this project's tests see them: blocks of commands, and the commands that they name in passing."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "guide.md"
OPERATORS = ROOT / "docs" / "operators.md"
DOCUMENTS = (
    README,
    GUIDE,
    OPERATORS,
    ROOT / "docs" / "architecture.md",
    ROOT / "docs" / "decisions.md",
    ROOT / "docs" / "performance.md",
    ROOT / "docs" / "reliability.md",
    ROOT / "docs" / "faults.md",
    ROOT / "docs" / "inboxes.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
)
"""Everything that people read."""

_FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})(?P<language>.*?)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_WRITTEN_HERE = re.compile(r"<<'END'.*?^END$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)

SETUP_START = "python3 -m venv .venv && "
"""How a command begins that makes an environment of its own."""

SERVER = "batcher sandbox\n"
"""The one command that does not end by itself."""


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str
    section: str = ""
    """The heading that it stands under."""

    @property
    def is_setup(self) -> bool:
        """One command, in a copy of the project, with the network."""
        return self.text.startswith(SETUP_START)

    @property
    def is_server(self) -> bool:
        """The sandbox, in a terminal of its own."""
        return self.text == SERVER


def blocks(markdown: str) -> list[Block]:
    """Every fenced block, in order."""
    return [
        Block(match["language"].strip(), match["text"], _section(markdown[: match.start()]))
        for match in _FENCE.finditer(markdown)
    ]


def _section(before: str) -> str:
    headings = _HEADING.findall(_FENCE.sub("", before))
    return headings[-1] if headings else ""


def prose(markdown: str) -> str:
    """What stands outside the blocks."""
    return _FENCE.sub("", markdown)


def named_in_passing(markdown: str) -> list[list[str]]:
    """Commands of batcher's in the text, as words: `batcher run payouts.csv` is three."""
    found = [shlex.split(code) for code in _INLINE.findall(prose(markdown)) if code.startswith("batcher ")]
    return [words[1:] for words in found]


def named_in_blocks(markdown: str) -> list[list[str]]:
    """Commands of batcher's in the blocks of commands, wherever they stand in a line."""
    lines = [
        line
        for block in blocks(markdown)
        if block.language == "sh"
        for line in _WRITTEN_HERE.sub("", block.text.replace("\\\n", " ")).splitlines()
    ]
    commands = [part for line in lines for part in re.split(r"&&|\|\||;", line)]
    found = [shlex.split(command, comments=True) for command in commands if command.strip().startswith("batcher ")]
    return [words[1:] for words in found]
