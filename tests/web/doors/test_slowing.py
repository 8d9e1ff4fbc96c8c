"""Who guesses has to wait, longer each time; who is right is let in at once."""

import pytest

from batcher.web.doors.slowing import FORGOTTEN_S, FREE, LONGEST_S, MOST, Slowing
from batcher.web.refusals import Refused
from tests.web.house import Desk, HandClock


def _wait_s(slowing: Slowing, name: str = "ann") -> int:
    try:
        slowing.ask(name)
    except Refused as refused:
        return refused.retry_after_s or -1
    return 0


def test_each_failure_beyond_the_first_few_doubles_the_wait() -> None:
    slowing, waits = Slowing(HandClock()), []
    for _ in range(FREE + 12):
        waits.append(_wait_s(slowing))
        slowing.failed("ann")
    assert waits[: FREE + 1] == [0] * FREE + [2]
    assert waits[FREE + 1 :][:3] == [3, 5, 9]
    assert waits[-1] == LONGEST_S + 1
    assert _wait_s(slowing, "ben") == 0


def test_the_wait_ends_and_a_success_ends_it_too() -> None:
    clock = HandClock()
    slowing = Slowing(clock)
    for _ in range(FREE + 3):
        slowing.failed("ann")
    clock.now_s += 8
    assert _wait_s(slowing) == 0
    slowing.failed("ann")
    slowing.passed("ann")
    assert _wait_s(slowing) == 0


def test_old_failures_are_forgotten() -> None:
    clock = HandClock()
    slowing = Slowing(clock)
    for _ in range(FREE + 3):
        slowing.failed("ann")
    clock.now_s += FORGOTTEN_S
    slowing.failed("ann")
    assert _wait_s(slowing) == 0


def test_what_is_remembered_is_bounded() -> None:
    slowing = Slowing(HandClock())
    for number in range(MOST + 5):
        for _ in range(FREE):
            slowing.failed(f"name-{number}")
    assert _wait_s(slowing, "name-0") == 0
    assert _wait_s(slowing, f"name-{MOST + 4}") == 2


def test_guesses_at_the_link_are_slowed_and_the_true_one_too(desk: Desk) -> None:
    browser, link = desk.browser(), desk.house.new_link()
    codes = [browser.get("/enter?token=guess").status_code for _ in range(FREE + 1)]
    assert codes == [403] * FREE + [429]
    answer = browser.get(link)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    desk.clock.now_s += 2
    assert browser.get(link).status_code == 303


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_asking_for_links_is_slowed(desk: Desk, method: str) -> None:
    browser = desk.browser()
    browser.request(method, "/enter")
    codes = {browser.request("POST", "/enter", headers={"Origin": desk.origin}).status_code for _ in range(FREE + 1)}
    assert codes == {200, 429}
    assert len(desk.printed) == FREE
