"""`batcher run`: the plan, a confirmation, the orders, the results."""

import asyncio
import json
import shlex
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.choosing import ManyValues, choices_from, choosing
from batcher.cli.common import Given, batch_name, common
from batcher.cli.plan import in_words, refuse
from batcher.errors import NotConfirmed, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr

    from batcher.assembly import Office
    from batcher.engine import Outcome
    from batcher.lifecycle import Halt
    from batcher.planning import Plan


CLOCKS_AGREE = timedelta(hours=1)
"""Where they differ by more, the plan is made once more by both."""


@click.command(name="run", cls=ManyValues)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--batch", metavar="NAME", help="The payment's name, such as 2026-11-incentives.")
@click.option("--yes", is_flag=True, help="Confirm the plan without being asked; says nothing more.")
@choosing
@common
def command(given: Given, file: Path, batch: str | None, yes: bool, **options: Any) -> int:
    """Pay the rows of FILE: plan, confirm, send, follow, write results/NAME.csv.

    The same command again goes on where it stopped: what is paid stays paid, what is unknown is asked again under the
    same key, and what was refused or failed gets one new attempt.
    """
    import os

    from batcher.assembly import Office, load_sheet
    from batcher.settings import load_api_key, require_reachable_environment

    _take_termination_for_interruption()
    settings = given.settings()
    choices = choices_from(options)
    name = batch_name(given, batch, proposal=file.stem.lower(), ask=not yes)
    sheet = load_sheet(file, settings)
    require_reachable_environment(settings)
    api_key = load_api_key(settings, os.environ)
    with Office(settings) as office, office.lock(f"batcher run of batch {name}"):
        office.check_account(api_key)
        plan = office.plan(sheet, name, choices)
        for line in in_words(plan, office):
            given.say(line)
        refuse(plan)
        refuse_stale(plan, office)
        server_now = None if plan.nothing_to_do else asyncio.run(office.knock(api_key))
        if server_now is not None and abs(server_now - office.now) > CLOCKS_AGREE:
            given.say(
                f"This machine's clock and Runa's differ: {office.now:%Y-%m-%d %H:%M}, {server_now:%Y-%m-%d %H:%M}."
            )
            plan = office.plan(sheet, name, choices, server_now=server_now)
            refuse(plan)
        confirm(given, plan, yes=yes)
        office.confirm(plan, api_key)
        return issue_and_report(given, office, name, api_key, server_now)


def refuse_stale(plan: "Plan", office: "Office") -> None:
    """Raise `UsageError` where the batch's name seems to be an old one: it must not look like a payment made."""
    if plan.is_stale(office.now):
        raise UsageError(
            f"Batch {plan.batch} has nothing to send, and last paid a row on {plan.last_payment_at():%Y-%m-%d}.",
            "If this sheet is a new payment, give it a batch name of its own.",
        )


def confirm(given: Given, plan: "Plan", *, yes: bool) -> None:
    """Have the plan confirmed where it would send or take back anything. Raises `NotConfirmed`."""
    from batcher import money
    from batcher.planning import Standing

    again = plan.of(Standing.UNKNOWN)
    if yes or not (plan.to_send or again or plan.of(Standing.WITHDRAWN)):
        return
    if not given.asks:
        raise NotConfirmed(
            "Nobody confirmed the plan; nothing was sent.", "Say --yes in scripts, or run it on a terminal."
        )
    total = money.display_totals(dict(plan.sends_total))
    asked_again = f", and ask again about {len(again)} unknown rows," if again else ""
    question = f"Send {len(plan.to_send)} orders for {total}{asked_again} in {plan.environment.kind}?"
    if not click.confirm(question, default=False, err=True):
        raise NotConfirmed("Not confirmed; nothing was sent.")


def issue_and_report(
    given: Given, office: "Office", batch: str, api_key: "SecretStr", server_now: "datetime | None"
) -> int:
    """Issue what is confirmed, write the results whatever happens, and tell how it ended; gives the exit code."""
    from batcher.cli.words import outcome_as_json, outcome_in_words

    try:
        outcome = asyncio.run(_issue(given, office, batch, api_key, server_now))
    except asyncio.CancelledError as error:
        # The second Ctrl-C: what was in flight is unknown, and asked again by the next run.
        raise KeyboardInterrupt from error
    finally:
        _take_termination_for_interruption()
        path = office.write_results(batch)
    if given.as_json:
        click.echo(json.dumps(outcome_as_json(outcome, results=str(path)), ensure_ascii=False))
        return outcome.exit_code
    for line in outcome_in_words(outcome):
        given.say(line)
    given.say(f"Results: {path}")
    if outcome.interrupted:
        given.say(f"Go on with: {shlex.join(['batcher', *sys.argv[1:]])}")
    return outcome.exit_code


async def _issue(
    given: Given, office: "Office", batch: str, api_key: "SecretStr", server_now: "datetime | None"
) -> "Outcome":
    from batcher.cli.watching import observer

    with observer(given) as watcher:
        return await office.issue(
            batch,
            api_key,
            server_now=server_now,
            observer=watcher,
            on_start=lambda halt: _heed_signals(given, halt),
        )


def _take_termination_for_interruption() -> None:
    """SIGTERM is Ctrl-C: the lock is let go, and the exit code says so. An event loop that ends takes this back."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _heed_signals(given: Given, halt: "Halt") -> None:
    """The first Ctrl-C or SIGTERM finishes what is in flight; the second ends at once, which is as safe, but later."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop() -> None:
        if halt.interrupted and task is not None:
            task.cancel()
            return
        halt.interrupt()
        given.say("Stopping: no more orders are sent; waiting for the answers to those that were.")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
