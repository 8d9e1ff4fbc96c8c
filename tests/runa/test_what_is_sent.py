"""What leaves the machine: exact bytes, the headers that the API asks for, and only to the host that is set."""

import asyncio

import pytest

from batcher import __version__
from batcher.model import Fault, Reply
from batcher.runa import RunaClient
from tests.runa.asking import API_KEY, BODY, KEY, VERSION, asked, client_of, create, only, played, recording, response

ACCEPTED = response("202 Accepted", b'{"id":"O-1","status":"PROCESSING"}')


def heads_of(request: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), "a header was sent twice"
    return first, {name.lower(): value for name, value in pairs}


def test_an_order_is_sent_with_exactly_the_bytes_it_was_given() -> None:
    _, (request,) = played(ACCEPTED)

    assert request.partition(b"\r\n\r\n")[2] == BODY


def test_an_order_carries_the_headers_that_the_api_asks_for_and_no_cookie() -> None:
    _, (request,) = played(ACCEPTED)
    first, headers = heads_of(request)

    assert first == "POST /v2/order HTTP/1.1"
    assert headers.pop("host").startswith("127.0.0.1:")
    assert headers == {
        "accept": "application/json",
        "accept-encoding": headers["accept-encoding"],
        "connection": "keep-alive",
        "content-length": str(len(BODY)),
        "content-type": "application/json",
        "user-agent": f"batcher/{__version__}",
        "x-api-key": API_KEY,
        "x-api-version": VERSION,
        "x-execution-mode": "async",
        "x-idempotency-key": KEY,
    }


def test_a_read_and_a_ping_carry_no_idempotency_key_and_no_body() -> None:
    async def read(client: RunaClient) -> Reply:
        return await client.read("O-1")

    for call, line in ((RunaClient.ping, "GET /v2/ping HTTP/1.1"), (read, "GET /v2/order/O-1 HTTP/1.1")):
        _, (request,) = played(ACCEPTED, call)
        first, headers = heads_of(request)

        assert first == line
        assert headers["x-api-key"] == API_KEY
        assert "x-idempotency-key" not in headers
        assert request.endswith(b"\r\n\r\n")


def test_a_resend_is_the_same_request_to_the_byte() -> None:
    async def twice() -> list[bytes]:
        async with recording(ACCEPTED) as recorder, client_of(recorder.url) as client:
            await create(client)
            await create(client)
            return recorder.heard

    first, second = asyncio.run(twice())

    assert first == second


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else() -> None:
    async def redirected() -> tuple[Reply, list[bytes], list[bytes]]:
        async with recording(ACCEPTED) as elsewhere:
            there = response("307 Temporary Redirect", b"", f"Location: {elsewhere.url}/order")
            async with recording(there) as here, client_of(here.url) as client:
                return await create(client), here.heard, elsewhere.heard

    reply, here, elsewhere = asyncio.run(redirected())

    assert (len(here), elsewhere) == (1, [])
    assert (reply.http_status, reply.order) == (307, None)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert only(create).http_status == 202


def test_a_netrc_file_adds_no_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    _, (request,) = played(ACCEPTED)

    assert "authorization" not in heads_of(request)[1]


def test_the_same_bytes_again_are_the_same_order() -> None:
    first, second = asked(create, create)

    assert first.order is not None
    assert first.order == second.order
    assert first.fault is second.fault is None


def test_a_base_url_with_another_path_is_kept() -> None:
    async def story() -> list[bytes]:
        async with recording(ACCEPTED) as recorder, client_of(recorder.url.replace("/v2", "/a/b")) as client:
            assert (await create(client)).fault is None
            return recorder.heard

    assert asyncio.run(story())[0].startswith(b"POST /a/b/order HTTP/1.1\r\n")


def test_an_answer_about_another_order_is_unreadable() -> None:
    async def read(client: RunaClient) -> Reply:
        return await client.read("O-2")

    reply, _ = played(response("200 OK", b'{"id":"O-1","status":"COMPLETED"}'), read)

    assert (reply.fault, reply.order) == (Fault.UNREADABLE, None)
