"""The pictures of the page in `docs/`: `python -m tests.browser.screenshots` draws them anew."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.serving import PageServer, chromium
from tests.browser.unattended import lay_unattended
from tests.browser.visitor import Visitor
from tests.process.house import House, SandboxProcess, payouts, write_sheet

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "page"
SIZE = {"width": 1100, "height": 760}
NAMES = ("ann", "ben", "cleo", "dina", "emil", "flora", "gus", "hana", "ivo", "jana", "karim", "lena")
PRODUCTS = ("AMZ-GB", "AIRBNB-GB", "AMZ-GB")
OCTOBER = dict(
    enumerate(
        ("11.00", "12.00", "13.00", "14.00", "15.00", "16.00", "17.00", "18.00", "30.00", "20.00", "21.00", "22.00")
    )
)


def _sheet(folder: Path, name: str, **changes: dict[int, str]) -> Path:
    """Twelve payouts; `Email={1: "ben@example"}` writes that into the second row."""
    rows = payouts(len(NAMES))
    for at, row in enumerate(rows):
        who = NAMES[at]
        row |= {"Name": who.title(), "Email": f"{who}@example.com", "Product": PRODUCTS[at % len(PRODUCTS)]}
        row |= {column: cells[at] for column, cells in changes.items() if at in cells}
    return write_sheet(folder / name, rows)


class _Album:
    """Whoever walks through the page and takes pictures."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    def take(self, name: str, *, at: str = "body") -> None:
        """Take a picture of what is to be seen from there on."""
        self.page.locator(at).first.evaluate("(part) => part.scrollIntoView()")
        self.page.screenshot(path=PICTURES / f"{name}.png")

    def review(self, sheet: Path, batch: str) -> None:
        """Upload a sheet and see what would happen."""
        self.page.get_by_role("link", name="Pay a sheet").click()
        self.visitor.choose(sheet)
        self.page.get_by_role("link", name="See what would happen").click()
        self.page.get_by_label("Name of this batch").fill(batch)

    def confirm(self) -> None:
        """Say yes to the review."""
        self.page.get_by_role("button", name="See what would happen").first.click()
        self.page.get_by_role("button", name="Send").click()

    def ended(self) -> None:
        """Wait for the end of the run."""
        self.page.get_by_role("status").filter(has_text="Ended").wait_for()


def main() -> None:
    """Walk through the page, and take a picture of each step."""
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as name,
        SandboxProcess(rate="none", latency_min_s=0.2, latency_max_s=0.4) as sandbox,
        chromium() as browser,
    ):
        paying, unattended = Path(name) / "paying", Path(name) / "unattended"
        paying.mkdir()
        with _album(House(paying, sandbox, api__account="acme"), browser) as album:
            _walk(album, paying)
        unattended.mkdir()
        house = House(unattended, sandbox, api__account="acme")
        lay_unattended(house)
        with _album(house, browser) as album:
            _come(album)


@contextmanager
def _album(house: House, browser: Browser) -> Iterator[_Album]:
    """The first page of a house, on a table that pictures are taken at."""
    with PageServer(house) as server:
        context = browser.new_context(viewport=SIZE, locale="en-GB", timezone_id="UTC")  # type: ignore[arg-type]
        album = _Album(Visitor(context.new_page()))
        album.page.goto(str(server.link))
        yield album
        context.close()


def _come(album: _Album) -> None:
    album.page.get_by_role("link", name="Coming payments").click()
    album.page.set_viewport_size({"width": SIZE["width"], "height": 1000})
    album.page.locator("details").last.evaluate("(one) => { one.open = true; }")
    album.take("coming")


def _walk(album: _Album, folder: Path) -> None:
    page = album.page
    album.take("upload")
    album.visitor.choose(ROOT / "sample_data" / "incentives-2026-11.csv")
    page.get_by_text("Every row can be paid").wait_for()
    album.take("reading")

    page.get_by_role("link", name="Pay a sheet").click()
    album.visitor.choose(_sheet(folder, "mistakes.csv", Email={1: "ben@example"}, Amount={3: "ten"}))
    page.locator("#problems .filters").first.wait_for()
    album.take("problems", at="#problems h2")

    album.review(_sheet(folder, "october.csv", Email={11: "lost@example.com"}, Amount=OCTOBER), "2026-10-incentives")
    album.confirm()
    album.ended()

    failing = {4: "fail@example.com"}
    links = {2: "PAYOUT_LINK"}
    amounts = {0: "42.00", 5: "61.50", 7: "29.00"}
    album.review(_sheet(folder, "november.csv", Email=failing, Delivery=links, Amount=amounts), "2026-11-incentives")
    album.take("pay")
    page.get_by_role("button", name="See what would happen").first.click()
    page.get_by_role("heading", name="Review of batch").wait_for()
    album.take("review")
    album.take("comparison", at="h2:has-text('Beside the last run')")
    page.get_by_role("button", name="Send").click()
    page.locator("progress[value]:not([value='0'])").wait_for()
    page.get_by_role("link", name="Show them as they are now").click()
    album.take("watching")
    album.ended()
    page.get_by_role("link", name="Try again what failed").wait_for()
    album.take("batch")
    page.get_by_role("link", name="R-003").click()
    album.take("row")
    page.go_back()
    page.get_by_role("link", name="Report to print").click()
    album.take("report")
    page.get_by_role("link", name="Batches").click()
    album.take("history")


if __name__ == "__main__":
    main()
