"""From a sheet to its results, by what a browser sends: review, confirmation, watching, afterwards, history."""

import csv
import html
import io
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from batcher.assembly import load_sheet
from batcher.assembly.background import Background
from batcher.assembly.review import ASKED
from batcher.sandbox import SandboxThread, Switches
from batcher.states import State
from tests.between import Between
from tests.payouts import Book
from tests.web.paying import Till, row
from tests.web.sheets import sheet_of

QUICK = Switches(rate="none", complete_min_s=0, complete_max_s=0.02, late_s=0)
ROWS = [row("R1", "10.00"), row("R2", "20.00"), row("R3", "30.00")]


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    with SandboxThread(QUICK) as sandbox, Till(tmp_path, sandbox) as at_till:
        yield at_till


def links(till: Till) -> list[str]:
    return [item["redemption_url"] for order in till.orders() for item in order["items"]]


def test_a_review_shows_what_would_be_sent_and_sends_nothing(till: Till) -> None:
    review = till.review(ROWS)
    assert review.status_code == 200
    for words in ("Review of batch march", '<data value="60.00"', "payouts.csv", "balance"):
        assert words in review.text
    assert "3</data> new" in review.text
    assert till.orders() == []


def test_what_another_process_pays_while_the_page_looks_is_not_known_to_its_plan(tmp_path: Path) -> None:
    with (
        SandboxThread(QUICK) as sandbox,
        Between(sandbox.url) as between,
        Till(tmp_path, sandbox, API__BASE_URL=between.url) as till,
    ):
        sheet = tmp_path / "other.csv"
        sheet.write_bytes(sheet_of(ROWS[:1]))

        def paid_meanwhile() -> None:
            with Book(tmp_path, environment=till.office.environment) as book:
                book.now = till.office.now
                book.confirm(load_sheet(sheet, till.office.settings), batch="may", pay_again=frozenset({"R1"}))
                book.bring("R1", State.SENT, batch="may")

        till.pay(ROWS[:1], "april")
        between.once(paid_meanwhile)
        till.confirm(till.review(ROWS, "march", pay_again="R1"))
        till.work()
        assert "1 row cannot be taken as it is" in till.page("/batches/march")
        assert len(till.orders()) == 1


def boxes(page: str) -> dict[str, bool]:
    """The doubtful rows that can be ticked, and which are."""
    found = re.findall(r'<input type="checkbox" name="again" value="([^"]*)"( checked)?>', page)
    return {html.unescape(name): bool(ticked) for name, ticked in found}


def test_doubtful_rows_are_ticked_one_by_one(till: Till) -> None:
    till.pay(ROWS)
    looked = till.review(ROWS, "april")
    assert boxes(looked.text) == {"R1": False, "R2": False, "R3": False}
    assert "Row 2: R1, &#39;R1&#39; in batch march paid the same on " in looked.text
    ticked = till.review(ROWS, "april", again=["R1", "R3"])
    assert boxes(ticked.text) == {"R1": True, "R2": False, "R3": True}
    assert "/confirm" not in ticked.text
    all_of_them = till.review(ROWS, "april", again=["R1", "R2"], pay_again="R3")
    assert boxes(all_of_them.text) == {"R1": True, "R2": True, "R3": True}
    assert re.search(r"<textarea [^>]*></textarea>", all_of_them.text), "said once, so that it can be taken back"
    assert till.confirm(all_of_them).status_code == 303
    till.work()
    assert len(till.orders()) == 6


def test_a_name_that_is_code_is_only_a_name_and_ticks_nothing_else(till: Till) -> None:
    name = """"><script>alert(1)</script>'"""
    rows = [row(name, Email="jo@example.com"), row("R2")]
    till.pay(rows)
    looked = till.review(rows, "april", again=[name, "R9", "", "\x00", name])
    assert boxes(looked.text) == {name: True, "R2": False}
    assert "<script>alert" not in looked.text
    assert "/confirm" not in looked.text


def test_of_many_doubtful_rows_the_first_are_ticked_and_the_others_named(till: Till) -> None:
    rows = [row(f"R{number:03}") for number in range(ASKED + 1)]
    till.pay(rows)
    looked = till.review(rows, "april", again=[f"R{number:03}" for number in range(ASKED)])
    assert len(boxes(looked.text)) == ASKED
    assert "/confirm" not in looked.text
    every = till.review(
        rows, "april", again=[f"R{number:03}" for number in range(ASKED)], pay_again=f"R{ASKED}\nR{ASKED}"
    )
    assert f">R{ASKED}</textarea>" in every.text
    assert "/confirm" in every.text


