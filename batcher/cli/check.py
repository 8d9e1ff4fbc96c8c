"""`batcher check`: everything that is wrong with a sheet, before anything else happens."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common
from batcher.cli.reading import reading, said_of_file
from batcher.cycles import uncollected
from batcher.errors import InputInvalid, UsageError

if TYPE_CHECKING:
    from batcher.assembly import Checked
    from batcher.model import CheckedSheet

WARNINGS = 20
"""Shown on the screen; `--json` has all."""


@click.command(name="check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--errors",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows with problems to this file, CSV or .xlsx; mended, it is a sheet of its own.",
)
@reading
@common
@uncollected()
def command(given: Given, file: Path, errors: Path | None, **options: Any) -> int:
    """Tell every problem of every row of FILE, by kind, with line, column, value and the way to mend it. Sends nothing.

    Where the ledger remembers Runa's catalogue from an earlier plan or run, products and values are held against it.
    """
    from batcher.assembly import load_checked
    from batcher.clock import SystemClock
    from batcher.words.problems import WHOLE

    if errors is not None and errors.resolve() == file.resolve():
        raise UsageError(f"--errors would overwrite {file}.", "Name another file for the rows with problems.")
    if errors is not None and errors.suffix.lower() in {".ods", ".xls", ".xlsm", ".parquet"}:
        raise UsageError(f"--errors cannot write {errors.suffix}.", "Name a file that ends with .csv or .xlsx.")
    settings = given.settings()
    try:
        checked = load_checked(file, settings, said_of_file(options), now=SystemClock().instant().at)
    except InputInvalid:
        if errors is not None:
            given.say(f"No row could be read, so {errors} was not written.")
        raise
    written = _write(checked.sheet, errors)
    code = InputInvalid.exit_code if checked.sheet.problems else 0
    if given.as_json:
        click.echo(json.dumps({**_as_json(checked, written), "exit_code": code}, ensure_ascii=False))
        return code
    _tell(given, checked)
    if errors is None and len(checked.sheet.problems) > WHOLE:
        given.say("--errors FILE writes these rows, with all that is wrong with them, to a file in which to mend them.")
    if written is not None:
        given.say(f"The rows to mend are in {written}; once they are mended, that file can be checked and paid itself.")
    elif errors is not None:
        given.say(f"No row has a problem, so {errors} was not written.")
    return code


def _write(sheet: "CheckedSheet", errors: Path | None) -> Path | None:
    """Write the rows with problems, where that is asked for and there are any; gives the file."""
    if errors is None or not sheet.problems:
        return None

    from batcher.results import write_to_mend

    return write_to_mend(sheet.columns, sheet.faulty, errors)


def _as_json(checked: "Checked", written: Path | None) -> dict[str, Any]:
    from batcher.cli.sheet_words import catalogue_as_json
    from batcher.words.problems import groups_as_json

    sheet = checked.sheet
    warnings = [*sheet.warnings, *(group.warning for group in checked.alike)]
    return {
        "file": sheet.name,
        "rows": sheet.rows,
        "valid": sheet.sound,
        "problems": [asdict(problem) for problem in sheet.problems],
        "rows_left_off": sheet.left_off,
        "groups": groups_as_json(sheet.problems),
        "warnings": [asdict(warning) for warning in warnings],
        "catalogue": catalogue_as_json(checked.catalogue_read_at, checked.now),
        "notes": list(checked.notes),
        "errors": None if written is None else str(written),
    }


def _tell(given: Given, checked: "Checked") -> None:
    from batcher.cli.sheet_words import alike_in_words, sheet_in_words
    from batcher.words.problems import problems_in_words

    sheet = checked.sheet
    for line in alike_in_words(checked.alike):
        click.echo(line)
    for warning in sheet.warnings[:WARNINGS]:
        click.echo(str(warning))
    if len(sheet.warnings) > WARNINGS:
        click.echo(f"… and {len(sheet.warnings) - WARNINGS:,} more warnings; --json lists all.")
    for line in problems_in_words(sheet.problems):
        click.echo(line)
    given.say(sheet_in_words(sheet))
    if checked.catalogue_read_at is not None:
        from batcher.planning import age_in_words

        given.say(f"{age_in_words(checked.catalogue_read_at, checked.now)}.")
    for note in checked.notes:
        given.say(note)
    if sheet.left_off:
        given.say(f"{sheet.left_off:,} more rows with problems are counted and not listed.")
    bad = sheet.rows - sheet.sound
    if bad:
        problems = f"{len(sheet.problems):,} problem{'s' * (len(sheet.problems) != 1)}"
        rows, them = f"{sheet.rows:,} row{'s' * (sheet.rows != 1)}", "it" if bad == 1 else "them"
        given.say(f"Of {rows}, {bad:,} cannot be paid: {problems}. Mend {them}, then check again.")
    else:
        given.say(click.style("Every row can be paid.", fg="green"))
