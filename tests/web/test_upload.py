"""A sheet that is sent is kept for its owner only, under no name of the browser's; what is no sheet is not kept."""

import csv
import io
import json
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batcher.web.sheets.uploads import KEPT, MOST_BYTES, Uploads, clean
from tests.web.house import ORIGIN, Desk, HandClock
from tests.web.sheets import GOOD, sheet_of


def _kept(desk: Desk) -> list[Path]:
    folder = desk.folder / "ledger.sqlite3.page" / "uploads"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_sheet_is_kept_and_its_reading_shown(desk: Desk) -> None:
    browser = desk.signed_in()
    answer = browser.upload("payouts.csv", sheet_of(GOOD))
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).text
    assert "<h1>payouts.csv</h1>" in page
    for words in ("utf-8", "comma", "row 1", "is the amount", "ann@example.com", "Nothing was sent"):
        assert words in page


def test_it_is_for_its_owner_only_and_its_name_is_a_label(desk: Desk) -> None:
    browser = desk.signed_in()
    browser.upload("../../etc/batcher.csv", sheet_of(GOOD))
    content, noted = _kept(desk)
    assert content.name.isalnum()
    assert content.read_bytes() == sheet_of(GOOD)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (content, noted)} == {0o600}
    folders = (content.parent, content.parent.parent)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert json.loads(noted.read_text("utf-8"))["label"] == "batcher.csv"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("C:\\Users\\ann\\pay.csv", "pay.csv"),
        ("/etc/passwd", "passwd"),
        ("..", ".."),
        ("", "sheet"),
        ("\u202egpj.vsc", "gpj.vsc"),
        ("a\r\nb\x00.csv", "ab.csv"),
        ("x" * 500 + ".csv", "x" * 116 + ".csv"),
        ("<script>.csv", "<script>.csv"),
    ],
)
def test_a_label_is_one_plain_line(name: str, label: str) -> None:
    assert clean(name) == label


def test_a_label_is_no_part_of_the_page_code(desk: Desk) -> None:
    browser = desk.signed_in()
    answer = browser.upload("<img src=x onerror=alert(1)>.csv", sheet_of(GOOD))
    assert "<img" not in browser.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "photo.csv is a picture"),
        ("page.xlsx", b"<!DOCTYPE html><html></html>", "is a web page"),
        ("empty.csv", b"", "is empty"),
        ("broken.xlsx", b"PK\x03\x04" + b"x" * 300, "broken.xlsx"),
    ],
)
def test_what_is_no_sheet_is_said_and_not_kept(desk: Desk, name: str, content: bytes, words: str) -> None:
    answer = desk.signed_in().upload(name, content)
    assert answer.status_code == 422
    assert "was not kept" in answer.text
    assert words in answer.text
    assert _kept(desk) == []


def test_no_sheet_at_all(desk: Desk) -> None:
    answer = desk.signed_in().send("/sheets")
    assert answer.status_code == 422
    assert "No sheet was chosen" in answer.text


def _multipart(content: bytes, csrf: str, end: bytes = b"\r\n--x--\r\n") -> bytes:
    return (
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + csrf.encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="sheet"; filename="a.csv"\r\n\r\n' + content + end
    )


@pytest.mark.parametrize("end", [b"", b"\r\n--", b"\r\n"])
def test_an_upload_that_is_cut_off_is_said_and_not_kept(desk: Desk, end: bytes) -> None:
    browser = desk.signed_in()
    body = _multipart(sheet_of(GOOD), browser.csrf(), end)
    headers = {"Origin": ORIGIN, "Content-Type": "multipart/form-data; boundary=x"}
    answer = browser.request("POST", "/sheets", content=body, headers=headers)
    assert answer.status_code == 400
    assert "This did not arrive whole" in answer.text
    assert _kept(desk) == []


