"""The API key and the redemption links are in no representation, no exception and no log, even of the libraries."""

import asyncio
import logging

import pytest

from batcher.model import Reply
from batcher.sandbox import Sandbox, Switches
from tests.runa.asking import API_KEY, client_of, create, played, response

LIBRARIES = ("httpx", "httpcore", "batcher", "asyncio", "")
FAULTS = ("reset_before", "lost_reply", "hang_after", "truncated", "broken_json", "redirect", "unauthorized", "no_id")


def logged(caplog: pytest.LogCaptureFixture, **switches: object) -> tuple[list[Reply], list[str], str]:
    """The replies to an order and to reading it, the links that were issued, and all that was logged meanwhile."""
    for name in LIBRARIES:
        caplog.set_level(logging.DEBUG, logger=name)

    async def story() -> tuple[list[Reply], list[str], str]:
        sandbox = Sandbox(Switches.from_mapping(switches))
        async with sandbox.serve() as url, client_of(url) as client:
            made = await create(client)
            if made.order is None:
                made = await create(client)
            assert made.order is not None
            sandbox.advance(10)
            replies = [made, await client.read(made.order.order_id)]
            links = [order["redemption_url"] for order in sandbox.dump()["orders"]]
            return replies, links, repr(client)

    replies, links, told = asyncio.run(story())
    return replies, links, told + "".join(map(repr, replies)) + caplog.text


@pytest.mark.parametrize("fault", FAULTS)
def test_neither_key_nor_link_is_logged_or_shown(caplog: pytest.LogCaptureFixture, fault: str) -> None:
    replies, links, told = logged(caplog, **{fault: [1]})

    assert replies[1].order is not None
    assert [replies[1].order.redemption_url] == links, "the link must be known, or its absence says nothing"
    assert "POST" in told, "the libraries must have logged, or their silence says nothing"
    assert API_KEY not in told
    assert API_KEY.partition(".")[2] not in told
    for link in links:
        assert link not in told
        assert link.rpartition("/")[2] not in told


def test_the_older_shape_hides_its_links_too(caplog: pytest.LogCaptureFixture) -> None:
    replies, links, told = logged(caplog, old_shape="always")

    assert replies[1].order is not None
    assert [replies[1].order.redemption_url] == links
    assert not [link for link in links if link.rpartition("/")[2] in told]


def test_a_link_in_the_apis_words_is_taken_out() -> None:
    body = b'{"type":"bad_request","message":"see https://spend.runa.example/abc or\\nftp://x/y now"}'
    reply, _ = played(response("400 Bad Request", body))

    assert reply.message == "see [link] or [link] now"
