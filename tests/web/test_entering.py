"""The way in, where no users are set up: a link from the terminal, once."""

from pathlib import Path

from batcher.web.sessions import IDLE_S, LINK_S, LONGEST_S
from tests.web.house import Desk


def test_the_link_opens_once(desk: Desk) -> None:
    link = desk.house.new_link()
    assert link == "http://127.0.0.1:8080/enter?token=token-001"
    browser = desk.browser()
    entered = browser.get(link)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/")
    assert browser.get("/").status_code == 200
    again = desk.browser().get(link)
    assert again.status_code == 403
    assert "does not open any more" in again.text


def test_the_cookie_is_for_this_server_alone(desk: Desk, tmp_path: Path) -> None:
    cookie = desk.browser().get(desk.house.new_link()).headers["Set-Cookie"]
    assert set(cookie.split("; ")) == {"batcher_8080=token-002", "HttpOnly", "Path=/", "SameSite=strict"}
    other = Desk(tmp_path, origin="https://pay.example.com", hosts=frozenset({"pay.example.com"}))
    cookie = other.browser().get(other.house.new_link()).headers["Set-Cookie"]
    assert {"__Host-batcher=token-002", "Secure"} <= set(cookie.split("; "))


def test_a_look_ahead_does_not_use_the_link_up(desk: Desk) -> None:
    link, browser = desk.house.new_link(), desk.browser()
    browser.request("HEAD", link)
    browser.get(link, headers={"Sec-Purpose": "prefetch;prerender"})
    assert browser.get(link).status_code == 303


def test_a_link_ends_after_a_quarter_of_an_hour_or_with_the_next(desk: Desk) -> None:
    first, browser = desk.house.new_link(), desk.browser()
    second = desk.house.new_link()
    assert browser.get(first).status_code == 403
    desk.clock.now_s += LINK_S + 1
    assert browser.get(second).status_code == 403


def test_another_link_is_printed_in_the_terminal_and_nowhere_else(desk: Desk) -> None:
    browser = desk.browser()
    answer = browser.request("POST", "/enter", headers={"Origin": desk.origin})
    assert "was printed in the terminal" in answer.text
    assert "token-" not in answer.text
    (line,) = desk.printed
    assert browser.get(line.rpartition(" ")[2]).status_code == 303


def test_signing_out_ends_the_session(desk: Desk) -> None:
    browser = desk.signed_in()
    cookie = dict(browser.cookies)
    assert browser.send("/leave").headers["Location"] == "/enter"
    assert not browser.cookies
    browser.cookies.update(cookie)
    assert browser.get("/").headers["Location"] == "/enter"


def test_a_session_ends_by_itself(desk: Desk) -> None:
    browser = desk.signed_in()
    for _ in range(3):
        desk.clock.now_s += IDLE_S - 1
        assert browser.get("/").status_code == 200
    desk.clock.now_s += IDLE_S + 1
    assert browser.get("/").status_code == 303
    busy = desk.signed_in()
    for _ in range(LONGEST_S // 3000):
        desk.clock.now_s += 3000
        busy.get("/")
    desk.clock.now_s += 3000
    assert busy.get("/").status_code == 303


def test_a_guessed_cookie_opens_nothing(desk: Desk) -> None:
    browser = desk.browser()
    browser.cookies.set("batcher_8080", "guessed")
    assert browser.get("/").headers["Location"] == "/enter"
