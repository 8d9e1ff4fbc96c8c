"""One prepares, another approves, and only then it is sent; all of it by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batcher.sandbox import SandboxThread, Switches
from tests.web.house import PASSWORD
from tests.web.paying import row
from tests.web.sheets import sheet_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
QUICK = Switches(rate="none", complete_min_s=0, complete_max_s=0.02, late_s=0)
SETTINGS = """
[approval]
above = "GBP 50"
[limits]
orders_per_minute = 6000
[polling]
first_s = 0.05
max_s = 0.5
"""
PEOPLE = {"ann": "approver", "ben": "approver"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(QUICK) as answering:
        yield answering


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: "Browser", sandbox: SandboxThread) -> Iterator[str]:
    """A page at that sandbox, with two people who may both prepare and approve, above 50 pounds."""
    from tests.browser.serving import served, settle

    folder = tmp_path_factory.mktemp("two")
    settle(folder, PEOPLE, url=sandbox.url, more=SETTINGS)
    with served(folder) as opened:
        yield opened


def _press(visitor: "Visitor", name: str, role: str = "button") -> None:
    """Go to a button or link by keyboard, and press it; then the next page has come."""
    wanted = visitor.page.get_by_role(role, name=name, exact=False).first  # type: ignore[arg-type]
    wanted.focus()
    with visitor.page.expect_navigation():
        wanted.press("Enter")


def test_prepared_by_one_approved_by_another_and_sent_by_the_first(
    browser: "Browser", address: str, sandbox: SandboxThread, tmp_path: Path
) -> None:
    from tests.browser.visitor import visiting

    (tmp_path / "november.csv").write_bytes(sheet_of([row("R1", "40.00"), row("R2", "20.00")]))
    with visiting(browser, (), f"{address}/") as ann, visiting(browser, (), f"{address}/") as ben:
        ann.sign_in("ann")
        ben.sign_in("ben")
        _press(ben, "Approvals", "link")
        ben.page.get_by_text("No plan waits for approval.").wait_for()
        assert ben.barriers() == []

        ann.choose(tmp_path / "november.csv")
        _press(ann, "See what would happen", "link")
        ann.page.get_by_label("Name of this batch").fill("november")
        _press(ann, "See what would happen")
        _press(ann, "Ask another person")
        plan = ann.page.url
        ann.page.get_by_text("ann prepared this plan; another person approves it.").wait_for()
        assert ann.page.get_by_label("Your password").count() == 0
        assert ann.barriers() == []
        tried = ann.page.evaluate(
            """async ([url, csrf, password]) =>
                (await fetch(url, {method: "POST", body: new URLSearchParams({csrf, password})})).status""",
            [f"{plan}/approve", ann.page.locator('input[name="csrf"]').first.input_value(), PASSWORD],
        )
        assert tried == 409
        ann.complaints.clear()

        ben.page.reload()
        _press(ben, "november", "link")
        assert ben.page.url == plan
        assert ben.page.locator(".total").inner_text() == "GBP 60.00"
        assert ben.barriers() == []
        _press(ben, "See the whole review", "link")
        assert ben.barriers() == []
        _press(ben, "Back to where it is approved", "link")
        ben.page.get_by_label("Your password").fill(PASSWORD)
        with ben.page.expect_navigation():
            ben.page.get_by_label("Your password").press("Enter")
        ben.page.get_by_text("Approved by ben").wait_for()
        assert ben.barriers() == []
        assert sandbox.dump()["orders"] == []

        ann.page.reload()
        _press(ann, "Send GBP 60.00 in")
        ann.wait_until("Ended: every row is paid")
        orders = sandbox.dump()["orders"]
        assert isinstance(orders, list)
        assert len(orders) == 2
        _press(ann, "Approvals", "link")
        ann.page.get_by_text("approved by ben").wait_for()
        assert ann.barriers() == []


def test_people_and_account_are_plain_to_everybody_on_a_phone_too(browser: "Browser", address: str) -> None:
    from tests.browser.visitor import visiting

    phone = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
    with visiting(browser, (), f"{address}/", **phone) as ben, visiting(browser, (), f"{address}/") as there:
        ben.sign_in("ben")
        there.sign_in("ben")
        for name in ("People", "ben, approver"):
            _press(ben, name, "link")
            assert ben.barriers() == []
            assert not ben.reaches_beyond_the_screen()
        _press(ben, "End all others")
        there.page.reload()
        there.page.get_by_role("heading", name="Sign in").wait_for()
        ben.page.get_by_label("Your password now").fill(PASSWORD)
        ben.page.get_by_label("The new one", exact=True).fill("four other words entirely")
        ben.page.get_by_label("The new one again").fill("four other words entirely")
        _press(ben, "Change the password")
        ben.page.get_by_text("Your password is a new one").wait_for()
        assert ben.barriers() == []
