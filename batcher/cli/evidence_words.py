"""What the evidence settled, and the closing proof, in words and as JSON."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import click

from batcher.reconcile import Judgement, Proof, Settlement

LISTED = 20
"""Rows of one kind that are named on the screen; JSON has all."""


def settlement_in_words(settlement: Settlement, *, besides: Collection[str] = ()) -> Iterable[str]:
    """What was settled and what was not, row by row; nothing of why the rows in `besides` are not settled."""
    yield from _rows(settlement.taken_over, "{name}: order {what} was found in Runa's list and taken over.")
    yield from _rows(settlement.absent, "{name}: never made; {what}. The next run may pay it under a new key.")
    yield from _rows(
        {name: _judged(judgement) for name, judgement in settlement.unsettled.items() if name not in besides},
        "{name}: still unknown, because {what}.",
    )
    for name, why in list(settlement.conflicts.items())[:LISTED]:
        yield click.style("Needs a person: ", fg="yellow") + f"{name}, because {why}."


def _rows(rows: Mapping[str, str], words: str) -> Iterable[str]:
    for name, what in list(rows.items())[:LISTED]:
        yield "  " + words.format(name=name, what=what)
    if len(rows) > LISTED:
        yield f"  … and {len(rows) - LISTED} more; --json lists all."


def _judged(judgement: Judgement) -> str:
    if judgement.not_before is None:
        return judgement.why
    return f"{judgement.why}; reconcile it after {judgement.not_before:%Y-%m-%d %H:%M} UTC"


def proof_in_words(proof: Proof) -> Iterable[str]:
    """The closing proof as lines of text."""
    yield click.style("Closing proof", bold=True)
    for sentence in proof.agreements:
        yield f"  {sentence}"
    for sentence in proof.open_questions:
        yield click.style("  Not proven: ", fg="yellow") + sentence
    for sentence in proof.mismatches:
        yield click.style("  Does not agree: ", fg="red", bold=True) + sentence
    if proof.mismatches:
        yield "Look up in Runa's portal what does not agree before you pay anything more, or anybody by hand."


def settlement_as_json(settlement: Settlement) -> dict[str, Any]:
    """What was settled, for scripts."""
    return {
        "taken_over": dict(settlement.taken_over),
        "never_made": dict(settlement.absent),
        "unsettled": {
            name: {
                "why": judgement.why,
                "not_before": None if judgement.not_before is None else judgement.not_before.isoformat(),
            }
            for name, judgement in settlement.unsettled.items()
        },
        "conflicts": dict(settlement.conflicts),
    }


def proof_as_json(proof: Proof) -> dict[str, Any]:
    """The closing proof, for scripts."""
    return {
        "agrees": proof.agrees,
        "rows_in": proof.rows_in,
        "counts": dict(proof.counts),
        "agreements": list(proof.agreements),
        "mismatches": list(proof.mismatches),
        "not_proven": list(proof.open_questions),
    }
