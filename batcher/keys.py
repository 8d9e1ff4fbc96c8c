"""Who is who: the identity of a row, its idempotency key, and the exact body that goes with it.

Everything here is frozen by golden vectors in `tests/golden/`: a release that derived another key for the same row
would pay people twice. The recipe never sees row numbers, file names, clocks, versions or pass-through columns.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any

from batcher.model import Distribution, Payout
from batcher.money import wire_number

RECIPE = "1"
"""The version of the recipe, first of the fields: a second recipe could never collide with this one."""

TAG_BYTES = 128
"""How much of the tag the API keeps; cut by bytes, so that it fits whether the API counts bytes or characters."""

MAX_ATTEMPTS = 32
"""How many attempts one row may have; evidence is searched for under all of their keys."""


def normalised_reference(text: str) -> str:
    """A reference as it is stored and compared: NFC and trimmed, case kept."""
    return unicodedata.normalize("NFC", text).strip()


def folded(text: str) -> str:
    """What two references must not share: a person would take `A1` and `a1` for the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def digest(*fields: str) -> bytes:
    """SHA-256 over length-prefixed UTF-8 fields: no two lists of fields can run together."""
    return hashlib.sha256(_prefixed(fields)).digest()


def _prefixed(fields: Iterable[str]) -> bytes:
    """Each field as UTF-8 behind its length in eight bytes."""
    parts: list[bytes] = []
    for field in fields:
        encoded = field.encode()
        length = len(encoded)
        parts += (_LENGTHS[length] if length < len(_LENGTHS) else length.to_bytes(8, "big"), encoded)
    return b"".join(parts)


_LENGTHS = tuple(length.to_bytes(8, "big") for length in range(256))
"""Made once: a large batch has millions of fields."""


def idempotency_key(*, account: str, batch: str, identity: str, attempt: int) -> str:
    """The key of one attempt of one row: a UUIDv8 (RFC 9562) of the digest of who it is.

    Raises `ValueError` for an attempt below 1 or above `MAX_ATTEMPTS`.
    """
    if not 1 <= attempt <= MAX_ATTEMPTS:
        raise ValueError(f"attempt {attempt} is not between 1 and {MAX_ATTEMPTS}")
    told = hashlib.sha256(_of_batch(account, batch) + _prefixed((identity, str(attempt)))).hexdigest()
    # The version takes the place of the 13th digit, the variant that of the 17th's two upper bits.
    return f"{told[:8]}-{told[8:12]}-8{told[13:16]}-{_VARIANTS[told[16]]}{told[17:20]}-{told[20:32]}"


@lru_cache(maxsize=64)
def _of_batch(account: str, batch: str) -> bytes:
    """What all keys of a batch begin with."""
    return _prefixed((RECIPE, account, batch))


_VARIANTS = {digit: f"{int(digit, 16) & 0x3 | 0x8:x}" for digit in "0123456789abcdef"}


def identity(payout: Payout) -> str:
    """Which row of its batch this is: its reference, else a digest of what is paid.

    The two kinds carry a prefix, so that no reference can be taken for a digest.
    """
    if payout.reference is not None:
        return f"reference:{payout.reference}"
    return f"content:{content_digest(payout)}"


def row_name(identity_: str) -> str:
    """What people call a row: its reference, else a short name made of its content."""
    kind, _, rest = identity_.partition(":")
    return rest if kind == "reference" else f"row-{rest[:10]}"


def content_digest(payout: Payout) -> str:
    """Tells an edited row from an unedited one: everything normalised but the reference, in hex."""
    if payout.remains is not None:
        return payout.remains.content_digest
    return digest(
        payout.distribution.value,
        _folded_email(payout),
        payout.recipient_reference or "",
        str(payout.amount),
        payout.currency,
        *_folded_products(payout.products),
        payout.template or "",
    ).hex()


def recipient(payout: Payout) -> str:
    """Who is paid, for finding twins: the casefolded e-mail address, else the recipient's reference, else unknown."""
    return _folded_email(payout) or payout.recipient_reference or ""


def recipient_digest(payout: Payout) -> str:
    """Tells recipients apart, in hex, also where the recipient itself was purged."""
    return recipient_digest_of(recipient(payout)) if payout.remains is None else payout.remains.recipient_digest


def recipient_digest_of(who: str) -> str:
    """The same for a casefolded address, or whatever else `recipient` gives."""
    return digest("recipient", who).hex()


def twin_digest(payout: Payout) -> str:
    """Equal for payouts that a payer would call the same payment: recipient, amount, currency, product; in hex."""
    if payout.remains is not None:
        return payout.remains.twin_digest
    return digest(
        recipient(payout),
        str(payout.amount),
        payout.currency,
        *_folded_products(payout.products),
    ).hex()


