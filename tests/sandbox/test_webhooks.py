"""The sandbox's webhooks: signed as Svix signs, and sent again after Svix's waits until somebody takes them."""

import base64
import json
from itertools import accumulate

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from batcher.clock import SystemClock
from batcher.sandbox.orders import Orders
from batcher.sandbox.webhooks import WAITS_S, Hook, Outbox, body
from tests.sandbox.caller import START_S, Caller, order

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()


def made(*emails: str, **switches: object) -> Orders:
    """Orders for these people, each over after ten seconds."""
    caller = Caller(complete_min_s=10, complete_max_s=10, rate="none", **switches)
    for number, email in enumerate(emails):
        caller.made(order(email), f"key-{number}")
    return caller.api.orders


def test_a_webhook_is_sent_once_an_order_is_over() -> None:
    orders, outbox = made("ada@payouts.example"), Outbox()

    assert outbox.due(orders, START_S + 9) == []
    (message,) = outbox.due(orders, START_S + 10)
    outbox.answered(message, 204, START_S + 10)
    assert outbox.due(orders, START_S + 1e6) == []


@pytest.mark.parametrize("status", [None, 500, 404, 301])
def test_what_nobody_takes_comes_again_under_the_same_id_after_ever_longer_waits(status: int | None) -> None:
    orders, outbox = made("ada@payouts.example"), Outbox()
    now_s, sent = START_S + 10, []
    while messages := outbox.due(orders, now_s):
        (message,) = messages
        sent.append((now_s - START_S - 10, message.id))
        outbox.answered(message, status, now_s)
        now_s += 5 if message.tries == 0 else WAITS_S[min(message.tries, len(WAITS_S) - 1)]

    assert [at_s for at_s, _ in sent] == [0, *accumulate(WAITS_S)]
    assert len({message_id for _, message_id in sent}) == 1


def test_an_order_that_changes_its_mind_is_told_of_twice() -> None:
    orders, outbox = made("late@payouts.example"), Outbox()
    messages = outbox.due(orders, START_S + 1e6)

    (first,) = orders.numbered(1, 1)
    said = [json.loads(body(first, message.since_s))["status"] for message in messages]
    assert said == ["FAILED", "COMPLETED"]
    assert len({message.id for message in messages}) == 2


def test_it_says_no_more_than_the_list_does() -> None:
    orders = made("ada@payouts.example")
    (first,) = orders.numbered(1, 1)
    said = json.loads(body(first, START_S + 10))

    assert (said["id"], said["status"]) == (first.id, "COMPLETED")
    assert "items" not in said
    assert first.secret not in json.dumps(said)


def test_a_well_kept_library_takes_the_signature_and_refuses_it_for_anything_else() -> None:
    content, now_s = b'{"id": "O-1"}', SystemClock().instant().at.timestamp()
    headers = Hook("http://127.0.0.1:9/", SECRET).headers("msg_1", now_s, content)
    named = {name.replace("svix-", "webhook-"): value for name, value in headers.items()}

    Webhook(SECRET).verify(content, named)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b'{"id": "O-2"}', named)
