"""Every route is in the one table, and the table is asked at each request."""

import pytest

from batcher.roles import Role, may
from batcher.web.pages import MENU, ROUTES
from batcher.web.rights import ANYONE, NEEDS
from batcher.web.routes import PageRoute
from tests.web.house import ORIGIN, Desk
from tests.web.sheets import GOOD, sheet_of


def _path(route: PageRoute) -> str:
    return "/".join("x" * 32 if part.startswith("{") else part for part in route.path.split("/"))


def test_every_route_is_in_the_table_and_nothing_else_is() -> None:
    assert sorted(route.name for route in ROUTES) == sorted(NEEDS)


def test_only_the_way_in_is_open_to_anyone() -> None:
    assert {name for name, needed in NEEDS.items() if needed is ANYONE} == {"enter", "new_link", "sign_in"}


def test_a_link_in_the_menu_is_a_page() -> None:
    assert {name for name, _ in MENU} <= {route.name for route in ROUTES if route.method == "GET"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nobody_passes_without_a_session(desk: Desk, route: PageRoute) -> None:
    answer = desk.browser().request(route.method, _path(route), headers={"Origin": ORIGIN})
    if NEEDS[route.name] is ANYONE:
        # Nobody has this name and this password.
        assert answer.status_code == (403 if route.name == "sign_in" else 200)
    elif route.method == "GET":
        assert (answer.status_code, answer.headers["Location"]) == (303, "/enter")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("role", Role)
def test_who_lacks_the_right_is_refused_and_nobody_else(desk: Desk, role: Role) -> None:
    desk.user("zoe", role)
    browser = desk.browser_of("zoe")
    for route in ROUTES:
        needed = NEEDS[route.name]
        if needed is ANYONE:
            continue
        answer = browser.request(route.method, _path(route), headers={"Origin": ORIGIN})
        refused = answer.status_code == 403 and "You may not do this" in answer.text
        assert refused == (not may(role, needed)), route.name


def test_the_owner_of_a_machine_without_users_does_what_a_preparer_does(desk: Desk) -> None:
    assert "Drop a sheet here" in desk.signed_in().get("/").text


def test_who_only_looks_is_offered_nothing_else(desk: Desk) -> None:
    desk.user("vic", Role.VIEWER)
    desk.user("pat", Role.PREPARER)
    sheet = sheet_of([{**GOOD[0], "Amount": "ten"}])
    path = desk.browser_of("pat").upload("a.csv", sheet).headers["Location"]
    browser = desk.browser_of("vic")
    pages = browser.get("/").text + browser.get(path).text + browser.get(f"{path}/problems").text
    assert "1 of" in pages.replace('<data value="1" data-decimals="0">1</data>', "1")
    for offer in ("Drop a sheet", "Read it like this", "Remove this upload", "Rows to mend"):
        assert offer not in pages


def test_htmx_is_told_to_sign_in_and_not_sent_to_a_page(desk: Desk) -> None:
    answer = desk.browser().get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "Sign in first" in answer.text