def fingerprint(api_key: str) -> str:
    """Tells API keys apart without telling them."""
    return digest("api-key", api_key).hex()[:16]


def tag(*, key: str, batch: str, payout: Payout) -> str:
    """What the order's description says, so that it is found in the order list: the whole key first."""
    whole = " ".join(part for part in (key, batch, payout.reference) if part)
    return whole.encode()[:TAG_BYTES].decode(errors="ignore").rstrip()


def body(*, key: str, batch: str, payout: Payout) -> bytes:
    """The exact bytes of the create request: sorted keys, normalised values, no clock, no version.

    Made anew after a lost ledger they are the same bytes, so that the API replays its first answer. Raises
    `ValueError` for a payout that was purged: nobody knows any more whom it would pay.
    """
    if payout.remains is not None:
        raise ValueError("a payout whose recipient was purged cannot be sent")
    description = tag(key=key, batch=batch, payout=payout)
    return (
        f'{{"description":{_json(description)},"items":[{_item(payout)}],'
        f'"metadata":{_metadata(key=key, batch=batch, payout=payout)},'
        f'"payment_method":{{"currency":{_json(payout.currency)},"type":"ACCOUNT_BALANCE"}}}}'
    ).encode("ascii")


_json = encode_basestring_ascii
"""Text as JSON in ASCII. What is written around it is fixed, so it is written as it stands: in a million bodies, the
encoder for any JSON would take longer than all else."""


def item(payout: Payout) -> dict[str, Any]:
    """The one item of its order: what is bought and who gets it, without anything that says which row it is."""
    return {
        "distribution_method": _distribution_method(payout),
        "face_value": wire_number(payout.amount),
        "products": _products(payout),
    }


def link_mark(payout: Payout) -> str | None:
    """What tells, without telling the address, whose link a link is; `None` for other payouts and unnamed links."""
    if payout.distribution is not Distribution.PAYOUT_LINK:
        return None
    if payout.remains is not None:
        nobody = payout.remains.recipient_digest == recipient_digest_of("")
        return None if nobody else payout.remains.recipient_digest[:16]
    return None if payout.email is None else recipient_digest_of(_folded_email(payout))[:16]


def _folded_email(payout: Payout) -> str:
    return (payout.email or "").casefold()


@lru_cache(maxsize=1024)
def _folded_products(products: tuple[str, ...]) -> tuple[str, ...]:
    """Sorted once more: `AMZ` comes before `airbnb`, and after it once their case is gone."""
    return tuple(sorted(product.casefold() for product in products))


def _distribution_method(payout: Payout) -> dict[str, str]:
    method = {}
    if payout.distribution is not Distribution.PAYOUT_LINK and payout.email is not None:
        method["email_address"] = payout.email
    if payout.distribution is Distribution.RECIPIENT and payout.recipient_reference is not None:
        method["recipient_reference"] = payout.recipient_reference
    if payout.template is not None:
        method["template_id"] = payout.template
    method["type"] = payout.distribution.value
    return method


def _products(payout: Payout) -> dict[str, Any]:
    if payout.is_template:
        return {"template_id": payout.products[0], "type": "TEMPLATE"}
    if len(payout.products) == 1:
        return {"type": "SINGLE", "value": payout.products[0]}
    return {"type": "MULTIPLE", "values": list(payout.products)}


# The same as JSON, with sorted keys.


def _item(payout: Payout) -> str:
    method = ",".join([f'"{name}":{_json(value)}' for name, value in _distribution_method(payout).items()])
    products = _products_json(payout.products, payout.is_template)
    return f'{{"distribution_method":{{{method}}},"face_value":{wire_number(payout.amount)},"products":{products}}}'


@lru_cache(maxsize=1024)
def _products_json(products: tuple[str, ...], is_template: bool) -> str:
    if is_template:
        return f'{{"template_id":{_json(products[0])},"type":"TEMPLATE"}}'
    if len(products) == 1:
        return f'{{"type":"SINGLE","value":{_json(products[0])}}}'
    return f'{{"type":"MULTIPLE","values":[{",".join(map(_json, products))}]}}'


def _metadata(*, key: str, batch: str, payout: Payout) -> str:
    metadata = f'"batch":{_json(batch)},"idempotency_key":{_json(key)}'
    mark = link_mark(payout)
    if mark is not None:
        # Nothing else of the body says whose link it is: under its old key, an edited row would be given the old link.
        metadata += f',"recipient":{_json(mark)}'
    if payout.reference is not None:
        metadata += f',"reference":{_json(payout.reference)}'
    return f"{{{metadata}}}"
