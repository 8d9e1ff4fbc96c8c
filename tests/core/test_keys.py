"""Who is who: what means the same has one identity, what differs another, and the body says exactly what is paid."""

import json
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from batcher import keys
from batcher.intake.meaning.products import read_products
from batcher.model import Distribution, Environment, Payout, Sheet, SheetRow
from batcher.money import in_minor_units
from batcher.planning import Choices, make_plan
from batcher.records import BatchRecord
from tests.core.payouts import (
    ANN,
    MINOR_UNITS,
    UNHURRIED,
    accounts,
    batch_names,
    codes,
    decomposed,
    payouts,
    references,
    typed_references,
)
from tests.virtual_time import START

nameless = payouts(references=st.none())
attempts = st.integers(1, keys.MAX_ATTEMPTS)


# References


def test_a_link_for_somebody_else_is_another_body_although_it_names_no_address() -> None:
    for_ann, for_ann_too, for_bob = (
        keys.body(key="k", batch="b", payout=replace(ANN, distribution=Distribution.PAYOUT_LINK, email=email))
        for email in ("ann@example.com", "Ann@example.com", "bob@example.com")
    )
    assert for_ann == for_ann_too != for_bob
    assert b"example.com" not in for_ann


@UNHURRIED
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_normalised_reference_stays_as_it_is(typed: str) -> None:
    once = keys.normalised_reference(typed)
    assert keys.normalised_reference(once) == once


@UNHURRIED
@given(
    typed_references, st.sampled_from(["", " ", "\t", "\u00a0", "\u2003 "]), st.sampled_from(["", " ", "\n", "\u3000"])
)
def test_spaces_around_and_the_spelling_of_accents_are_no_part_of_a_reference(
    typed: str, before: str, after: str
) -> None:
    assert keys.normalised_reference(f"{before}{decomposed(typed)}{after}") == keys.normalised_reference(typed)


def test_case_and_inner_spaces_are_part_of_a_reference() -> None:
    written = ["A 1", "a 1", "A1", "A  1"]
    assert len({keys.normalised_reference(reference) for reference in written}) == len(written)


@pytest.mark.parametrize(("ours", "theirs"), [("A1", "a1"), ("A1", "\uff21\uff11"), ("STRASSE", "Straße"), ("ﬁ", "FI")])
def test_what_a_person_takes_for_the_same_reference_folds_to_the_same(ours: str, theirs: str) -> None:
    assert keys.normalised_reference(ours) != keys.normalised_reference(theirs)
    assert keys.folded(ours) == keys.folded(theirs)


# Identity


@UNHURRIED
@given(payouts(references=references), nameless)
def test_a_row_with_a_reference_is_its_reference_whatever_it_pays(payout: Payout, other: Payout) -> None:
    assert keys.identity(replace(other, reference=payout.reference)) == keys.identity(payout)
    assert keys.row_name(keys.identity(payout)) == payout.reference


@UNHURRIED
@given(references, references)
def test_two_references_are_two_rows(ours: str, theirs: str) -> None:
    same = keys.identity(replace(ANN, reference=ours)) == keys.identity(replace(ANN, reference=theirs))
    assert same == (ours == theirs)


@UNHURRIED
@given(nameless, nameless)
def test_no_reference_can_be_taken_for_a_content(payout: Payout, other: Payout) -> None:
    content = keys.identity(payout)
    for typed in (content, content.partition(":")[2]):
        assert keys.identity(replace(other, reference=typed)) != content


@UNHURRIED
@given(nameless, st.data())
def test_what_means_the_same_is_the_same_row(payout: Payout, data: st.DataObject) -> None:
    assert keys.identity(_respelled(payout, data)) == keys.identity(payout)
    assert keys.twin_digest(_respelled(payout, data)) == keys.twin_digest(payout)


def test_the_order_of_products_is_no_part_of_a_row_even_where_their_case_changes_it() -> None:
    typed = ["AMZ-GB|airbnb-GB", "AMZ-GB|AIRBNB-GB", "airbnb-gb | amz-gb"]
    rows = [replace(ANN, reference=None, products=read_products(cell)[0]) for cell in typed]
    assert len({keys.identity(row) for row in rows}) == 1
    assert len({keys.twin_digest(row) for row in rows}) == 1


