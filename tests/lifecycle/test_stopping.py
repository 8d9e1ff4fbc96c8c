"""What stops a run, how far the stop reaches, and what it says."""

import asyncio
from collections import Counter

import pytest

from batcher.lifecycle import Halt, Retries
from batcher.model import Fault, Reply
from batcher.policy import FAULTS, RATE_LIMITED, Finding, Resend, Scope, Verdict, judge
from batcher.states import State
from tests.lifecycle.bench import NOT_SENT, Bench, accepted, refused, row
from tests.virtual_time import run

SLOW = 60
"""One order a second, so that what stops the first row is heard before the last is sent."""


def test_a_balance_that_is_used_up_stops_its_currency_and_no_other() -> None:
    pounds = [row(f"G{number}") for number in range(6)]
    euros = [row(f"E{number}", currency="EUR") for number in range(6)]
    mixed = [each for pair in zip(pounds, euros, strict=True) for each in pair]
    bench = Bench(mixed, {"G0": refused(400, "insufficient_funds")}, per_minute=SLOW).run()

    states = bench.states()
    assert states["G0"] is State.REJECTED
    assert {states[each.name] for each in euros} == {State.COMPLETED}
    assert states["G5"] is State.PLANNED
    assert len([name for name in bench.sent() if name.startswith("G")]) <= 3  # the burst of the first moment
    assert [(stop.cause, stop.exit_code, stop.currency) for stop in bench.halt.stops] == [
        ("insufficient_funds", 6, "GBP")
    ]
    assert "GBP" in bench.halt.stops[0].message


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"),
    [
        (401, "unauthorized", 4),
        (401, "invalid_api_key", 4),
        (403, "invalid_api_key", 4),
        (403, "forbidden", 4),
        (403, "ordering_restricted", 6),
        (410, "version_removed", 4),
        (400, "invalid_version", 4),
        (400, "insecure_protocol", 4),
    ],
)
def test_a_closed_door_stops_everything_and_leaves_the_rows_unsent(status: int, kind: str, exit_code: int) -> None:
    many = [row(f"R{number}") for number in range(8)]
    bench = Bench(many, {"R0": refused(status, kind)}, per_minute=SLOW).run()

    assert [(stop.cause, stop.exit_code) for stop in bench.halt.stops] == [(kind, exit_code)]
    assert bench.states()["R0"] is State.HELD
    assert bench.states()["R7"] is State.PLANNED
    assert bench.sent().count("R0") == 1
    assert len(bench.sent()) <= 3


def test_after_a_refused_key_nothing_is_read_either() -> None:
    many = [row("R0"), row("R1", State.ACCEPTED, order_id="O-1")]
    bench = Bench(many, {"R0": refused(401, "invalid_api_key")}, {"O-1": Reply(http_status=404)}).run()

    assert max(bench.times("read"), default=0) <= bench.times("answered")[0]
    assert bench.states()["R1"] is State.ACCEPTED


def test_at_the_spending_limit_what_was_accepted_is_still_followed() -> None:
    many = [row("R0"), row("R1", State.ACCEPTED, order_id="O-1")]
    script = [Reply(http_status=404)] * 3 + [accepted("O-1")]
    bench = Bench(many, {"R0": refused(403, "ordering_restricted")}, {"O-1": script}).run()

    assert len(bench.of("read")) > 3


def test_an_order_being_followed_that_meets_a_refused_key_stops_the_run() -> None:
    many = [row("R1", State.ACCEPTED, order_id="O-1"), *(row(f"P{number}") for number in range(20))]
    bench = Bench(many, reads={"O-1": refused(401, "invalid_api_key")}, per_minute=SLOW).run()

    assert [stop.exit_code for stop in bench.halt.stops] == [4]
    assert bench.states()["P19"] is State.PLANNED


def test_a_proxys_401_may_have_let_the_order_through_and_stops_the_run() -> None:
    page = Reply(fault=Fault.UNREADABLE, http_status=401)
    bench = Bench([row("R0"), *(row(f"P{number}") for number in range(6))], {"R0": page}, per_minute=SLOW).run()

    assert bench.states()["R0"] is State.UNKNOWN
    assert [stop.exit_code for stop in bench.halt.stops] == [4]
    assert bench.states()["P5"] is State.PLANNED


def test_what_cannot_be_reached_is_held_and_ends_the_run() -> None:
    many = [row(f"R{number}") for number in range(40)]
    bench = Bench(many, {each.name: NOT_SENT for each in many}, per_minute=SLOW).run()

    assert max(Counter(bench.sent()).values()) == 5
    assert set(bench.states().values()) == {State.HELD, State.PLANNED}
    assert {(stop.cause, stop.exit_code) for stop in bench.halt.stops} == {("unreachable", 6)}
    assert "playground.runa.io" in bench.halt.stops[0].message


def test_a_moment_without_a_network_stops_nothing() -> None:
    bench = Bench([row("R1"), row("R2")], {"R1": [NOT_SENT, NOT_SENT, accepted("O-1")]}).run()

    assert set(bench.states().values()) == {State.COMPLETED}
    assert bench.halt.stops == []


def test_a_stop_is_told_once_however_many_rows_meet_it() -> None:
    halt = Halt(base_url="https://x.example")
    for _ in range(3):
        halt.heed(judge(refused(401, "invalid_api_key")), currency="GBP")
        halt.heed(judge(refused(400, "insufficient_funds")), currency="GBP")
        halt.heed(judge(refused(400, "insufficient_funds")), currency="EUR")

    assert [(stop.cause, stop.currency) for stop in halt.stops] == [
        ("invalid_api_key", None),
        ("insufficient_funds", "GBP"),
        ("insufficient_funds", "EUR"),
    ]


def test_turned_away_once_is_no_stop_but_as_often_as_it_may_be_sent_is() -> None:
    for verdict in (FAULTS[Fault.NOT_SENT], RATE_LIMITED):
        halt = Halt(base_url="https://x.example")
        halt.heed(verdict, currency="GBP")
        assert not halt.stops_sending("GBP")
        halt.heed(verdict, currency="GBP", exhausted=True)
        assert halt.stops_sending("GBP")
        assert not halt.stops_reading


def test_an_interruption_is_no_stop_of_ours_and_has_no_message() -> None:
    halt = Halt(base_url="https://x.example")
    halt.interrupt()

    assert (halt.interrupted, halt.stops_reading, halt.stops_sending("GBP"), halt.stops) == (True, True, True, [])


def test_a_cause_without_words_of_its_own_names_itself() -> None:
    halt = Halt(base_url="https://x.example")
    halt.heed(Verdict(Finding.UNUSABLE, "http_404", Resend.NO, Scope.RUN, 6), currency="GBP")

    assert "http_404" in halt.stops[0].message


def test_work_that_waits_is_let_go_when_sending_ends() -> None:
    async def story() -> tuple[object, bool]:
        bench = Bench([], retries=Retries(attempts=1, min_wait_s=1, max_wait_s=1))
        let_go = False

        async def work() -> str:
            nonlocal let_go
            try:
                await bench.clock.sleep(3600)
            finally:
                let_go = True
            return "done"

        halting = bench.at(10, bench.halt.interrupt)
        _, given = await asyncio.gather(halting, bench.halt.before_no_sends(work()))
        assert bench.clock.now_s == pytest.approx(10)
        return given, let_go

    assert run(story()) == (None, True)
