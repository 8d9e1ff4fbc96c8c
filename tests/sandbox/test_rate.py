import pytest

from batcher.sandbox.rate import Bucket, FixedWindow, Gate, SlidingWindow, max_in_any_window


def admitted(gate: Gate, times_s: list[float]) -> list[float]:
    return [at_s for at_s in times_s if gate.admit(at_s) is None]


def test_a_fixed_window_lets_twice_the_limit_through_around_its_edge() -> None:
    gate = FixedWindow(2, 60)

    assert admitted(gate, [58, 59, 59.5, 60, 61, 62]) == [58, 59, 60, 61]


def test_a_sliding_window_frees_a_place_exactly_one_window_later() -> None:
    gate = SlidingWindow(2, 60, counts_refused=False)

    assert admitted(gate, [0, 30, 59.999, 60, 61, 90]) == [0, 30, 60, 90]


def test_a_bucket_gives_its_burst_and_then_one_token_at_a_time() -> None:
    gate = Bucket(limit=60, window_s=60, capacity=3)

    assert admitted(gate, [0, 0, 0, 0, 0.5, 1, 1.5, 2]) == [0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("gate", "waits_s"),
    [
        (FixedWindow(1, 60), 50),
        (SlidingWindow(1, 60, counts_refused=False), 60),
        (Bucket(1, 60, 1), 60),
    ],
)
def test_a_refusal_says_when_to_come_back(gate: Gate, waits_s: float) -> None:
    assert gate.admit(10) is None

    assert gate.admit(10) == pytest.approx(waits_s)
    assert gate.admit(10 + waits_s) is None


def test_refused_requests_count_only_when_told_so() -> None:
    times_s: list[float] = [0, 1, 60, 120]

    assert admitted(SlidingWindow(1, 60, counts_refused=False), times_s) == [0, 60, 120]
    assert admitted(SlidingWindow(1, 60, counts_refused=True), times_s) == [0, 120]


def test_the_fullest_window_is_found_whatever_its_phase() -> None:
    assert max_in_any_window([0, 50, 59, 61, 100, 109.9], 60) == 5
    assert max_in_any_window([0, 60, 120], 60) == 1
    assert max_in_any_window([], 60) == 0
