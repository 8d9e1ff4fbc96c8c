"""People who sign in by name and password, and see what their role lets them do."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.sheets import GOOD, sheet_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: "Browser") -> Iterator[str]:
    """A page whose ledger has a preparer and a viewer."""
    from tests.browser.serving import served, settle

    folder = tmp_path_factory.mktemp("people")
    settle(folder, {"pat": "preparer", "vic": "viewer"})
    with served(folder) as opened:
        yield opened


def test_a_preparer_uploads_and_a_viewer_only_looks(browser: "Browser", address: str, tmp_path: Path) -> None:
    from tests.browser.visitor import visiting

    (tmp_path / "a.csv").write_bytes(sheet_of([*GOOD, {**GOOD[0], "Reference": "R3", "Amount": "ten"}]))
    with visiting(browser, (), f"{address}/") as pat, visiting(browser, (), f"{address}/") as vic:
        assert pat.barriers() == []
        pat.sign_in("pat")
        pat.choose(tmp_path / "a.csv")
        vic.sign_in("vic")
        assert vic.page.locator("input[type=file]").count() == 0
        vic.page.goto(pat.page.url)
        vic.page.get_by_role("heading", name="1 of 3 rows cannot be paid").wait_for()
        assert vic.page.get_by_role("button", name="Read it like this").count() == 0
        assert vic.barriers() == []
        csrf = vic.page.locator('input[name="csrf"]').first.input_value()
        tried = vic.page.evaluate(
            """async ([url, csrf]) => (await fetch(url, {method: "POST", body: new URLSearchParams({csrf})})).status""",
            [f"{pat.page.url}/remove", csrf],
        )
        assert tried == 403
        assert pat.page.reload()
        assert pat.page.get_by_role("heading", level=1).inner_text() == "a.csv"
        vic.complaints.clear()


def test_a_wrong_password_is_said_and_the_name_is_kept(browser: "Browser", address: str) -> None:
    from tests.browser.visitor import visiting

    with visiting(browser, (), f"{address}/") as visitor:
        page = visitor.page
        page.get_by_label("Name").fill("pat")
        page.get_by_label("Password").fill("not this one at all")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("Name or password is wrong").wait_for()
        assert (page.get_by_label("Name").input_value(), page.get_by_label("Password").input_value()) == ("pat", "")
        visitor.complaints.clear()
