"""`batcher check`: everything that is wrong with a sheet, before anything else happens."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common
from batcher.cli.failing import SHOWN
from batcher.cli.reading import reading, said_of_file
from batcher.errors import BatcherError, InputInvalid, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from batcher.model import Sheet
    from batcher.planning import Alike
    from batcher.records import Catalogue
    from batcher.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A sheet with everything that is known against it."""

    sheet: "Sheet"
    alike: "tuple[Alike, ...]"
    catalogue_read_at: "datetime | None"
    now: "datetime"
    notes: tuple[str, ...]


@click.command(name="check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--errors", type=click.Path(path_type=Path, dir_okay=False), help="Write the problems to this CSV file.")
@reading
@common
def command(given: Given, file: Path, errors: Path | None, **options: Any) -> int:
    """List every problem of every row of FILE, with its line, column, value and the way to mend it. Sends nothing.

    Where the ledger remembers Runa's catalogue from an earlier plan or run, products and values are held against it.
    """
    from batcher.assembly import load_sheet
    from batcher.results import write_problems

    if errors is not None and errors.resolve() == file.resolve():
        raise UsageError(f"--errors would overwrite {file}.", "Name another file for the problems.")
    settings = given.settings()
    checked = _checked(load_sheet(file, settings, said_of_file(options)), settings)
    if errors is not None:
        write_problems(checked.sheet, errors)
        given.say(f"The problems are in {errors}.")
    code = InputInvalid.exit_code if checked.sheet.problems else 0
    if given.as_json:
        click.echo(json.dumps({**_as_json(checked), "exit_code": code}, ensure_ascii=False))
    else:
        _tell(given, checked)
    return code


def _checked(sheet: "Sheet", settings: "Settings") -> _Checked:
    from batcher.assembly import read_options
    from batcher.clock import SystemClock
    from batcher.intake.header import resolved
    from batcher.planning import held_against_catalogue, rows_alike

    catalogue, notes = _remembered(settings)
    if catalogue is not None:
        title = resolved(1, sheet.columns, read_options(settings)).title
        sheet = held_against_catalogue(sheet, {row.line for row in sheet.rows}, catalogue, title=title)
    return _Checked(
        sheet=sheet,
        alike=rows_alike((row.line, payout) for row, payout in sheet.payouts),
        catalogue_read_at=None if catalogue is None else catalogue.read_at,
        now=SystemClock().instant().at,
        notes=notes,
    )


def _remembered(settings: "Settings") -> "tuple[Catalogue | None, tuple[str, ...]]":
    """Runa's catalogue as the ledger has it, and what kept it from being read. Makes no ledger where there is none."""
    from batcher.ledger import Ledger
    from batcher.settings import environment, ledger_path, ledger_url

    path = ledger_path(settings)
    if not path.is_file() or not path.stat().st_size:
        return None, ()
    try:
        with Ledger(ledger_url(settings)) as ledger:
            return ledger.catalogue(environment(settings)), ()
    except BatcherError as error:
        return None, (f"The sheet was not held against Runa's catalogue. {error}",)


def _as_json(checked: _Checked) -> dict[str, Any]:
    from batcher.cli.preflight_words import catalogue_as_json

    sheet = checked.sheet
    warnings = [*sheet.warnings, *(group.warning for group in checked.alike)]
    return {
        "file": sheet.name,
        "rows": len(sheet.rows),
        "valid": len(sheet.payouts),
        "problems": [asdict(problem) for problem in sheet.problems],
        "warnings": [asdict(warning) for warning in warnings],
        "catalogue": catalogue_as_json(checked.catalogue_read_at, checked.now),
        "notes": list(checked.notes),
    }


def _tell(given: Given, checked: _Checked) -> None:
    from batcher.cli.preflight_words import alike_in_words
    from batcher.cli.words import sheet_in_words
    from batcher.planning import age_in_words

    sheet = checked.sheet
    for line in alike_in_words(checked.alike):
        click.echo(line)
    for problem in [*sheet.warnings, *sheet.problems][:SHOWN]:
        click.echo(str(problem))
    if len(sheet.problems) > SHOWN:
        click.echo(f"… and {len(sheet.problems) - SHOWN} more; --errors FILE writes all.")
    given.say(sheet_in_words(sheet))
    if checked.catalogue_read_at is not None:
        given.say(f"{age_in_words(checked.catalogue_read_at, checked.now)}.")
    for note in checked.notes:
        given.say(note)
    bad = len(sheet.rows) - len(sheet.payouts)
    if bad:
        given.say(f"{bad} of {len(sheet.rows)} rows have {len(sheet.problems)} problems. Mend them, then check again.")
    else:
        given.say(click.style("Every row can be paid.", fg="green"))
