"""People who sign in by name and password, and see what their role lets them do."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.process.house import House, payouts, write_sheet
from tests.web.house import PASSWORD
from tests.web.sheets import GOOD, sheet_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.visitor import Visitor
    from tests.process.house import SandboxProcess

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
        assert _sent_by_hand(vic, f"{pat.page.url}/remove") == 403
        assert pat.page.reload()
        assert pat.page.get_by_role("heading", level=1).inner_text() == "a.csv"
        vic.complaints.clear()


def test_a_viewer_sees_a_batch_without_its_buttons_and_links(
    browser: "Browser", quick: "SandboxProcess", tmp_path: Path
) -> None:
    from tests.browser.serving import PageServer
    from tests.browser.visitor import visiting

    house = House(tmp_path, quick)
    sheet = write_sheet(tmp_path / "payouts.csv", [one | {"Delivery": "PAYOUT_LINK"} for one in payouts(2)])
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    for name, role in (("pat", "preparer"), ("vic", "viewer")):
        assert house.batcher("user", "add", name, "--role", role, "--password-file", str(secret)).returncode == 0
    with (
        PageServer(house) as server,
        visiting(browser, (), f"{server.url}/") as pat,
        visiting(browser, (), f"{server.url}/") as vic,
    ):
        pat.sign_in("pat")
        vic.sign_in("vic")
        pat.review(sheet, "seen-only")
        pat.confirm()
        pat.wait_until("Ended")
        vic.page.goto(pat.page.url)
        assert vic.page.locator("main button").count() == 0
        with vic.page.expect_download() as download:
            vic.page.get_by_role("link", name="CSV").click()
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert ("COMPLETED" in text, "://" in text) == (True, False)
        vic.page.get_by_role("link", name="R-001").click()
        vic.page.get_by_role("heading", name="Its story").wait_for()
        assert vic.page.locator("main button").count() == 0
        assert vic.barriers() == []
        row = vic.page.url
        refused = {
            path: _sent_by_hand(vic, path) for path in (f"{row}/link", f"{row}/decide", *_of_batch(pat.page.url))
        }
        assert set(refused.values()) == {403}, refused
        links = [order["redemption_url"] for order in quick.dump()["orders"]]
        assert not any(link and link in vic.page.content() for link in links)
        vic.complaints.clear()


def _of_batch(url: str) -> list[str]:
    return [f"{url}/{what}" for what in ("wish", "results", "go-on", "reconcile", "retry")]


def _sent_by_hand(visitor: "Visitor", path: str) -> int:
    csrf = visitor.page.locator('input[name="csrf"]').first.input_value()
    status: int = visitor.page.evaluate(
        """async ([url, csrf]) => (await fetch(url, {method: "POST", body: new URLSearchParams({csrf})})).status""",
        [path, csrf],
    )
    return status


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
