"""Only our own names are answered: a page elsewhere may have pointed its name at this machine."""

import pytest

from tests.web.house import Desk


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080"])
def test_our_own_names_are_answered(desk: Desk, host: str) -> None:
    assert desk.browser().get("/enter", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8080.evil.example",
        "localhost:8080@evil.example",
        "127.0.0.1:8080, evil.example",
        "",
    ],
)
def test_any_other_is_refused(desk: Desk, host: str) -> None:
    answer = desk.browser().get("/enter", headers={"Host": host})
    assert answer.status_code == 421
    assert "batcher serve" in answer.text


def test_two_names_are_refused(desk: Desk) -> None:
    answer = desk.browser().get("/enter", headers=[("Host", "127.0.0.1:8080"), ("Host", "127.0.0.1:8080")])
    assert answer.status_code == 421


def test_what_another_name_asks_for_is_not_done(desk: Desk) -> None:
    token = desk.house.links.new()
    assert desk.browser().get(f"/enter?token={token}", headers={"Host": "evil.example"}).status_code == 421
    assert desk.house.links.use(token)
