"""How a sheet is read is shown, and a wrong reading is mended on the page, remembered, and never silently used."""

import re

import pytest

from tests.web.house import Browser, Desk
from tests.web.sheets import GOOD, sheet_of

ODD = [{("Worth" if name == "Amount" else name): cell for name, cell in row.items()} for row in GOOD]
"""Nobody would know that this amount is one."""


def _sent(browser: Browser, rows: list[dict[str, str]], name: str = "a.csv", **options: str) -> str:
    return str(browser.upload(name, sheet_of(rows, **options)).headers["Location"])


def _chosen(page: str) -> dict[str, str]:
    """What the form would send of columns, as it stands."""
    found = re.findall(r'<select id="column-(\w+)".*?</select>', page, re.DOTALL)
    chosen = {}
    for ours in found:
        select = page.partition(f'<select id="column-{ours}"')[2].partition("</select>")[0]
        selected = re.search(r'value="(\d+)" selected', select)
        chosen[f"column-{ours}"] = selected[1] if selected else "none"
    return {"columns": "shown", **chosen}


def test_columns_are_matched_by_their_names(desk: Desk) -> None:
    browser = desk.signed_in()
    chosen = _chosen(browser.get(_sent(browser, GOOD)).text)
    assert (chosen["column-amount"], chosen["column-email"], chosen["column-template"]) == ("2", "6", "none")


def test_a_missing_column_is_chosen_and_then_the_rows_can_be_paid(desk: Desk) -> None:
    browser = desk.signed_in()
    path = _sent(browser, ODD)
    page = browser.get(path).text
    assert "The sheet has no column for the amount" in page
    assert "could not be checked" in browser.get(f"{path}/problems").text
    answer = browser.send(f"{path}/reading", _chosen(page) | {"column-amount": "2"})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert _chosen(browser.get(path).text)["column-amount"] == "2"
    checked = browser.get(f"{path}/problems").text
    assert "Every row can be paid" in checked
    assert '<data value="30.00" data-decimals="2">30.00</data>' in checked


def test_it_is_remembered_for_the_same_header_and_said(desk: Desk) -> None:
    browser = desk.signed_in()
    first = _sent(browser, ODD)
    browser.send(f"{first}/reading", _chosen(browser.get(first).text) | {"column-amount": "2"})
    assert "matched on" not in browser.get(first).text
    second = _sent(browser, ODD[:1], "next-month.csv")
    page = browser.get(second).text
    assert "The columns are those that zoe matched on" in page
    assert "Every row can be paid" in browser.get(f"{second}/problems").text
    other = _sent(browser, [{**row, "Note": ""} for row in ODD])
    assert "matched on" not in browser.get(other).text
    assert "no column for the amount" in browser.get(other).text


def test_it_is_forgotten_when_somebody_says_so(desk: Desk) -> None:
    browser = desk.signed_in()
    first = _sent(browser, ODD)
    browser.send(f"{first}/reading", _chosen(browser.get(first).text) | {"column-amount": "2"})
    second = _sent(browser, ODD)
    browser.send(f"{second}/afresh")
    assert "no column for the amount" in browser.get(second).text
    assert "matched on" not in browser.get(_sent(browser, ODD)).text


def test_a_wrong_column_is_said_not_to_be_there(desk: Desk) -> None:
    browser = desk.signed_in()
    rows = [{**row, "Template": "in blue"} for row in GOOD]
    path = _sent(browser, rows)
    assert "cannot be paid" in browser.get(f"{path}/problems").text
    browser.send(f"{path}/reading", _chosen(browser.get(path).text) | {"column-template": "none"})
    assert "Every row can be paid" in browser.get(f"{path}/problems").text


def test_two_columns_that_could_be_one_are_told_apart(desk: Desk) -> None:
    browser = desk.signed_in()
    path = _sent(browser, [{**row, "E-mail": "old@example.com"} for row in GOOD])
    page = browser.get(path).text
    assert "Several columns could be the e-mail address" in page
    by_name = {
        f"column-{ours}": str(place) for place, ours in enumerate(["reference", "", "amount", "currency"]) if ours
    }
    chosen = _chosen(page) | by_name | {"column-product": "4", "column-distribution": "5", "column-email": "6"}
    browser.send(f"{path}/reading", chosen)
    assert "Every row can be paid" in browser.get(f"{path}/problems").text


def test_one_column_is_not_two_things(desk: Desk) -> None:
    browser = desk.signed_in()
    path = _sent(browser, GOOD)
    answer = browser.send(f"{path}/reading", _chosen(browser.get(path).text) | {"column-template": "2"})
    assert answer.status_code == 422
    assert "was chosen as the amount and as the template" in answer.text
    assert "Every row can be paid" in browser.get(f"{path}/problems").text


@pytest.mark.parametrize(
    "said",
    [
        {"column-amount": "99"},
        {"column-amount": "-1"},
        {"column-amount": "²"},
        {"header_line": "x"},
        {"header_line": "0"},
        {"encoding": "rot13"},
        {"decimal": "both"},
        {"delimiter": '"'},
        {"delimiter": "xx"},
    ],
)
def test_what_cannot_be_meant_changes_nothing(desk: Desk, said: dict[str, str]) -> None:
    browser = desk.signed_in()
    path = _sent(browser, GOOD)
    answer = browser.send(f"{path}/reading", _chosen(browser.get(path).text) | said)
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text
    assert "Every row can be paid" in browser.get(f"{path}/problems").text


def test_amounts_with_two_meanings_are_settled(desk: Desk) -> None:
    browser = desk.signed_in()
    rows = [{**row, "Amount": amount} for row, amount in zip(GOOD, ("1.234", "2.345"), strict=True)]
    path = _sent(browser, rows)
    assert "cannot be paid" in browser.get(f"{path}/problems").text
    browser.send(f"{path}/reading", _chosen(browser.get(path).text) | {"decimal": "comma"})
    page = browser.get(f"{path}/problems").text
    assert '<data value="3579.00" data-decimals="2">3,579.00</data>' in page
    assert '<option value="comma" selected>' in browser.get(path).text


def test_an_encoding_is_said(desk: Desk) -> None:
    browser = desk.signed_in()
    path = _sent(browser, [{**row, "Name": "Zoë Žižek"} for row in GOOD], encoding="cp1250")
    browser.send(f"{path}/reading", {"encoding": "cp1252", "delimiter": "comma", "header_line": "1"})
    page = browser.get(path).text
    assert "<dd>cp1252</dd>" in page
    assert "<option selected>cp1252</option>" in page


def test_a_file_that_has_two_meanings_can_be_told_which(desk: Desk) -> None:
    browser = desk.signed_in()
    path = str(browser.upload("two.csv", b"a,b;c\n1,2;3\n").headers["Location"])
    assert "cannot be read with one meaning" in browser.get(path).text
    browser.send(f"{path}/reading", {"delimiter": "semicolon"})
    assert "<dd>semicolon</dd>" in browser.get(path).text


def test_links_in_a_sheet_are_not_shown(desk: Desk) -> None:
    browser = desk.signed_in()
    path = _sent(browser, [{**row, "Name": "https://pay.example/secret", "Amount": "x"} for row in GOOD])
    assert "secret" not in browser.get(path).text + browser.get(f"{path}/problems").text