@UNHURRIED
@given(nameless, nameless, st.sets(st.sampled_from(["amount", "products", "distribution", "email", "template"])))
def test_a_row_without_a_reference_is_another_exactly_where_a_normalised_field_differs(
    ours: Payout, theirs: Payout, kept: set[str]
) -> None:
    theirs = replace(theirs, **{name: getattr(ours, name) for name in kept})
    assert (keys.identity(ours) == keys.identity(theirs)) == (_meaning(ours) == _meaning(theirs))


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("10.01")},
        {"amount": Decimal("100.00")},
        {"currency": "EUR"},
        {"products": ("AMZ-DE",)},
        {"products": ("AMZ-DE", "AMZ-GB")},
        {"products": ("AMZ-GB", "T-1")},
        {"distribution": Distribution.PAYOUT_LINK},
        {"distribution": Distribution.RECIPIENT, "recipient_reference": "emp-7"},
        {"email": "anne@example.com"},
        {"template": "T-1"},
        {"template": "AMZ-GB"},
    ],
)
def test_each_field_tells_rows_apart(change: dict[str, Any]) -> None:
    ours = replace(ANN, reference=None)
    assert keys.identity(replace(ours, **change)) != keys.identity(ours)
    assert keys.content_digest(replace(ANN, **change)) != keys.content_digest(ANN)


@UNHURRIED
@given(payouts(), references)
def test_a_reference_is_no_part_of_what_is_paid(payout: Payout, reference: str) -> None:
    assert keys.content_digest(replace(payout, reference=reference)) == keys.content_digest(payout)
    assert keys.twin_digest(replace(payout, reference=reference)) == keys.twin_digest(payout)


@UNHURRIED
@given(payouts(), payouts())
def test_twins_are_equal_in_recipient_amount_currency_and_product(ours: Payout, theirs: Payout) -> None:
    theirs = replace(ours, distribution=theirs.distribution, template=theirs.template, reference=theirs.reference)
    assert keys.twin_digest(theirs) == keys.twin_digest(ours)
    assert keys.twin_digest(replace(ours, amount=ours.amount * 2)) != keys.twin_digest(ours)
    assert keys.twin_digest(replace(ours, products=(*ours.products, "another"))) != keys.twin_digest(ours)
    assert keys.twin_digest(replace(ours, email="somebody@else.example")) != keys.twin_digest(ours)


def test_a_recipient_is_an_address_else_a_reference_else_nobody() -> None:
    assert keys.recipient(replace(ANN, email="Ann@Example.com", recipient_reference="emp-7")) == "ann@example.com"
    assert keys.recipient(replace(ANN, email=None, recipient_reference="emp-7")) == "emp-7"
    assert keys.recipient(replace(ANN, email=None)) == ""


# Keys


@UNHURRIED
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.lists(st.text("ab\x00é")))
def test_two_lists_of_fields_never_run_together(ours: list[str], theirs: list[str]) -> None:
    assert (keys.digest(*ours) == keys.digest(*theirs)) == (ours == theirs)


@UNHURRIED
@given(st.text(st.sampled_from("a1:\x00é"), min_size=1), st.data())
def test_a_text_that_is_cut_elsewhere_is_another_list_of_fields(text: str, data: st.DataObject) -> None:
    here, there = (data.draw(st.integers(0, len(text))) for _ in range(2))
    same = keys.digest(text[:here], text[here:]) == keys.digest(text[:there], text[there:])
    assert same == (here == there)
    assert keys.digest(text) != keys.digest(text, "")


@UNHURRIED
@given(st.tuples(accounts, batch_names, references, attempts), st.tuples(accounts, batch_names, references, attempts))
def test_keys_are_equal_only_for_the_same_attempt_of_the_same_row(
    ours: tuple[str, str, str, int], theirs: tuple[str, str, str, int]
) -> None:
    assert (_key(*ours) == _key(*theirs)) == (ours == theirs)
    account, batch, reference, attempt = theirs
    assert (_key(account, *ours[1:]) == _key(*ours)) == (account == ours[0])
    assert (_key(ours[0], batch, *ours[2:]) == _key(*ours)) == (batch == ours[1])
    assert (_key(*ours[:2], reference, ours[3]) == _key(*ours)) == (reference == ours[2])
    assert (_key(*ours[:3], attempt) == _key(*ours)) == (attempt == ours[3])


@UNHURRIED
@given(accounts, batch_names, references, attempts)
def test_a_key_is_a_uuid_of_version_8_in_its_usual_spelling(
    account: str, batch: str, reference: str, attempt: int
) -> None:
    key = _key(account, batch, reference, attempt)
    read = uuid.UUID(key)
    assert str(read) == key
    assert read.version == 8
    assert read.variant == uuid.RFC_4122


