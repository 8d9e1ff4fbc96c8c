"""`batcher plan`: what a run would do."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.choosing import ManyValues, choices_from, choosing
from batcher.cli.common import Given, batch_name, common
from batcher.errors import InputInvalid

if TYPE_CHECKING:
    from batcher.assembly import Office
    from batcher.planning import Plan


@click.command(name="plan", cls=ManyValues)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--batch", metavar="NAME", help="The payment's name, such as 2026-11-incentives.")
@choosing
@common
def command(given: Given, file: Path, batch: str | None, **options: Any) -> int:
    """Show what `batcher run FILE --batch NAME` would do: new rows, paid ones, retries, and what it would refuse."""
    from batcher.assembly import Office, load_sheet

    settings = given.settings()
    choices = choices_from(options)
    sheet = load_sheet(file, settings)
    with Office(settings) as office:
        plan = office.plan(sheet, batch_name(given, batch, proposal=file.stem.lower()), choices)
        if given.as_json and not plan.problems:
            click.echo(json.dumps({**as_json(plan, office), "exit_code": 0}, ensure_ascii=False))
        elif not given.as_json:
            for line in in_words(plan, office):
                click.echo(line)
    refuse(plan)
    return 0


def in_words(plan: "Plan", office: "Office") -> list[str]:
    """The plan as lines of text."""
    from batcher.cli.words import plan_in_words

    return list(plan_in_words(plan, seconds=office.seconds_for(len(plan.to_send)), per_minute=office.orders_per_minute))


def as_json(plan: "Plan", office: "Office") -> dict[str, Any]:
    """The plan for scripts."""
    from batcher.cli.words import plan_as_json

    return plan_as_json(plan, seconds=office.seconds_for(len(plan.to_send)))


def refuse(plan: "Plan") -> None:
    """Raise `InputInvalid` where the plan cannot be confirmed as it is."""
    if not plan.problems:
        return
    # Rows that the file no longer has share no line, and each is one.
    gone = sum(problem.line is None for problem in plan.problems)
    rows = gone + len({problem.line for problem in plan.problems} - {None})
    raise InputInvalid(
        f"{rows} row{'s' * (rows != 1)} cannot be taken as {'they are' if rows != 1 else 'it is'} "
        f"in {plan.sheet.name}; nothing was sent.",
        "Mend them, or say what is meant, as written beside each.",
        plan.problems,
    )
