"""What is read of each of our columns: equal cells once, and plain ones by the column."""

import unicodedata
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from batcher import keys, money
from batcher.intake import paid, shapes
from batcher.intake.arrays import literal, nobody, repeated, text_of, texts
from batcher.intake.frame import Derive, Frame
from batcher.intake.header import FIELDS
from batcher.intake.meaning.delivery import distribution_of
from batcher.intake.meaning.emails import MAX_LENGTH, NOT_PLAIN_PATTERN, PLAIN_PATTERN, read_email
from batcher.intake.meaning.products import read_products, takes_whole_amounts
from batcher.intake.record import Oddity
from batcher.model import Distribution

NO_CURRENCY = -1
"""In place of a currency's decimals where it has none; below every count of decimals."""
_PLAIN = r"^[\x20-\x7e]*$"
"""Text that is its own normal form, with nothing in it that nobody sees."""
_PLAIN_BYTES = bytes(range(0x20, 0x7F))
_IDENTIFYING = frozenset({"reference", "recipient_reference"})
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of characters that nobody sees."""


def references(frame: Frame) -> Mapping[str, pa.Array]:
    """References in their normal form, and the first character in each that nobody sees."""
    text = frame["reference"]
    others = _not_plain(text)
    nothing = repeated("", len(frame))
    return {
        "reference_read": _corrected(frame, text, others, text, keys.normalised_reference),
        "reference_invisible": _corrected(frame, nothing, others, text, invisible),
    }


def folded_references(frame: Frame) -> Mapping[str, pa.Array]:
    """What two references must not share."""
    text = frame["reference_read"]
    return {"reference_folded": _corrected(frame, pc.ascii_lower(text), _not_plain(text), text, keys.folded)}


def _not_plain(text: pa.Array) -> pa.BooleanArray:
    if not text_of(text).translate(None, _PLAIN_BYTES):
        return nobody(len(text))
    return pc.invert(pc.match_substring_regex(text, _PLAIN))


def _corrected(
    frame: Frame, plain: pa.Array, others: pa.BooleanArray, text: pa.Array, read: Callable[[str], str]
) -> pa.Array:
    """`plain`, but for the rows of `others`, where it is what `read` makes of the text."""
    places = frame.places(others)
    if not places:
        return plain
    return pc.replace_with_mask(plain, others, texts([read(text[place].as_py()) for place in places]))


def invisible(text: str) -> str:
    """The code point of the first character that nobody would see, such as a zero-width space."""
    return next((f"U+{ord(sign):04X}" for sign in text if unicodedata.category(sign) in _UNSEEN), "")


def peers(frame: Frame) -> Mapping[str, pa.Array]:
    """Who shares a reference with whom, in words."""
    facts = frame.facts
    lines = frame["line"].to_pylist() if facts.has_peers else []
    return {
        name: frame.sparse({place: words[line] for place, line in enumerate(lines) if line in words}, "")
        for name, words in (
            ("reference_peers", facts.reference_peers),
            ("reference_lookalikes", facts.reference_lookalikes),
            ("recipient_peers", facts.recipient_peers if frame.options.same_recipient == "error" else {}),
        )
    }


def currencies(frame: Frame) -> Mapping[str, pa.Array]:
    """How many decimals each row's currency has; `NO_CURRENCY` for what is none."""
    (units,) = frame.each("currency", _units)
    return {"units": units}


def _units(currency: str) -> int:
    units = money.minor_units(currency)
    return NO_CURRENCY if units is None else units


def products(frame: Frame) -> Mapping[str, pa.Array]:
    """Why a product cell names none, and whether what it names comes in whole amounts only."""
    fault, whole = frame.each(
        "product", lambda text: read_products(text)[1], lambda text: takes_whole_amounts(read_products(text)[0])
    )
    return {"product_fault": fault, "whole_only": whole}


def deliveries(frame: Frame) -> Mapping[str, pa.Array]:
    """The way of delivery; empty for a word that is none."""
    (method,) = frame.each("distribution", lambda text: distribution_of(text) or "")
    return {"method": method}


def emails(frame: Frame) -> Mapping[str, pa.Array]:
    """Which cells hold an address that no mail can reach, and why."""
    found = {place: read_email(frame["email"][place].as_py()) for place in frame.places(frame["email_unusual"])}
    bad = {place: True for place, (address, _) in found.items() if address is None}
    return {
        "email_bad": frame.sparse(bad, False),
        "email_reason": frame.sparse({place: reason for place, (_, reason) in found.items()}, ""),
    }


