"""Which order of the list is whose: by the key in its tag, under every attempt, whatever became of the description."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher import keys
from batcher.evidence import Evidence, Found, KeptOrder, ListReading
from batcher.model import Instant, Payout
from batcher.reconcile.matching import evidence, may_be_tagged, read_tag, unclaimed
from batcher.records import BatchRecord, RowRecord
from batcher.states import State
from tests.core.payouts import UNHURRIED, batch_names, references
from tests.payouts import BATCH, ENVIRONMENT, NOW, attempt, payout, planned, record_of

JO = payout("R1")
NAMELESS = payout(None)
HERE = Instant(at=NOW, monotonic_s=0, boot="boot-1")


def tag_of(paid: Payout, *, number: int = 1, batch: str = BATCH, account: str = ENVIRONMENT.account) -> str:
    """The description that an order of the row gets."""
    return keys.tag(key=planned(paid, number=number, batch=batch, account=account).key, batch=batch, payout=paid)


def listed(
    order_id: str, description: str | None = None, *, status: str = "COMPLETED", key: str | None = None
) -> KeptOrder:
    return KeptOrder(order_id=order_id, status=status, description=description, key=key, told_all=True)


def matched(
    *orders: KeptOrder,
    record: BatchRecord | None = None,
    file: tuple[Payout, ...] = (),
    known: frozenset[str] = frozenset(),
    reading: ListReading | None = None,
) -> Evidence:
    """What these orders say about a batch; of which the ledger knows nothing unless the test says otherwise."""
    return evidence(
        record or BatchRecord(environment=ENVIRONMENT, name=BATCH),
        [keys.identity(each) for each in file],
        {order.order_id: order for order in orders},
        reading=reading,
        known=known,
    )


def found(paid: Payout, order_id: str, *, number: int = 1, status: str = "COMPLETED") -> Found:
    order = planned(paid, number=number)
    return Found(identity=order.identity, number=number, key=order.key, order_id=order_id, status=status)


# By key


@pytest.mark.parametrize("number", range(1, keys.MAX_ATTEMPTS + 1))
@pytest.mark.parametrize("paid", [JO, NAMELESS])
def test_an_order_of_any_attempt_is_found_for_a_row_that_the_ledger_never_had(paid: Payout, number: int) -> None:
    told = matched(listed("O-1", tag_of(paid, number=number)), file=(JO, NAMELESS, payout("R2")))
    assert told.found == (found(paid, "O-1", number=number),)
    assert told.strays == ()


@pytest.mark.parametrize("number", [1, 2, 32])
def test_an_order_of_any_attempt_is_found_for_a_row_of_the_ledger(number: int) -> None:
    record = record_of(attempt(State.UNKNOWN, JO))
    assert matched(listed("O-1", tag_of(JO, number=number)), record=record).found == (found(JO, "O-1", number=number),)


STRANGE = [
    "R 1 with  two spaces",
    "Rechnung Nr. 5 für Frau Müller-Lüdenscheidt, geb. Öztürk, vom 3. November",
    "請求書番号一二三四五六七八九十百千万億兆京垓",
    "Ⅻ-Z\N{GREEK SMALL LETTER OMEGA WITH TONOS}",
    "e\N{COMBINING ACUTE ACCENT}x\N{COMBINING CIRCUMFLEX ACCENT}",
    "x" * 300,
    "a\N{IDEOGRAPHIC SPACE}b",
    "🧾" * 40,
]


@pytest.mark.parametrize("reference", STRANGE)
@pytest.mark.parametrize("number", [1, 2])
def test_references_of_every_kind_are_found_however_the_tag_was_cut(reference: str, number: int) -> None:
    paid = payout(keys.normalised_reference(reference))
    tag = tag_of(paid, number=number, batch="b" * 40)
    assert len(tag.encode()) <= keys.TAG_BYTES
    record = BatchRecord(environment=ENVIRONMENT, name="b" * 40)
    told = matched(listed("O-1", tag), record=record, file=(paid, JO))
    assert [(one.identity, one.number) for one in told.found] == [(keys.identity(paid), number)]


@UNHURRIED
@given(reference=st.none() | references, batch=batch_names, number=st.integers(1, 32))
def test_whatever_the_reference_the_order_is_found_by_its_tag(reference: str | None, batch: str, number: int) -> None:
    paid = payout(reference)
    record = BatchRecord(environment=ENVIRONMENT, name=batch)
    told = matched(listed("O-1", tag_of(paid, number=number, batch=batch)), record=record, file=(JO, paid))
    assert [(one.identity, one.number) for one in told.found] == [(keys.identity(paid), number)]


@pytest.mark.parametrize(
    "written",
    [
        str.upper,
        lambda tag: f"Order: {tag}",
        lambda tag: f"{tag} (checked by Ann)",
        lambda tag: f"{tag}, thanks",
        lambda tag: tag.replace(" ", "  "),
        lambda tag: tag.replace(" ", " - ", 1),
        lambda tag: f" {tag}\n",
        lambda tag: f"PAID {tag} 2026",
    ],
)
@pytest.mark.parametrize("number", [1, 2, 32])
@pytest.mark.parametrize("paid", [JO, payout("a b")])
def test_a_description_into_which_somebody_wrote_is_still_the_rows(
    written: Callable[[str], str], number: int, paid: Payout
) -> None:
    tag = written(tag_of(paid, number=number))
    if tag.isupper() and number > 1:
        tag = tag[:36] + tag_of(paid, number=number)[36:]
    told = matched(listed("O-1", tag), file=(paid, NAMELESS))
    assert told.found == (found(paid, "O-1", number=number),)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("key", [str.lower, str.upper, lambda key: f" {key} "])
def test_a_key_that_only_the_metadata_has_is_the_rows(number: int, key: Callable[[str], str]) -> None:
    said = key(planned(JO, number=number).key)
    assert matched(listed("O-1", key=said), file=(JO,)).found == (found(JO, "O-1", number=number),)
    assert matched(listed("O-1", "Christmas", key=said), file=(JO,)).found == (found(JO, "O-1", number=number),)


def test_an_order_whose_metadata_has_another_key_than_its_tag_is_still_the_rows() -> None:
    """It is compared with the row before it counts; then the keys contradict each other."""
    other = listed("O-1", tag_of(JO), key=f"{planned(JO).key}-other")
    assert matched(other, file=(JO,)).found == (found(JO, "O-1"),)


def test_two_orders_of_one_row_are_both_found_by_attempt() -> None:
    told = matched(
        listed("O-3", tag_of(JO, number=2)),
        listed("O-2", tag_of(JO), status="FAILED"),
        listed("O-1", tag_of(JO)),
        file=(JO, NAMELESS),
    )
    assert told.of(keys.identity(JO)) == (
        found(JO, "O-1"),
        found(JO, "O-2", status="FAILED"),
        found(JO, "O-3", number=2),
    )
    assert told.of("reference:R2") == ()


def test_orders_that_an_attempt_has_are_found_and_not_unclaimed() -> None:
    record = record_of(attempt(State.ACCEPTED, JO, order_id="O-1"))
    told = matched(listed("O-1", tag_of(JO)), listed("O-2", tag_of(JO)), record=record, known=frozenset({"O-1"}))
    assert [one.order_id for one in told.found] == ["O-1", "O-2"]
    assert unclaimed(record.rows[0], told) == (found(JO, "O-2"),)


# What is not the row's


@pytest.mark.parametrize("other", ["no", "nov-2", "november", "nov.", "n"])
def test_an_order_of_another_batch_is_nobodys_here_whatever_its_name_begins_with(other: str) -> None:
    told = matched(listed("O-1", tag_of(JO, batch=other)), file=(JO,))
    assert (told.found, told.strays) == ((), ())
    here = BatchRecord(environment=ENVIRONMENT, name=other)
    told = matched(listed("O-1", tag_of(JO)), record=here, file=(JO,))
    assert (told.found, told.strays) == ((), ())


@pytest.mark.parametrize(
    "description", [None, "", "Christmas", "nov R1", "0123", "7e57ab1e-0000-4000-a000-000000000001 nov R1"]
)
def test_an_order_without_a_tag_is_nobodys(description: str | None) -> None:
    told = matched(listed("O-1", description), file=(JO,))
    assert (told.found, told.strays) == ((), ())


def test_a_tag_of_the_batch_that_fits_no_row_is_a_stray() -> None:
    told = matched(listed("O-1", tag_of(payout("R9")), status="PROCESSING"), file=(JO,))
    (stray,) = told.strays
    assert (stray.order_id, stray.reference, stray.identity, stray.status) == ("O-1", "R9", None, "PROCESSING")


def test_a_tag_with_a_rows_reference_under_another_key_names_the_row() -> None:
    (stray,) = matched(listed("O-1", tag_of(JO, account="old-name")), file=(JO,)).strays
    assert stray.identity == keys.identity(JO)


def test_a_stray_that_the_ledger_has_for_a_row_is_none() -> None:
    """A person has decided that it is the row's."""
    told = matched(listed("O-1", tag_of(JO, account="old-name")), file=(JO,), known=frozenset({"O-1"}))
    assert told.strays == ()