@pytest.mark.parametrize("attempt", [0, -1, keys.MAX_ATTEMPTS + 1])
def test_there_are_no_other_attempts_than_1_to_32(attempt: int) -> None:
    with pytest.raises(ValueError, match="not between 1 and 32"):
        _key("main", "2026-03", "A-1", attempt)


def test_the_attempts_of_one_row_all_have_keys_of_their_own() -> None:
    assert len({_key("main", "2026-03", "A-1", attempt) for attempt in range(1, 33)}) == 32


def test_a_fingerprint_tells_keys_apart_and_does_not_tell_them() -> None:
    assert keys.fingerprint("wg.secret-1") != keys.fingerprint("wg.secret-2")
    assert len(keys.fingerprint("wg.secret-1")) == 16
    assert "secret" not in keys.fingerprint("wg.secret-1")


# Tag and body


@UNHURRIED
@given(payouts(), batch_names, references, attempts)
def test_the_tag_begins_with_the_whole_key_and_fits(payout: Payout, batch: str, account: str, attempt: int) -> None:
    key = keys.idempotency_key(account=account, batch=batch, identity=keys.identity(payout), attempt=attempt)
    tag = keys.tag(key=key, batch=batch, payout=payout)
    assert tag.startswith(f"{key} {batch}")
    assert len(tag.encode()) <= 128
    whole = f"{key} {batch} {payout.reference}" if payout.reference is not None else f"{key} {batch}"
    assert whole.startswith(tag)
    assert tag == whole or len(whole.encode()) > 128
    if len(whole.encode()) > 128:
        # At most one character and the spaces before it were given up besides what did not fit.
        kept = whole.encode()[:128].decode(errors="replace").rstrip("\ufffd").rstrip()
        assert tag == kept


@UNHURRIED
@given(payouts(), batch_names)
def test_the_body_is_json_that_says_exactly_what_is_paid(payout: Payout, batch: str) -> None:
    key = _key("main", batch, "anything", 1)
    text = keys.body(key=key, batch=batch, payout=payout).decode("ascii")
    said = json.loads(text, parse_int=Decimal, parse_float=Decimal)

    assert set(said) == {"description", "items", "metadata", "payment_method"}
    assert said["payment_method"] == {"type": "ACCOUNT_BALANCE", "currency": payout.currency}
    assert said["description"] == keys.tag(key=key, batch=batch, payout=payout)
    expected = {"batch": batch, "idempotency_key": key, "reference": payout.reference}
    owner = said["metadata"].pop("recipient", None)
    assert (owner is not None) == (payout.distribution is Distribution.PAYOUT_LINK and payout.email is not None)
    assert said["metadata"] == {name: value for name, value in expected.items() if value is not None}
    (item,) = said["items"]
    assert set(item) == {"distribution_method", "face_value", "products"}
    assert item["face_value"] == payout.amount
    assert item["products"] == _products(payout)
    assert item["distribution_method"] == _method(payout)


@UNHURRIED
@given(payouts(), batch_names)
def test_the_body_is_ascii_with_sorted_keys_and_no_space_to_spare(payout: Payout, batch: str) -> None:
    body = keys.body(key="k", batch=batch, payout=payout)
    said = json.loads(body, parse_float=_as_written, parse_int=_as_written)
    assert b'"face_value":' + str(_face_value(payout)).encode() in body
    assert json.dumps(said, sort_keys=True, separators=(",", ":")) == _without_number(body.decode("ascii"))


@UNHURRIED
@given(payouts())
def test_a_whole_amount_is_written_without_decimals(payout: Payout) -> None:
    whole = replace(payout, amount=in_minor_units(Decimal(25), payout.currency))
    assert b'"face_value":25,' in keys.body(key="k", batch="b", payout=whole)


@UNHURRIED
@given(
    payouts(),
    batch_names,
    st.tuples(st.integers(2, 10**6), st.integers(2, 10**6)),
    st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]))] * 4),
)
def test_line_numbers_file_names_and_further_columns_are_no_part_of_key_or_body(
    payout: Payout, batch: str, lines: tuple[int, int], words: tuple[str, str, str, str]
) -> None:
    ours = _planned(payout, batch, line=lines[0], name=words[0], cell=words[1])
    theirs = _planned(payout, batch, line=lines[1], name=words[2], cell=words[3])
    assert ours == theirs


