"""Who guesses has to wait, longer each time; who is right is let in at once."""

from datetime import timedelta

import pytest

from batcher.signing_in import FREE, REMEMBERED, Failures
from tests.web.house import Desk, HandClock

LINK = FREE["link"]


def test_a_success_ends_the_wait_at_the_link_and_each_kind_counts_by_itself() -> None:
    now, failures = HandClock().instant().at, Failures()
    for _ in range(LINK):
        assert not failures.begin(now, link="")
    assert failures.begin(now, link="") == timedelta(seconds=1)
    assert not failures.begin(now, new_link="")
    failures.succeeded(now, link="")
    assert not failures.begin(now, link="")


def test_what_is_remembered_is_bounded() -> None:
    now, failures = HandClock().instant().at, Failures()
    for number in range(REMEMBERED + 5):
        for _ in range(FREE["user"]):
            failures.begin(now, user=f"name-{number}")
    assert not failures.begin(now, user="name-0")
    assert failures.begin(now, user=f"name-{REMEMBERED + 4}")


def test_guesses_at_the_link_are_slowed_and_the_true_one_too(desk: Desk) -> None:
    browser, link = desk.browser(), desk.house.new_link()
    codes = [browser.get("/enter?token=guess").status_code for _ in range(LINK + 1)]
    assert codes == [403] * LINK + [429]
    answer = browser.get(link)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert "Wait 1 second, then" in answer.text
    desk.clock.now_s += 1
    assert browser.get(link).status_code == 303


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_asking_for_links_is_slowed(desk: Desk, method: str) -> None:
    browser = desk.browser()
    browser.request(method, "/enter")
    tries = FREE["new_link"] + 1
    codes = {browser.request("POST", "/enter", headers={"Origin": desk.origin}).status_code for _ in range(tries)}
    assert codes == {200, 429}
    assert len(desk.printed) == FREE["new_link"]
