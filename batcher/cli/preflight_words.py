"""The preflight in words and as JSON: funds, catalogue, the batch before, and rows alike."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from batcher import keys, money
from batcher.cli.sheet_words import alike_in_words, catalogue_as_json
from batcher.planning import Alike, Change, Comparison, Cover, Preflight, age_in_words

NAMED = 5
"""Changes of one kind that are named on the screen; JSON has more of them."""


def preflight_in_words(preflight: Preflight) -> Iterable[str]:
    """The preflight as lines of text."""
    for cover in preflight.covers:
        yield cover_in_words(cover)
    if preflight.catalogue_read_at is not None:
        yield f"{age_in_words(preflight.catalogue_read_at, preflight.made_at)}."
    if preflight.comparison is not None:
        yield from comparison_in_words(preflight.comparison)
    yield from alike_in_words(preflight.alike)
    for warning in preflight.warnings:
        yield str(warning)
    yield from preflight.notes


def cover_in_words(cover: Cover) -> str:
    """What one balance covers, in one line."""
    return f"{cover.words}." if cover.balance is None else f"{cover.words} ({cover.details})."


def comparison_in_words(comparison: Comparison) -> Iterable[str]:
    """The comparison in one line, then the largest changes of each kind."""
    yield comparison.words
    yield from _named("new", comparison.new, comparison.new_count)
    yield from _named("missing", comparison.missing, comparison.missing_count)
    yield from _named("other amount", comparison.changed, comparison.changed_count)


def _named(kind: str, changes: Sequence[Change], count: int) -> Iterable[str]:
    for change in changes[:NAMED]:
        yield f"    {kind}: {change.recipient}, {_amounts(change)}"
    more = count - len({change.recipient for change in changes[:NAMED]})
    if more > 0:
        yield f"    … and {more:,} more"


def _amounts(change: Change) -> str:
    """`GBP 10.00 then, GBP 100.00 now`; only the one that there is for who is new or missing."""
    sides = ((change.before, "then"), (change.now, "now"))
    return ", ".join(f"{money.display(amount, change.currency)} {word}" for amount, word in sides if amount)


def preflight_as_json(preflight: Preflight) -> dict[str, Any]:
    """The preflight for scripts, under the key `preflight`; amounts are text."""
    return {
        "preflight": {
            "balances": [_cover(cover) for cover in preflight.covers],
            "catalogue": catalogue_as_json(preflight.catalogue_read_at, preflight.made_at),
            "comparison": None if preflight.comparison is None else _comparison(preflight.comparison),
            "alike": [_alike(group) for group in preflight.alike],
            "warnings": [asdict(warning) for warning in preflight.warnings],
            "notes": list(preflight.notes),
        }
    }


def _cover(cover: Cover) -> dict[str, Any]:
    return {
        "currency": cover.currency,
        "balance": _text(cover.balance),
        "needed": _text(cover.to_send),
        "after": _text(cover.after),
        "missing": _text(cover.missing),
        "payouts": cover.total,
        "covered": None if cover.balance is None else cover.covered,
        "unknown_rows": cover.unknown_count,
        "unknown": _text(cover.unknown),
        "rows_at_face_value": cover.at_face_value,
        "words": cover_in_words(cover),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "batch": comparison.batch,
        "confirmed_at": comparison.confirmed_at.isoformat(),
        "counts": {
            "new": comparison.new_count,
            "missing": comparison.missing_count,
            "changed": comparison.changed_count,
        },
        "difference": {currency: _text(amount) for currency, amount in comparison.difference.items()},
        "new": [_change(change) for change in comparison.new],
        "missing": [_change(change) for change in comparison.missing],
        "changed": [_change(change) for change in comparison.changed],
        "rows_without_recipient": {"before": comparison.nameless_before, "now": comparison.nameless_now},
        "words": comparison.words,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "recipient": change.recipient,
        "currency": change.currency,
        "before": _text(change.before),
        "now": _text(change.now),
    }


def _alike(group: Alike) -> dict[str, Any]:
    return {
        "lines": list(group.lines),
        "recipient": keys.recipient(group.payout),
        "amount": _text(group.payout.amount),
        "currency": group.payout.currency,
        "products": list(group.payout.products),
        "words": group.words,
    }


def _text(amount: Decimal | None) -> str | None:
    """An amount as text: JSON's numbers are floats to most who read them."""
    return None if amount is None else format(amount, "f")
