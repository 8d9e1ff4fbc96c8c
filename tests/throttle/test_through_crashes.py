"""1,200 orders through six crashes, before every kind of server: nothing is refused and hardly any time is lost."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.throttle import BURST
from tests.benchmarks.throttle_rate import DOWN_S, ORDERS, RESTARTS, measured, world
from tests.throttle.clients import CLIENTS, PER_MINUTE, leased, played
from tests.throttle.servers import SERVERS, most_in_a_minute, refused_by_bucket, refused_by_ticking_bucket
from tests.throttle.simulation import Crash, World, tailed, through_crashes
from tests.virtual_time import run

NONE_REFUSED = (0,) * len(SERVERS)


@cache
def left_behind(seed: int = 0, restarts: int = RESTARTS, down_s: float = DOWN_S) -> World:
    """What batcher leaves behind; several tests look at it, and none changes it."""
    return world("batcher", seed, restarts, down_s=down_s)


@pytest.mark.parametrize(("restarts", "down_s"), [(0, 0.0), (RESTARTS, 0.0), (RESTARTS, DOWN_S)])
@pytest.mark.parametrize("seed", range(2))
def test_no_server_refuses_and_99_percent_of_the_limit_is_reached(seed: int, restarts: int, down_s: float) -> None:
    seen = left_behind(seed, restarts, down_s)
    figures = measured(seen)
    assert figures.refused == NONE_REFUSED
    assert figures.most <= PER_MINUTE
    assert figures.share >= 0.99
    assert len(seen.downs) == restarts
    assert seen.answered == seen.begun == ORDERS


def test_a_reboot_costs_a_window_and_still_draws_no_refusal() -> None:
    figures = measured(world("batcher", 0, RESTARTS, reboots=True))
    assert figures.refused == NONE_REFUSED
    assert max(figures.waits_s) == pytest.approx(65.1)
    assert figures.share < 0.99


def test_a_restart_without_a_reboot_waits_for_the_pace_and_no_longer() -> None:
    figures = measured(left_behind())
    assert len(figures.waits_s) == RESTARTS
    assert max(figures.waits_s) < 3.1


@pytest.mark.parametrize("server_s_per_s", [1 - 0.0005, 1 + 0.0005])
def test_a_server_whose_clock_is_slewed_as_far_as_clocks_are_refuses_nothing(server_s_per_s: float) -> None:
    arrivals = [at_s * server_s_per_s for at_s in left_behind().arrivals]
    assert [refused(arrivals, PER_MINUTE) for refused in SERVERS.values()] == [0] * len(SERVERS)


def test_a_bucket_of_five_that_ticks_refuses_nothing_at_any_phase() -> None:
    arrivals = left_behind().arrivals
    assert [refused_by_ticking_bucket(arrivals, PER_MINUTE, 5, tick / 20) for tick in range(20)] == [0] * 20


def through(ways: list[tuple[float, float]], deaths: list[tuple[float, float, bool]], *, orders: int = 150) -> World:
    """A short batch over a network that repeats itself."""
    drawn = iter(ways * (orders * (len(deaths) + 1)))
    world = World(lambda: next(drawn))
    crashes = [Crash(after_s=after_s, down_s=down_s, reboots=reboots) for after_s, down_s, reboots in deaths]
    run(through_crashes(world, leased, orders, crashes))
    return world


DEATHS = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 40), st.booleans()), max_size=6)


@settings(max_examples=25, deadline=None)
@given(ways=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=40), deaths=DEATHS)
def test_whatever_the_network_and_the_crashes_every_order_is_answered_and_no_minute_is_overfull(
    ways: list[tuple[float, float]], deaths: list[tuple[float, float, bool]]
) -> None:
    seen = through(ways, deaths)
    assert seen.answered == seen.begun == 150
    assert len(seen.arrivals) == len(seen.ledger)
    assert most_in_a_minute(seen.arrivals) <= PER_MINUTE
    assert refused_by_bucket(seen.arrivals, PER_MINUTE, BURST + 3) == 0  # three at once, and what 3 s can bunch up


@settings(max_examples=25, deadline=None)
@given(ways=st.lists(st.tuples(st.floats(0, 1.99), st.floats(0, 3)), min_size=1, max_size=40), deaths=DEATHS)
def test_a_bucket_of_five_never_refuses_where_requests_are_late_by_less_than_two_seconds(
    ways: list[tuple[float, float]], deaths: list[tuple[float, float, bool]]
) -> None:
    assert refused_by_bucket(through(ways, deaths).arrivals, PER_MINUTE, 5) == 0


def test_requests_that_were_under_way_at_the_crash_arrive_late_and_still_count() -> None:
    seen = through([(2.9, 0.0)] * 3 + [(0.0, 0.0)] * 297, [(0.5, 0.1, False)])
    assert sorted(seen.arrivals)[:3] == pytest.approx([1, 2, 2.9], abs=0.01)
    assert most_in_a_minute(seen.arrivals) <= PER_MINUTE


def test_a_bucket_of_five_refuses_one_where_the_first_five_are_late_so_that_six_arrive_together() -> None:
    seen = through([(2.99, 0.0)] * 3 + [(1.99, 0.0), (0.99, 0.0)] + [(0.0, 0.0)] * 145, [], orders=150)
    assert refused_by_bucket(seen.arrivals, PER_MINUTE, 5) == 1
    assert most_in_a_minute(seen.arrivals) <= PER_MINUTE


@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_has_all_orders_answered_so_that_they_can_be_compared(client: str) -> None:
    seen = played(client, World(tailed(1)), 150, [Crash(after_s=30, down_s=5)])
    assert seen.answered == 150
    assert len(seen.downs) == 1


def test_what_others_do_with_the_limit() -> None:
    figures = {client: measured(world(client, 1, RESTARTS)) for client in CLIENTS if client != "batcher"}
    assert figures["AsyncLimiter(60, 60)"].most > 119, "each process begins with a full bucket"
    assert figures["pyrate-limiter"].most > 100, "each process begins with a full window"
    assert 60 < figures["pyrate-limiter, SQLite"].most < 80, "it remembers, but the network moves requests together"
    assert all(min(others.refused[:2]) > 0 for others in figures.values())
    assert all(others.refused[list(SERVERS).index("bucket-5")] > 0 for others in figures.values())


def test_pyrate_limiter_goes_by_virtual_time() -> None:
    seen = played("pyrate-limiter, SQLite", World(lambda: (0.0, 0.0)), 240, [Crash(after_s=70, down_s=5)])
    assert most_in_a_minute([send.sent.monotonic_s for send in seen.ledger]) == PER_MINUTE
    assert max(seen.arrivals) == pytest.approx(180, abs=1)
