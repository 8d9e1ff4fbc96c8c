"""Every route is in the one table, and the table is asked at each request."""

import pytest

from batcher.web.pages import MENU, ROUTES
from batcher.web.people import Person, Role
from batcher.web.rights import ANYONE, NEEDS, may_pass
from batcher.web.routes import PageRoute
from tests.web.house import ORIGIN, Desk


def _path(route: PageRoute) -> str:
    return "/".join("x" * 32 if part.startswith("{") else part for part in route.path.split("/"))


def test_every_route_is_in_the_table_and_nothing_else_is() -> None:
    assert sorted(route.name for route in ROUTES) == sorted(NEEDS)


def test_only_the_way_in_is_open_to_anyone() -> None:
    assert {name for name, needed in NEEDS.items() if needed == ANYONE} == {"enter", "new_link"}


def test_a_link_in_the_menu_is_a_page() -> None:
    assert {name for name, _ in MENU} <= {route.name for route in ROUTES if route.method == "GET"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nobody_passes_without_a_session(desk: Desk, route: PageRoute) -> None:
    answer = desk.browser().request(route.method, _path(route), headers={"Origin": ORIGIN})
    if NEEDS[route.name] == ANYONE:
        assert answer.status_code == 200
    elif route.method == "GET":
        assert (answer.status_code, answer.headers["Location"]) == (303, "/enter")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_who_lacks_the_role_is_refused(desk: Desk, route: PageRoute, role: Role | None) -> None:
    person = Person("zoe", frozenset({role} if role else ()))
    browser = desk.browser()
    browser.cookies.set("batcher_8080", desk.house.sessions.open(person))
    answer = browser.request(route.method, _path(route), headers={"Origin": ORIGIN})
    refused = answer.status_code == 403 and "You may not do this" in answer.text
    assert refused == (not may_pass(person, route.name))


def test_htmx_is_told_to_sign_in_and_not_sent_to_a_page(desk: Desk) -> None:
    answer = desk.browser().get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "Sign in first" in answer.text
