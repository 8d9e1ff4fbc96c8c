"""Problems stand at their cells, page by page; the file to mend has them all."""

import re

from tests.web.house import Desk
from tests.web.sheets import GOOD, sheet_of


def _bad(count: int) -> bytes:
    rows = [
        {**GOOD[0], "Reference": f"R{number}", "Email": f"p{number}@example.com", "Amount": "x" if number % 3 else "5"}
        for number in range(count)
    ]
    rows[2]["Email"] = "nobody"
    return sheet_of(rows)


def _lines(page: str) -> list[int]:
    body = page.partition("<tbody>")[2]
    return [int(line) for line in re.findall(r'<th scope="row" class="number">(\d+)</th>', body)]


def test_each_problem_is_in_its_cell_with_the_way_to_mend_it(desk: Desk) -> None:
    browser = desk.signed_in()
    path = browser.upload("a.csv", _bad(4)).headers["Location"]
    page = browser.get(f"{path}/problems").text
    assert _lines(page) == [3, 4]
    row = page.partition('<th scope="row" class="number">4</th>')[2].partition("</tr>")[0]
    wrong = re.findall(
        r'<td class="wrong[^"]*">(.*?)<span class="why">(.*?)</span><span class="mend">(.*?)</span>', row
    )
    assert [cell for cell, *_ in wrong] == ["x", "nobody"]
    assert all(why and mend for _, why, mend in wrong)


def test_fifty_rows_are_a_page(desk: Desk) -> None:
    browser = desk.signed_in()
    path = browser.upload("a.csv", _bad(300)).headers["Location"]
    first, last = (browser.get(f"{path}/problems?page={page}").text for page in (1, 4))
    assert (len(_lines(first)), len(_lines(last))) == (50, 50)
    assert "Next page" in first
    assert "Previous page" not in first
    assert "Next page" not in last
    for page in ("0", "999", "-1", "x", "²", "9" * 40):
        assert browser.get(f"{path}/problems?page={page}").status_code == 200
    assert _lines(browser.get(f"{path}/problems?page=99").text) == _lines(last)


def test_a_kind_is_looked_at_alone(desk: Desk) -> None:
    browser = desk.signed_in()
    path = browser.upload("a.csv", _bad(300)).headers["Location"]
    page = browser.get(f"{path}/problems?kind=email_invalid").text
    assert _lines(page) == [4]
    assert "Email invalid: 1 row" in page
    assert len(_lines(browser.get(f"{path}/problems?kind=nothing-like-it").text)) == 50


def test_htmx_gets_the_part_alone(desk: Desk) -> None:
    browser = desk.signed_in()
    path = browser.upload("a.csv", _bad(4)).headers["Location"]
    part = browser.get(f"{path}/problems", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "cannot be paid" in part
    gone = browser.get(f"/sheets/{'0' * 32}/problems", headers={"HX-Request": "true"})
    assert gone.status_code == 404
    assert "<html" not in gone.text


def test_a_warning_is_said_once_on_the_page_of_a_sheet(desk: Desk) -> None:
    browser = desk.signed_in()
    path = browser.upload("a.csv", sheet_of([{**GOOD[0], "Email": "ann@gmial.com"}])).headers["Location"]
    part = browser.get(f"{path}/problems", headers={"HX-Request": "true"}).text
    assert (browser.get(path).text + part).count("gmial.com looks like a slip") == 1
    assert browser.get(f"{path}/problems").text.count("gmial.com looks like a slip") == 1


def test_a_wide_sheet_shows_the_columns_with_problems(desk: Desk) -> None:
    browser = desk.signed_in()
    rows = [{**{f"Extra {place}": "x" for place in range(60)}, **row, "Amount": "ten"} for row in GOOD]
    path = browser.upload("wide.csv", sheet_of(rows)).headers["Location"]
    page = browser.get(f"{path}/problems").text
    assert '<th scope="col" class="number">Amount</th>' in page
    assert "columns without problems are not shown" in page
    assert page.count('<th scope="col"') == 31
