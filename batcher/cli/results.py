"""`batcher results`: the results files again, what a batch cost, and what has become of its payouts since."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, batch_name, common
from batcher.cli.status import require_known

if TYPE_CHECKING:
    from decimal import Decimal

    from batcher.assembly import Office
    from batcher.lifecycle.refreshing import Refreshed
    from batcher.results import Summary, SummaryLine
    from batcher.settings import Settings

SOME_UNKNOWN = 7
"""What an order that contradicts its row makes of the exit code."""

LINE_EVERY_S = 15.0
"""Where nobody watches a terminal."""


@click.command(name="results")
@click.argument("name")
@click.option(
    "--format",
    "formats",
    type=click.Choice(["csv", "xlsx", "parquet"]),
    multiple=True,
    help="Write this format; may be said several times. Without it, those of [results] formats.",
)
@click.option("--summary", is_flag=True, help="Show what was paid, per currency and product, for the books.")
@click.option(
    "--refresh", is_flag=True, help="Read every paid order again first: payouts are claimed, expire, are cancelled."
)
@common
def command(given: Given, name: str, formats: tuple[str, ...], summary: bool, refresh: bool) -> int:
    """Write results/NAME.csv anew. It holds redemption links: whoever has one has the money.

    --summary alone writes no file. After --refresh, the exit code is the batch's own; 7 where an order that was paid
    now says something else.
    """
    from batcher.assembly import Office

    settings = given.settings()
    content: dict[str, Any] = {"batch": batch_name(given, name)}
    code = 0
    with Office(settings) as office:
        require_known(office.batch(name))
        content["environment"] = office.environment.label
        if refresh:
            code = _refresh(given, office, settings, name, content)
        if formats or refresh or not summary:
            _write(given, office, name, formats, content, to_stdout=not summary)
        if summary:
            _summarise(given, office, name, content)
    if given.as_json:
        click.echo(json.dumps({**content, "exit_code": code}, ensure_ascii=False))
    return code


def _write(
    given: Given, office: "Office", name: str, formats: tuple[str, ...], content: dict[str, Any], *, to_stdout: bool
) -> None:
    paths = office.write_results(name, formats or None)
    content |= {"results": str(paths[0]), "files": [str(path) for path in paths]}
    for path in () if given.as_json else paths:
        click.echo(path, err=not to_stdout)


def _summarise(given: Given, office: "Office", name: str, content: dict[str, Any]) -> None:
    found = office.summary(name)
    content["summary"] = summary_as_json(found)
    if not given.as_json:
        click.echo(f"Batch {name} in {office.environment.label}")
        for line in summary_in_words(found):
            click.echo(line)


def summary_as_json(summary: "Summary") -> dict[str, Any]:
    """What a batch cost, for scripts; `null` is what Runa has not told."""
    return {
        "lines": [_line_as_json(line) for line in summary.lines],
        "totals": [_line_as_json(line) for line in summary.totals],
    }


def _line_as_json(line: "SummaryLine") -> dict[str, Any]:
    product = {} if line.product is None else {"product": line.product}
    return {
        "currency": line.currency,
        **product,
        "payouts": line.payouts,
        "face_value": format(line.face_value, "f"),
        "discount": _text(line.discount),
        "fees": _text(line.fees),
        "total": _text(line.total),
        "without_price": line.without_price,
        "without_discount": line.without_discount,
    }


def _text(amount: "Decimal | None") -> str | None:
    return None if amount is None else format(amount, "f")


def summary_in_words(summary: "Summary") -> Iterable[str]:
    """What a batch cost, as a table, with what it leaves open below."""
    if not summary.lines:
        yield "Nothing was paid yet."
        return
    rows: list[tuple[str, ...]] = [("currency", "product", "payouts", "face value", "discount", "fees", "total paid")]
    rows += [_cells(line) for line in (*summary.lines, *summary.totals)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        words = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        yield "  ".join([*words, *numbers])
    for missing, what in ((summary.without_price, "price"), (summary.without_discount, "discount")):
        if missing:
            yield (
                f"{missing} payout{'s' * (missing != 1)} without a {what}: Runa has not told it; "
                "--refresh asks once more."
            )


def _cells(line: "SummaryLine") -> tuple[str, ...]:
    amounts = ("not told" if amount is None else f"{amount:,f}" for amount in (line.discount, line.fees, line.total))
    return (line.currency, line.product or "all", f"{line.payouts:,}", f"{line.face_value:,f}", *amounts)


def _refresh(given: Given, office: "Office", settings: "Settings", name: str, content: dict[str, Any]) -> int:
    """Read the paid orders again, and tell what has become of them; gives the exit code."""
    from batcher.settings import load_api_key

    api_key = load_api_key(settings, os.environ)
    with office.lock(f"batcher results --refresh of batch {name}"), _watched(given) as watch:
        office.check_account(api_key)
        found = asyncio.run(office.refresh(name, api_key, watch=watch))
    content["refreshed"] = refreshed_as_json(found)
    for line in refreshed_in_words(found):
        given.say(line)
    if found.stops:
        return found.stops[0].exit_code
    return SOME_UNKNOWN if found.contradicted else office.outcome(name).exit_code


def refreshed_as_json(found: "Refreshed") -> dict[str, Any]:
    """What a refresh has shown, for scripts."""
    return {
        "paid": found.paid,
        "unread": found.unread,
        "changed": dict(found.changed),
        "other_expiry_date": found.redated,
        "priced": found.priced,
        "contradicted": [{"name": one.name, "order_id": one.order_id, "why": one.why} for one in found.contradicted],
        "stops": [{"cause": stop.cause, "message": stop.message} for stop in found.stops],
    }


def refreshed_in_words(found: "Refreshed") -> Iterable[str]:
    """What a refresh has shown, as lines of text."""
    changes = [f"{count} {status.lower()}" for status, count in found.changed.items()]
    changes += [f"{found.redated} with another expiry date"] if found.redated else []
    changes += [f"{found.priced} with a price or discount that was not told before"] if found.priced else []
    read = found.paid - found.unread
    yield f"{read} of {found.paid} paid orders read again: {', '.join(changes) or 'nothing has changed'}."
    for stop in found.stops:
        yield click.style("Stopped early: ", fg="yellow") + stop.message
    if found.unread:
        yield f"{found.unread} could not be read: what the results say of them is as it was before."
    for one in found.contradicted:
        yield (
            f"Needs a person: {one.name}, whose order {one.order_id} {one.why}. "
            "Nothing of that was stored; look the order up in Runa's portal."
        )


@contextmanager
def _watched(given: Given) -> Iterator[Callable[[int, int], None]]:
    """How far the reading is, on stderr: one line that changes on a terminal, a line now and then elsewhere."""
    from batcher.clock import SystemClock

    clock = SystemClock()
    on_terminal = sys.stderr.isatty() and not given.as_json
    last_s = clock.instant().monotonic_s

    def watch(seen: int, of: int) -> None:
        nonlocal last_s
        words = f"{seen} of {of} paid orders looked at"
        if on_terminal:
            click.echo(f"\r{words}", err=True, nl=seen == of)
        elif (now_s := clock.instant().monotonic_s) - last_s >= LINE_EVERY_S:
            last_s = now_s
            given.say(words)

    yield watch
