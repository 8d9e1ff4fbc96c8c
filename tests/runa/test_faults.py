"""Whatever the other side or the network does is a `Reply`, never an exception, and comes within bounds."""

import asyncio
import socket

import pytest

from batcher.clock import SystemClock
from batcher.model import Fault, Reply
from batcher.runa import RunaClient
from batcher.runa.client import MAX_ANSWER_BYTES
from batcher.sandbox import Sandbox, Switches
from tests.runa.asking import TIMEOUT_S, client_of, create, only, played, response


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def story() -> Reply:
        async with client_of(f"http://127.0.0.1:{port}/v2") as client:
            return await create(client)

    assert asyncio.run(story()) == Reply(fault=Fault.NOT_SENT)


@pytest.mark.parametrize(
    "fault",
    ["reset_before", "reset_after", "lost_reply", "hang_before", "hang_after", "truncated"],
)
def test_a_connection_that_breaks_after_bytes_may_have_left_is_no_answer(fault: str) -> None:
    assert only(create, **{fault: [1]}) == Reply(fault=Fault.NO_ANSWER)


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "lost_reply", "hang_after", "truncated"])
def test_after_a_broken_connection_the_next_request_finds_a_new_one(fault: str) -> None:
    reply = only(create, create, **{fault: [1]})

    assert reply.order is not None


def test_a_102_alone_is_no_answer() -> None:
    assert only(create, create, in_progress="102", in_progress_s=60) == Reply(fault=Fault.NO_ANSWER)


def test_a_hanging_server_holds_a_request_for_its_timeout_and_not_for_ever() -> None:
    clock = SystemClock()

    async def story() -> float:
        async with Sandbox(Switches.from_mapping({"hang_before": [1]})).serve() as url, client_of(url) as client:
            began_s = clock.instant().monotonic_s
            await create(client)
            return clock.instant().monotonic_s - began_s

    assert asyncio.run(story()) >= TIMEOUT_S * 0.9


def test_an_answer_that_trickles_is_cut_off_although_each_read_is_quick() -> None:
    clock = SystemClock()

    # It would go on for more than an hour.
    async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await clock.sleep(TIMEOUT_S / 5)
        except (ConnectionError, asyncio.CancelledError):
            writer.close()

    async def story() -> Reply:
        async with await asyncio.start_server(trickle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with client_of(f"http://127.0.0.1:{port}/v2") as client:
                return await create(client)

    assert asyncio.run(story()) == Reply(fault=Fault.NO_ANSWER)


@pytest.mark.parametrize("fault", ["broken_json", "foreign_type"])
def test_an_answer_that_is_not_the_apis_is_unreadable_and_keeps_its_status(fault: str) -> None:
    reply = only(create, **{fault: [1]})

    assert (reply.fault, reply.http_status, reply.order) == (Fault.UNREADABLE, 202, None)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_proxys_page_is_unreadable_and_keeps_its_status(status: int) -> None:
    reply = only(create, error_unmade=[1], error_statuses=[status], error_html=1)

    assert (reply.fault, reply.http_status, reply.error_type) == (Fault.UNREADABLE, status, None)


@pytest.mark.parametrize(("status", "kind"), [(500, "internal_server_error"), (504, "timeout")])
def test_a_server_error_of_the_api_names_its_type(status: int, kind: str) -> None:
    reply = only(create, error_unmade=[1], error_statuses=[status], error_html=0)

    assert (reply.fault, reply.http_status, reply.error_type) == (None, status, kind)


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("unauthorized", 401, "invalid_api_key"),
        ("forbidden", 403, "ordering_restricted"),
        ("version_gone", 410, "version_removed"),
    ],
)
def test_what_the_door_says_is_read(fault: str, status: int, kind: str) -> None:
    reply = only(create, **{fault: [1]})

    assert (reply.fault, reply.http_status, reply.error_type) == (None, status, kind)


@pytest.mark.parametrize(("fault", "status"), [("proxy_401", 401), ("proxy_403", 403)])
def test_a_proxys_refusal_is_not_taken_for_the_apis(fault: str, status: int) -> None:
    reply = only(create, **{fault: [1]})

    assert (reply.fault, reply.http_status, reply.error_type) == (Fault.UNREADABLE, status, None)


def test_a_success_without_an_id_names_no_order() -> None:
    reply = only(create, no_id=[1])

    assert (reply.fault, reply.http_status, reply.order) == (None, 202, None)


def test_a_429_needs_neither_type_nor_retry_after() -> None:
    reply = only(create, too_many=[1])

    assert (reply.fault, reply.http_status, reply.error_type, reply.retry_after_s) == (None, 429, None, None)
    assert reply.message == "rate exceeded"


def test_a_429_says_in_seconds_how_long_to_wait() -> None:
    assert only(create, too_many=[1], retry_after="seconds").retry_after_s == 5.0


def test_a_429_says_by_a_date_on_the_servers_clock_how_long_to_wait() -> None:
    assert only(create, too_many=[1], retry_after="date").retry_after_s in (5.0, 6.0)  # dates have whole seconds


def test_an_answer_that_is_too_long_is_unreadable() -> None:
    longest = b'{"id":"O-1","status":"PROCESSING","pad":"' + b"x" * (MAX_ANSWER_BYTES - 43) + b'"}'
    assert len(longest) == MAX_ANSWER_BYTES

    whole, _ = played(response("202 Accepted", longest))
    longer, _ = played(response("202 Accepted", longest + b" "))

    assert whole.order is not None
    assert (longer.fault, longer.http_status, longer.order) == (Fault.UNREADABLE, 202, None)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_http_is_no_answer(answer: bytes) -> None:
    reply, _ = played(answer)

    assert reply == Reply(fault=Fault.NO_ANSWER)


@pytest.mark.parametrize("fault", ["get_reset", "get_hang", "get_truncated"])
def test_a_broken_read_is_no_answer(fault: str) -> None:
    assert only(RunaClient.ping, **{fault: [1]}) == Reply(fault=Fault.NO_ANSWER)


def test_a_ping_that_is_answered_gives_the_servers_clock() -> None:
    reply = only(RunaClient.ping)

    assert (reply.fault, reply.http_status, reply.order) == (None, 200, None)
    assert reply.date is not None
    assert reply.request_id is not None
