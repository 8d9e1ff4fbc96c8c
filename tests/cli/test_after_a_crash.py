"""What the next process makes of what the last one left: rows that were being sent, and permits that are still out."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from batcher.assembly.parts import Parts
from batcher.assembly.surroundings import Surroundings
from batcher.clock import SystemClock
from batcher.model import Instant, Speaker
from batcher.settings import load_settings
from batcher.states import State
from tests.cli.desk import Desk, rows
from tests.cli.evidence import assert_paid_once, keys_of


def test_the_next_process_knows_what_the_last_one_has_sent_in_this_minute(desk: Desk) -> None:
    assert desk.pay(desk.sheet(rows(4))).code == 0

    parts = Parts(load_settings(desk.config(), {}))
    assert parts.throttle().sent_last_minute == 4


def test_the_permits_of_the_last_minute_are_out_in_the_next_process_too(desk: Desk) -> None:
    assert desk.pay(desk.sheet(rows(4))).code == 0

    desk.settings["limits"] = {"orders_per_minute": 4}
    assert Parts(load_settings(desk.config(), {})).throttle().next_free_s() > 30


def test_a_row_that_was_being_sent_when_the_process_ended_is_asked_about_with_its_own_key(desk: Desk) -> None:
    sheet = desk.sheet(rows(2))
    desk.sandbox.switch(forbidden=1)
    assert desk.pay(sheet).code == 6
    desk.sandbox.switch(forbidden=0)
    keys = keys_of(desk)
    assert _left_as_sent(desk) == State.SENT

    done = desk.pay(sheet)
    assert done.code == 0, done.err
    assert_paid_once(desk, 2)
    assert keys_of(desk) == keys


class SlowClock(SystemClock):
    """This machine's clock, 40 days late."""

    def instant(self) -> Instant:
        now = super().instant()
        return replace(now, at=now.at - timedelta(days=40))


def test_a_clock_that_is_slow_makes_nothing_younger_than_the_ledger_and_runa_know_it_to_be(desk: Desk) -> None:
    assert desk.pay(desk.sheet(rows(1))).code == 0

    parts = Parts(load_settings(desk.config(), {}), Surroundings(clock=SlowClock()))
    assert parts.latest_now(None) == parts.ledger.newest_moment()
    told = SystemClock().instant().at + timedelta(days=1)
    assert parts.latest_now(told) == told


def _left_as_sent(desk: Desk) -> State:
    """What the ledger holds where a process ends between the intent and the answer; gives where the first row is."""
    parts = Parts(load_settings(desk.config(), {}))
    speaker = Speaker(base_url=desk.sandbox.url, api_version="2024-02-05", fingerprint=_fingerprint(parts))

    async def at_once(work: Callable[[], None]) -> None:
        work()

    with parts.ledger:
        attempt = parts.batch("march").rows[0].latest
        asyncio.run(parts.ledger.journal(at_once).sending(attempt.id, speaker, SystemClock().instant()))
        return parts.batch("march").rows[0].latest.state


def _fingerprint(parts: Parts) -> str:
    (send, *_) = [send for row in parts.batch("march").rows for send in row.latest.sends]
    return send.speaker.fingerprint
