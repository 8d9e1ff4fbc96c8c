"""What lies above the limit is sent only once another person has approved it, by what browsers send."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.roles import Role
from batcher.sandbox import SandboxThread, Switches
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
    assert "waits for another person than ann" in ann.get(path).text
    assert "/confirm" not in ann.get(path).text
    assert path in ben.get("/batches").text

    assert ben.send(f"{path}/decide", {"what": "approve"}).status_code == 303
    assert "approved by ben" in ann.get(path).text
    assert ann.send(f"{path}/confirm").headers["Location"] == "/batches/march"
    till.work()
    assert len(till.orders()) == 2


def test_nothing_is_sent_without_the_approval(till: Till) -> None:
    ann = till.browser = till.user("ann", Role.PREPARER)
    path = plan_of(till)
    for _ in range(2):
        assert ann.send(f"{path}/confirm").status_code == 409
        assert ann.send(f"{path}/decide", {"what": "approve"}).status_code == 403
        ann.send(f"{path}/ask")
    till.work()
    assert till.orders() == []


def test_nobody_approves_what_they_have_prepared(till: Till) -> None:
    ben = till.browser = till.user("ben", Role.APPROVER)
    path = plan_of(till)
    ben.send(f"{path}/ask")
    assert ben.send(f"{path}/decide", {"what": "approve"}).status_code == 409
    assert ben.send(f"{path}/confirm").status_code == 409
    till.work()
    assert till.orders() == []


def test_what_was_refused_is_not_sent_and_the_reason_is_shown(till: Till) -> None:
    ann, ben = till.user("ann", Role.PREPARER), till.user("ben", Role.APPROVER)
    till.browser = ann
    path = plan_of(till)
    ann.send(f"{path}/ask")
    assert ben.send(f"{path}/decide", {"what": "refuse", "reason": "R1 is too much"}).status_code == 303
    assert "refused by ben" in ann.get(path).text
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
    ben.send(f"{path}/decide", {"what": "approve"})
    ann.send(f"{path}/confirm")
    till.work()
    (digest,) = re.findall(r'name="digest" value="([0-9a-f]{64})"', ann.get("/batches/march/retry").text)
    assert ann.send("/batches/march/retry", {"digest": digest}).status_code == 409
    till.work()
    assert len(till.orders()) == 1
