"""Twins: what is held back because it looks like a payment that was made, and what says that it is meant."""

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import pytest

from batcher.model import Distribution, Environment, Payout
from batcher.planning import Choices, Plan, Standing, choices_of, sheet_of
from batcher.states import OPEN, State
from tests.payouts import WINDOW_DAYS, Book, Unreadable, payout, sheet

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")
DEC = "dec"


def standings(plan: Plan) -> dict[str, Standing]:
    return {line.name: line.standing for line in plan.lines}


def whys(plan: Plan) -> list[str]:
    return [line.why for line in plan.of(Standing.DOUBTFUL)]


def test_a_renamed_reference_is_doubtful_and_the_old_one_missing(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    plan = book.plan(sheet(payout("R1-final")))
    assert standings(plan) == {"R1-final": Standing.DOUBTFUL, "R1": Standing.MISSING}
    assert plan.problems[0].message == (
        "'R1-final' may be paid already: 'R1' (line 2 when it was confirmed) in this batch paid or may have paid the "
        "same, and no row of the file claims it."
    )
    assert plan.problems[0].fix == (
        "If it is meant as a further payment, run again with --pay-again R1-final; else take it out."
    )


def test_a_reference_given_later_is_no_other_payment(book: Book) -> None:
    book.confirm(sheet(payout(None)))
    book.bring(book.batch().rows[0].name, State.COMPLETED)
    assert book.plan(sheet(JO)).lines[0].standing is Standing.DOUBTFUL


def test_a_reference_that_lost_its_zeros_is_doubtful_whoever_is_paid(book: Book) -> None:
    book.confirm(sheet(payout("0123")))
    book.bring("0123", State.COMPLETED)
    others = (payout(name, "7.00", email=f"{name}@example.com") for name in ("123", "1230"))
    plan = book.plan(sheet(*others))
    assert standings(plan) == {"123": Standing.DOUBTFUL, "1230": Standing.NEW, "0123": Standing.MISSING}
    assert "zeros in front" in whys(plan)[0]


def test_zeros_alone_do_not_tell_payments_of_two_batches_apart(book: Book) -> None:
    book.confirm(sheet(payout("0123")), batch=DEC)
    book.bring("0123", State.COMPLETED, batch=DEC)
    assert standings(book.plan(sheet(payout("123")))) == {"123": Standing.DOUBTFUL}
    assert standings(book.plan(sheet(payout("124")))) == {"124": Standing.NEW}


def test_the_flag_for_missing_rows_does_not_cover_a_twin(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    plan = book.plan(sheet(payout("R9")), accept_missing=True)
    assert [one.kind for one in plan.problems] == ["doubtful"]


def test_pay_again_covers_the_rows_it_names_and_no_others(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    file = sheet(payout("R8"), payout("R9"))
    plan = book.plan(file, accept_missing=True, pay_again=frozenset({"R9"}))
    assert standings(plan) == {"R8": Standing.DOUBTFUL, "R9": Standing.NEW, "R1": Standing.GONE}
    assert plan.lines[1].why.startswith("meant as a further payment, although 'R1' (line 2 ")
    assert plan.lines[1].order is not None


@pytest.mark.parametrize("state", sorted(OPEN | {State.COMPLETED}))
def test_paid_and_open_rows_have_twins(book: Book, state: State) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", state)
    assert book.plan(sheet(payout("R9"))).lines[0].standing is Standing.DOUBTFUL


@pytest.mark.parametrize("states", [[], [State.HELD], [State.REJECTED]])
def test_rows_that_paid_nothing_have_none(book: Book, states: list[State]) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", *states)
    assert book.plan(sheet(payout("R9"))).lines[0].standing is Standing.NEW


def test_an_order_that_failed_is_a_twin_whatever_its_row_said_later(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.FAILED)
    book.confirm(sheet(payout("R1", "12.00")))
    book.bring("R1", State.REJECTED)
    assert standings(book.plan(sheet(payout("R9"))))["R9"] is Standing.DOUBTFUL
    assert standings(book.plan(sheet(payout("R9", "12.00"))))["R9"] is Standing.NEW


def test_a_row_that_the_file_still_has_claims_its_payment(book: Book) -> None:
    """Twice the same to one person in one file, each with its reference, is meant."""
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    assert standings(book.plan(sheet(JO, payout("R9")))) == {"R1": Standing.PAID, "R9": Standing.NEW}


def test_an_unreadable_row_claims_nothing(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    plan = book.plan(sheet(Unreadable("R1"), payout("R9")), skip_invalid=True)
    assert standings(plan) == {"R1": Standing.EDITED, "R9": Standing.DOUBTFUL}


def test_an_order_that_failed_is_a_twin_under_another_reference(book: Book) -> None:
    """Under its own it would be read once more before anything is sent."""
    book.confirm(sheet(JO))
    book.bring("R1", State.FAILED)
    plan = book.plan(sheet(payout("R9")))
    assert standings(plan) == {"R9": Standing.DOUBTFUL, "R1": Standing.GONE}
    assert whys(plan)[0].startswith("'R1' (line 2 when it was confirmed) in this batch failed to pay the same; ")
    assert standings(book.plan(sheet(JO, payout("R9")))) == {"R1": Standing.RETRY, "R9": Standing.NEW}
    assert book.plan(sheet(payout("R9", "3.00"))).problems == ()


@pytest.mark.parametrize(
    "theirs",
    [
        payout("R9", "10.50"),
        payout("R9", currency="EUR"),
        payout("R9", products=("AIRBNB-GB",)),
    ],
)
def test_what_shares_its_recipient_with_a_missing_row_is_doubtful_whatever_is_paid(book: Book, theirs: Payout) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.UNKNOWN)
    plan = book.plan(sheet(theirs), accept_missing=True)
    assert whys(plan) == [
        (
            "'R1' (line 2 when it was confirmed) in this batch has the same recipient, was or may have been paid, and "
            "is gone from the file"
        )
    ]


def test_a_row_that_was_accepted_as_gone_long_ago_still_counts(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R1", State.COMPLETED)
    book.confirm(sheet(ANN), accept_missing=True)
    assert standings(book.plan(sheet(ANN, payout("R9", "3.00"))))["R9"] is Standing.DOUBTFUL


def test_somebody_else_who_gets_something_else_is_new(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    assert standings(book.plan(sheet(ANN), accept_missing=True))["R2"] is Standing.NEW


def test_the_address_in_other_letters_and_the_product_in_other_letters_are_twins(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    other = payout("R9", email="JO@example.com", products=("amz-gb",))
    assert whys(book.plan(sheet(other), accept_missing=True))[0].endswith("no row of the file claims it")


def test_another_way_of_delivery_to_the_same_person_is_a_twin(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    link = payout("R9", distribution=Distribution.PAYOUT_LINK)
    assert book.plan(sheet(link), accept_missing=True).lines[0].standing is Standing.DOUBTFUL


def test_a_refused_row_with_an_unchanged_payment_is_retried_beside_a_missing_one(book: Book) -> None:
    book.confirm(sheet(JO, payout("R9", "3.00")))
    book.bring("R1", State.COMPLETED)
    book.bring("R9", State.REJECTED)
    assert standings(book.plan(sheet(payout("R9", "3.00"))))["R9"] is Standing.RETRY


def test_a_refused_row_mended_into_what_a_missing_one_paid_is_doubtful(book: Book) -> None:
    book.confirm(sheet(JO, payout("R9", "3.00")))
    book.bring("R1", State.COMPLETED)
    book.bring("R9", State.REJECTED)
    assert standings(book.plan(sheet(payout("R9"))))["R9"] is Standing.DOUBTFUL


def test_a_withdrawn_row_that_is_added_again_is_checked_anew(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.confirm(sheet(payout("R9"), ANN))
    book.bring("R9", State.COMPLETED)
    plan = book.plan(sheet(JO, ANN), accept_missing=True)
    assert (standings(plan)["R1"], len(whys(plan))) == (Standing.DOUBTFUL, 1)


def test_an_unsent_row_that_is_edited_into_a_missing_one_is_doubtful(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R1", State.COMPLETED)
    assert standings(book.plan(sheet(payout("R2")), accept_missing=True))["R2"] is Standing.DOUBTFUL


def test_an_unsent_row_left_alone_by_its_paid_twin_is_doubtful(book: Book) -> None:
    """Somebody saw the same payment twice in the file, and took out the one that had been made."""
    book.confirm(sheet(JO, payout("R9")))
    book.bring("R1", State.COMPLETED)
    plan = book.plan(sheet(payout("R9")), accept_missing=True)
    assert standings(plan)["R9"] is Standing.DOUBTFUL


def test_an_unsent_row_only_sharing_its_recipient_goes_on(book: Book) -> None:
    book.confirm(sheet(JO, payout("R9", "3.00")))
    book.bring("R1", State.COMPLETED)
    assert standings(book.plan(sheet(payout("R9", "3.00")), accept_missing=True))["R9"] is Standing.UNSENT


@dataclass(frozen=True)
class Elsewhere:
    """What another batch paid, and what this one would pay."""

    theirs: str | None
    ours: str | None
    standing: Standing


@pytest.mark.parametrize(
    "case",
    [
        Elsewhere("R1", "R1", Standing.DOUBTFUL),
        Elsewhere("R1", None, Standing.DOUBTFUL),
        Elsewhere(None, "R1", Standing.DOUBTFUL),
        Elsewhere(None, None, Standing.DOUBTFUL),
        Elsewhere("R1", "R9", Standing.NEW),
        Elsewhere("inv-1", "INV-1", Standing.DOUBTFUL),
    ],
)
@pytest.mark.parametrize("state", [State.COMPLETED, State.UNKNOWN])
def test_in_another_batch_only_two_references_tell_two_payments_apart(
    book: Book, case: Elsewhere, state: State
) -> None:
    book.confirm(sheet(payout(case.theirs)))
    book.bring(book.batch().rows[0].name, state)
    (line,) = book.plan(sheet(payout(case.ours)), DEC).lines
    assert line.standing is case.standing


@pytest.mark.parametrize(("state", "word"), [(State.COMPLETED, "paid"), (State.ACCEPTED, "may have paid")])
def test_the_other_batch_is_named(book: Book, state: State, word: str) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", state)
    assert whys(book.plan(sheet(JO), DEC)) == [f"'R1' in batch nov {word} the same on 2026-11-03"]


def test_what_another_batch_paid_counts_to_the_last_moment_of_the_window(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    book.pass_days(WINDOW_DAYS)
    assert book.plan(sheet(JO), DEC).lines[0].standing is Standing.DOUBTFUL
    book.now += timedelta(microseconds=1)
    assert book.plan(sheet(JO), DEC).lines[0].standing is Standing.NEW


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_is_open_in_another_batch_counts_for_ever(book: Book, state: State) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", state)
    book.pass_days(1000)
    assert book.plan(sheet(JO), DEC).lines[0].standing is Standing.DOUBTFUL


def test_what_another_batch_only_planned_or_was_refused_does_not_count(book: Book) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R2", State.REJECTED)
    assert {line.standing for line in book.plan(sheet(JO, ANN), DEC).lines} == {Standing.NEW}


def test_a_row_confirmed_here_and_paid_by_another_batch_since_is_doubtful(book: Book) -> None:
    """A run stops early, its rest is paid under another name, and the first command is run again."""
    book.confirm(sheet(JO, ANN))
    book.bring("R2", State.COMPLETED)
    book.confirm(sheet(JO), DEC)
    book.bring("R1", State.COMPLETED, batch=DEC)
    plan = book.plan(sheet(JO, ANN))
    assert standings(plan) == {"R1": Standing.DOUBTFUL, "R2": Standing.PAID}
    assert whys(plan) == ["'R1' in batch dec paid the same on 2026-11-03"]
    meant = book.plan(sheet(JO, ANN), pay_again=frozenset({"R1"}))
    assert (standings(meant)["R1"], meant.problems) == (Standing.UNSENT, ())


def gone_on(book: Book, **choices: Any) -> Plan:
    """The plan of what is left of the last confirmed one, by the ledger alone."""
    return book.plan(sheet_of(book.batch()), **{**vars_of(choices_of(book.batch())), **choices})


def vars_of(choices: Choices) -> dict[str, Any]:
    return {one.name: getattr(choices, one.name) for one in fields(choices)}


@pytest.mark.parametrize("retry", [False, True])
def test_a_row_said_to_be_meant_is_not_paid_again_after_another_batch_has_paid_it(book: Book, retry: bool) -> None:
    """`--pay-again` was said of what could be known then; the batch is gone on with, or tried again, much later."""
    book.confirm(sheet(JO), DEC)
    book.bring("R1", State.COMPLETED, batch=DEC)
    book.pass_days(1)
    book.confirm(sheet(JO, ANN), pay_again=frozenset({"R1"}))
    if retry:
        book.bring("R1", State.REJECTED)
    assert gone_on(book, retry=retry).problems == ()
    book.pass_days(1)
    book.confirm(sheet(JO), "third", pay_again=frozenset({"R1"}))
    book.bring("R1", State.COMPLETED, batch="third")
    plan = gone_on(book, retry=retry)
    assert standings(plan)["R1"] is Standing.DOUBTFUL
    assert whys(plan) == ["'R1' in batch third paid the same on 2026-11-05, after this row was said to be meant"]
    meant = book.plan(sheet(JO, ANN), pay_again=frozenset({"R1"}), retry=retry)
    assert meant.problems == ()


def test_what_was_turned_away_before_the_word_was_said_and_paid_after_it_is_doubtful(book: Book) -> None:
    """Turned away, it was no payment, so that whoever said the word could not know of it as one."""
    book.confirm(sheet(JO), "third")
    book.bring("R1", State.HELD, batch="third")
    book.pass_days(1)
    book.confirm(sheet(JO))
    said = gone_on(book, pay_again=frozenset({"R1"}))
    assert said.problems == ()
    book.pass_days(1)
    book.bring("R1", State.COMPLETED, batch="third")
    plan = gone_on(book, pay_again=frozenset({"R1"}))
    assert whys(plan) == ["'R1' in batch third paid the same on 2026-11-05, after this row was said to be meant"]


def test_what_was_unknown_when_the_word_was_said_was_known_however_it_is_settled(book: Book) -> None:
    book.confirm(sheet(JO), DEC)
    book.bring("R1", State.HELD, State.UNKNOWN, batch=DEC)
    book.pass_days(1)
    book.confirm(sheet(JO), pay_again=frozenset({"R1"}))
    book.pass_days(1)
    book.bring("R1", State.COMPLETED, batch=DEC)
    assert gone_on(book).problems == ()


def test_a_refused_row_that_another_batch_paid_since_is_doubtful(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO), DEC)
    book.bring("R1", State.COMPLETED, batch=DEC)
    assert book.plan(sheet(JO)).lines[0].standing is Standing.DOUBTFUL
    assert book.plan(sheet(JO), retry=False).problems == ()


def test_a_batch_that_is_repeated_on_purpose_covers_its_own_payments_only(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    book.confirm(sheet(ANN), "oct")
    book.bring("R2", State.COMPLETED, batch="oct")
    plan = book.plan(sheet(JO, ANN), DEC, repeats="nov", reason="monthly")
    assert standings(plan) == {"R1": Standing.NEW, "R2": Standing.DOUBTFUL}


def test_a_repeated_batch_does_not_cover_a_twin_within_this_one(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    plan = book.plan(sheet(payout("R9")), accept_missing=True, repeats="nov", reason="monthly")
    assert standings(plan)["R9"] is Standing.DOUBTFUL


def test_another_environment_never_counts(book: Book) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    book.environment = Environment(base_url="https://api.runa.io", account="main")
    assert book.plan(sheet(JO), DEC).lines[0].standing is Standing.NEW


def test_links_that_name_nobody_are_told_apart_by_their_references(book: Book) -> None:
    link = payout("L1", distribution=Distribution.PAYOUT_LINK, email=None)
    other = payout("L2", distribution=Distribution.PAYOUT_LINK, email=None)
    book.confirm(sheet(link))
    book.bring("L1", State.COMPLETED)
    assert standings(book.plan(sheet(link, other)))["L2"] is Standing.NEW
    assert standings(book.plan(sheet(other), accept_missing=True))["L2"] is Standing.DOUBTFUL
    assert standings(book.plan(sheet(other), DEC))["L2"] is Standing.NEW
    assert standings(book.plan(sheet(link), DEC))["L1"] is Standing.DOUBTFUL
