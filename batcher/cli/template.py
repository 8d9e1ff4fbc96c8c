"""`batcher template`: a sheet with every column that is needed, and two example rows that can be paid as they are."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.settings import Settings

NAME = "payouts-template.csv"
FORMATS = ("csv", "xlsx")


@click.command(name="template")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to this file; without it the CSV is printed.",
)
@click.option("--format", "word", type=click.Choice(FORMATS), help="If FILE does not say it by its ending.")
@click.option("--force", is_flag=True, help="Replace what is there already.")
@common
def command(given: Given, out: Path | None, word: str | None, force: bool) -> int:
    """Print a sheet to fill, or write it: as CSV, or as a workbook that offers what may be entered.

    What the config has a default for may be left empty. The workbook offers products where the ledger remembers Runa's
    catalogue from an earlier plan or run.
    """
    from batcher.assembly import template_text

    form = _format(out, word)
    settings = given.settings()
    if out is None:
        text = template_text(settings)
        click.echo(json.dumps({"content": text, "exit_code": 0}) if given.as_json else text, nl=given.as_json)
        return 0
    _put(out, _workbook(given, settings) if form == "xlsx" else template_text(settings).encode("utf-8-sig"), force)
    given.say(f"Written: {out}. Its two rows are examples; put rows of your own in their place.")
    if given.as_json:
        click.echo(json.dumps({"template": str(out), "format": form, "exit_code": 0}, ensure_ascii=False))
    return 0


def _format(out: Path | None, word: str | None) -> str:
    """The format that is said, by the word or by the file's ending. Raises `UsageError` where they do not fit."""
    ending = "" if out is None else out.suffix.lower().removeprefix(".")
    form = word or (ending if ending in FORMATS else "csv")
    if out is None and form == "xlsx":
        raise UsageError("A workbook cannot be printed.", "Say where to write it, as in --out payouts-template.xlsx.")
    if ending in FORMATS and ending != form:
        raise UsageError(f"{out} would be {form} inside, and no spreadsheet would open it.", f"Name a file .{form}.")
    return form


def _put(out: Path, content: bytes, force: bool) -> None:
    from batcher.settings.writing import put_file

    if os.path.lexists(out) and not force:
        raise UsageError(f"{out} is there already.", "Name another file with --out, or replace it with --force.")
    put_file(out, content, replace=force, mode=0o600)


def _workbook(given: Given, settings: "Settings") -> bytes:
    from batcher.assembly import template_as_workbook

    content, why_not = template_as_workbook(settings)
    if why_not:
        given.say(f"No products are offered. {why_not}")
    return content
