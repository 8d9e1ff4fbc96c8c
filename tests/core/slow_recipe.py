"""The recipe of keys, digests and bodies as it was first written: slow, obvious, and frozen.

`batcher.keys` makes the same faster. A difference in one byte would pay somebody twice, so the tests hold both against
each other; nothing here may ever follow a change of `batcher.keys`.
"""

import hashlib
import uuid
from typing import Any

import simplejson

from batcher.model import Distribution, Payout


def digest(*fields: str) -> bytes:
    """SHA-256 over length-prefixed UTF-8 fields."""
    hashed = hashlib.sha256()
    for field in fields:
        encoded = field.encode()
        hashed.update(len(encoded).to_bytes(8, "big"))
        hashed.update(encoded)
    return hashed.digest()


def idempotency_key(*, account: str, batch: str, identity: str, attempt: int) -> str:
    """The key of one attempt of one row."""
    octets = bytearray(digest("1", account, batch, identity, str(attempt))[:16])
    octets[6] = (octets[6] & 0x0F) | 0x80
    octets[8] = (octets[8] & 0x3F) | 0x80
    return str(uuid.UUID(bytes=bytes(octets)))


def content_digest(payout: Payout) -> str:
    """What is paid, without the reference."""
    return digest(
        payout.distribution.value,
        (payout.email or "").casefold(),
        payout.recipient_reference or "",
        str(payout.amount),
        payout.currency,
        *sorted(product.casefold() for product in payout.products),
        payout.template or "",
    ).hex()


def twin_digest(payout: Payout) -> str:
    """What a payer would call the same payment."""
    return digest(
        (payout.email or "").casefold() or payout.recipient_reference or "",
        str(payout.amount),
        payout.currency,
        *sorted(product.casefold() for product in payout.products),
    ).hex()


def body(*, key: str, batch: str, payout: Payout) -> bytes:
    """The exact bytes of the create request."""
    whole = " ".join(part for part in (key, batch, payout.reference) if part)
    request = {
        "description": whole.encode()[:128].decode(errors="ignore").rstrip(),
        "items": [item(payout)],
        "metadata": _metadata(key=key, batch=batch, payout=payout),
        "payment_method": {"currency": payout.currency, "type": "ACCOUNT_BALANCE"},
    }
    text = simplejson.dumps(request, use_decimal=True, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def item(payout: Payout) -> dict[str, Any]:
    """The one item of its order."""
    amount = payout.amount
    return {
        "distribution_method": _distribution_method(payout),
        "face_value": int(amount) if amount == amount.to_integral_value() else amount,
        "products": _products(payout),
    }


def _distribution_method(payout: Payout) -> dict[str, str]:
    method = {"type": payout.distribution.value}
    if payout.distribution is not Distribution.PAYOUT_LINK and payout.email is not None:
        method["email_address"] = payout.email
    if payout.distribution is Distribution.RECIPIENT and payout.recipient_reference is not None:
        method["recipient_reference"] = payout.recipient_reference
    if payout.template is not None:
        method["template_id"] = payout.template
    return method


def _products(payout: Payout) -> dict[str, Any]:
    if len(payout.products) == 1 and payout.products[0].startswith("PT-"):
        return {"template_id": payout.products[0], "type": "TEMPLATE"}
    if len(payout.products) == 1:
        return {"type": "SINGLE", "value": payout.products[0]}
    return {"type": "MULTIPLE", "values": list(payout.products)}


def _metadata(*, key: str, batch: str, payout: Payout) -> dict[str, str]:
    metadata = {"batch": batch, "idempotency_key": key}
    if payout.reference is not None:
        metadata["reference"] = payout.reference
    if payout.distribution is Distribution.PAYOUT_LINK and payout.email is not None:
        metadata["recipient"] = digest("recipient", payout.email.casefold()).hex()[:16]
    return metadata
