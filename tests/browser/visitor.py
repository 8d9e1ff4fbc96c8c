"""A person in a browser, who looks at what each page says of itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from tests.web.house import PASSWORD

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE_MS = 120_000

_FOCUSED = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim().replace(/\\s+/g, ' ')"


@dataclass
class Visitor:
    """One page, and what its console has said: refused code and styles are told there, and faults."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen from the first moment."""
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        # Told only when a key is pressed, Chromium may open a window of its own before it hears of it.
        self.page.on("filechooser", lambda chooser: None)

    def sign_in(self, name: str) -> None:
        """Sign in, by keyboard alone."""
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("Password").press("Enter")
        self.page.get_by_role("link", name=f"{name}, ").wait_for()

    def choose(self, path: object) -> None:
        """Choose a sheet; it is sent and read at once."""
        self.page.set_input_files("#sheet", str(path))
        self.page.wait_for_url("**/sheets/*")

    def review(self, path: object, batch: str) -> None:
        """Choose a sheet, give the batch its name, and see what would happen."""
        self.choose(path)
        self.page.get_by_role("link", name="See what would happen").click()
        self.page.get_by_label("Name of this batch").fill(batch)
        self.page.get_by_role("button", name="See what would happen").click()
        self.page.get_by_role("heading", name=f"Review of batch {batch}").wait_for()

    def confirm(self) -> None:
        """Say yes to the review."""
        self.page.get_by_role("button", name="Send ").click()
        self.page.wait_for_url("**/batches/*")

    def wait_until(self, words: str) -> None:
        """Wait until the page of the batch says so, by itself."""
        self.page.get_by_role("status").filter(has_text=words).wait_for()

    def press_until(self, key: str, on: str) -> None:
        """Press a key until what it leads to reads like this; it has to be seen that it has come there."""
        for _ in range(80):
            self.page.keyboard.press(key)
            if self.page.evaluate(_FOCUSED) == on:
                assert self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"{key} never leads to {on!r}")

    def barriers(self) -> list[str]:
        """What of WCAG 2.2 AA the page does not keep."""
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": WCAG}})
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]

    def reaches_beyond_the_screen(self) -> bool:
        """Whether the page as a whole has to be moved sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextmanager
def visiting(browser: Browser, cookies: Sequence[dict[str, object]], url: str, **options: Any) -> Iterator[Visitor]:
    """Somebody at `url`, signed in by these cookies. Whatever happened, nothing was complained of or from elsewhere."""
    # Colours that are still fading in are judged by nobody: without motion each page is at once what it comes to.
    usual = {"locale": "en-GB", "timezone_id": "UTC", "reduced_motion": "reduce"}
    context = browser.new_context(**usual | options)
    context.add_cookies([*cookies])  # type: ignore[list-item]
    context.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(context.new_page())
    visitor.page.goto(url)
    try:
        yield visitor
        assert visitor.complaints == []
        origin = "/".join(url.split("/")[:3])
        assert [one for one in visitor.requests if not one.startswith((f"{origin}/", "data:"))] == []
    finally:
        context.close()