def test_an_upload_over_the_limit_is_counted_while_it_is_read(desk: Desk) -> None:
    browser = desk.signed_in()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield _multipart(b"", browser_csrf, b"")
        while True:
            sent += 1_000_000
            yield b"x" * 1_000_000

    browser_csrf = browser.csrf()
    headers = {"Origin": ORIGIN, "Content-Type": "multipart/form-data; boundary=x"}
    answer = browser.request("POST", "/sheets", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert "At most 50 MB can be sent here; nothing was kept" in answer.text
    assert MOST_BYTES <= sent <= MOST_BYTES + 2_000_000
    assert _kept(desk) == []


def test_an_upload_without_the_token_is_not_kept(desk: Desk) -> None:
    browser = desk.signed_in()
    answer = browser.request("POST", "/sheets", files={"sheet": ("a.csv", sheet_of(GOOD))}, headers={"Origin": ORIGIN})
    assert answer.status_code == 403
    assert _kept(desk) == []


def test_removing_it_leaves_nothing(desk: Desk) -> None:
    browser = desk.signed_in()
    path = browser.upload("a.csv", sheet_of(GOOD)).headers["Location"]
    assert browser.send(f"{path}/remove").headers["Location"] == "/"
    assert browser.get(path).status_code == 404
    assert _kept(desk) == []


@pytest.mark.parametrize("name", ["x", "0" * 31, "0" * 32, "..%2f..%2fetc", "0" * 32 + ".json", "%00"])
def test_an_upload_that_is_not_there(desk: Desk, name: str) -> None:
    assert desk.signed_in().get(f"/sheets/{name}").status_code == 404


def test_old_ones_that_no_batch_uses_are_removed(tmp_path: Path) -> None:
    kept = Uploads(tmp_path / "uploads")
    now = HandClock().instant().at
    old, used, new = (
        kept.keep(io.BytesIO(text), "a.csv", "ann", now - age)
        for text, age in ((b"old", KEPT + timedelta(days=1)), (b"used", 2 * KEPT), (b"new", timedelta(days=1)))
    )
    kept.remove_old(now, {used.digest})
    assert [kept.find(one.id) is not None for one in (old, used, new)] == [False, True, True]


def test_what_a_cut_off_upload_has_left_is_removed_once_nobody_writes_it(tmp_path: Path) -> None:
    kept = Uploads(tmp_path / "uploads")
    now = HandClock().instant().at
    left = kept.keep(io.BytesIO(b"half"), "a.csv", "ann", now)
    (tmp_path / "uploads" / f"{left.id}.json").unlink()
    assert kept.find(left.id) is None
    written = left.path.stat().st_mtime
    kept.remove_old(_at(written + 60), ())
    assert left.path.exists()
    kept.remove_old(_at(written + 4000), ())
    assert not left.path.exists()


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


@pytest.mark.parametrize(("form", "begins"), [("csv", b"\xef\xbb\xbfreference"), ("xlsx", b"PK")])
def test_a_template_can_be_had(desk: Desk, form: str, begins: bytes) -> None:
    answer = desk.signed_in().get(f"/template.{form}")
    assert answer.content.startswith(begins)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="payouts-template.{form}"'


def test_the_template_can_be_sent_as_it_is(desk: Desk) -> None:
    browser = desk.signed_in()
    path = browser.upload("t.csv", browser.get("/template.csv").content).headers["Location"]
    assert "Every row can be paid" in browser.get(f"{path}/problems").text
    assert browser.get("/template.exe").status_code == 404


def test_rows_to_mend_can_be_had_and_sent_again(desk: Desk) -> None:
    browser = desk.signed_in()
    bad = [*GOOD, {**GOOD[0], "Reference": "R9", "Email": "nobody", "Amount": "ten"}]
    path = browser.upload("a.csv", sheet_of(bad)).headers["Location"]
    answer = browser.get(f"{path}/rows-to-mend.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rows-to-mend.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Reference"], row["line"]) == ("R9", "4")
    assert browser.get(f"{path}/rows-to-mend.xlsx").content.startswith(b"PK")
    again = browser.upload("rows-to-mend.csv", answer.content).headers["Location"]
    assert "1 of" in browser.get(f"{again}/problems").text.replace('<data value="1" data-decimals="0">1</data>', "1")
