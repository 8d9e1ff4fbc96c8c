"""Plans, outcomes and batches in words and as JSON. Links are never shown here: they are in the results file."""

import shlex
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from batcher import money
from batcher.cli.sheet_words import sheet_in_words
from batcher.model import CheckedSheet, without_links
from batcher.planning import Plan, PlanLine, Standing
from batcher.records import BatchSummary, Finished

if TYPE_CHECKING:
    from batcher.engine import Outcome

LISTED = 20
"""Rows of one kind that are named on the screen."""

_STANDINGS = {
    Standing.NEW: "new, would be sent",
    Standing.RETRY: "refused or failed before, new attempt",
    Standing.UNSENT: "confirmed before, not sent yet",
    Standing.UNKNOWN: "unknown, would be asked again",
    Standing.KEPT: "unknown, its key is not sent again",
    Standing.FOUND: "has an order at Runa, is taken over",
    Standing.PROCESSING: "not finished, would be looked at",
    Standing.PAID: "paid already",
    Standing.LEFT: "refused or failed, left as it is",
    Standing.STUCK: "contradicted by its order, needs a person",
    Standing.INVALID: "invalid",
    Standing.EDITED: "edited after it was sent",
    Standing.MISSING: "sent, and gone from the file",
    Standing.DOUBTFUL: "may be paid already",
    Standing.WITHDRAWN: "no longer wanted, never sent",
    Standing.GONE: "no longer in the file",
}

_NAMED = (
    Standing.RETRY,
    Standing.KEPT,
    Standing.FOUND,
    Standing.LEFT,
    Standing.STUCK,
    Standing.WITHDRAWN,
    Standing.GONE,
)
"""Rows that are listed by name: a person may not expect them."""


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def plan_in_words(plan: Plan, *, seconds: float, per_minute: int) -> Iterable[str]:
    """The plan as lines of text."""
    yield f"Batch {plan.batch} in {plan.environment.label}"
    yield sheet_in_words(CheckedSheet.of(plan.sheet))
    yield ""
    for standing, words in _STANDINGS.items():
        if lines := plan.of(standing):
            yield _counted(len(lines), words, plan.total(standing))
    for standing in _NAMED:
        yield from _named(plan.of(standing))
    yield from _named(tuple(line for line in plan.of(Standing.NEW) if line.why))
    yield ""
    count = len(plan.to_send)
    if count:
        yield (
            f"{count} order{'s' * (count != 1)} would be sent for {money.display_totals(dict(plan.sends_total))}, "
            f"in about {duration(seconds)} at {per_minute} a minute."
        )
    else:
        yield _NOTHING
    if again := plan.of(Standing.UNKNOWN):
        yield (
            f"{len(again)} unknown row{'s' * (len(again) != 1)} would be asked about again: the same bytes under the "
            "same key, which makes the order if it was never made."
        )


_NOTHING = "No new order would be sent."


def _counted(count: int, words: str, totals: Mapping[str, Decimal]) -> str:
    total = money.display_totals(dict(totals)) if totals else ""
    return f"  {count:>6}  {words:<42} {total}".rstrip()


def finished_in_words(known: Finished, *, batch: str, environment: str, file: str) -> Iterable[str]:
    """What `plan_in_words` says of a file that is known to be paid whole."""
    yield f"Batch {batch} in {environment}"
    yield sheet_in_words(
        CheckedSheet(
            name=file,
            encoding=known.encoding,
            delimiter=known.delimiter,
            columns=(),
            rows=known.rows,
            sound=known.rows,
            totals=tuple(known.totals.items()),
            faulty=(),
        )
    )
    yield ""
    yield _counted(known.rows, _STANDINGS[Standing.PAID], known.totals)
    yield ""
    yield _NOTHING


def _named(lines: tuple[PlanLine, ...]) -> Iterable[str]:
    for line in lines[:LISTED]:
        where = f"line {line.line}" if line.line is not None else "not in the file"
        why = f"; {line.why}" if line.why else ""
        yield without_links(f"    {line.name} ({where}): {_STANDINGS[line.standing]}{why}")
    if len(lines) > LISTED:
        yield f"    … and {len(lines) - LISTED} more; --json lists all."