def test_confirmed_it_is_paid_and_the_batch_says_so(till: Till) -> None:
    till.pay(ROWS)
    page = till.page("/batches/march")
    assert len(till.orders()) == 3
    assert "Ended" in page
    assert not any(link in page for link in links(till))
    assert "•••••" in page


def test_what_takes_long_is_read_beside_the_server(till: Till) -> None:
    """The ledger of a large batch is read for seconds: on the server's own loop, nobody else would be answered."""
    read_on_the_loop: list[str] = []

    def heard(connection: object, cursor: object, statement: str, *_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            read_on_the_loop.append(statement)

    till.pay(ROWS)
    page, row_page = "/batches/march", till.row_page("R1")
    event.listen(Engine, "before_cursor_execute", heard)
    try:
        for path in (
            page,
            row_page,
            f"{page}/live",
            f"{page}/results-without-links.csv",
            f"{page}/report",
            f"{page}/retry",
        ):
            assert till.browser.get(path).status_code == 200
        for path, data in (
            (f"{row_page}/link", {}),
            (f"{row_page}/decide", {"what": "order", "reason": "seen"}),
            (f"{page}/results", {"format": "csv"}),
            (f"{page}/retry", {"digest": "0" * 64}),
            (f"{page}/go-on", {}),
        ):
            till.browser.send(path, data)
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    of_batches = re.compile(r"attempts|journal|plans|asked_runs|batches")
    assert [one for one in read_on_the_loop if of_batches.search(one)] == []


def test_confirmed_twice_it_is_sent_once(till: Till) -> None:
    review = till.review(ROWS)
    for _ in range(2):
        assert till.confirm(review).status_code == 303
    till.work()
    assert till.confirm(review).status_code == 303
    till.work()
    assert len(till.orders()) == 3


def test_a_name_that_is_none_is_said_and_kept_in_the_form(till: Till) -> None:
    answer = till.review(ROWS, batch="Not A Name")
    assert answer.status_code == 422
    assert "is no name for a batch" in answer.text
    assert 'value="Not A Name"' in answer.text


def test_what_cannot_be_sent_is_said_and_has_no_button(till: Till) -> None:
    till.pay(ROWS)
    review = till.review([row("R1", "99.00"), *ROWS[1:]])
    assert "It cannot be sent as it is." in review.text
    assert "/plans/" not in review.text


def test_a_large_total_is_typed_in_before_it_goes(tmp_path: Path) -> None:
    given = {"CONFIRM__TYPE_TOTAL_ABOVE": "GBP 50"}
    with SandboxThread(QUICK) as sandbox, Till(tmp_path, sandbox, **given) as till:
        review = till.review(ROWS)
        assert "Type the total in GBP" in review.text
        wrong = till.confirm(review, **{"typed-GBP": "6.00"})
        assert (wrong.status_code, "That is not the total in GBP" in wrong.text) == (409, True)
        till.work()
        assert till.orders() == []
        assert till.confirm(review, **{"typed-GBP": "60.00"}).status_code == 303
        till.work()
        assert len(till.orders()) == 3


def test_nobody_confirms_a_plan_that_was_never_looked_at(till: Till) -> None:
    answer = till.browser.send(f"/plans/{'0' * 64}/confirm")
    assert answer.status_code == 409
    assert "not here any more" in answer.text


def test_it_is_paused_goes_on_and_is_stopped_by_buttons(till: Till) -> None:
    till.confirm(till.review(ROWS))
    for wish, words in (("pause", "Paused."), ("pause", "Paused."), ("go_on", "Waits for its turn"), ("stop", "Stop")):
        assert till.browser.send("/batches/march/wish", {"wish": wish}).status_code == 303
        assert words in till.page("/batches/march")
    assert "Stopped by zoe: what was not sent stays unsent." in till.page("/batches/march")
    till.work()
    assert till.orders() == []


def test_the_figures_come_live_until_the_run_has_ended(till: Till) -> None:
    till.confirm(till.review(ROWS))
    with Background(till.house.desk):
        stream = till.browser.get("/batches/march/live")
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    events = stream.text.split("\n\n")
    assert "event: done" in events[-2]
    assert "Ended" in events[-3]
    assert '<dd><data value="3" data-decimals="0">3</data> <small>of' in events[-3]
    assert len(till.orders()) == 3


def test_a_row_tells_its_story(till: Till) -> None:
    till.pay(ROWS)
    page = till.page(till.row_page("R2"))
    for words in ("Planned:", "Sent to Runa.", "Runa took the order in", "Paid ("):
        assert words in page


def test_a_link_is_masked_until_somebody_asks_and_that_is_kept(till: Till) -> None:
    till.pay([row("R1", Distribution="PAYOUT_LINK")])
    path = till.row_page("R1")
    (link,) = links(till)
    assert link not in till.page(path)
    shown = till.browser.send(f"{path}/link")
    assert link in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert "Link seen. By zoe." in till.page(path)


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_results_are_downloaded(till: Till, form: str) -> None:
    till.pay(ROWS)
    answer = till.browser.send("/batches/march/results", {"format": form})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="march.{form}"'
    if form == "csv":
        lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [line["status"] for line in lines] == ["COMPLETED"] * 3


def test_what_failed_is_tried_again_after_a_look(till: Till) -> None:
    till.pay([row("R1", Email="fail@example.com"), *ROWS[1:]])
    review = till.browser.get("/batches/march/retry")
    assert "refused or failed before, to be tried again" in review.text
    (digest,) = re.findall(r'name="digest" value="([0-9a-f]{64})"', review.text)
    assert till.browser.send("/batches/march/retry", {"digest": digest}).status_code == 303
    till.work()
    assert len(till.orders()) == 4


def test_a_batch_is_reconciled_and_gone_on_with(till: Till) -> None:
    till.pay(ROWS)
    for path in ("reconcile", "go-on"):
        assert till.browser.send(f"/batches/march/{path}").status_code == 303
        till.work()
        assert "Ended" in till.page("/batches/march")
    assert len(till.orders()) == 3


def test_the_report_has_sums_proof_and_digest(till: Till) -> None:
    till.pay(ROWS)
    page = till.page("/batches/march/report")
    journal = till.house.office.batch("march").journal
    assert journal in page
    for words in ("How its rows stand", "What it cost", "Proof", "payouts.csv", "zoe"):
        assert words in page
    # One bar for all rows, which are paid, and one for their product.
    assert page.count('<rect class="now" width="100.0"') == 2


def test_the_history_finds_batches_and_payouts(till: Till) -> None:
    till.pay(ROWS)
    till.pay([row("S1", "40.00")], batch="april")
    page = till.page("/batches")
    assert page.index("/batches/april") < page.index("/batches/march")
    found = till.browser.send("/batches", {"q": "s1@example.com"}).text
    assert ">S1</a>" in found
    assert "R1" not in found
    assert "None." in till.browser.send("/batches", {"q": "nobody"}).text


def test_results_without_links_have_all_but_the_links(till: Till) -> None:
    till.pay([row("R1", Note="see https://example.com/secret"), *ROWS[1:]])
    answer = till.browser.get("/batches/march/results-without-links.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="march-without-links.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(line["status"], line["redemption_url"]) for line in lines] == [("COMPLETED", "")] * 3
    assert lines[0]["Note"] == "see [link]"
    assert "://" not in answer.text
    assert till.browser.get("/batches/march/results-without-links.exe").status_code == 404


def test_a_review_speaks_of_the_page_and_not_of_flags(till: Till) -> None:
    till.pay(ROWS)
    review = till.review(ROWS, batch="april")
    assert "“What else is meant”" in review.text
    assert "--" not in review.text.partition("It cannot be sent as it is.")[2].partition("</ul>")[0]


@pytest.mark.parametrize("path", ["/batches/none", "/batches/none/report", "/batches/none/rows/1", "/batches/a%2Fb"])
def test_a_batch_that_is_not_there_is_no_page(till: Till, path: str) -> None:
    assert till.browser.get(path).status_code == 404


def test_a_balance_that_is_short_is_said_before_anybody_confirms(tmp_path: Path) -> None:
    with SandboxThread(replace(QUICK, balance="25.00")) as sandbox, Till(tmp_path, sandbox) as till:
        review = till.review(ROWS)
        assert "The balance is short." in review.text
        assert "/confirm" not in review.text
        till.pay(ROWS, ignore_balance="1")
        assert len(till.orders()) == 1