def test_a_cut_reference_that_fits_two_rows_names_neither() -> None:
    one, other = payout("x" * 100 + "1"), payout("x" * 100 + "2")
    (stray,) = matched(listed("O-1", tag_of(one, account="old-name")), file=(one, other)).strays
    assert stray.identity is None
    for row in (one, other):
        assert may_be_tagged(keys.identity(row), stray.reference)


@pytest.mark.parametrize(
    ("reference", "said", "fits"),
    [
        ("R1", "R1", True),
        ("R1", "R12", False),
        ("R12", "R1", False),
        ("R1", "r1", False),
        ("a  b", "a b", True),
        ("invoice number 42 of March", "invoice number 42", True),
        ("invoice number 42", "invoice number 42 of March", False),
        ("R1", None, False),
        (None, "R1", False),
        (None, None, True),
    ],
)
def test_a_reference_in_a_tag_fits_a_row_whole_or_as_its_beginning(
    reference: str | None, said: str | None, fits: bool
) -> None:
    assert may_be_tagged(keys.identity(payout(reference)), said) is fits


def test_a_tag_is_read_as_it_is_written() -> None:
    tag = read_tag(tag_of(payout("R 1")))
    assert tag is not None
    assert (tag.key, tag.batch, tag.reference) == (planned(payout("R 1")).key, BATCH, "R 1")
    nameless = read_tag(tag_of(NAMELESS))
    assert nameless is not None
    assert nameless.reference is None


