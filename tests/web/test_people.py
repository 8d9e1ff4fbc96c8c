"""Who is there, and for everybody their own password and sessions."""

import re
from datetime import timedelta

import pytest

from batcher.roles import Role
from batcher.signing_in import IDLE
from tests.web.house import PASSWORD, Browser, Desk

NEW = "four other words entirely"


def change(browser: Browser, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> tuple[int, str]:
    """Send the form; gives status and page."""
    answer = browser.send("/account/password", {"password": old, "new": new, "again": again})
    return answer.status_code, answer.text


def signs_in(desk: Desk, name: str, password: str) -> bool:
    """Whether this is their password."""
    data, headers = {"name": name, "password": password}, {"Origin": desk.origin}
    return desk.browser().request("POST", "/sign-in", data=data, headers=headers).status_code == 303


def others(browser: Browser) -> list[str]:
    """The ids of one's other sessions, as the page has them."""
    return re.findall(r'name="which" value="(\d+)"', browser.get("/account").text)


def test_people_are_listed_with_their_roles_and_how_to_add_more(desk: Desk) -> None:
    for name, role in (("ann", Role.APPROVER), ("pat", Role.PREPARER), ("vic", Role.VIEWER)):
        desk.user(name, role)
    desk.office.people.disable("pat", by="root", now=desk.clock.instant().at)
    page = desk.browser_of("vic").get("/people").text
    lines = re.findall(r'<tr><th scope="row">(\w+).*?</th><td>(\w+)</td>.*?<td>(yes|no, disabled)', page)
    assert lines == [("ann", "approver", "yes"), ("pat", "preparer", "no, disabled"), ("vic", "viewer", "yes")]
    assert "batcher user add NAME --role preparer" in page
    assert "<dt>Viewer</dt><dd><ul><li>see batches, rows, plans and reports</li></ul></dd>" in page
    assert "argon2" not in page


def test_where_there_are_no_users_it_says_so(desk: Desk) -> None:
    owner = desk.signed_in()
    assert "There are no users" in owner.get("/people").text
    assert "new-password" not in owner.get("/account").text
    assert owner.send("/account/password", {"password": "", "new": NEW, "again": NEW}).status_code == 404


def test_a_new_password_ends_all_other_sessions_and_this_one_goes_on(desk: Desk) -> None:
    desk.user("ann", Role.VIEWER)
    here, there = desk.browser_of("ann"), desk.browser_of("ann")
    before = dict(here.cookies)
    assert change(here)[0] == 303
    assert "Your password is a new one" in here.get("/account/changed").text
    assert there.get("/").headers["Location"] == "/enter"
    there.cookies.clear()
    there.cookies.update(before)
    assert there.get("/").headers["Location"] == "/enter"
    assert (signs_in(desk, "ann", PASSWORD), signs_in(desk, "ann", NEW)) == (False, True)


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"old": "not my password"}, 403, "That is not your password."),
        ({"again": "something else it is"}, 422, "not typed the same twice"),
        ({"new": "short", "again": "short"}, 422, "it needs 12 at least"),
    ],
)
def test_a_password_that_is_not_taken_changes_nothing(
    desk: Desk, given: dict[str, str], status: int, words: str
) -> None:
    desk.user("ann", Role.VIEWER)
    browser = desk.browser_of("ann")
    found, page = change(browser, **given)
    assert (found, words in page, "Nothing was changed" in page) == (status, True, True)
    assert not any(one in page for one in given.values())
    assert signs_in(desk, "ann", PASSWORD)


def test_guesses_at_the_password_from_a_session_are_slowed_too(desk: Desk) -> None:
    desk.user("ann", Role.VIEWER)
    browser = desk.browser_of("ann")
    assert [change(browser, old="a guess")[0] for _ in range(6)] == [403] * 5 + [429]


def test_ones_own_sessions_are_seen_and_ended(desk: Desk) -> None:
    desk.user("ann", Role.VIEWER)
    here, there, elsewhere = (desk.browser_of("ann") for _ in range(3))
    page = here.get("/account").text
    assert page.count("This browser") == 1
    third, second = others(here)
    here.send("/account/sessions", {"which": second})
    assert there.get("/").status_code == 303
    assert others(here) == [third]
    elsewhere.get("/")
    here.send("/account/sessions", {"which": "others"})
    assert elsewhere.get("/").status_code == 303
    assert others(here) == []
    assert here.get("/").status_code == 200


def test_nobody_ends_the_sessions_of_others(desk: Desk) -> None:
    for name in ("ann", "ben"):
        desk.user(name, Role.APPROVER)
    ann, ben = desk.browser_of("ann"), desk.browser_of("ben")
    desk.browser_of("ann")
    (another,) = others(ann)
    for which in (another, "1", "2", "3", "others", "", "x"):
        ben.send("/account/sessions", {"which": which})
    assert others(ann) == [another]


def test_a_session_that_is_over_is_not_shown(desk: Desk) -> None:
    desk.user("ann", Role.VIEWER)
    desk.browser_of("ann")
    desk.clock.now_s += (IDLE + timedelta(seconds=1)).total_seconds()
    assert others(desk.browser_of("ann")) == []


def test_the_owner_of_a_machine_without_users_sees_where_the_page_is_open(desk: Desk) -> None:
    owner = desk.signed_in()
    elsewhere = desk.signed_in()
    assert len(others(owner)) == 1
    owner.send("/account/sessions", {"which": "others"})
    assert elsewhere.get("/").status_code == 303