def plan_as_json(plan: Plan, *, seconds: float) -> dict[str, Any]:
    """The plan for scripts."""
    return {
        "batch": plan.batch,
        "environment": plan.environment.label,
        "file": plan.sheet.name,
        "rows": len(plan.sheet.rows),
        "orders": len(plan.to_send),
        "totals": amounts(plan.sends_total),
        "seconds": round(seconds, 1),
        "standings": {standing.value: len(plan.of(standing)) for standing in Standing if plan.of(standing)},
        "lines": [
            {
                "line": line.line,
                "name": without_links(line.name),
                "standing": line.standing.value,
                "why": without_links(line.why),
            }
            for line in plan.lines
        ],
    }


def outcome_in_words(outcome: "Outcome") -> Iterable[str]:
    """How a run ended, as lines of text."""
    colours = {"COMPLETED": "green", "PROCESSING": "yellow", "UNKNOWN": "yellow"}
    for word, count in outcome.counts.items():
        yield click.style(f"  {count:>6}  {word}", fg=colours.get(word, "red"))
    yield f"Paid: {money.display_totals(dict(outcome.paid))} in {outcome.environment}."
    for stop in outcome.stops:
        yield click.style("Stopped early: ", fg="yellow") + stop.message
    for name, why in list((outcome.kept_back or {}).items())[:LISTED]:
        yield f"Not sent again: {name}, because {why}."
    for name in outcome.needs_person[:LISTED]:
        if name in outcome.overtaken:
            yield f"Needs a person: {name}, whose failed order came through after the row was changed; see the results."
            continue
        yield (
            f"Needs a person: {name}, whose order contradicts the row. Look the order up in Runa's portal, then say "
            f"what it is with `{shlex.join(['batcher', 'decide', outcome.batch, name])}`."
        )
    for name in outcome.never_made[:LISTED]:
        yield f"Never paid: {name}, as no order was made; the next run pays it under a new key."
    explained = len(outcome.needs_person) + len(outcome.kept_back or {}) + len(outcome.never_made)
    if outcome.counts.get("UNKNOWN", 0) > explained:
        yield "Unknown rows may have been paid: run the same command again, it asks with the same keys."
    if outcome.journal:
        yield f"Journal: {outcome.journal[:16]} (the whole digest is in the results; `batcher verify` takes it)."


def outcome_as_json(outcome: "Outcome", *, results: str | None = None) -> dict[str, Any]:
    """How a run ended, for scripts."""
    return {
        "batch": outcome.batch,
        "environment": outcome.environment,
        "exit_code": outcome.exit_code,
        "counts": dict(outcome.counts),
        "paid": amounts(outcome.paid),
        "stops": [{"cause": stop.cause, "message": stop.message, "currency": stop.currency} for stop in outcome.stops],
        "not_sent_again": dict(outcome.kept_back or {}),
        "needs_person": list(outcome.needs_person),
        "never_made": list(outcome.never_made),
        "interrupted": outcome.interrupted,
        "results": results,
        "journal": outcome.journal,
    }


def summary_in_words(summary: BatchSummary) -> str:
    """One batch in one line."""
    counts = ", ".join(f"{count} {word}" for word, count in summary.counts.items())
    return (
        f"{summary.name:<28} {summary.environment.kind:<11} {summary.last_confirmed_at:%Y-%m-%d %H:%M}Z  "
        f"{summary.rows} row{'s' * (summary.rows != 1)}: {counts}; paid {money.display_totals(dict(summary.paid))}"
    )


def summary_as_json(summary: BatchSummary) -> dict[str, Any]:
    """One batch for scripts."""
    return {
        "batch": summary.name,
        "environment": summary.environment.label,
        "rows": summary.rows,
        "counts": dict(summary.counts),
        "paid": amounts(summary.paid),
        "last_confirmed_at": summary.last_confirmed_at.isoformat(),
        "file": summary.file_name,
    }


def amounts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    """Sums per currency as text: JSON's numbers are floats to most who read them."""
    return {currency: format(amount, "f") for currency, amount in sums.items()}
