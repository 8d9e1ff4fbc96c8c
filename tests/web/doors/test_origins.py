"""Only our own pages can make a browser send."""

import pytest

from tests.web.house import ORIGIN, Desk

OURS = [
    {"Origin": ORIGIN},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost:8080"},
]
OTHERS = [
    {},
    {"Origin": "null"},
    {"Origin": "http://evil.example"},
    {"Origin": "https://127.0.0.1:8080"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": f"{ORIGIN}.evil.example"},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Referer": f"{ORIGIN}/"},
]


@pytest.mark.parametrize("headers", OURS)
def test_our_own_pages_may_send(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.browser().request("POST", "/enter", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", OTHERS)
def test_nobody_else_may_not_even_with_the_token(desk: Desk, headers: dict[str, str]) -> None:
    browser = desk.signed_in()
    answer = browser.request("POST", "/leave", data={"csrf": browser.csrf()}, headers=headers)
    assert answer.status_code == 403
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
def test_every_method_that_is_not_safe_is_asked(desk: Desk, method: str) -> None:
    assert desk.browser().request(method, "/enter", headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_link_to_us_may_be_followed_and_our_pages_not_be_built_in(desk: Desk) -> None:
    follows = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert desk.browser().get("/enter", headers=follows).status_code == 200
    assert desk.browser().get("/enter", headers=follows | {"Sec-Fetch-Dest": "iframe"}).status_code == 403
    loads = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
    assert desk.browser().get("/static/page.js", headers=loads).status_code == 403
