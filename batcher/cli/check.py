"""`batcher check`: everything that is wrong with a sheet, before anything else happens."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from batcher.cli.common import Given, common
from batcher.cli.failing import SHOWN
from batcher.errors import InputInvalid, UsageError


@click.command(name="check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--errors", type=click.Path(path_type=Path, dir_okay=False), help="Write the problems to this CSV file.")
@common
def command(given: Given, file: Path, errors: Path | None) -> int:
    """List every problem of every row of FILE, with its line, column, value and the way to mend it. Sends nothing."""
    from batcher.assembly import load_sheet
    from batcher.cli.words import sheet_in_words
    from batcher.results import write_problems

    if errors is not None and errors.resolve() == file.resolve():
        raise UsageError(f"--errors would overwrite {file}.", "Name another file for the problems.")
    sheet = load_sheet(file, given.settings())
    if errors is not None:
        write_problems(sheet, errors)
        given.say(f"The problems are in {errors}.")
    code = InputInvalid.exit_code if sheet.problems else 0
    if given.as_json:
        click.echo(
            json.dumps(
                {
                    "file": sheet.name,
                    "rows": len(sheet.rows),
                    "valid": len(sheet.payouts),
                    "problems": [asdict(problem) for problem in sheet.problems],
                    "warnings": [asdict(problem) for problem in sheet.warnings],
                    "exit_code": code,
                },
                ensure_ascii=False,
            )
        )
        return code
    for problem in [*sheet.warnings, *sheet.problems][:SHOWN]:
        click.echo(str(problem))
    if len(sheet.problems) > SHOWN:
        click.echo(f"… and {len(sheet.problems) - SHOWN} more; --errors FILE writes all.")
    given.say(sheet_in_words(sheet))
    bad = len(sheet.rows) - len(sheet.payouts)
    if bad:
        given.say(f"{bad} of {len(sheet.rows)} rows have {len(sheet.problems)} problems. Mend them, then check again.")
    else:
        given.say(click.style("Every row can be paid.", fg="green"))
    return code
