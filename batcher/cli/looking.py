"""The look before anything is confirmed: what Runa says about balance, products and orders, in words."""

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SecretStr

    from batcher.assembly import Office, Prospect
    from batcher.assembly.casework import Watch
    from batcher.planning import Plan
    from batcher.reconcile.listing import Told

CLOCKS_AGREE = timedelta(hours=1)
"""Where they differ by more, it is said."""

FOLLOWED_BETWEEN = 100
"""How many orders end between two lines about them, where nobody watches a terminal."""

PAGES_BETWEEN = 10
"""How many pages of the order list are read between two lines about it, where nobody watches a terminal."""


def look(given: Given, office: "Office", plan: "Plan", api_key: "SecretStr", *, settle: bool) -> "Prospect":
    """Hold the plan against what Runa says, and tell what of it is no part of the plan."""
    casework = office.casework
    try:
        if settle:
            prospect = asyncio.run(casework.prospect(plan, api_key, told=pages_told(given)))
        else:
            prospect = asyncio.run(casework.look(plan, api_key, settle=False, told=pages_told(given)))
    finally:
        end_of_pages(given)
    server_now = prospect.server_now
    if server_now is not None and abs(server_now - office.now) > CLOCKS_AGREE:
        given.say(
            f"This machine's clock and Runa's differ: {office.now:%Y-%m-%d %H:%M}, {server_now:%Y-%m-%d %H:%M} UTC. "
            "Keys count as old by the later one."
        )
    return prospect


def pages_told(given: Given) -> "Told":
    """Says how far the reading of a long order list is: in place on a terminal, now and then elsewhere."""

    def told(pages: int, orders: int) -> None:
        if given.as_json:
            return
        line = f"Reading Runa's order list: {orders:,} orders on {pages} pages"
        if sys.stderr.isatty():
            click.echo(f"\r{line} ", err=True, nl=False)
        elif pages % PAGES_BETWEEN == 0:
            given.say(f"{line}.")

    return told


def end_of_pages(given: Given) -> None:
    """Wipe the line that `pages_told` wrote in place."""
    if not given.as_json and sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


def followed_told(given: Given) -> "Watch":
    """Says how many of the orders that are followed have ended."""

    def told(done: int, of: int) -> None:
        if not given.as_json and (sys.stderr.isatty() or done == of or done % FOLLOWED_BETWEEN == 0):
            given.say(f"Followed {done} of {of} open orders to their end.")

    return told


def prospect_in_words(prospect: "Prospect", office: "Office") -> "Iterable[str]":
    """The plan with everything that Runa said about it, as lines of text."""
    from batcher.cli.evidence_words import settlement_in_words
    from batcher.cli.preflight_words import preflight_in_words
    from batcher.planning import Standing

    yield from in_words(prospect.plan, office)
    if prospect.settlement is not None:
        # What this run asks about again needs no reason why it is not settled yet.
        asked_again = {line.name for line in prospect.plan.of(Standing.UNKNOWN)}
        yield from settlement_in_words(prospect.settlement, besides=asked_again)
    if prospect.preflight is not None:
        yield from preflight_in_words(prospect.preflight)


def prospect_as_json(prospect: "Prospect", office: "Office") -> dict[str, Any]:
    """The same for scripts."""
    from batcher.cli.evidence_words import settlement_as_json
    from batcher.cli.preflight_words import preflight_as_json

    content = as_json(prospect.plan, office)
    if prospect.settlement is not None:
        content["settlement"] = settlement_as_json(prospect.settlement)
    return content | ({} if prospect.preflight is None else preflight_as_json(prospect.preflight))


def in_words(plan: "Plan", office: "Office") -> list[str]:
    """The plan as lines of text."""
    from batcher.cli.words import plan_in_words

    return list(plan_in_words(plan, seconds=office.seconds_for(len(plan.to_send)), per_minute=office.orders_per_minute))


def as_json(plan: "Plan", office: "Office") -> dict[str, Any]:
    """The plan for scripts."""
    from batcher.cli.words import plan_as_json

    return plan_as_json(plan, seconds=office.seconds_for(len(plan.to_send)))
