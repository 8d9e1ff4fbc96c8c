"""The pictures of the page in `docs/`: `python -m tests.browser.screenshots` draws them anew."""

import tempfile
from pathlib import Path

from tests.browser.serving import chromium, served
from tests.browser.visitor import Visitor
from tests.web.sheets import GOOD, sheet_of

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "page"
SIZE = {"width": 1100, "height": 760}


def _with_mistakes() -> list[dict[str, str]]:
    names = ("ann", "ben", "cleo", "dina", "emil")
    rows = [
        {**GOOD[0], "Reference": f"R{at}", "Name": name, "Email": f"{name}@example.com"}
        for at, name in enumerate(names)
    ]
    rows[1]["Email"] = "ben@example"
    rows[3]["Amount"] = "ten"
    return rows


def main() -> None:
    """Walk through the page, and take a picture of each step."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as link, chromium() as browser:
        context = browser.new_context(viewport=SIZE, locale="en-GB", timezone_id="UTC")  # type: ignore[arg-type]
        visitor = Visitor(context.new_page())
        page = visitor.page
        page.goto(link)
        page.screenshot(path=PICTURES / "upload.png")
        visitor.choose(ROOT / "sample_data" / "incentives-2026-11.csv")
        page.get_by_text("Every row can be paid").wait_for()
        page.screenshot(path=PICTURES / "reading.png")
        page.goto(link.partition("enter")[0])
        sheet = Path(folder) / "december.csv"
        sheet.write_bytes(sheet_of(_with_mistakes()))
        visitor.choose(sheet)
        page.locator("#problems .filters").first.wait_for()
        page.locator("#problems h2").evaluate("(heading) => heading.scrollIntoView()")
        page.screenshot(path=PICTURES / "problems.png")
        context.close()


if __name__ == "__main__":
    main()
