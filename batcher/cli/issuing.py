"""A confirmed plan carried out: orders, results, closing proof, and the words about them, for `run` and `resume`."""

import json
import shlex
import sys
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given
from batcher.cli.interrupting import ASKING_ENDS, heed_signals, run_interruptibly

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydantic import SecretStr

    from batcher.assembly import Closing, Office, Prospect
    from batcher.cli.telling import Telling


def issue_and_report(
    given: Given,
    office: "Office",
    prospect: "Prospect",
    api_key: "SecretStr",
    *,
    canary: bool = True,
    told: "Telling | None" = None,
) -> int:
    """Issue what is confirmed, prove, write the results, and tell the end; gives the exit code."""
    from batcher.assembly.carrying import carry_out
    from batcher.cli.looking import end_of_pages, pages_told
    from batcher.cli.watching import observer

    if told is not None:
        told.confirmed = True
    try:
        closing, paths = run_interruptibly(
            carry_out(
                office,
                prospect,
                api_key,
                watched=observer(given),
                on_sending=lambda halt: heed_signals(given, halt),
                on_asking=lambda halt: heed_signals(given, halt, words=ASKING_ENDS),
                told=pages_told(given),
                canary=canary,
            )
        )
    finally:
        end_of_pages(given)
    if told is not None:
        told.of_end(closing)
    return report(given, closing, paths)


def report(given: Given, closing: "Closing", paths: "Sequence[Path]") -> int:
    """Tell how a batch stands, and where its results are; gives the exit code."""
    from batcher.cli.evidence_words import proof_as_json, proof_in_words, settlement_as_json, settlement_in_words
    from batcher.cli.words import outcome_as_json, outcome_in_words

    outcome = closing.outcome
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
