"""What lies above the limit is sent only once another person has approved it, by what browsers send."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.clock import SystemClock
from batcher.roles import Role
from batcher.sandbox import SandboxThread, Switches
from tests.web.house import ORIGIN, PASSWORD, Browser, HandClock
from tests.web.paying import Till, row

QUICK = Switches(rate="none", complete_min_s=0, complete_max_s=0.02, late_s=0)
ROWS = [row("R1", "40.00"), row("R2", "20.00")]


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    with SandboxThread(QUICK) as sandbox, Till(tmp_path, sandbox, APPROVAL__ABOVE="GBP 50") as at_till:
        yield at_till


def plan_of(till: Till) -> str:
    """A plan that was looked at; the path of its page."""
    review = till.review(ROWS)
    assert "Another person has to approve it first" in review.text
    assert "/confirm" not in review.text
    (path,) = re.findall(r'action="(/plans/[0-9a-f]{64})/ask"', review.text)
    return str(path)


def test_prepared_by_one_approved_by_another_and_then_sent(till: Till) -> None:
    ann, ben = till.user("ann", Role.PREPARER), till.user("ben", Role.APPROVER)
    till.browser = ann
    path = plan_of(till)
    assert ann.send(f"{path}/ask").headers["Location"] == path
    assert "waits for another person than ann to approve it" in ann.get(path).text
    assert "/confirm" not in ann.get(path).text
    assert path in ben.get("/approvals").text

    assert ben.send(f"{path}/approve", {"password": PASSWORD}).status_code == 303
    assert "Approved by ben" in ann.get(path).text
    assert ann.send(f"{path}/confirm").headers["Location"] == "/batches/march"
    till.work()
    assert len(till.orders()) == 2


def test_nothing_is_sent_without_the_approval(till: Till) -> None:
    ann = till.browser = till.user("ann", Role.PREPARER)
    path = plan_of(till)
    for _ in range(2):
        assert ann.send(f"{path}/confirm").status_code == 409
        assert ann.send(f"{path}/approve", {"password": PASSWORD}).status_code == 403
        ann.send(f"{path}/ask")
    till.work()
    assert till.orders() == []


def test_nobody_approves_what_they_have_prepared(till: Till) -> None:
    ben = till.browser = till.user("ben", Role.APPROVER)
    path = plan_of(till)
    ben.send(f"{path}/ask")
    assert ben.send(f"{path}/approve", {"password": PASSWORD}).status_code == 409
    assert ben.send(f"{path}/confirm").status_code == 409
    till.work()
    assert till.orders() == []


def asked(till: Till) -> tuple[Browser, Browser, str]:
    """A plan that waits: whoever prepared it, an approver, and the path of its page."""
    ann, ben = till.user("ann", Role.PREPARER), till.user("ben", Role.APPROVER)
    till.browser = ann
    path = plan_of(till)
    ann.send(f"{path}/ask")
    return ann, ben, path


def test_where_no_plan_waits_it_says_so(till: Till) -> None:
    page = till.user("vic", Role.VIEWER).get("/approvals").text
    assert "No plan waits for approval." in page
    assert page.count("<p>None.</p>") == 2


def test_a_plan_that_waits_says_whose_it_is_and_what_it_sends(till: Till) -> None:
    ann, ben, path = asked(till)
    (line,) = re.findall(r"<tr><th scope=\"row\"><a.*</tr>", ben.get("/approvals").text)
    for told in (path, ">march<", '<data value="60.00"', '<data value="2" ', "ann</td>", "acme"):
        assert told in line
    assert "ann (you)</td>" in ann.get("/approvals").text
    page = ben.get(path).text
    assert '<p class="total"><span class="amount">GBP <data value="60.00"' in page
    for told in ("payouts.csv, ", "r1@example.com", "r2@example.com", "Prepared by", "Your password, ben"):
        assert told in page


def test_a_viewer_sees_it_and_is_offered_nothing(till: Till) -> None:
    _, _, path = asked(till)
    vic = till.user("vic", Role.VIEWER)
    page = vic.get(path).text
    assert "vic is a viewer, and may not approve" in page
    assert re.findall(r'<form method="post" action="([^"]*)"', page) == ["/leave"]
    assert vic.get(f"{path}/look").status_code == 403
    for act in ("ask", "approve", "refuse", "confirm"):
        assert vic.send(f"{path}/{act}", {"password": PASSWORD, "reason": "no"}).status_code == 403


def test_what_comes_without_a_session_or_without_the_token_of_the_form_changes_nothing(till: Till) -> None:
    _, ben, path = asked(till)
    said, headers = {"password": PASSWORD, "reason": "no"}, {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    for act in ("approve", "refuse", "confirm", "ask"):
        assert till.nobody().request("POST", f"{path}/{act}", data=said, headers=headers).status_code == 401
        for forged in (said, {**said, "csrf": "0" * 64}):
            answer = ben.request("POST", f"{path}/{act}", data=forged, headers=headers)
            assert (answer.status_code, "out of date" in answer.text) == (403, True)
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert ben.send(f"{path}/approve", said, headers=elsewhere).status_code == 403
    assert "It waits for another person" in ben.get(path).text


def test_it_is_approved_by_password_and_guesses_at_that_are_slowed(tmp_path: Path) -> None:
    # The pauses are of seconds, and begin at the last guess: a clock that goes on by itself may be past them.
    since = SystemClock().instant().at - HandClock(0).instant().at
    clock, limit = HandClock(since.total_seconds()), {"APPROVAL__ABOVE": "GBP 50"}
    with SandboxThread(QUICK) as sandbox, Till(tmp_path, sandbox, None, None, clock, **limit) as till:
        _guesses_are_slowed(till)


def _guesses_are_slowed(till: Till) -> None:
    _, ben, path = asked(till)
    for password in ("", "not mine at all"):
        answer = ben.send(f"{path}/approve", {"password": password})
        assert (answer.status_code, "Name or password is wrong. Nothing was approved" in answer.text) == (403, True)
    codes = [ben.send(f"{path}/approve", {"password": "guess"}).status_code for _ in range(4)]
    assert codes == [403, 403, 403, 429]
    early = ben.send(f"{path}/approve", {"password": PASSWORD})
    assert (early.status_code, early.headers["Retry-After"]) == (429, "1")
    assert "It waits for another person" in ben.get(path).text


def test_a_plan_is_approved_once_and_sent_once(till: Till) -> None:
    ann, ben, path = asked(till)
    eve = till.user("eve", Role.APPROVER)
    assert ben.send(f"{path}/approve", {"password": PASSWORD}).status_code == 303
    for again in (ben, eve):
        answer = again.send(f"{path}/approve", {"password": PASSWORD})
        assert (answer.status_code, "ben approved this plan already" in answer.text) == (409, True)
    for _ in range(2):
        ann.send(f"{path}/confirm")
        till.work()
    assert len(till.orders()) == 2
    assert "and carried out" in ben.get(path).text
    assert ben.send(f"{path}/refuse", {"reason": "too late"}).status_code == 409
    assert "approved by ben (you)" in ben.get("/approvals").text


def test_an_approval_is_taken_back_before_it_goes_even_where_it_waits_for_its_turn(till: Till) -> None:
    ann, ben, path = asked(till)
    ben.send(f"{path}/approve", {"password": PASSWORD})
    assert ann.send(f"{path}/confirm").status_code == 303
    assert "Take the approval back" in ben.get(path).text
    assert ben.send(f"{path}/refuse", {"reason": "Wrong month"}).status_code == 303
    till.work()
    assert till.orders() == []
    assert "refused by ben: Wrong month" in ann.get("/approvals").text
    assert "Wrong month" in ann.get("/batches/march").text


def test_a_refusal_needs_a_reason(till: Till) -> None:
    _, ben, path = asked(till)
    answer = ben.send(f"{path}/refuse", {"reason": " "})
    assert (answer.status_code, "needs a reason" in answer.text) == (409, True)


def test_who_was_disabled_approves_nothing_and_what_they_approved_does_not_go(till: Till) -> None:
    ann, ben, path = asked(till)
    eve = till.user("eve", Role.APPROVER)
    assert eve.send(f"{path}/approve", {"password": PASSWORD}).status_code == 303
    csrf = ben.csrf()
    for name in ("ben", "eve"):
        till.office.people.disable(name, by="root", now=till.office.now)
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    data = {"csrf": csrf, "reason": "no", "password": PASSWORD}
    assert ben.request("POST", f"{path}/refuse", data=data, headers=headers).status_code == 401
    assert ben.get(path).headers["Location"] == "/enter"
    assert "eve, who approved it, may not approve any more" in ann.get(path).text
    assert ann.send(f"{path}/confirm").status_code == 409
    till.work()
    assert till.orders() == []


def test_only_who_made_a_plan_asks_for_it_so_that_nobody_approves_what_they_made(till: Till) -> None:
    """Else one would look, have another ask, and approve it."""
    ann, ben = till.user("ann", Role.PREPARER), till.user("ben", Role.APPROVER)
    till.browser = ben
    path = plan_of(till)
    answer = ann.send(f"{path}/ask")
    assert (answer.status_code, "ben made this plan" in answer.text) == (409, True)
    assert ben.get(path).status_code == 404


def test_the_review_is_seen_again_and_a_batch_that_moved_on_is_told(till: Till) -> None:
    ann, ben, path = asked(till)
    look = ben.get(f"{path}/look")
    assert (look.status_code, "Review of batch march" in look.text, "/confirm" in look.text) == (200, True, False)
    till.pay([row("R9", "5.00")])
    assert "It would be refused as things stand." in ben.get(path).text
    assert ben.get(f"{path}/look").status_code == 409
    ben.send(f"{path}/approve", {"password": PASSWORD})
    assert f"{path}/confirm" not in ann.get(path).text


def test_what_cannot_be_seen_here_is_not_approved_here(till: Till) -> None:
    _, ben, path = asked(till)
    (file,) = (till.folder / "ledger.sqlite3.page" / "plans").iterdir()
    file.unlink()
    page = ben.get(path)
    assert (page.status_code, "batcher approve PLAN" in page.text, "Your password" in page.text) == (200, True, False)
    assert ben.send(f"{path}/approve", {"password": PASSWORD}).status_code == 409
    assert "not known here" in ben.get("/approvals").text


def test_what_was_said_beside_the_name_is_shown_to_who_approves(till: Till) -> None:
    ann, ben = till.user("ann", Role.PREPARER), till.user("ben", Role.APPROVER)
    till.browser = ann
    review = till.review(ROWS, never_sent="1", ignore_balance="1")
    (path,) = re.findall(r'action="(/plans/[0-9a-f]{64})/ask"', review.text)
    ann.send(f"{path}/ask")
    page = ben.get(path).text
    assert "This batch was never sent from anywhere else. Send although the balance is short.</dd>" in page


def test_a_large_total_is_typed_in_once_it_is_approved(tmp_path: Path) -> None:
    given = {"APPROVAL__ABOVE": "GBP 50", "CONFIRM__TYPE_TOTAL_ABOVE": "GBP 50"}
    with SandboxThread(QUICK) as sandbox, Till(tmp_path, sandbox, **given) as till:
        ann, ben, path = asked(till)
        ben.send(f"{path}/approve", {"password": PASSWORD})
        assert "Type the total in GBP" in ann.get(path).text
        assert ann.send(f"{path}/confirm", {"typed-GBP": "6.00"}).status_code == 409
        assert ann.send(f"{path}/confirm", {"typed-GBP": "60.00"}).status_code == 303


def test_without_users_it_says_how_to_add_them(till: Till) -> None:
    review = till.review(ROWS).text
    assert "batcher user add NAME --role approver" in review
    assert "/plans/" not in review


def test_what_was_refused_is_not_sent_and_the_reason_is_shown(till: Till) -> None:
    ann, ben = till.user("ann", Role.PREPARER), till.user("ben", Role.APPROVER)
    till.browser = ann
    path = plan_of(till)
    ann.send(f"{path}/ask")
    assert ben.send(f"{path}/refuse", {"reason": "R1 is too much"}).status_code == 303
    assert "Refused by ben" in ann.get(path).text
    assert "R1 is too much" in ann.get(path).text
    assert ann.send(f"{path}/confirm").status_code == 409
    till.work()
    assert till.orders() == []


def test_what_was_tried_again_above_the_limit_needs_a_sheet_and_its_approval(till: Till) -> None:
    ann, ben = till.user("ann", Role.PREPARER), till.user("ben", Role.APPROVER)
    till.browser = ann
    failing = [row("R1", "60.00", Email="fail@example.com")]
    review = till.review(failing)
    (path,) = re.findall(r'action="(/plans/[0-9a-f]{64})/ask"', review.text)
    ann.send(f"{path}/ask")
    ben.send(f"{path}/approve", {"password": PASSWORD})
    ann.send(f"{path}/confirm")
    till.work()
    page = till.page("/batches/march/retry")
    assert "Upload the sheet again, give it the name march, and ask for approval there" in page
    assert 'action="/batches/march/retry"' not in page
    assert ann.send("/batches/march/retry", {"digest": "0" * 64}).status_code == 409
    till.work()
    assert len(till.orders()) == 1
    assert re.findall(r'action="/plans/[0-9a-f]{64}/ask"', till.review(failing).text)
