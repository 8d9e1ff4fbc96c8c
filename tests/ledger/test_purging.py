"""After a purge nobody is named any more, nobody is paid twice, and the journal is whole."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher import keys
from batcher.echo import contradictions
from batcher.model import Distribution, Order, Payout, Sheet
from batcher.planning import Standing, choices_of, make_plan, sheet_of
from batcher.records import BatchRecord
from batcher.states import State
from tests.ledger.tampering import changed, verified
from tests.payouts import BATCH, ENVIRONMENT, WINDOW_DAYS, Book, Unreadable, link_of, payout, sheet

LINK = {"distribution": Distribution.PAYOUT_LINK}
FILE = sheet(
    payout("R1", email="jo.smith@example.com"),
    payout("R2", "11.00", email="ann@example.com"),
    payout("R3", "12.00", email=None, **LINK),
    payout("R4", "13.00", email="zoe@example.com", **LINK),
    payout(None, "14.00", email="nameless@example.com"),
    payout("R6", "15.00", email="failed@example.com"),
    payout("R7", "16.00", email="refused@example.com"),
)
OF_PEOPLE = ("jo.smith", "ann@", "zoe@", "nameless@", "failed@", "refused@", "links.example", "someone")


def settle(book: Book, file: Sheet = FILE, batch: str = BATCH) -> None:
    book.confirm(file, batch, skip_invalid=True)
    for row in book.batch(batch).rows:
        state = {"R6": State.FAILED, "R7": State.REJECTED}.get(row.name, State.COMPLETED)
        book.bring(row.name, state, batch=batch)


def purge(book: Book, batch: str = BATCH) -> int:
    return book.ledger.purge(ENVIRONMENT, batch, by="jo", now=book.now)


@pytest.fixture
def purged(book: Book) -> Book:
    settle(book)
    book.pass_days(100)
    purge(book)
    return book


def standings(plan: object) -> list[str]:
    return [line.standing.value for line in plan.lines]  # type: ignore[attr-defined]


def test_no_byte_of_names_addresses_and_links_is_left_in_the_ledgers_files(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        file = sheet(*(one for _, one in FILE.payouts), Unreadable("R8", email="someone@example.com"))
        settle(book, file)
        links = [link_of(row.latest) for row in book.batch().rows if row.latest.state is State.COMPLETED]
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert all(word.encode() in kept for word in (*OF_PEOPLE, *links))
        book.pass_days(100)
        assert purge(book) == 8
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert [word for word in (*OF_PEOPLE, *links) if word.encode() in kept] == []
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [word for word in (*OF_PEOPLE, *links) if word.encode() in kept] == []


def test_what_a_payment_is_known_by_stays(book: Book) -> None:
    settle(book)
    before = {row.identity: row for row in book.batch().rows}
    book.pass_days(100)
    purge(book)
    after = {row.identity: row for row in book.batch().rows}
    assert after.keys() == before.keys()
    for identity, row in after.items():
        was, now = before[identity].latest, row.latest
        for name in ("state", "order_id", "price", "payout_status", "completed_at", "sends"):
            assert getattr(now, name) == getattr(was, name)
        assert now.order.key == was.order.key
        for name in ("reference", "amount", "currency", "products", "distribution", "template"):
            assert getattr(now.order.payout, name) == getattr(was.order.payout, name)
        for known_by in (keys.identity, keys.content_digest, keys.twin_digest, keys.recipient_digest, keys.link_mark):
            assert known_by(now.order.payout) == known_by(was.order.payout)
        assert (now.order.payout.email, now.order.body, now.redemption_url) == (None, b"", None)


def test_cells_that_repeat_what_is_kept_stay_and_the_others_are_empty(purged: Book) -> None:
    assert purged.row("R1").cells == ("R1", "10.00", "GBP", "AMZ-GB", "EMAIL", "", "")
    assert purged.row("R1").latest.cells == purged.row("R1").cells


def test_the_journal_stays_whole_and_tells_who_purged_and_when(book: Book) -> None:
    settle(book)
    book.pass_days(100)
    before = verified(book.path)
    purge(book)
    after = verified(book.path)
    assert after.discrepancies == ()
    assert after.digests[: len(before.digests)] == before.digests
    assert len(after.digests) == len(before.digests) + 7
    assert book.ledger.newest_moment() == book.now


def test_what_was_purged_cannot_be_put_back_unseen(purged: Book) -> None:
    changed(purged.path, "UPDATE attempts SET email = 'jo.smith@example.com' WHERE reference = 'R1'")
    assert [one.where for one in verified(purged.path).discrepancies] == ["attempt 1 of R1, email"]


def test_the_digests_that_are_left_cannot_be_changed_unseen(purged: Book) -> None:
    for name in ("content_digest", "recipient_digest", "twin_digest"):
        changed(purged.path, f"UPDATE attempts SET {name} = 'x' || substr({name}, 2) WHERE reference = 'R2'")  # noqa: S608
    assert {one.field for one in verified(purged.path).discrepancies} == {
        "content_digest",
        "recipient_digest",
        "twin_digest",
    }


def test_a_second_purge_finds_nothing_and_leaves_no_event(purged: Book) -> None:
    head = purged.batch().journal
    assert purge(purged) == 0
    assert purged.batch().journal == head


@pytest.mark.parametrize(
    "state", [State.PLANNED, State.HELD, State.SENT, State.UNKNOWN, State.ACCEPTED, State.MISMATCH]
)
def test_what_is_not_settled_stands_against_a_purge(book: Book, state: State) -> None:
    book.confirm(sheet(payout("R1")))
    if state is not State.PLANNED:
        book.bring("R1", *([State.ACCEPTED] if state is State.MISMATCH else []), state)
    held = book.ledger.personal_data(ENVIRONMENT, BATCH)
    assert sum(held.unsettled.values()) == 1
    assert held.held == 1


def test_what_has_happened_last_counts_and_not_the_purge_itself(purged: Book) -> None:
    touched = purged.ledger.personal_data(ENVIRONMENT, BATCH).last_touched_at
    assert touched == purged.now - timedelta(days=100)


def test_the_same_file_again_sends_nothing(purged: Book) -> None:
    plan = purged.plan(FILE, retry=False)
    assert standings(plan) == ["paid"] * 5 + ["left", "left"]
    assert plan.problems == ()
    purged.confirm(FILE, retry=False)
    assert verified(purged.path).discrepancies == ()
    assert standings(purged.plan(FILE, retry=False)) == ["paid"] * 5 + ["left", "left"]


def test_what_comes_back_with_the_file_can_be_purged_again(purged: Book) -> None:
    purged.confirm(FILE, retry=False)
    assert b"jo.smith" in purged.path.read_bytes() + Path(f"{purged.path}-wal").read_bytes()
    purged.pass_days(100)
    assert purge(purged) == 7
    assert b"jo.smith" not in purged.path.read_bytes()
    assert verified(purged.path).discrepancies == ()


def test_a_refused_row_is_tried_again_only_from_its_file_and_then_verifies(purged: Book) -> None:
    plan = purged.confirm(FILE)
    assert [line.name for line in plan.to_send] == ["R6", "R7"]
    purged.bring("R7", State.COMPLETED)
    assert verified(purged.path).discrepancies == ()


@pytest.mark.parametrize(
    "edited",
    [
        payout("R1", "10.01", email="jo.smith@example.com"),
        payout("R1", email="mallory@example.com"),
        payout("R1", email="jo.smith@example.com", products=("OTHER-GB",)),
        payout("R1", email="jo.smith@example.com", **LINK),
    ],
)
def test_an_edited_row_is_still_seen_and_the_old_address_is_not_named(purged: Book, edited: Payout) -> None:
    others = [one for _, one in FILE.payouts if one.reference != "R1"]
    plan = purged.plan(sheet(edited, *others), retry=False)
    assert [line.name for line in plan.of(Standing.EDITED)] == ["R1"]
    assert "jo.smith" not in plan.lines[0].why
    assert "empty is now" not in plan.lines[0].why


def test_the_same_payments_in_another_batch_are_still_twins(purged: Book) -> None:
    renamed = [
        payout(None if one.reference is None else f"{one.reference}".lower(), str(one.amount), email=one.email,
               distribution=one.distribution)
        for _, one in FILE.payouts[:5]
    ]  # fmt: skip
    plan = make_plan(
        sheet(*renamed),
        purged.batch("dec"),
        purged.ledger,
        choices=choices_of(BatchRecord(environment=ENVIRONMENT, name="dec")),
        now=purged.now,
        window_days=1000,
    )
    assert standings(plan) == ["doubtful"] * 5


def test_a_row_under_a_new_reference_in_the_same_batch_is_still_a_twin(purged: Book) -> None:
    others = [one for _, one in FILE.payouts[1:]]
    plan = purged.plan(sheet(payout("NEW", email="jo.smith@example.com"), *others), accept_missing=True, retry=False)
    assert plan.lines[0].standing is Standing.DOUBTFUL


def test_another_amount_for_a_recipient_who_is_gone_from_the_file_is_still_doubtful(purged: Book) -> None:
    others = [one for _, one in FILE.payouts[1:]]
    changed_twice = payout("NEW", "99.00", email="Jo.Smith@example.com")
    plan = purged.plan(sheet(changed_twice, *others), accept_missing=True, retry=False)
    assert plan.lines[0].standing is Standing.DOUBTFUL


def test_resuming_from_the_ledger_alone_makes_no_order(purged: Book) -> None:
    record = purged.batch()
    plan = make_plan(
        sheet_of(record),
        record,
        purged.ledger,
        choices=choices_of(record),
        now=purged.now,
        window_days=WINDOW_DAYS,
    )
    assert standings(plan) == ["paid"] * 5 + ["left", "left"]
    assert plan.to_send == ()
    with pytest.raises(ValueError, match="whose recipient was purged"):
        keys.body(key="k", batch=BATCH, payout=record.rows[0].latest.order.payout)


def test_an_order_that_is_read_again_is_still_compared_with_its_row(purged: Book) -> None:
    def against(name: str, **fields: Any) -> tuple[str, ...]:
        latest = purged.row(name).latest
        order = Order(order_id="O", status="COMPLETED", **fields)
        return contradictions(latest.order.payout, key=latest.order.key, order=order)

    assert against("R1", email="Jo.Smith@Example.com") == against("R1") == ()
    assert against("R1", email="mallory@example.com") == ("recipient",)
    mark = keys.link_mark(payout("R4", email="zoe@example.com", **LINK))
    assert mark is not None
    assert against("R4", link_mark=mark) == ()
    assert against("R4", link_mark="0" * 16) == against("R3", link_mark=mark) == ("recipient",)


def test_an_order_that_had_failed_and_comes_through_late_is_kept_and_can_be_purged_again(purged: Book) -> None:
    purged.confirm(FILE)
    purged.reopen("R6")
    purged.bring("R6", State.COMPLETED)
    row = purged.row("R6")
    assert row.latest.redemption_url is not None
    assert row.latest.order.payout.remains is not None
    assert verified(purged.path).discrepancies == ()
    assert purged.plan(FILE, retry=False).of(Standing.EDITED) == ()
    purged.bring("R7", State.REJECTED)
    purged.pass_days(100)
    purge(purged)
    assert purged.row("R6").latest.redemption_url is None
    assert purged.plan(FILE, retry=False).of(Standing.EDITED) == ()
    assert verified(purged.path).discrepancies == ()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with Book(tmp_path_factory.mktemp("purges")) as book:
        yield book


_names = itertools.count()
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=8)
paid = st.builds(
    payout,
    st.none() | texts.map(keys.normalised_reference).filter(bool),
    st.integers(1, 3).map(lambda amount: f"{amount}.00"),
    email=st.sampled_from(["a@example.com", "B@example.com", "c@example.com"]),
    distribution=st.sampled_from([Distribution.EMAIL, Distribution.PAYOUT_LINK]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(paid, min_size=1, max_size=4, unique_by=keys.identity),
    after=st.lists(paid, min_size=1, max_size=5, unique_by=keys.identity),
    accept_missing=st.booleans(),
)
def test_a_purge_never_makes_a_row_payable_that_was_not(
    shelf: Book, before: list[Payout], after: list[Payout], accept_missing: bool
) -> None:
    name = f"b{next(_names)}"
    shelf.now += timedelta(days=40)  # so that the batches of other examples are no longer twins
    shelf.confirm(sheet(*before), name)
    for row in shelf.batch(name).rows:
        shelf.bring(
            row.name, State.COMPLETED, batch=name, redemption_url=f"https://links.example/{row.latest.order.key}"
        )
    plans = []
    for _ in range(2):
        plan = shelf.plan(sheet(*after), name, accept_missing=accept_missing)
        plans.append([(line.name, line.standing, line.order and line.order.key) for line in plan.lines])
        assert not {keys.identity(one) for one in before} & {line.order.identity for line in plan.lines if line.order}
        purge(shelf, name)
    assert plans[0] == plans[1]
    assert verified(shelf.path, name).discrepancies == ()
