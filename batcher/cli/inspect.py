"""`batcher inspect`: what batcher makes of a file, before it judges any payout."""

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common
from batcher.cli.reading import reading, said_of_file
from batcher.errors import InputInvalid
from batcher.model import without_links

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from batcher.intake import Outline
    from batcher.intake.record import Record

SHOWN_ROWS, SHOWN_CHARACTERS = 3, 24
ROWS_AT_ONCE = 1000


@click.command(name="inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rows", is_flag=True, help="Print the header and every row as one JSON object a line.")
@reading
@common
def command(given: Given, file: Path, rows: bool, **options: Any) -> int:
    """Show how FILE is read: encoding, delimiter, header line, columns, rows, doubts. Judges no payout; see check.

    --rows prints the cells as they are read, links included.
    """
    from batcher.assembly import load_outline

    settings = given.settings()
    try:
        outline = load_outline(file, settings, said_of_file(options))
    except InputInvalid as error:
        if not given.as_json:
            raise
        click.echo(_line({"error": refused_as_json(error)}))
        return error.exit_code
    if rows:
        _print_rows(outline)
    elif given.as_json:
        content = {**header_as_json(outline), **_beyond_the_header(outline), "exit_code": 0}
        click.echo(_line(content))
    else:
        for line in in_words(outline):
            click.echo(line)
    return 0


def header_as_json(outline: "Outline") -> dict[str, Any]:
    """How the file is read, for scripts."""
    return {
        "columns": list(outline.header.titles),
        "line": outline.header.line,
        "encoding": outline.encoding,
        "delimiter": outline.delimiter,
        "sheet": outline.sheet,
        "doubts": [str(doubt) for doubt in outline.doubts],
        **({"above": [_as_json(record) for record in outline.table.above]} if outline.table.above else {}),
    }


def _as_json(record: "Record") -> dict[str, Any]:
    return {"line": record.line, "cells": list(record.cells)}


def _beyond_the_header(outline: "Outline") -> dict[str, Any]:
    ours = {ours: outline.header.titles[place] for ours, place in outline.header.places.items()}
    return {"file": outline.name, "ours": ours, "rows": sum(1 for _ in outline.records)}


def refused_as_json(error: InputInvalid) -> dict[str, Any]:
    """Why the file is refused, for scripts."""
    problem = error.problems[0] if error.problems else None
    return {
        "kind": problem.kind if problem else error.kind,
        "line": problem.line if problem else None,
        "message": error.message,
        "fix": error.fix,
    }


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _print_rows(outline: "Outline") -> None:
    click.echo(_line(header_as_json(outline)))
    # Many at once, as each echo is a write of its own.
    for records in batched(outline.records, ROWS_AT_ONCE):
        click.echo("\n".join(_line(_as_json(record)) for record in records))


def batched(records: "Iterable[Record]", size: int) -> "Iterator[list[Record]]":
    """The records, so many at a time."""
    left = iter(records)
    while some := list(islice(left, size)):
        yield some


def in_words(outline: "Outline") -> "Iterable[str]":
    """How the file is read, as lines of text: each column with what it is to batcher and its first cells."""
    first, count = [], 0
    for record in outline.records:
        count += 1
        if count <= SHOWN_ROWS:
            first.append(record)
    yield f"{outline.name}: {_how(outline)}"
    yield f"Header in line {outline.header.line}, {count} row{'s' * (count != 1)} below it"
    yield ""
    yield from _columns(outline, first)
    if outline.doubts:
        yield ""
    for doubt in outline.doubts:
        yield f"Doubt: {doubt}"


def _how(outline: "Outline") -> str:
    """What the file is, and how its cells were told apart."""
    from batcher.intake.text.csvtext import NAMES

    if outline.encoding is None:
        return f"sheet {outline.sheet!r}" if outline.sheet else "a table of columns"
    if outline.delimiter is None:
        return f"{outline.encoding}, one column"
    return f"{outline.encoding}, divided by {NAMES.get(outline.delimiter, repr(outline.delimiter))}"


def _columns(outline: "Outline", first: "Sequence[Record]") -> "Iterable[str]":
    ours = {place: ours for ours, place in outline.header.places.items()}
    table = [["column", "is read as", *(f"line {record.line}" for record in first)]]
    for place, title in enumerate(outline.header.titles):
        cells = [record.cells[place] for record in first]
        table.append([_shown(title), ours.get(place, "-"), *map(_shown, cells)])
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    for row in table:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _shown(cell: str) -> str:
    """A cell in a line of a screen: short, without a link that is worth money, and nothing that a terminal obeys."""
    text = "".join(sign if sign.isprintable() else "·" for sign in without_links(cell))
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
