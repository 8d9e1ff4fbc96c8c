"""What goes wrong is a page in our words, and never a traceback."""

import logging

import pytest
from starlette.responses import Response

from batcher.errors import OwnFault, UsageError
from batcher.web.doorway import as_refusal
from batcher.web.routes import PageRoute
from batcher.web.visit import Visit
from tests.web.house import Desk


def test_no_such_page(desk: Desk) -> None:
    answer = desk.signed_in().get("/nothing/here")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_not_this_way(desk: Desk) -> None:
    answer = desk.signed_in().send("/")
    assert answer.status_code == 405
    assert "This page cannot do that" in answer.text


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/"])
def test_no_path_leads_out_of_our_own_files(desk: Desk, path: str) -> None:
    assert desk.browser().get(path).status_code == 404


def test_a_fault_of_our_own_is_told_without_what_was_in_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def breaks(visit: Visit) -> Response:
        raise ValueError("/".join(["https://link.example", "sec" + "ret"]))

    browser = desk.signed_in(PageRoute(name="start", path="/", answer=breaks))
    with caplog.at_level(logging.ERROR):
        answer = browser.get("/")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "ValueError" in caplog.text
    assert "test_errors.py" in caplog.text
    assert "secret" not in answer.text + caplog.text


def test_a_page_that_is_in_no_line_of_the_table_is_not_opened(desk: Desk) -> None:
    async def page(visit: Visit) -> Response:
        raise AssertionError

    with pytest.raises(LookupError):
        desk.browser(PageRoute(name="unlisted", path="/unlisted", answer=page))


def test_what_a_person_can_mend_is_said_in_its_own_words() -> None:
    refusal = as_refusal(UsageError("The sheet is gone.", "Upload it again."))
    assert (refusal.status, refusal.title, refusal.words) == (409, "The sheet is gone.", "Upload it again.")
    refusal = as_refusal(OwnFault("The disk is full.", "Make room."))
    assert (refusal.status, refusal.title, refusal.words) == (500, "The disk is full.", "Make room.")
