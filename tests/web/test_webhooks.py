"""Runa's webhooks at the server's own endpoint: a signed one is a hint, and every other one changes nothing."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook
from starlette.types import ASGIApp

from batcher.clock import SystemClock
from batcher.lifecycle import Hints
from batcher.sandbox import Hook, SandboxThread, Switches
from batcher.web import make_app, open_port
from batcher.web.webhooks import MOST_BYTES, PATH, Delivery, Webhooks
from tests.web.house import ORIGIN, Desk
from tests.web.paying import Till, row

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
OTHER = "whsec_" + base64.b64encode(b"another one of as many bytes, ok").decode()
DONE = b'{"id": "O-1", "status": "COMPLETED"}'


class Post:
    """Somebody who posts to the endpoint of a page, and the hints that come of it."""

    def __init__(self, desk: Desk) -> None:
        self.hints = Hints()
        self.webhooks = Webhooks(SecretStr(SECRET), hints=self.hints, clock=SystemClock())
        self.app: ASGIApp = make_app(replace(desk.house, webhooks=self.webhooks))

    def send(
        self,
        body: bytes = DONE,
        *,
        secret: str = SECRET,
        delivery: str = "msg_1",
        age: timedelta = timedelta(0),
        method: str = "POST",
        content: bytes | AsyncIterator[bytes] | None = None,
        **headers: str,
    ) -> int:
        at = datetime.fromtimestamp(int(SystemClock().instant().at.timestamp()), UTC) - age
        signed = {
            "svix-id": delivery,
            "svix-timestamp": str(int(at.timestamp())),
            "svix-signature": Webhook(secret).sign(delivery, at, body.decode("latin-1")),
        }
        named = {**signed, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return asyncio.run(self._send(method, body if content is None else content, named)).status_code

    async def _send(self, method: str, content: Any, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ORIGIN) as client:
            return await client.request(method, PATH, content=content, headers=headers)

    @property
    def counts(self) -> dict[Delivery, int]:
        return dict(self.webhooks.counts)


@pytest.fixture
def post(desk: Desk) -> Post:
    return Post(desk)


def test_a_signed_one_wakes_whoever_follows_its_order(post: Post) -> None:
    async def followed() -> bool:
        with post.hints.of("O-1") as hint:
            assert await asyncio.to_thread(post.send) == 204
            async with asyncio.timeout(30):
                return await hint.wait()

    assert asyncio.run(followed())
    assert post.counts == {Delivery.HEEDED: 1}


def test_one_about_an_order_that_nobody_follows_is_counted(post: Post) -> None:
    assert post.send(b'{"id": "O-of-somebody-else", "status": "FAILED"}') == 204
    assert post.counts == {Delivery.NOT_FOLLOWED: 1}


def test_what_has_an_envelope_is_read_as_well(post: Post) -> None:
    assert post.send(b'{"type": "order.completion", "data": {"id": "O-1"}}') == 204
    assert post.counts == {Delivery.NOT_FOLLOWED: 1}


@pytest.mark.parametrize(
    ("what", "status", "delivery"),
    [
        ({"secret": OTHER}, 401, Delivery.FORGED),
        ({"content": DONE.replace(b"O-1", b"O-2")}, 401, Delivery.FORGED),
        ({"svix_signature": ""}, 401, Delivery.FORGED),
        ({"svix_signature": "v1"}, 401, Delivery.FORGED),
        ({"svix_signature": "v1,%%%"}, 401, Delivery.FORGED),
        ({"svix_signature": "v1a,AAAA v2,AAAA"}, 401, Delivery.FORGED),
        ({"svix_id": ""}, 401, Delivery.FORGED),
        ({"svix_id": "msg_2"}, 401, Delivery.FORGED),
        ({"svix_timestamp": ""}, 401, Delivery.FORGED),
        ({"svix_timestamp": "1e9999"}, 401, Delivery.FORGED),
        ({"svix_timestamp": "9" * 40}, 400, Delivery.OLD),
        ({"svix_timestamp": "1" + "0" * 400}, 401, Delivery.FORGED),
        ({"content": b"\xff\xfe"}, 401, Delivery.FORGED),
        ({"age": timedelta(minutes=6)}, 400, Delivery.OLD),
        ({"age": timedelta(minutes=-6)}, 400, Delivery.OLD),
        ({"body": b" " * MOST_BYTES + DONE}, 413, Delivery.TOO_LARGE),
        ({"body": b"no json"}, 400, Delivery.UNREADABLE),
        ({"body": b"[]"}, 400, Delivery.UNREADABLE),
        ({"body": b"[" * 60_000}, 400, Delivery.UNREADABLE),
        ({"body": b'{"id": 7}'}, 400, Delivery.UNREADABLE),
        ({"body": b'{"id": "' + b"O" * 200 + b'"}'}, 400, Delivery.UNREADABLE),
        ({"body": b'{"type": "payout.claimed", "data": {}}'}, 204, Delivery.OTHER_EVENT),
    ],
)
def test_every_other_one_hints_at_nothing_and_is_counted(
    post: Post, what: dict[str, Any], status: int, delivery: Delivery
) -> None:
    assert post.send(**what) == status
    assert post.counts == {delivery: 1}
    assert not hinted(post, "O-1")
    assert not hinted(post, "O-2")


def hinted(post: Post, order_id: str) -> bool:
    """Whether somebody who begins to follow the order would look at once."""

    async def follow() -> bool:
        with post.hints.of(order_id) as hint:
            return hint.is_set()

    return asyncio.run(follow())


def test_the_same_one_again_is_taken_and_counted_and_hints_at_nothing(post: Post) -> None:
    assert post.send() == 204
    assert hinted(post, "O-1")
    assert post.send() == 204
    assert post.counts == {Delivery.NOT_FOLLOWED: 1, Delivery.REPEATED: 1}
    assert not hinted(post, "O-1")


def test_a_forged_one_does_not_use_up_the_id_of_a_true_one(post: Post) -> None:
    assert post.send(secret=OTHER) == 401
    assert post.send() == 204
    assert hinted(post, "O-1")


def test_it_is_only_posted_to(post: Post) -> None:
    assert post.send(method="GET") == 405
    assert post.counts == {}


def test_another_host_is_refused_there_as_well(post: Post) -> None:
    assert post.send(host="payouts.attacker.example") == 421
    assert post.counts == {}


def test_without_a_secret_there_is_no_such_page(desk: Desk) -> None:
    answer = desk.browser().request("POST", PATH, content=DONE, headers={"Origin": ORIGIN})
    assert answer.status_code == 404


@contextmanager
def served(listener: Any, app: ASGIApp) -> Iterator[None]:
    """The app on a real port, in a thread."""
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), name="page")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def test_a_run_knows_of_its_orders_by_webhook_long_before_it_would_have_asked(tmp_path: Path) -> None:
    slow = {"POLLING__FIRST_S": "60", "POLLING__MAX_S": "60"}
    with open_port("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        hook = Hook(f"http://127.0.0.1:{port}{PATH}", SECRET)
        quick = Switches(complete_min_s=0.3, complete_max_s=0.4)
        with SandboxThread(quick, hook=hook) as sandbox, Till(tmp_path, sandbox, SECRET, **slow) as till:
            webhooks = till.house.webhooks
            assert webhooks is not None
            began_s = SystemClock().instant().monotonic_s
            with served(listener, webhooks):
                till.pay([row("R1"), row("R2")])
            took_s = SystemClock().instant().monotonic_s - began_s
            counts = webhooks.counts
            rows = till.office.batch("march").rows

    assert all(one.latest.state == "COMPLETED" for one in rows)
    # One may have been faster than our own note of its order, and was kept.
    assert counts[Delivery.HEEDED] + counts[Delivery.NOT_FOLLOWED] == 2
    assert took_s < 60, "the first question by the clock comes a minute after an order was accepted"


def test_with_the_webhooks_switched_off_the_results_are_the_same(tmp_path: Path) -> None:
    written = []
    for name, secret in (("on", SECRET), ("off", None)):
        with (
            open_port("127.0.0.1", 0) as listener,
            SandboxThread(hook=Hook(f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}", SECRET)) as sandbox,
        ):
            folder = tmp_path / name
            folder.mkdir()
            with Till(folder, sandbox, secret) as till:
                app = till.house.webhooks or make_app(till.house)
                with served(listener, app):
                    till.pay([row("R1"), row("R2"), row("R3", Email="fail@payouts.example")])
                told = [(one.name, one.latest.state, len(one.attempts)) for one in till.office.batch("march").rows]
                written.append((told, len(till.orders())))
    assert written[0] == written[1]
