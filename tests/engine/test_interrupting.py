"""Somebody stops the run, or the process dies, at any moment: nothing new leaves, and nothing that came is lost."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.engine import Canaries
from batcher.engine.running import DRAIN_S
from batcher.lifecycle import Retries
from batcher.model import Reply
from batcher.sandbox import Api as Sandbox
from batcher.sandbox import Switches
from batcher.states import State
from tests.engine.sandbox_port import SandboxPort
from tests.lifecycle.bench import NO_ANSWER, NOT_SENT, TOO_MANY, Bench, accepted, read_as, refused, retried, row, send
from tests.virtual_time import run

UNHURRIED = settings(deadline=None, max_examples=80)
TICK_S = 0.001
ANSWERS = st.sampled_from([NO_ANSWER, NOT_SENT, TOO_MANY, refused(500, "timeout"), refused(422, "validation_error")])
MOMENTS = st.floats(0, 40)
CANARIES = st.sampled_from([None, Canaries(give_up_after_s=900)])
DELAYS = st.sampled_from([0.0, 0.01, 0.5, 3.0, 14.9, 20.0, 100.0])


def a_bench(replies: list[Reply], delays: list[float], write_s: float, canaries: Canaries | None) -> Bench:
    """Rows of every kind, each with its own answer after its own delay."""
    rows = [
        *(row(f"R{number}") for number in range(len(replies))),
        row("U1", State.UNKNOWN, sends=(send(),)),
        row("A1", State.ACCEPTED, order_id="O-A1"),
        retried("F1"),
    ]
    creates = {f"R{number}": [reply, reply, accepted(f"O-{number}")] for number, reply in enumerate(replies)}
    bench = Bench(rows, creates, per_minute=60, write_s=write_s, canaries=canaries)
    by_key = {each.latest.order.key: delays[number % len(delays)] for number, each in enumerate(rows)}
    bench.api.answer_s = lambda who: by_key.get(who, delays[0])
    return bench


@UNHURRIED
@given(
    moment_s=MOMENTS,
    replies=st.lists(ANSWERS, min_size=1, max_size=8),
    delays=st.lists(DELAYS, min_size=1, max_size=4),
    write_s=st.sampled_from([0.0, 0.02]),
    canaries=CANARIES,
)
def test_an_interruption_lets_nothing_new_out_and_loses_no_answer(
    moment_s: float, replies: list[Reply], delays: list[float], write_s: float, canaries: Canaries | None
) -> None:
    bench = a_bench(replies, delays, write_s, canaries)
    bench.run(lambda: bench.at(moment_s, bench.halt.interrupt))

    # An intent that was being written at that moment is still sent: it is in flight.
    assert [at_s for at_s in bench.times("create") if at_s > moment_s + write_s + TICK_S] == []
    assert [at_s for at_s in bench.times("read") if at_s > moment_s + TICK_S] == []
    assert bench.ended_s <= max(moment_s, 0) + DRAIN_S + 4 * write_s + TICK_S or not bench.halt.interrupted
    answered = sorted(note.who for note in bench.of("answered") if note.at_s <= bench.ended_s)
    assert sorted(note.who for note in bench.of("replied")) == answered
    unanswered = len(bench.of("create")) - len(answered)
    assert sum(state is State.SENT for state in bench.journal.states.values()) == unanswered


def test_what_is_answered_while_the_run_drains_is_noted() -> None:
    bench = Bench([row("R1"), row("R2")], answer_s=10)
    bench.run(lambda: bench.at(1, bench.halt.interrupt))

    assert set(bench.states().values()) == {State.ACCEPTED}
    assert bench.ended_s < 11


def test_what_is_not_answered_in_time_is_left_as_sent() -> None:
    bench = Bench([row("R1")], answer_s=1000)
    bench.run(lambda: bench.at(1, bench.halt.interrupt))

    assert bench.state() is State.SENT
    assert 1 + DRAIN_S - TICK_S <= bench.ended_s <= 1 + DRAIN_S + TICK_S


def test_an_answer_that_comes_at_the_very_end_is_on_disk_when_the_run_returns() -> None:
    bench = Bench([row("R1")], {"R1": read_as("O-1", "COMPLETED")}, answer_s=DRAIN_S - 0.5, write_s=0.9)
    bench.run(lambda: bench.at(1, bench.halt.interrupt))

    assert [
        note.said for note in bench.notes if note.what in ("answered", "settled") and note.at_s <= bench.ended_s
    ] == [
        State.ACCEPTED,
        State.COMPLETED,
    ]


def test_what_was_read_at_the_very_end_is_on_disk_when_the_run_returns() -> None:
    bench = Bench([row("R1", State.ACCEPTED, order_id="O-1")], answer_s=1 + DRAIN_S - 0.5, write_s=2)
    bench.run(lambda: bench.at(1, bench.halt.interrupt))

    assert bench.state() is State.COMPLETED
    assert bench.times("settled")[0] <= bench.ended_s


def test_the_wait_of_a_row_without_an_answer_is_not_waited_out() -> None:
    bench = Bench([row("R1")], {"R1": NO_ANSWER}, retries=Retries(attempts=5, min_wait_s=60, max_wait_s=60))
    bench.run(lambda: bench.at(1, bench.halt.interrupt))

    assert bench.ended_s < 1.1
    assert bench.sent() == ["R1"]


def test_a_pause_after_a_429_is_not_waited_out() -> None:
    bench = Bench([row("R1")], {"R1": Reply(http_status=429, retry_after_s=600.0)})
    bench.run(lambda: bench.at(1, bench.halt.interrupt))

    assert bench.ended_s < 1.1
    assert bench.state() is State.HELD


def faulty_sandbox(seed: int, **switches: object) -> Sandbox:
    """An API on a bad day: every fault now and then, but for those that only a person can end."""
    often = {
        "reset_before": 0.1,
        "reset_after": 0.1,
        "lost_reply": 0.1,
        "hang_after": 0.1,
        "truncated": 0.1,
        "broken_json": 0.1,
        "error_made": 0.1,
        "error_unmade": 0.1,
        "too_many": 0.1,
        "no_id": 0.1,
        "get_reset": 0.1,
        "get_error": 0.1,
        "get_too_many": 0.05,
        "get_unknown_status": 0.1,
    }
    return Sandbox(Switches.from_mapping({"rate_limit": 60, **often, **switches}), seed)


async def _dies(bench: Bench, moment_s: float) -> None:
    """Run, and at that moment the process is killed: nothing is waited for, nothing is written any more."""
    running = asyncio.ensure_future(bench.go())
    await asyncio.wait({running}, timeout=moment_s)
    bench.journal.fails = lambda what, key: True
    running.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await running


@settings(deadline=None, max_examples=25)
@given(
    moments=st.lists(st.tuples(st.floats(0.1, 30), st.booleans()), max_size=3),
    seed=st.integers(0, 10_000),
    canaries=CANARIES,
)
def test_however_often_a_run_is_stopped_or_killed_each_row_gets_one_order(
    moments: list[tuple[float, bool]], seed: int, canaries: Canaries | None
) -> None:
    sandbox = faulty_sandbox(seed)
    rows = [row(f"R{number}") for number in range(12)]
    now_s = 0.0
    for moment_s, killed in [*moments, (100_000.0, False)]:
        bench = Bench(
            rows,
            per_minute=60,
            start_s=now_s,
            seed=seed,
            canaries=canaries,
            other_api=lambda clock, notes: SandboxPort(sandbox, clock, notes),
        )
        if killed:
            run(_dies(bench, moment_s), start_s=now_s)
        else:
            stop = bench.halt.interrupt
            bench.run(lambda at_s=now_s + moment_s, stop=stop, bench=bench: bench.at(at_s, stop))  # type: ignore[misc]
        now_s = bench.ended_s
        rows = bench.journal.rows_now()

    told = sandbox.dump(bench.clock.instant().at.timestamp() + 3600)
    orders = told["orders"]
    assert isinstance(orders, list)
    assert sorted(each.latest.order_id or "" for each in rows) == sorted(order["id"] for order in orders)
    assert {each.latest.state for each in rows} == {State.COMPLETED}
    assert len({order["idempotency_key"] for order in orders}) == len(orders) == 12
