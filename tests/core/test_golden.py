"""The frozen recipe: the code against the golden vectors, and the vectors against the recipe as it is described.

The second half uses nothing of `batcher`, so that a mistake in the code and one in the vectors are told apart.
"""

import hashlib
import json
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batcher import keys
from batcher.model import Distribution, Payout

GOLDEN = Path(__file__).parents[1] / "golden"


def vectors(name: str) -> list[Any]:
    """One test for each vector of a file, under the vector's own name."""
    found = json.loads((GOLDEN / name).read_text(encoding="ascii"))
    return [pytest.param(vector, id=vector["name"]) for vector in found]


KEYS, BODIES = vectors("keys.json"), vectors("bodies.json")


def payout_of(vector: dict[str, Any]) -> Payout:
    said = vector["payout"]
    reference = said["reference"]
    return Payout(
        reference=None if reference is None else keys.normalised_reference(reference),
        amount=Decimal(said["amount"]),
        currency=said["currency"],
        products=tuple(said["products"]),
        distribution=Distribution(said["distribution"]),
        email=said["email"],
        recipient_reference=said["recipient_reference"],
        template=said["template"],
    )


@pytest.mark.parametrize("vector", KEYS)
def test_the_code_gives_the_golden_keys(vector: dict[str, Any]) -> None:
    payout = payout_of(vector)
    assert keys.identity(payout) == vector["identity"]
    assert keys.content_digest(payout) == vector["content_digest"]
    assert keys.twin_digest(payout) == vector["twin_digest"]
    key = keys.idempotency_key(
        account=vector["account"], batch=vector["batch"], identity=vector["identity"], attempt=vector["attempt"]
    )
    assert key == vector["key"]


@pytest.mark.parametrize("vector", BODIES)
def test_the_code_gives_the_golden_bodies(vector: dict[str, Any]) -> None:
    body = keys.body(key=vector["key"], batch=vector["batch"], payout=payout_of(vector))
    assert body == vector["body"].encode("ascii")


@pytest.mark.parametrize("vector", KEYS)
def test_the_golden_keys_follow_the_recipe(vector: dict[str, Any]) -> None:
    said = vector["payout"]
    email = (said["email"] or "").casefold()
    products = sorted(product.casefold() for product in said["products"])
    content = sha256(
        said["distribution"],
        email,
        said["recipient_reference"] or "",
        said["amount"],
        said["currency"],
        *products,
        said["template"] or "",
    ).hex()
    assert vector["content_digest"] == content
    twin = sha256(email or said["recipient_reference"] or "", said["amount"], said["currency"], *products)
    assert vector["twin_digest"] == twin.hex()
    reference = said["reference"]
    named = None if reference is None else unicodedata.normalize("NFC", reference).strip()
    assert vector["identity"] == (f"content:{content}" if named is None else f"reference:{named}")
    assert vector["key"] == uuid8(
        sha256("1", vector["account"], vector["batch"], vector["identity"], f"{vector['attempt']}")
    )


@pytest.mark.parametrize("vector", BODIES)
def test_the_golden_bodies_follow_the_recipe(vector: dict[str, Any]) -> None:
    said = vector["payout"]
    reference = None if said["reference"] is None else unicodedata.normalize("NFC", said["reference"]).strip()
    address = {} if said["distribution"] == "PAYOUT_LINK" else {"email_address": said["email"]}
    method = {
        "type": said["distribution"],
        **address,
        "recipient_reference": said["recipient_reference"],
        "template_id": said["template"],
    }
    request = {
        "payment_method": {"type": "ACCOUNT_BALANCE", "currency": said["currency"]},
        "items": [
            {
                "face_value": "FACE_VALUE",
                "distribution_method": without_nothing(method),
                "products": products_of(said["products"]),
            }
        ],
        "description": cut(f"{vector['key']} {vector['batch']} {reference or ''}".rstrip()),
        "metadata": without_nothing(
            {
                "idempotency_key": vector["key"],
                "batch": vector["batch"],
                "reference": reference,
                "recipient": owner_of(said["email"]) if said["distribution"] == "PAYOUT_LINK" else None,
            }
        ),
    }
    text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    # A number of JSON, with the amount's own digits: no float is asked.
    digits = said["amount"].removesuffix(".000").removesuffix(".00")
    assert vector["body"] == text.replace('"FACE_VALUE"', digits)


def sha256(*fields: str) -> bytes:
    """Every field in UTF-8, its length before it as eight bytes, the highest first."""
    encoded = [field.encode("utf-8") for field in fields]
    return hashlib.sha256(b"".join(len(field).to_bytes(8, "big") + field for field in encoded)).digest()


def owner_of(email: str | None) -> str | None:
    """Whose link it is, without saying who: the body has the address nowhere else."""
    return None if email is None else sha256("recipient", email.casefold()).hex()[:16]


def uuid8(digest: bytes) -> str:
    """RFC 9562: the first 122 bits that are free, a version of 8 in the 13th digit, a variant of 10 in the 17th."""
    bits = f"{int.from_bytes(digest[:16], 'big'):0128b}"
    number = int(f"{bits[:48]}1000{bits[52:64]}10{bits[66:]}", 2)
    digits = f"{number:032x}"
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def cut(text: str) -> str:
    """As many whole characters as 128 bytes have room for, and no space at the end."""
    while len(text.encode("utf-8")) > 128:
        text = text[:-1]
    return text.rstrip()


def without_nothing(fields: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def products_of(codes: list[str]) -> dict[str, Any]:
    if codes[0].startswith("PT-"):
        return {"type": "TEMPLATE", "template_id": codes[0]}
    return {"type": "SINGLE", "value": codes[0]} if len(codes) == 1 else {"type": "MULTIPLE", "values": codes}


def test_there_are_enough_vectors_and_no_two_rows_share_a_key() -> None:
    found: list[dict[str, Any]] = [param.values[0] for param in KEYS]
    assert len(found) >= 25
    rows = {(one["account"], one["batch"], one["identity"], one["attempt"]) for one in found}
    assert len({one["key"] for one in found}) == len(rows)


def test_a_fingerprint_is_frozen_too() -> None:
    assert keys.fingerprint("xx.not-a-secret") == sha256("api-key", "xx.not-a-secret").hex()[:16] == "ead867c56c0d5d04"
