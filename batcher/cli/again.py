"""A file that is known to be paid whole: what a plan and a run of it say, without reading and planning its rows."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given

if TYPE_CHECKING:
    from batcher.assembly import Office, SaidOfFile
    from batcher.records import Finished
    from batcher.settings import Settings


def known_finished(settings: "Settings", file: Path, batch: str, said: "SaidOfFile") -> "Finished | None":
    """What is known of the file, where that is paid whole. No ledger is made for the question."""
    from batcher.assembly import Office
    from batcher.settings import ledger_path

    if not ledger_path(settings).exists():
        return None
    with Office(settings) as office:
        return office.finished(file, batch, said)


def told_by_plan(settings: "Settings", file: Path, batch: str | None, said: "SaidOfFile") -> bool:
    """Whether that is the whole plan, and was told."""
    from batcher.settings import environment

    known = None if batch is None else known_finished(settings, file, batch, said)
    if batch is None or known is None:
        return False
    for line in _words(environment(settings).label, file, batch, known):
        click.echo(line)
    return True


def told_by_run(given: Given, office: "Office", file: Path, batch: str, known: "Finished | None") -> int | None:
    """The exit code of a run that had nothing to do, told; `None` where it has to be made.

    Nothing is confirmed, as nothing would change. Raises `UsageError` for a batch that was paid long ago.
    """
    from batcher.assembly.refusing import refuse_stale_finished
    from batcher.cli.issuing import report

    if known is None or not known.proven:
        return None
    for line in _words(office.environment.label, file, batch, known):
        given.say(line)
    refuse_stale_finished(batch, known, office.now)
    return report(given, office.closing_of(batch, known), office.results_of(batch))


def _words(environment: str, file: Path, batch: str, known: "Finished") -> list[str]:
    from batcher.cli.words import finished_in_words
    from batcher.intake.sheet import name_of

    return list(finished_in_words(known, batch=batch, environment=environment, file=name_of(file)))
