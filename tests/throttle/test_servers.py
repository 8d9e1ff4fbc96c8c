"""The servers of the other tests can refuse, each in its own way; a server that never did would prove nothing."""

import pytest

from tests.throttle.servers import SERVERS, most_in_a_minute, refused_by_fixed, refused_by_ticking_bucket

EVENLY = [float(second) for second in range(600)]
AT_ONCE = [0.0] * 61
TWO_BURSTS = [59.0] * 60 + [61.0] * 60
OVER_A_LITTLE = [0.0, *EVENLY[:60], *EVENLY[60:180]]
"""One a second, and one too many at the start."""


@pytest.mark.parametrize(
    ("arrivals", "refused"),
    [
        (EVENLY, {"fixed": 0, "sliding": 0, "bucket-60": 0, "bucket-5": 0, "counting": 0, "punishing": 0}),
        (AT_ONCE, {"fixed": 1, "sliding": 1, "bucket-60": 1, "bucket-5": 56, "counting": 1, "punishing": 1}),
        (TWO_BURSTS, {"fixed": 60, "sliding": 60, "bucket-60": 58, "bucket-5": 113, "counting": 60, "punishing": 60}),
        (OVER_A_LITTLE, {"fixed": 1, "sliding": 1, "bucket-60": 0, "bucket-5": 0, "counting": 1, "punishing": 121}),
        ([], {"fixed": 0, "sliding": 0, "bucket-60": 0, "bucket-5": 0, "counting": 0, "punishing": 0}),
    ],
)
def test_each_server_refuses_in_its_own_way(arrivals: list[float], refused: dict[str, int]) -> None:
    assert {name: server(arrivals, 60) for name, server in SERVERS.items()} == refused


def test_a_server_that_counts_refusals_goes_on_refusing_whoever_goes_on_asking() -> None:
    stubborn = [second * 0.9 for second in range(1000)]
    assert SERVERS["counting"](stubborn, 60) == 1000 - 60
    assert SERVERS["sliding"](stubborn, 60) < 200


def test_a_fixed_window_refuses_at_one_phase_what_it_lets_in_at_another() -> None:
    assert refused_by_fixed(TWO_BURSTS, 60, 0.0) == 0
    assert refused_by_fixed(TWO_BURSTS, 60, 30.0) == 60


def test_a_bucket_that_ticks_refuses_what_comes_before_its_tick() -> None:
    assert refused_by_ticking_bucket([0.0] * 5 + [0.5], 60, 5, phase_s=0.6) == 1
    assert refused_by_ticking_bucket([0.0] * 5 + [0.5], 60, 5, phase_s=0.4) == 0


def test_a_minute_holds_its_end_and_not_its_beginning() -> None:
    assert most_in_a_minute([0.0, 30.0, 60.0]) == 2
    assert most_in_a_minute([0.0, 30.0, 59.99]) == 3
