"""The first payout of a new product and delivery goes alone, and the others of its kind follow once it is completed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.engine import Canaries
from batcher.engine.running import ISSUING
from batcher.lifecycle import Retries
from batcher.model import Distribution
from batcher.records import RowRecord
from batcher.sandbox import Api as Sandbox
from batcher.sandbox import Switches
from batcher.states import State
from tests.engine.sandbox_port import SandboxPort
from tests.lifecycle.bench import (
    NO_ANSWER,
    POLLS,
    Bench,
    Script,
    accepted,
    attempt,
    read_as,
    refused,
    retried,
    row,
    row_of,
    send,
)

POUNDS = (("AMZ-GB",), Distribution.EMAIL)
EUROS = (("AMZ-FR",), Distribution.EMAIL)
NOTHING_PROVEN = Canaries(give_up_after_s=POLLS.give_up_after_s)
EUROS_PROVEN = replace(NOTHING_PROVEN, proven=[EUROS])
ONCE = Retries(attempts=1, min_wait_s=1, max_wait_s=1)
TICK_S = 1e-3


def pounds(count: int, name: str = "G") -> list[RowRecord]:
    return [row(f"{name}{number}") for number in range(count)]


def euros(count: int) -> list[RowRecord]:
    return [row(f"E{number}", currency="EUR") for number in range(count)]


def of_kind(each: RowRecord, products: tuple[str, ...], distribution: Distribution) -> RowRecord:
    """The row, for other products."""
    payout = replace(each.latest.order.payout, products=products, distribution=distribution)
    return row_of(replace(each.latest, order=replace(each.latest.order, payout=payout)))


def orders(names: Iterable[str]) -> dict[str, Script]:
    """An order for each of these rows, called after it."""
    return {name: accepted(f"O-{name}") for name in names}


def pending(name: str, times: int, then: str = "COMPLETED", **fields: object) -> Script:
    """What reading a row's order gives that takes its time."""
    return [*[read_as(f"O-{name}", "PROCESSING")] * times, read_as(f"O-{name}", then, **fields)]


def never(name: str) -> Script:
    return read_as(f"O-{name}", "PROCESSING")


def sent_s(bench: Bench, name: str) -> float:
    """When a row was first sent."""
    return min(bench.times("create", key(bench, name)), default=inf)


def ended_s(bench: Bench, name: str) -> float:
    """When the last was written of a row."""
    return max(note.at_s for note in bench.of("answered", "settled", who=key(bench, name)))


def key(bench: Bench, name: str) -> str:
    return next(each.latest.order.key for each in bench.rows if each.name == name)


def stops(bench: Bench) -> list[tuple[str, int]]:
    return [(stop.cause, stop.exit_code) for stop in bench.halt.stops]


def unsent(bench: Bench) -> set[str]:
    return {name for name, state in bench.states().items() if state is State.PLANNED}


def test_the_first_row_goes_alone_and_the_others_follow_once_it_is_completed() -> None:
    bench = Bench(pounds(30), orders(["G0"]), {"O-G0": pending("G0", 4)}, per_minute=60, canaries=NOTHING_PROVEN).run()

    assert set(bench.states().values()) == {State.COMPLETED}
    assert bench.sent() == [f"G{number}" for number in range(30)]
    assert len(bench.of("read", who="O-G0")) == 5
    assert ended_s(bench, "G0") <= sent_s(bench, "G1") <= ended_s(bench, "G0") + TICK_S
    assert sent_s(bench, "G3") < ended_s(bench, "G1"), "after that they no longer go one by one"


def test_without_canaries_nobody_waits() -> None:
    bench = Bench(pounds(3), orders(["G0"]), {"O-G0": pending("G0", 4)}, canaries=None).run()

    assert sent_s(bench, "G1") < ended_s(bench, "G0")