@UNHURRIED
@given(payouts(), batch_names)
def test_nothing_of_a_line_or_a_file_is_in_the_body(payout: Payout, batch: str) -> None:
    assume("987654" not in f"{payout}{batch}")
    _, body = _planned(payout, batch, line=987654, name="secret-file.csv", cell="a pass-through cell")
    for word in (b"987654", b"secret-file", b"pass-through"):
        assert word not in body


def _key(account: str, batch: str, reference: str, attempt: int) -> str:
    return keys.idempotency_key(account=account, batch=batch, identity=f"reference:{reference}", attempt=attempt)


def _meaning(payout: Payout) -> tuple[object, ...]:
    """What two rows have to share to be the same, without any digest."""
    return (
        payout.distribution,
        (payout.email or "").casefold(),
        payout.recipient_reference or "",
        payout.amount,
        payout.currency,
        frozenset(product.casefold() for product in payout.products),
        payout.template or "",
    )


def _respelled(payout: Payout, data: st.DataObject) -> Payout:
    """The same row as somebody else would type it, read as the intake reads it."""
    cell = "|".join(data.draw(st.permutations(payout.products)))
    if not payout.is_template:
        cell = data.draw(_recased(cell))
    products, fault = read_products(cell)
    assert not fault
    places = data.draw(st.integers(0, 3))
    typed = Decimal(f"{payout.amount:f}{'' if '.' in str(payout.amount) else '.'}{'0' * places}")
    email = payout.email
    if email is not None and email.isascii():
        email = data.draw(_recased(email))
    return replace(payout, products=products, amount=in_minor_units(typed, payout.currency), email=email)


def _recased(text: str) -> st.SearchStrategy[str]:
    """The same letters, some of them large and some small."""
    large = st.lists(st.booleans(), min_size=len(text), max_size=len(text))
    return large.map(
        lambda flags: "".join(
            letter.upper() if flag else letter.lower() for letter, flag in zip(text, flags, strict=True)
        )
    )


def _products(payout: Payout) -> dict[str, Any]:
    first = payout.products[0]
    if first.startswith("PT-"):
        return {"type": "TEMPLATE", "template_id": first}
    if len(payout.products) > 1:
        return {"type": "MULTIPLE", "values": list(payout.products)}
    return {"type": "SINGLE", "value": first}


def _method(payout: Payout) -> dict[str, str]:
    fields: dict[str, str | None] = {
        "EMAIL": {"email_address": payout.email},
        "PAYOUT_LINK": {},
        "RECIPIENT": {"email_address": payout.email, "recipient_reference": payout.recipient_reference},
    }[payout.distribution.value]
    said = {"type": payout.distribution.value, **fields, "template_id": payout.template}
    return {name: value for name, value in said.items() if value is not None}


def _face_value(payout: Payout) -> str:
    places = MINOR_UNITS[payout.currency]
    minor = int(payout.amount.scaleb(places))
    whole, rest = divmod(minor, 10**places)
    return str(whole) if rest == 0 else f"{whole}.{rest:0{places}d}"


def _as_written(number: str) -> str:
    return f"<{number}>"


def _without_number(text: str) -> str:
    """The body with its one number in quotes, as `_as_written` reads it."""
    before, mark, after = text.partition('"face_value":')
    number, comma, rest = after.partition(",")
    return f'{before}{mark}"<{number}>"{comma}{rest}'


class _Nobody:
    """A ledger without kin."""

    def kin(self, environment: Environment, **_: object) -> list[Any]:
        return []


def _planned(payout: Payout, batch: str, *, line: int, name: str, cell: str) -> tuple[str, bytes]:
    """Key and body that a plan gives the row in such a file."""
    sheet = Sheet(
        name=name,
        digest=str(line),
        encoding="utf-8",
        delimiter=",",
        columns=("reference", "note"),
        rows=(SheetRow(line=line, cells=(payout.reference or "", cell), payout=payout),),
    )
    record = BatchRecord(environment=Environment(base_url="https://api.example/v2", account="main"), name=batch)
    plan = make_plan(sheet, record, _Nobody(), choices=Choices(), now=START, window_days=20)
    (planned,) = plan.to_send
    assert planned.order is not None
    return planned.order.key, planned.order.body


@UNHURRIED
@given(st.lists(codes, min_size=2, max_size=4, unique_by=str.casefold), st.data())
def test_products_read_in_any_order_are_the_same_products(some: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(some))
    assert read_products("|".join(shuffled)) == read_products("|".join(some))
