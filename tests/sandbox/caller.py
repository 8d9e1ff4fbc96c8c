"""A caller of the API without a network: it keeps the time, and asks like a client would."""

import json
from decimal import Decimal
from typing import Any

from batcher.sandbox import Answer, Api, Request, Switches

START_S = 1_790_000_000.0
HEADERS = {"X-Api-Key": "XX.secret", "X-Api-Version": "2024-02-05"}


def order(
    email: str = "ada@payouts.example",
    amount: float = 10,
    product: str = "AMZ-GB",
    currency: str = "GBP",
    **more: object,
) -> dict[str, Any]:
    """The body of a valid order for one e-mail payout."""
    item = {
        "face_value": amount,
        "distribution_method": {"type": "EMAIL", "email_address": email},
        "products": {"type": "SINGLE", "value": product},
    }
    return {"payment_method": {"type": "ACCOUNT_BALANCE", "currency": currency}, "items": [item], **more}


class Caller:
    """Asks an `Api`, at a time that only `later` moves."""

    def __init__(self, **switches: object) -> None:
        seed = switches.pop("seed", 0)
        assert isinstance(seed, int)
        self.api = Api(Switches.from_mapping(switches), seed)
        self.now_s = START_S

    def later(self, seconds: float) -> None:
        self.now_s += seconds

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.api.handle(Request.of(method, target, {**HEADERS, **named}.items(), body), self.now_s)

    def post(self, body: object, key: str = "key-1", **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/v2/order", raw, X_Idempotency_Key=key, **headers)

    def get(self, target: str, **headers: str) -> Any:
        return said(self.ask("GET", f"/v2{target}", b"", **headers))

    def made(self, body: object, key: str = "key-1") -> str:
        """The id of a new order."""
        answer = self.post(body, key)
        assert answer.status == 202, answer.body
        return str(said(answer)["id"])

    def orders(self) -> list[dict[str, Any]]:
        """What was really issued."""
        orders = self.api.dump(self.now_s)["orders"]
        assert isinstance(orders, list)
        return orders

    def posts(self) -> list[dict[str, Any]]:
        posts = self.api.dump(self.now_s)["posts"]
        assert isinstance(posts, list)
        return posts


def said(answer: Answer) -> Any:
    """The JSON of an answer, with fractions as `Decimal`."""
    return json.loads(answer.body, parse_float=Decimal)


def kind(answer: Answer) -> tuple[int | None, str | None]:
    """The status and the type of an error."""
    return answer.status, said(answer).get("type")