def test_a_canary_that_is_refused_or_fails_or_ends_unknown_passes_the_turn_on() -> None:
    said = {"G0": refused(422, "validation_error"), "G2": NO_ANSWER, **orders(["G1", "G3"])}
    reads = {"O-G1": pending("G1", 2, "FAILED"), "O-G3": pending("G3", 2)}
    bench = Bench(pounds(8), said, reads, retries=ONCE, canaries=NOTHING_PROVEN).run()

    assert list(bench.states().values())[:4] == [State.REJECTED, State.FAILED, State.UNKNOWN, State.COMPLETED]
    for number in range(4):
        assert ended_s(bench, f"G{number}") <= sent_s(bench, f"G{number + 1}")
    assert sent_s(bench, "G5") < ended_s(bench, "G4")
    assert bench.halt.stops == []


def test_canaries_that_are_refused_row_after_row_trip_the_breaker() -> None:
    rows = pounds(20)
    said = {each.name: refused(422, "validation_error") for each in rows}
    bench = Bench(rows, said, canaries=NOTHING_PROVEN, consecutive=3).run()

    assert bench.sent() == ["G0", "G1", "G2"]
    assert stops(bench) == [("breaker", 6)]


def test_a_canary_whose_order_contradicts_its_row_stops_the_whole_run_at_once() -> None:
    wrong = {"O-G0": pending("G0", 2, email="else@example.com")}
    bench = Bench([*pounds(5), *euros(100)], orders(["G0"]), wrong, per_minute=60, canaries=EUROS_PROVEN).run()

    found_s = ended_s(bench, "G0")
    assert bench.states()["G0"] is State.MISMATCH
    assert [at_s for at_s in bench.times("sending") if at_s > found_s] == []
    assert unsent(bench) >= {"G1", "G2", "G3", "G4", "E99"}
    assert bench.states()["E0"] is State.COMPLETED
    assert stops(bench) == [("mismatch", 6)]
    said = bench.halt.stops[0].message
    assert said.startswith("The first payout of AMZ-GB by EMAIL came back other than the row says")
    assert "row G0, order O-G0" in said
    assert "look it up in Runa's portal" in said


def test_a_row_that_contradicts_its_order_stops_nothing_once_its_kind_is_proven() -> None:
    wrong = {"O-G1": read_as("O-G1", "COMPLETED", email="else@example.com")}
    bench = Bench(pounds(60), orders(["G1"]), wrong, per_minute=60, canaries=NOTHING_PROVEN).run()

    assert bench.states()["G1"] is State.MISMATCH
    assert unsent(bench) == set()
    assert bench.halt.stops == []


def test_the_last_row_of_a_kind_is_its_canary_too_where_those_before_it_were_refused() -> None:
    said = {"G0": refused(422, "validation_error"), **orders(["G1"])}
    wrong = {"O-G1": read_as("O-G1", "COMPLETED", amount=Decimal("99.00"))}
    bench = Bench(pounds(2), said, wrong, canaries=NOTHING_PROVEN).run()

    assert stops(bench) == [("mismatch", 6)]


def test_a_canary_that_is_not_finished_in_time_leaves_the_rest_of_its_kind_and_no_other_unsent() -> None:
    bench = Bench([*pounds(4), *euros(4)], orders(["G0"]), {"O-G0": never("G0")}, canaries=EUROS_PROVEN).run()

    assert unsent(bench) == {"G1", "G2", "G3"}
    assert bench.states()["G0"] is State.ACCEPTED
    assert {bench.states()[f"E{number}"] for number in range(4)} == {State.COMPLETED}
    assert bench.ended_s == pytest.approx(POLLS.give_up_after_s, rel=0.1)
    assert stops(bench) == [("canary", 6)]
    said = bench.halt.stops[0].message
    assert said.startswith("The first payout of AMZ-GB by EMAIL is not finished after 15 min")
    assert "--no-canary" in said


def test_each_kind_whose_canary_is_not_finished_is_told() -> None:
    reads = {"O-G0": never("G0"), "O-E0": never("E0")}
    bench = Bench([*pounds(2), *euros(2)], orders(["G0", "E0"]), reads, canaries=NOTHING_PROVEN).run()

    assert unsent(bench) == {"G1", "E1"}
    assert stops(bench) == [("canary", 6), ("canary", 6)]
    assert ["AMZ-GB" in stop.message for stop in bench.halt.stops] == [True, False]


