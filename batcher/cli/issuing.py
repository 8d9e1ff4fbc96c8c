"""A confirmed plan carried out: orders, results, closing proof, and the words about them, for `run` and `resume`."""

import json
import shlex
import sys
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given
from batcher.cli.interrupting import ASKING_ENDS, heed_signals, run_interruptibly

if TYPE_CHECKING:
    from pydantic import SecretStr

    from batcher.assembly import Closing, Office, Prospect
    from batcher.engine import Outcome

UNANSWERED = frozenset({"unreachable", "rate_limited"})
"""Stops after which asking Runa once more has no sense."""


def issue_and_report(
    given: Given, office: "Office", prospect: "Prospect", api_key: "SecretStr", *, canary: bool = True
) -> int:
    """Issue what is confirmed, write the results whatever happens, prove, and tell the end; gives the exit code."""
    batch = prospect.plan.batch
    try:
        outcome = run_interruptibly(_issue(given, office, prospect, api_key, canary))
    finally:
        office.write_results(batch)
    closing = _close(given, office, prospect, api_key, outcome)
    return report(given, office, closing)


def report(given: Given, office: "Office", closing: "Closing") -> int:
    """Write the results and tell how a batch stands; gives the exit code."""
    from batcher.cli.evidence_words import proof_as_json, proof_in_words, settlement_as_json, settlement_in_words
    from batcher.cli.words import outcome_as_json, outcome_in_words

    outcome = closing.outcome
    paths = office.write_results(outcome.batch)
    if given.as_json:
        content = outcome_as_json(outcome, results=str(paths[0]))
        content |= {"settlement": settlement_as_json(closing.settlement), "proof": proof_as_json(closing.proof)}
        click.echo(json.dumps(content, ensure_ascii=False))
        return outcome.exit_code
    for line in [
        *settlement_in_words(closing.settlement),
        *outcome_in_words(outcome),
        *([] if outcome.interrupted and closing.proof.agrees else proof_in_words(closing.proof)),
    ]:
        given.say(line)
    for path in paths:
        given.say(f"Results: {path}")
    if outcome.interrupted:
        given.say(f"Go on with: {shlex.join(['batcher', *sys.argv[1:]])}")
    return outcome.exit_code


def may_be_asked(outcome: "Outcome") -> bool:
    """Whether asking Runa once more makes sense after a run that ended so."""
    refused = any(stop.exit_code == 4 or stop.cause in UNANSWERED for stop in outcome.stops)
    return not (outcome.interrupted or refused)


async def _issue(given: Given, office: "Office", prospect: "Prospect", api_key: "SecretStr", canary: bool) -> "Outcome":
    from batcher.cli.watching import observer

    with observer(given) as watcher:
        return await office.issue(
            prospect.plan.batch,
            api_key,
            server_now=prospect.server_now,
            observer=watcher,
            on_start=lambda halt: heed_signals(given, halt),
            canary=canary,
        )


def _close(given: Given, office: "Office", prospect: "Prospect", api_key: "SecretStr", outcome: "Outcome") -> "Closing":
    """The closing proof; with the order list read once more where anything was done and Runa can be asked."""
    from batcher.cli.looking import end_of_pages, pages_told

    try:
        return run_interruptibly(
            office.casework.close(
                outcome.batch,
                api_key,
                ended=outcome,
                server_now=prospect.server_now,
                before=prospect,
                ask=may_be_asked(outcome) and not prospect.plan.nothing_to_do,
                told=pages_told(given),
                on_start=lambda halt: heed_signals(given, halt, words=ASKING_ENDS),
            )
        )
    finally:
        end_of_pages(given)
