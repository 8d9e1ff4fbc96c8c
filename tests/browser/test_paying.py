"""From the upload to the results, as somebody does it: watching, pausing, stopping, trying again, by keyboard alone."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.browser.conftest import LATENCY, Visit
from tests.process.house import SandboxProcess, payouts, write_sheet

pytestmark = pytest.mark.browser


def sheet(folder: Path, start: int, count: int = 3, **cells: str) -> Path:
    """A sheet of so many payouts from that number on; `cells` are those of the first."""
    rows = payouts(count, start=start)
    rows[0] |= cells
    return write_sheet(folder / "payouts.csv", rows)


def paid(sandbox: SandboxProcess, start: int, count: int) -> list[int]:
    """How often each of these rows was paid."""
    orders = Counter(sandbox.paid())
    return [orders[f"R-{number:03}"] for number in range(start, start + count)]


def test_from_the_upload_to_the_results(come: Visit, quick: SandboxProcess, tmp_path: Path) -> None:
    with come() as visitor:
        page = visitor.page
        visitor.review(sheet(tmp_path, 1), "whole")
        assert page.locator("tfoot .amount").inner_text() == "GBP 37.50"
        assert paid(quick, 1, 3) == [0, 0, 0]
        visitor.confirm()
        visitor.wait_until("Ended: every row is paid")
        # Rows and results come by themselves, too.
        page.get_by_role("heading", name="Results").wait_for()
        assert page.get_by_role("link", name=re.compile("R-00")).count() == 3
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
        assert download.value.suggested_filename == "whole.csv"
        assert [line["status"] for line in lines] == ["COMPLETED"] * 3
        assert all(line["redemption_url"].startswith("https://") for line in lines)
        assert paid(quick, 1, 3) == [1, 1, 1]


def test_links_are_masked_until_somebody_asks(come: Visit, quick: SandboxProcess, tmp_path: Path) -> None:
    with come() as visitor:
        page = visitor.page
        visitor.review(sheet(tmp_path, 10, 1, Delivery="PAYOUT_LINK"), "masked")
        visitor.confirm()
        visitor.wait_until("Ended")
        page.get_by_role("link", name="R-010").click()
        page.get_by_role("heading", name="Its story").wait_for()
        link = next(one["redemption_url"] for one in quick.dump()["orders"] if one["metadata"]["reference"] == "R-010")
        assert link not in page.content()
        page.get_by_role("button", name="Show the link").click()
        page.get_by_role("link", name=link).wait_for()
        assert link not in page.url + page.title()
        assert visitor.barriers() == []


def test_it_is_paused_goes_on_and_stops(come: Visit, quick: SandboxProcess, tmp_path: Path) -> None:
    with come() as visitor:
        page = visitor.page
        visitor.review(sheet(tmp_path, 100, 150), "paused")
        # However slow the browser is, somebody presses a button long before the last order is sent.
        quick.switch(latency_min_s=1, latency_max_s=1)
        visitor.confirm()
        page.locator("progress[value]:not([value='0'])").wait_for()
        page.get_by_role("button", name="Pause").click()
        visitor.wait_until("Paused. Nothing is sent")
        sent = sum(paid(quick, 100, 150))
        assert 0 < sent < 150
        page.reload()
        visitor.wait_until("Paused. Nothing is sent")
        assert sum(paid(quick, 100, 150)) == sent
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Pause").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("heading", name="What is left").wait_for()
        stopped = paid(quick, 100, 150)
        assert (max(stopped), sum(stopped) < 150) == (1, True)
        quick.switch(**LATENCY)
        page.get_by_role("button", name="Go on with the last confirmed plan").click()
        visitor.wait_until("Ended: every row is paid")
        assert paid(quick, 100, 150) == [1] * 150


def test_what_takes_a_while_says_so_and_is_sent_once(come: Visit, tmp_path: Path) -> None:
    with come() as visitor:
        page = visitor.page
        visitor.choose(sheet(tmp_path, 60, 1))
        page.get_by_role("link", name="See what would happen").click()
        page.get_by_label("Name of this batch").fill("slow")
        # As if the answer took for ever.
        page.evaluate("document.addEventListener('submit', (event) => event.preventDefault())")
        page.get_by_role("button", name="See what would happen").click()
        page.get_by_role("status").filter(has_text="Runa is being asked").wait_for()
        assert page.get_by_role("button", name="See what would happen").is_disabled()


def test_what_failed_is_tried_again(come: Visit, quick: SandboxProcess, tmp_path: Path) -> None:
    with come() as visitor:
        page = visitor.page
        visitor.review(sheet(tmp_path, 20, 2, Email="fail@example.com"), "failing")
        visitor.confirm()
        visitor.wait_until("some rows were refused")
        page.get_by_role("link", name="Try again what failed").click()
        page.get_by_text("refused or failed before, to be tried again").wait_for()
        assert visitor.barriers() == []
        page.get_by_role("button", name="again in SANDBOX").click()
        visitor.wait_until("some rows were refused")
        assert paid(quick, 20, 2) == [2, 1]


def test_what_is_looked_for_stands_in_no_address(come: Visit, tmp_path: Path) -> None:
    with come() as visitor:
        page = visitor.page
        visitor.review(sheet(tmp_path, 30, 1), "looked-for")
        visitor.confirm()
        visitor.wait_until("Ended")
        page.get_by_role("link", name="Batches").click()
        page.get_by_label("Find a payout").fill("person30@example.com")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="R-030").wait_for()
        assert visitor.barriers() == []
        page.get_by_role("link", name="R-030").click()
        page.get_by_role("heading", name="R-030").wait_for()
        assert not any("person30" in one for one in visitor.requests)
        assert "R-030" not in page.title()


def test_the_keyboard_alone_pays(come: Visit, quick: SandboxProcess, tmp_path: Path) -> None:
    with come() as visitor:
        page, keys = visitor.page, visitor.page.keyboard
        visitor.press_until("Tab", "Drop a sheet here, or choose one")
        with page.expect_file_chooser() as chooser:
            keys.press("Enter")
        chooser.value.set_files(sheet(tmp_path, 40, 1))
        page.get_by_text("Every row can be paid").wait_for()
        visitor.press_until("Tab", "See what would happen")
        keys.press("Enter")
        page.get_by_label("Name of this batch").wait_for()
        visitor.press_until("Tab", "Name of this batch")
        keys.type("by-keyboard")
        visitor.press_until("Tab", "See what would happen")
        keys.press("Space")
        page.get_by_role("heading", name="Review of batch by-keyboard").wait_for()
        visitor.press_until("Tab", "Send GBP 50.50 in SANDBOX")
        keys.press("Enter")
        visitor.wait_until("Ended: every row is paid")
        page.get_by_role("heading", name="Results").wait_for()
        visitor.press_until("Tab", "CSV")
        visitor.press_until("Tab", "Workbook")
        with page.expect_download() as download:
            keys.press("Space")
        assert download.value.suggested_filename == "by-keyboard.xlsx"
        assert paid(quick, 40, 1) == [1]


def test_without_javascript_it_is_paid_too(come: Visit, quick: SandboxProcess, tmp_path: Path) -> None:
    with come(java_script_enabled=False) as visitor:
        page = visitor.page
        page.set_input_files("#sheet", sheet(tmp_path, 50, 2))
        page.get_by_role("button", name="Upload").click()
        page.get_by_role("link", name="See what would happen").click()
        page.get_by_label("Name of this batch").fill("plain")
        page.get_by_role("button", name="See what would happen").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Send ").click()
        ended = page.get_by_role("status").filter(has_text="Ended")
        for _ in range(300):
            if ended.count():
                break
            with page.expect_navigation():
                page.get_by_role("link", name="Show the figures as they are now").click()
        assert page.locator("tbody tr").count() == 2
        with page.expect_download():
            page.get_by_role("button", name="CSV").click()
        assert paid(quick, 50, 2) == [1, 1]