def test_short_patience_is_told_in_seconds() -> None:
    polls = replace(POLLS, give_up_after_s=20)
    bench = Bench(
        pounds(2), orders(["G0"]), {"O-G0": never("G0")}, polls=polls, canaries=Canaries(give_up_after_s=20)
    ).run()

    assert "not finished after 20 s" in bench.halt.stops[0].message


def test_two_new_kinds_go_side_by_side() -> None:
    mixed = [each for pair in zip(pounds(6), euros(6), strict=True) for each in pair]
    reads = {"O-G0": pending("G0", 2), "O-E0": pending("E0", 30)}
    bench = Bench(mixed, orders(["G0", "E0"]), reads, canaries=NOTHING_PROVEN).run()

    assert bench.sent()[:2] == ["G0", "E0"]
    assert sent_s(bench, "E0") < 1
    assert max(sent_s(bench, f"G{number}") for number in range(6)) < ended_s(bench, "E0") - 60
    assert ended_s(bench, "E0") <= sent_s(bench, "E1")
    assert [name for name in bench.sent() if name.startswith("E")] == [f"E{number}" for number in range(6)]
    assert set(bench.states().values()) == {State.COMPLETED}


@pytest.mark.parametrize(
    ("products", "proven"),
    [
        (("AMZ-GB",), ("AMZ-GB",)),
        (("AMZ-GB",), ("amz-gb",)),
        (("AIRBNB-GB", "AMZ-GB"), ("amz-gb", "airbnb-gb")),
    ],
)
def test_rows_of_a_proven_kind_do_not_wait_however_its_products_were_written(
    products: tuple[str, ...], proven: tuple[str, ...]
) -> None:
    known = replace(NOTHING_PROVEN, proven=[(proven, Distribution.EMAIL)])
    rows = [of_kind(each, products, Distribution.EMAIL) for each in pounds(3)]
    bench = Bench(rows, orders(["G0"]), {"O-G0": pending("G0", 10)}, canaries=known).run()

    assert sent_s(bench, "G2") < 1
    assert sent_s(bench, "G2") < ended_s(bench, "G0")


@pytest.mark.parametrize(
    "other",
    [
        (("AMZ-GB",), Distribution.PAYOUT_LINK),
        (("AIRBNB-GB", "AMZ-GB"), Distribution.EMAIL),
        (("AMZ-GBR",), Distribution.EMAIL),
    ],
)
def test_another_product_or_another_delivery_is_another_kind(other: tuple[tuple[str, ...], Distribution]) -> None:
    rows = [*(of_kind(each, *other) for each in pounds(2, "N")), *pounds(2)]
    known = replace(NOTHING_PROVEN, proven=[POUNDS])
    bench = Bench(rows, orders(["N0"]), {"O-N0": pending("N0", 10)}, canaries=known).run()

    assert sent_s(bench, "G1") < 1
    assert ended_s(bench, "N0") <= sent_s(bench, "N1")
    assert set(bench.states().values()) == {State.COMPLETED}


def test_rows_that_wait_for_a_canary_hold_no_place() -> None:
    bench = Bench(
        [*pounds(40), *euros(100)], orders(["G0"]), {"O-G0": pending("G0", 25)}, answer_s=60, canaries=EUROS_PROVEN
    )
    bench.api.answer_s = lambda who: 0.1 if who.startswith("O-") or who == key(bench, "G0") else 60
    bench.run()

    times = [note.at_s for note in bench.of("create") if note.who != key(bench, "G0")]
    assert max(sum(1 for other in times if at_s <= other < at_s + 60) for at_s in times) == ISSUING
    early = [name for name in bench.sent() if sent_s(bench, name) < ended_s(bench, "G0")]
    assert len([name for name in early if name.startswith("E")]) > ISSUING
    assert set(bench.states().values()) == {State.COMPLETED}


def test_a_kind_that_is_proven_in_the_middle_takes_its_place_in_the_order_of_the_file() -> None:
    bench = Bench(
        [*pounds(5), *euros(60)], orders(["G0"]), {"O-G0": pending("G0", 3)}, per_minute=60, canaries=EUROS_PROVEN
    ).run()

    first = bench.sent().index("G1")
    assert bench.sent()[1] == "E0"
    assert bench.sent()[first : first + 4] == ["G1", "G2", "G3", "G4"]


