"""What every page of a payment keeps to, in whatever look: WCAG, the width of the screen, titles, times and numbers."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Visit, cookies_of
from tests.browser.test_sheets import LOOKS
from tests.process.house import payouts, write_sheet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.visitor import Visitor
    from tests.process.house import SandboxProcess

pytestmark = pytest.mark.browser

_ROWS = payouts(6, start=900)
_ALIGNED = """() => [...document.querySelectorAll("td:has(> .amount, > data), td.number")].filter((cell) => {
    const style = getComputedStyle(cell);
    return style.textAlign !== "right" || style.fontVariantNumeric !== "tabular-nums";
}).map((cell) => cell.outerHTML)"""


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory, come: Visit) -> tuple[Path, Path]:
    """The sheet of a batch that was sent, and one of its kind with other amounts and people."""
    folder = tmp_path_factory.mktemp("looks")
    first = [row | {"Delivery": "PAYOUT_LINK"} for row in _ROWS]
    first[0]["Email"] = "fail@example.com"
    second = [row | {"Amount": "77.00"} for row in _ROWS]
    second[1]["Email"] = "somebody-with-a-long-name-that-fits-no-phone@a-long-domain.example.com"
    with come() as visitor:
        visitor.review(write_sheet(folder / "looks-01.csv", first), "looks-01")
        visitor.confirm()
        visitor.wait_until("Ended")
    return folder / "looks-01.csv", write_sheet(folder / "looks-02.csv", second)


def _faults(visitor: "Visitor") -> list[str]:
    page, found = visitor.page, visitor.barriers()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found += visitor.barriers()
    found += page.evaluate(_ALIGNED)
    if visitor.reaches_beyond_the_screen():
        found.append("reaches beyond the screen")
    title = page.title()
    if not re.fullmatch(r"[^@/]+ · SANDBOX · batcher", title):
        found.append(f"title {title}")
    if page.locator("html").get_attribute("lang") != "en":
        found.append("no language")
    if re.search(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", page.locator("main").inner_text()):
        found.append("a time that is not as the browser writes it")
    return found


@pytest.fixture(scope="module")
def unattended(
    tmp_path_factory: pytest.TempPathFactory, quick: "SandboxProcess", browser: "Browser"
) -> Iterator[Visit]:
    """Opens the first page of a server that pays by itself what comes, and has paid it."""
    from tests.browser.serving import PageServer
    from tests.browser.unattended import lay_unattended
    from tests.browser.visitor import visiting
    from tests.process.house import House

    folder = tmp_path_factory.mktemp("unattended")
    house = House(folder, quick, api__account="acme")
    lay_unattended(house)
    with PageServer(house) as server:
        yield partial(visiting, browser, cookies_of(browser, str(server.link)), f"{server.url}/")


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_what_comes_by_itself_keeps_to_it(unattended: Visit, look: dict[str, object]) -> None:
    with unattended(**look) as visitor:
        visitor.page.get_by_role("link", name="Coming payments").click()
        visitor.page.get_by_text("The last files that are at their end").wait_for()
        visitor.page.get_by_text("cannot be reached").wait_for()
        visitor.page.get_by_role("link", name="Waits for an approval").wait_for()
        assert _faults(visitor) == []


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_page_of_a_payment_keeps_to_it(come: Visit, sheets: tuple[Path, Path], look: dict[str, object]) -> None:
    found = {}
    with come(**look) as visitor:
        page = visitor.page
        start = page.url
        visitor.choose(sheets[1])
        page.get_by_role("link", name="See what would happen").click()
        page.get_by_label("Name of this batch").fill("Not A Name")
        page.get_by_role("button", name="See what would happen").click()
        page.get_by_role("alert").wait_for()
        found["pay"] = _faults(visitor)
        page.get_by_label("Name of this batch").fill("looks-02")
        page.get_by_role("button", name="See what would happen").click()
        page.get_by_role("heading", name="Review of batch").wait_for()
        assert page.locator("svg.bars").count()
        found["review"] = _faults(visitor)
        confirm = page.locator("form[action$='/confirm']").get_attribute("action") or ""
        for path in (confirm.removesuffix("/confirm"), "/batches/looks-01", "/batches/looks-01/report"):
            page.goto(f"{start.rstrip('/')}{path}")
            found[path] = _faults(visitor)
        page.goto(f"{start}batches/looks-01/retry")
        found["retry"] = _faults(visitor)
        page.goto(f"{start}batches")
        found["history"] = _faults(visitor)
        page.get_by_label("Find a payout").fill("R-90")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="R-901").click()
        page.get_by_role("button", name="Show the link").click()
        page.locator("dd a").wait_for()
        found["row"] = _faults(visitor)
        visitor.complaints.clear()
    assert found == {name: [] for name in found}