def unusual_emails(frame: Frame) -> Mapping[str, pa.Array]:
    """Which cells hold something of which it is not known beforehand that it is an address, and which."""
    text = frame["email"]
    plain = pc.and_not(pc.match_substring_regex(text, PLAIN_PATTERN), pc.match_substring_regex(text, NOT_PLAIN_PATTERN))
    plain = pc.and_(plain, pc.less_equal(pc.binary_length(text), literal(MAX_LENGTH)))
    return {"email_unusual": pc.and_not(pc.not_equal(text, literal("")), plain)}


def emails_as_sent(frame: Frame) -> Mapping[str, pa.Array]:
    """Addresses as they are sent, empty where there is none that a mail reaches."""
    text = frame["email"]
    # Of an address that is plain only the domain is lowered.
    others = pc.or_(frame["email_unusual"], pc.match_substring_regex(text, "@.*[A-Z]"))
    return {"email_as_sent": _corrected(frame, text, others, text, lambda cell: read_email(cell)[0] or "")}


def recipients(frame: Frame) -> Mapping[str, pa.Array]:
    """Who is paid, as `keys.recipient` tells it of a payout."""
    text, unusual = frame["email"], frame["email_unusual"]
    folded = _corrected(frame, pc.ascii_lower(text), unusual, text, lambda cell: (read_email(cell)[0] or "").casefold())
    sent = pc.equal(frame["method"], literal(Distribution.RECIPIENT.value))
    reference = pc.if_else(sent, frame["recipient_reference"], literal(""))
    return {"recipient": pc.if_else(pc.equal(folded, literal("")), reference, folded)}


def odd_cells(frame: Frame) -> Mapping[str, pa.Array]:
    """Cells of a workbook that cannot be taken as they are shown."""
    columns = {}
    for ours in FIELDS:
        odd = _odd(frame, ours)
        columns[f"odd_{ours}"] = frame.sparse({row: one.kind for row, one in odd.items()}, "")
        columns[f"odd_{ours}_message"] = frame.sparse({row: one.message for row, one in odd.items()}, "")
        columns[f"odd_{ours}_fix"] = frame.sparse({row: one.fix for row, one in odd.items()}, "")
    return columns


def _odd(frame: Frame, ours: str) -> Mapping[int, Oddity]:
    place = frame.header.places.get(ours)
    if place is None:
        return {}
    odd = dict(frame.block.oddities.get(place, {}))
    if ours in _IDENTIFYING:
        # 12.50 and 12.5 are one number and two references: saved as CSV, the sheet would be other payments.
        for row, text in frame.block.shown.get(place, {}).items():
            message = f"The cell holds the number {frame.block.columns[place][row].as_py()} and shows {text}."
            fix = "Set the column to 'Text', enter what is meant again, and save the file."
            odd.setdefault(row, Oddity("reference_not_as_shown", message, fix))
    return odd


DERIVED: Mapping[str, Derive] = {
    name: derive
    for derive, names in (
        (shapes.widths, ("width", "surplus", "cut_short", "shifted")),
        (shapes.control, ("control",)),
        (shapes.swallowed, ("swallowed",)),
        (shapes.torn, ("torn",)),
        (shapes.kinds, ("row_kind", "below_header", "second_header")),
        (shapes.split_amounts, ("split_rest",)),
        (paid.ceilings, ("ceiling",)),
        (references, ("reference_read", "reference_invisible")),
        (folded_references, ("reference_folded",)),
        (peers, ("reference_peers", "reference_lookalikes", "recipient_peers")),
        (paid.forms, ("amount_plain", "amount_commas")),
        (paid.meanings, ("amount_fault", "amount_words", "amount_settled", "amount_currency")),
        (paid.values, ("amount_value", "decimals", "amount_size")),
        (currencies, ("units",)),
        (paid.conflicts, ("currency_conflict", "currency_said")),
        (products, ("product_fault", "whole_only")),
        (deliveries, ("method",)),
        (unusual_emails, ("email_unusual",)),
        (emails, ("email_bad", "email_reason")),
        (emails_as_sent, ("email_as_sent",)),
        (recipients, ("recipient",)),
        (odd_cells, tuple(f"odd_{ours}{part}" for ours in FIELDS for part in ("", "_message", "_fix"))),
    )
    for name in names
}
"""Who works out which columns."""
