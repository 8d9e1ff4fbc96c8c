"""`batcher check`: everything that is wrong with a sheet, before anything else happens."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common
from batcher.cli.reading import reading, said_of_file
from batcher.errors import InputInvalid, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from batcher.model import CheckedSheet, Sheet
    from batcher.planning import Alike
    from batcher.settings import Settings

WARNINGS = 20
"""Shown on the screen; `--json` has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A sheet with everything that is known against it."""

    sheet: "CheckedSheet"
    alike: "tuple[Alike, ...]"
    catalogue_read_at: "datetime | None"
    now: "datetime"
    notes: tuple[str, ...]


@click.command(name="check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--errors",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows with problems to this file, CSV or .xlsx; mended, it is a sheet of its own.",
)
@reading
@common
def command(given: Given, file: Path, errors: Path | None, **options: Any) -> int:
    """Tell every problem of every row of FILE, by kind, with line, column, value and the way to mend it. Sends nothing.

    Where the ledger remembers Runa's catalogue from an earlier plan or run, products and values are held against it.
    """
    from batcher.assembly import load_for_check
    from batcher.words.problems import WHOLE

    if errors is not None and errors.resolve() == file.resolve():
        raise UsageError(f"--errors would overwrite {file}.", "Name another file for the rows with problems.")
    if errors is not None and errors.suffix.lower() in {".ods", ".xls", ".xlsm", ".parquet"}:
        raise UsageError(f"--errors cannot write {errors.suffix}.", "Name a file that ends with .csv or .xlsx.")
    settings = given.settings()
    try:
        sheet = load_for_check(file, settings, said_of_file(options))
    except InputInvalid:
        if errors is not None:
            given.say(f"No row could be read, so {errors} was not written.")
        raise
    checked = _checked(sheet, settings)
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


def _checked(sheet: "Sheet | CheckedSheet", settings: "Settings") -> _Checked:
    from batcher.clock import SystemClock
    from batcher.model import CheckedSheet

    now = SystemClock().instant().at
    if isinstance(sheet, CheckedSheet):
        note = "So large a sheet is not held against Runa's catalogue; a plan of each part of it will be."
        return _Checked(sheet=sheet, alike=(), catalogue_read_at=None, now=now, notes=(note,))

    from batcher.assembly import read_options
    from batcher.cli.remembering import remembered_catalogue
    from batcher.intake.header import resolved
    from batcher.planning.alike import rows_alike

    catalogue, why_not = remembered_catalogue(settings)
    if catalogue is not None:
        from batcher.planning.catalogue import held_against_catalogue

        title = resolved(1, sheet.columns, read_options(settings)).title
        sheet = held_against_catalogue(sheet, {row.line for row in sheet.rows}, catalogue, title=title)
    return _Checked(
        sheet=CheckedSheet.of(sheet),
        alike=rows_alike((row.line, payout) for row, payout in sheet.payouts),
        catalogue_read_at=None if catalogue is None else catalogue.read_at,
        now=now,
        notes=(f"The sheet was not held against Runa's catalogue. {why_not}",) if why_not else (),
    )


def _as_json(checked: _Checked, written: Path | None) -> dict[str, Any]:
    from batcher.cli.preflight_words import catalogue_as_json
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


def _tell(given: Given, checked: _Checked) -> None:
    from batcher.cli.preflight_words import alike_in_words
    from batcher.cli.words import sheet_in_words
    from batcher.planning import age_in_words
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
        given.say(f"{age_in_words(checked.catalogue_read_at, checked.now)}.")
    for note in checked.notes:
        given.say(note)
    if sheet.left_off:
        given.say(f"{sheet.left_off:,} more rows with problems are counted and not listed.")
    bad = sheet.rows - sheet.sound
    if bad:
        problems = f"{len(sheet.problems):,} problem{'s' * (len(sheet.problems) != 1)}"
        given.say(f"Of {sheet.rows:,} rows, {bad:,} cannot be paid: {problems}. Mend them, then check again.")
    else:
        given.say(click.style("Every row can be paid.", fg="green"))
