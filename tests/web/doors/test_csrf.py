"""Each form carries the token of its own session."""

import pytest

from tests.web.house import ORIGIN, Desk


@pytest.mark.parametrize("data", [{}, {"csrf": ""}, {"csrf": "guessed"}, {"csrf": "ü"}])
def test_a_form_without_the_token_is_refused(desk: Desk, data: dict[str, str]) -> None:
    browser = desk.signed_in()
    answer = browser.request("POST", "/leave", data=data, headers={"Origin": ORIGIN})
    assert answer.status_code == 403
    assert "out of date" in answer.text
    assert browser.get("/").status_code == 200


def test_the_token_of_another_session_does_not_do(desk: Desk) -> None:
    browser, other = desk.signed_in(), desk.signed_in()
    assert browser.request("POST", "/leave", data={"csrf": other.csrf()}, headers={"Origin": ORIGIN}).status_code == 403


def test_htmx_may_send_it_in_a_header(desk: Desk) -> None:
    browser = desk.signed_in()
    headers = {"Origin": ORIGIN, "X-CSRF-Token": browser.csrf(), "HX-Request": "true"}
    answer = browser.request("POST", "/leave", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/enter")
    assert browser.get("/").status_code == 303
