"""The diagram in the documentation is the one that the table of states draws."""

from pathlib import Path

import pytest

from batcher import states

DOCUMENT = Path(__file__).parents[2] / "docs" / "architecture.md"
BEGIN, END = "<!-- states:begin -->", "<!-- states:end -->"


def test_the_states_in_the_documentation_are_those_of_the_table() -> None:
    drawn = f"```mermaid\n{states.mermaid()}\n```"
    between = _between_the_markers()
    if between != drawn:
        pytest.fail(
            f"{DOCUMENT.name} draws other states. Put this between {BEGIN} and {END}:\n\n{drawn}\n", pytrace=False
        )


def _between_the_markers() -> str:
    if not DOCUMENT.is_file():
        pytest.fail(f"{DOCUMENT} is missing.", pytrace=False)
    text = DOCUMENT.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        pytest.fail(f"{DOCUMENT.name} needs the lines {BEGIN} and {END}, each once.", pytrace=False)
    return text.partition(BEGIN)[2].partition(END)[0].strip()
