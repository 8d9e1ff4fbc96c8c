"""From the upload to the rows to mend, as somebody does it; and what every page keeps to on the way."""

import csv
from pathlib import Path

import pytest

from tests.browser.conftest import Visit
from tests.web.sheets import GOOD, sheet_of

pytestmark = pytest.mark.browser

MISTAKES = Path(__file__).parents[2] / "sample_data" / "with-every-mistake.csv"
LOOKS = [
    {},
    {"color_scheme": "dark"},
    {"viewport": {"width": 320, "height": 700}},
    {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
    {"forced_colors": "active"},
]


def test_a_sheet_is_read_mended_and_its_rows_to_mend_are_downloaded(visit: Visit, tmp_path: Path) -> None:
    rows = [{("Worth" if name == "Amount" else name): cell for name, cell in row.items()} for row in GOOD]
    rows.append({**rows[0], "Reference": "R3", "Email": "nobody"})
    sheet = tmp_path / "odd.csv"
    sheet.write_bytes(sheet_of(rows))
    with visit() as visitor:
        page = visitor.page
        visitor.choose(sheet)
        assert page.get_by_role("heading", level=1).inner_text() == "odd.csv"
        page.get_by_text("The rows could not be checked").wait_for()
        page.get_by_label("Amount", exact=True).select_option(label="Worth")
        page.get_by_role("button", name="Read it like this").click()
        page.get_by_role("heading", name="1 of 3 rows cannot be paid").wait_for()
        wrong = page.locator("td.wrong")
        assert wrong.count() == 1
        assert wrong.inner_text().startswith("nobody")
        with page.expect_download() as download:
            page.get_by_role("link", name="as a CSV").click()
        with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
            (row,) = csv.DictReader(file)
        assert (download.value.suggested_filename, row["Reference"]) == ("rows-to-mend.csv", "R3")


def test_a_matched_column_is_remembered_and_said(visit: Visit, tmp_path: Path) -> None:
    rows = [{("Sum due" if name == "Amount" else name): cell for name, cell in row.items()} for row in GOOD]
    for name in ("first.csv", "second.csv"):
        (tmp_path / name).write_bytes(sheet_of(rows))
    with visit() as visitor:
        page = visitor.page
        visitor.choose(tmp_path / "first.csv")
        page.get_by_label("Amount", exact=True).select_option(label="Sum due")
        page.get_by_role("button", name="Read it like this").click()
        page.get_by_text("Every row can be paid").wait_for()
        page.get_by_role("link", name="Pay a sheet").click()
        visitor.choose(tmp_path / "second.csv")
        page.get_by_text("matched on").wait_for()
        page.get_by_text("Every row can be paid").wait_for()


def test_problems_are_filtered_and_turned_without_leaving_the_page(visit: Visit, tmp_path: Path) -> None:
    rows = [{**GOOD[0], "Reference": f"R{number}", "Email": "x", "Amount": "ten"} for number in range(120)]
    rows[7]["Currency"] = "XYZ"
    sheet = tmp_path / "many.csv"
    sheet.write_bytes(sheet_of(rows))
    with visit() as visitor:
        page = visitor.page
        visitor.choose(sheet)
        there = page.url
        page.get_by_role("link", name="Next page").click()
        page.get_by_text("Rows with problems, page 2 of 3").wait_for()
        page.get_by_role("link", name="Currency unknown: 1 row").click()
        page.get_by_text("Rows with problems, page 1 of 1").wait_for()
        assert page.locator("tbody th").last.inner_text() == "9"
        assert page.url == there


def test_a_sheet_is_dropped(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        dropped = page.evaluate_handle(
            """(text) => { const dropped = new DataTransfer();
            dropped.items.add(new File([text], "dropped.csv", {type: "text/csv"})); return dropped; }""",
            sheet_of(GOOD).decode(),
        )
        page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})
        page.wait_for_url("**/sheets/*")
        page.get_by_text("Every row can be paid").wait_for()


def test_what_is_no_sheet_is_said_on_the_page(visit: Visit, tmp_path: Path) -> None:
    picture = tmp_path / "photo.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with visit() as visitor:
        visitor.page.set_input_files("#sheet", picture)
        visitor.page.get_by_role("alert").get_by_text("photo.csv was not kept").wait_for()
        # A refusal is told in the browser's console too.
        visitor.complaints.clear()


def test_a_sheet_over_the_limit_is_said_before_it_is_sent(visit: Visit, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(50_000_001)
    with visit() as visitor:
        visitor.page.set_input_files("#sheet", large)
        visitor.page.get_by_text("larger than 50 MB").wait_for()
        assert not any(url.endswith("/sheets") for url in visitor.requests)


def test_the_keyboard_alone_does_it(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(sheet_of(GOOD))
    with visit() as visitor:
        page, keys = visitor.page, visitor.page.keyboard
        keys.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") == 0
        keys.press("Enter")
        keys.press("Tab")
        assert page.evaluate("document.activeElement.id") == "sheet"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        with page.expect_file_chooser() as chooser:
            keys.press("Space")
        chooser.value.set_files(tmp_path / "a.csv")
        page.wait_for_url("**/sheets/*")
        page.get_by_label("Amount", exact=True).focus()
        for _ in range(40):
            keys.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Read it like this":
                break
        keys.press("Enter")
        page.get_by_text("Every row can be paid").wait_for()


def test_without_javascript_it_works_too(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(sheet_of([*GOOD, {**GOOD[0], "Reference": "R3", "Amount": "ten"}]))
    with visit(java_script_enabled=False) as visitor:
        page = visitor.page
        page.set_input_files("#sheet", tmp_path / "a.csv")
        page.get_by_role("button", name="Upload").click()
        page.get_by_role("link", name="Every row is being checked").click()
        page.locator("td.wrong").first.wait_for()
        assert page.locator("td.wrong").count() == 1


def test_numbers_and_times_are_the_browsers(visit: Visit, tmp_path: Path) -> None:
    rows = [{**row, "Amount": "1234.50"} for row in GOOD]
    (tmp_path / "a.csv").write_bytes(sheet_of(rows))
    with visit(locale="de-DE", timezone_id="Asia/Kolkata") as visitor:
        visitor.choose(tmp_path / "a.csv")
        page = visitor.page
        page.get_by_text("2.469,00").wait_for()
        said = page.locator("time").first
        shown, utc = said.inner_text(), str(said.get_attribute("title"))
        minutes = (int(shown[-5:-3]) - int(utc[11:13])) * 60 + int(shown[-2:]) - int(utc[14:16])
        assert minutes % (24 * 60) == 5 * 60 + 30


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_page_keeps_wcag_and_fits_the_screen(visit: Visit, look: dict[str, object]) -> None:
    with visit(**look) as visitor:
        page = visitor.page
        found = {"start": visitor.barriers()}
        assert not visitor.reaches_beyond_the_screen()
        visitor.choose(MISTAKES)
        page.locator(".filters").first.wait_for()
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found["sheet"] = visitor.barriers()
        assert not visitor.reaches_beyond_the_screen()
        page.goto(f"{page.url}/problems")
        found["problems"] = visitor.barriers()
        page.goto(f"{page.url}/nothing")
        found["refused"] = visitor.barriers()
        assert not visitor.reaches_beyond_the_screen()
        assert [*found.values()] == [[]] * 4, found
        visitor.complaints.clear()