def test_an_order_of_an_earlier_run_is_waited_for_before_another_of_its_kind_is_sent() -> None:
    rows = [row("A1", State.ACCEPTED, order_id="O-A1"), *pounds(3)]
    bench = Bench(rows, reads={"O-A1": pending("A1", 6)}, canaries=NOTHING_PROVEN).run()

    assert ended_s(bench, "A1") <= sent_s(bench, "G0")
    assert sent_s(bench, "G2") < ended_s(bench, "G0"), "it has proven its kind"
    assert set(bench.states().values()) == {State.COMPLETED}


def test_a_single_row_waits_for_it_too_even_where_its_row_is_gone_from_the_file() -> None:
    gone = row_of(attempt("A1", State.ACCEPTED, order_id="O-A1"), in_file=False)
    bench = Bench([gone, row("G0")], reads={"O-A1": pending("A1", 6)}, canaries=NOTHING_PROVEN).run()

    assert ended_s(bench, "A1") <= sent_s(bench, "G0")


def test_where_it_fails_the_first_row_of_this_run_goes_alone() -> None:
    rows = [row("A1", State.ACCEPTED, order_id="O-A1"), *pounds(3)]
    reads = {"O-A1": pending("A1", 3, "FAILED"), "O-G0": pending("G0", 3)}
    bench = Bench(rows, orders(["G0"]), reads, canaries=NOTHING_PROVEN).run()

    assert ended_s(bench, "A1") <= sent_s(bench, "G0")
    assert ended_s(bench, "G0") <= sent_s(bench, "G1")


def test_of_several_orders_of_earlier_runs_the_first_that_completes_is_enough() -> None:
    rows = [*(row(f"A{number}", State.ACCEPTED, order_id=f"O-A{number}") for number in range(3)), *pounds(3)]
    reads = {"O-A0": never("A0"), "O-A1": pending("A1", 1, "FAILED"), "O-A2": pending("A2", 3)}
    bench = Bench(rows, reads=reads, canaries=NOTHING_PROVEN).run()

    assert ended_s(bench, "A2") <= sent_s(bench, "G0") < ended_s(bench, "A2") + TICK_S
    assert unsent(bench) == set()
    assert bench.halt.stops == []


def test_of_several_orders_of_earlier_runs_one_that_is_not_finished_holds_the_others_back() -> None:
    rows = [*(row(f"A{number}", State.ACCEPTED, order_id=f"O-A{number}") for number in range(2)), *pounds(3)]
    reads = {"O-A0": never("A0"), "O-A1": pending("A1", 1, "FAILED")}
    bench = Bench(rows, reads=reads, canaries=NOTHING_PROVEN).run()

    assert unsent(bench) == {"G0", "G1", "G2"}
    assert stops(bench) == [("canary", 6)]


def test_an_order_of_an_earlier_run_that_contradicts_its_row_stops_the_run() -> None:
    rows = [row("A1", State.ACCEPTED, order_id="O-A1"), *pounds(3)]
    wrong = {"O-A1": read_as("O-A1", "COMPLETED", email="else@example.com")}
    bench = Bench(rows, reads=wrong, canaries=NOTHING_PROVEN).run()

    assert stops(bench) == [("mismatch", 6)]
    assert unsent(bench) == {"G0", "G1", "G2"}


def test_rows_that_are_unknown_are_asked_again_at_once_and_one_that_completes_proves_its_kind() -> None:
    unknown = [row(f"U{number}", State.UNKNOWN, sends=(send(),)) for number in range(3)]
    reads = {"O-G0": pending("G0", 30), "O-U2": pending("U2", 3)}
    bench = Bench([*pounds(4), *unknown], orders(["G0", "U2"]), reads, canaries=NOTHING_PROVEN).run()

    assert max(sent_s(bench, each.name) for each in unknown) < 1
    assert sent_s(bench, "G0") < 1
    first_s = min(ended_s(bench, each.name) for each in unknown)
    assert first_s <= sent_s(bench, "G1") <= first_s + TICK_S
    assert first_s < ended_s(bench, "G0") - 60
    assert set(bench.states().values()) == {State.COMPLETED}