# What the reading itself was


def read(**fields: object) -> ListReading:
    usual: dict[str, object] = {"id": 1, "began": HERE, "ended": HERE, "last_send_id": 0, "pages": 1, "whole": True}
    return ListReading(**(usual | fields))  # type: ignore[arg-type]


def test_the_evidence_is_complete_if_the_newest_reading_is_and_holds_every_order_of_the_batch() -> None:
    record = record_of(attempt(State.ACCEPTED, JO, order_id="O-1"))
    assert matched(record=record, reading=read()).complete
    assert matched(record=record, reading=read(missing=frozenset({"O-other-batch"}))).complete
    lacking = matched(record=record, reading=read(missing=frozenset({"O-1"})))
    assert (lacking.complete, lacking.why_incomplete) == (
        False,
        "the list lacks order O-1 of this batch, which was made",
    )
    broken = matched(record=record, reading=read(why_incomplete="there was no answer"))
    assert (broken.complete, broken.why_incomplete) == (False, "there was no answer")
    unread = matched(record=record)
    assert (unread.complete, unread.why_incomplete, unread.read_at) == (False, "the order list was not read", None)


def test_several_orders_that_are_missing_are_counted() -> None:
    first, second = attempt(State.FAILED, JO, order_id="O-2"), attempt(State.ACCEPTED, JO, number=2, order_id="O-1")
    told = matched(record=record_of(first, second), reading=read(missing=frozenset({"O-1", "O-2"})))
    assert told.why_incomplete == "the list lacks 2 orders of this batch that were made, such as O-1"


def test_orders_that_do_not_say_whose_they_are_are_open_unless_the_ledger_knows_them() -> None:
    silent = [KeptOrder(order_id=f"O-{nth}", status="PROCESSING") for nth in range(3)]
    told = matched(*silent, listed("O-9", "Christmas"), known=frozenset({"O-1"}))
    assert told.open_orders == {"O-0", "O-2"}


# Quick


def many(count: int) -> tuple[BatchRecord, list[Payout]]:
    payouts = [payout(f"R{nth}", email=f"r{nth}@example.com") for nth in range(count)]
    rows = []
    for nth, paid in enumerate(payouts):
        one = replace(attempt(State.UNKNOWN, paid), id=nth + 1)
        rows.append(
            RowRecord(
                id=nth + 1,
                identity=one.order.identity,
                line=nth + 2,
                in_file=True,
                columns=(),
                cells=(),
                attempts=(one,),
            )
        )
    return BatchRecord(environment=ENVIRONMENT, name=BATCH, rows=tuple(rows)), payouts


@pytest.mark.parametrize(("numbers", "strays"), [((1,), 0), ((1, 2, 3), 0), ((1,), 3)])
def test_thousands_of_rows_are_matched_with_as_many_orders(numbers: tuple[int, ...], strays: int) -> None:
    record, payouts = many(2_000)
    kept = {}
    for nth, paid in enumerate(payouts):
        number = numbers[nth % len(numbers)]
        kept[f"O-{nth}"] = listed(f"O-{nth}", tag_of(paid, number=number))
    for nth in range(strays):
        kept[f"O-stray-{nth}"] = listed(f"O-stray-{nth}", tag_of(payout(f"nobody-{nth}")))
    told = evidence(record, [], kept, reading=None, known=frozenset())
    assert all(told.of(row.identity) for row in record.rows)
    assert len(told.found) == 2_000
    assert len(told.strays) == strays
