"""Every command and flag of batcher's that any document names is there, and takes what is said with it."""

import re
from pathlib import Path

import click
import pytest

from batcher.cli.app import COMMANDS, batcher
from tests.docs.readme import DOCUMENTS, GUIDE, OPERATORS, README, ROOT, named_in_blocks, named_in_passing, prose

GLOBAL_FLAGS = {"--version", "--help"}
FOREIGN_FLAGS = {"--require-hashes"}
"""Flags of other programs."""


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _unique(found: list[tuple[Path, list[str]]]) -> list[object]:
    named = {" ".join([document.name, *words]): words for document, words in found}
    return [pytest.param(words, id=name) for name, words in named.items()]


PASSING = _unique([(document, words) for document in DOCUMENTS for words in named_in_passing(_text(document))])
TYPED = _unique(
    [(document, words) for document in (README, GUIDE, OPERATORS) for words in named_in_blocks(_text(document))]
)


def options_of(name: str) -> set[str]:
    command = batcher.get_command(click.Context(batcher), name)
    assert command is not None
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    return {option for one in commands for parameter in one.params for option in parameter.opts} | {"--help"}


@pytest.mark.parametrize("words", PASSING)
def test_a_command_that_is_named_in_passing_exists_with_its_options(words: list[str]) -> None:
    name, *arguments = words
    if name in GLOBAL_FLAGS:
        return
    assert name in COMMANDS
    assert {word for word in arguments if word.startswith("-")} <= options_of(name)


@pytest.mark.parametrize("words", TYPED)
def test_a_command_that_is_to_be_typed_can_be_parsed(words: list[str]) -> None:
    name, *arguments = words
    command = batcher.get_command(click.Context(batcher), name)
    if isinstance(command, click.Group):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    assert command is not None
    arguments = [word for word in arguments if not re.match(r"[<>]", word)]
    with command.make_context(name, arguments) as context:
        assert context.args == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_flag_that_is_named_alone_exists(document: Path) -> None:
    known = set().union(*(options_of(name) for name in COMMANDS)) | GLOBAL_FLAGS | FOREIGN_FLAGS
    assert set(re.findall(r"`(--[a-z-]+)", prose(_text(document)))) <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", _text(document))):
        if target.startswith("https://"):
            continue
        there = (document.parent / target) if target else document
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", prose(_text(there)), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{target}#{anchor}"


def slug(heading: str) -> str:
    """As GitHub makes anchors of headings."""
    return re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-")


def test_the_settings_that_are_named_are_settings() -> None:
    from batcher.settings.sections import SECTIONS

    sections = set(SECTIONS)
    for document in DOCUMENTS:
        for section, key in re.findall(r"`\[([a-z]+)\](?: ([a-z_]+))?", prose(_text(document))):
            assert section in sections, f"{document.name}: [{section}]"
            assert not key or key in SECTIONS[section].model_fields, f"{document.name}: [{section}] {key}"


def test_every_document_is_looked_at() -> None:
    assert {*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")} == set(DOCUMENTS)