def test_with_one_row_of_a_kind_nothing_changes() -> None:
    reads = {"O-G0": read_as("O-G0", "COMPLETED", email="else@example.com"), "O-X0": never("X0")}
    lone = of_kind(row("X0"), ("XYZ-GB",), Distribution.EMAIL)
    bench = Bench(
        [row("G0"), lone, *euros(40)], orders(["G0", "X0"]), reads, per_minute=60, canaries=EUROS_PROVEN
    ).run()

    assert bench.states()["G0"] is State.MISMATCH
    assert bench.states()["X0"] is State.ACCEPTED
    assert unsent(bench) == set()
    assert bench.halt.stops == []


def test_an_older_order_that_came_back_to_life_proves_its_own_kind() -> None:
    """The row was edited after that order had failed: what it says now was never tried."""
    back = retried("F1")
    old = replace(back.attempts[0], order=replace(back.attempts[0].order, payout=euros(1)[0].latest.order.payout))
    back = row_of(old, back.attempts[1])
    reads = {"O-old": read_as("O-old", "COMPLETED"), "O-G0": pending("G0", 5), "O-E0": pending("E0", 5)}
    rows = [back, *pounds(2), *euros(2)]
    bench = Bench(rows, orders(["G0", "E0"]), reads, canaries=NOTHING_PROVEN).run()

    assert ended_s(bench, "G0") <= sent_s(bench, "G1")
    assert sent_s(bench, "E1") < ended_s(bench, "E0")


@pytest.mark.parametrize("earlier", [False, True])
def test_an_interruption_ends_all_waiting_at_once(earlier: bool) -> None:
    first = [row("A1", State.ACCEPTED, order_id="O-A1")] if earlier else []
    reads = {"O-A1": never("A1"), "O-G0": never("G0")}
    bench = Bench([*first, *pounds(20)], orders(["G0"]), reads, canaries=NOTHING_PROVEN)
    bench.run(lambda: bench.at(30, bench.halt.interrupt))

    assert bench.ended_s == pytest.approx(30, abs=0.5)
    assert len(unsent(bench)) == 19 + earlier
    assert bench.halt.stops == []


def test_a_key_that_is_refused_ends_all_waiting_at_once() -> None:
    reads = {"O-G0": never("G0"), "O-A1": [*[read_as("O-A1", "PROCESSING")] * 5, refused(401, "invalid_api_key")]}
    rows = [row("A1", State.ACCEPTED, currency="EUR", order_id="O-A1"), *pounds(5)]
    bench = Bench(rows, orders(["G0"]), reads, canaries=NOTHING_PROVEN).run()

    assert bench.ended_s < 60
    assert stops(bench) == [("invalid_api_key", 4)]
    assert len(unsent(bench)) == 4


def test_a_stop_of_the_whole_run_is_told_alone_while_the_canary_is_followed_on() -> None:
    reads = {"O-G0": never("G0")}
    said = {**orders(["G0"]), "E0": refused(403, "ordering_restricted")}
    bench = Bench([*pounds(3), *euros(1)], said, reads, canaries=NOTHING_PROVEN).run()

    assert stops(bench) == [("ordering_restricted", 6)]
    assert unsent(bench) == {"G1", "G2"}
    assert bench.ended_s == pytest.approx(POLLS.give_up_after_s, rel=0.1)


def test_a_balance_that_is_used_up_is_told_instead_of_a_canary_that_is_not_finished() -> None:
    other = of_kind(row("X0"), ("XYZ-GB",), Distribution.EMAIL)
    said = {**orders(["G0"]), "X0": refused(400, "insufficient_funds")}
    bench = Bench([*pounds(3), other], said, {"O-G0": never("G0")}, canaries=NOTHING_PROVEN).run()

    assert stops(bench) == [("insufficient_funds", 6)]
    assert unsent(bench) == {"G1", "G2"}


def test_a_balance_that_is_used_up_at_the_canary_lets_the_other_currencies_go_on() -> None:
    said = {"G0": refused(400, "insufficient_funds")}
    bench = Bench([*pounds(300), *euros(3)], said, canaries=NOTHING_PROVEN).run()

    assert len(unsent(bench)) == 299
    assert {bench.states()[f"E{number}"] for number in range(3)} == {State.COMPLETED}
    assert bench.sent()[0] == "G0"
    assert len(bench.sent()) == 4


