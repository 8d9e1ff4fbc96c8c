"""The way in, where no users are set up: a link from the terminal, once."""

from pathlib import Path

from batcher.roles import Role
from batcher.signing_in import IDLE, LIFETIME
from batcher.web.links import LINK_S
from tests.web.house import ORIGIN, Desk


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
    name, *rest = cookie.split("; ")
    assert name.startswith("batcher_8080=")
    assert set(rest) == {"HttpOnly", "Path=/", "SameSite=strict"}
    with Desk(tmp_path / "other", origin="https://pay.example.com", hosts=frozenset({"pay.example.com"})) as other:
        cookie = other.browser().get(other.house.new_link()).headers["Set-Cookie"]
    assert cookie.startswith("__Host-batcher=")
    assert "Secure" in cookie.split("; ")


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
    browser, idle_s = desk.signed_in(), IDLE.total_seconds()
    for _ in range(3):
        desk.clock.now_s += idle_s - 61
        assert browser.get("/").status_code == 200
    desk.clock.now_s += idle_s + 1
    assert browser.get("/").status_code == 303
    busy, step_s = desk.signed_in(), idle_s - 61
    for _ in range(int(LIFETIME.total_seconds() // step_s)):
        desk.clock.now_s += step_s
        assert busy.get("/").status_code == 200
    desk.clock.now_s += step_s
    assert busy.get("/").status_code == 303


def test_users_sign_in_by_name_and_password_and_the_link_opens_no_more(desk: Desk) -> None:
    link = desk.house.new_link()
    desk.user("ann", Role.APPROVER)
    page = desk.browser_of("ann").get("/")
    assert "ann, approver" in page.text
    answer = desk.browser().get(link)
    assert "<h1>Sign in</h1>" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert desk.browser().request("POST", "/enter", headers={"Origin": desk.origin}).status_code == 404
    assert desk.printed == []


def test_a_wrong_password_says_nothing_of_who_is_a_user_and_is_slowed(desk: Desk) -> None:
    desk.user("ann", Role.VIEWER)
    browser, pages = desk.browser(), set[str]()
    for name in ("ann", "nobody"):
        tries = [
            browser.request("POST", "/sign-in", data={"name": name, "password": "s3cret"}, headers={"Origin": ORIGIN})
            for _ in range(6)
        ]
        assert [one.status_code for one in tries] == [403] * 5 + [429]
        assert int(tries[-1].headers["Retry-After"]) >= 1
        assert "s3cret" not in tries[0].text
        pages.add(tries[0].text.replace(f'value="{name}"', ""))
    assert len(pages) == 1


def test_a_session_of_who_is_disabled_is_over(desk: Desk) -> None:
    desk.user("ann", Role.PREPARER)
    desk.user("bob", Role.PREPARER)
    browser = desk.browser_of("ann")
    assert browser.get("/").status_code == 200
    desk.office.people.disable("ann", by="root", now=desk.clock.instant().at)
    assert browser.get("/").status_code == 303


def test_a_guessed_cookie_opens_nothing(desk: Desk) -> None:
    browser = desk.browser()
    browser.cookies.set("batcher_8080", "guessed")
    assert browser.get("/").headers["Location"] == "/enter"