def test_at_the_sandbox_one_order_of_each_kind_is_made_before_the_others() -> None:
    sandbox = Sandbox(Switches.from_mapping({"rate": "none", "lost_reply": [1]}))
    bench = Bench(
        [*pounds(10), *euros(10)],
        other_api=lambda clock, notes: SandboxPort(sandbox, clock, notes),
        canaries=NOTHING_PROVEN,
    ).run()

    assert set(bench.states().values()) == {State.COMPLETED}
    made = sandbox.dump(bench.clock.instant().at.timestamp())["orders"]
    assert isinstance(made, list)
    assert len(made) == 20
    for name in ("G", "E"):
        assert ended_s(bench, f"{name}0") <= min(sent_s(bench, f"{name}{number}") for number in range(1, 10))


ENDS: Mapping[str, Script] = {
    "refused": refused(422, "validation_error"),
    "no funds": refused(400, "insufficient_funds"),
    "restricted": refused(403, "ordering_restricted"),
    "unknown": NO_ANSWER,
}
READS = {"fine": "COMPLETED", "failed": "FAILED", "never": "PROCESSING", "wrong": "COMPLETED"}
STARTS = st.sampled_from([State.PLANNED] * 4 + [State.UNKNOWN, State.ACCEPTED])


@settings(deadline=None, max_examples=300)
@given(
    ways=st.lists(
        st.tuples(
            st.sampled_from(["GBP", "EUR"]),
            st.sampled_from([*ENDS, *READS]) | st.just("fine"),
            st.integers(0, 6),
            STARTS,
        ),
        max_size=20,
    ),
    consecutive=st.integers(1, 4),
)
def test_whatever_comes_back_a_run_ends_and_no_two_rows_of_an_unproven_kind_are_under_way(
    ways: list[tuple[str, str, int, State]], consecutive: int
) -> None:
    rows, said, reads = [], dict[str, Script](), dict[str, Script]()
    for number, (currency, way, looks, state) in enumerate(ways):
        name = f"R{number}"
        earlier: dict[State, dict[str, object]] = {
            State.UNKNOWN: {"sends": (send(),)},
            State.ACCEPTED: {"order_id": f"O-{name}"},
        }
        rows.append(row(name, state, currency=currency, **earlier.get(state, {})))
        said[name] = ENDS.get(way, accepted(f"O-{name}"))
        fields: dict[str, object] = {"email": "else@example.com"} if way == "wrong" else {}
        reads[f"O-{name}"] = pending(name, looks, READS.get(way, "COMPLETED"), **fields)
    bench = Bench(rows, said, reads, canaries=NOTHING_PROVEN, consecutive=consecutive, retries=ONCE).run()

    states = bench.states()
    left = [each for each in rows if states[each.name] is State.PLANNED]
    assert not left or bench.halt.stops
    for currency in ("GBP", "EUR"):
        planned = [each for each in rows if each.latest.state is State.PLANNED and _pays(each, currency)]
        known_s = min(
            (ended_s(bench, each.name) for each in rows if _pays(each, currency) and _paid(bench, each)), default=inf
        )
        alone = [each for each in planned if sent_s(bench, each.name) < known_s - TICK_S]
        assert [each.name for each in alone] == [each.name for each in planned[: len(alone)]]
        for before, after in pairwise(alone):
            assert ended_s(bench, before.name) <= sent_s(bench, after.name)
            assert states[before.name] not in (State.ACCEPTED, State.MISMATCH)
        accepted_before = [each for each in rows if each.latest.state is State.ACCEPTED and _pays(each, currency)]
        for before in accepted_before if alone else []:
            assert states[before.name] is State.FAILED
            assert ended_s(bench, before.name) <= sent_s(bench, alone[0].name)


def _pays(each: RowRecord, currency: str) -> bool:
    return each.latest.order.payout.currency == currency


def _paid(bench: Bench, each: RowRecord) -> bool:
    return bench.states()[each.name] is State.COMPLETED
