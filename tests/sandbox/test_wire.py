"""The same over real sockets: what a real client sees of each behaviour of the connection."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from batcher.sandbox import Sandbox, SandboxThread, Switches, max_in_any_window, serve_forever
from tests.sandbox.caller import HEADERS, order


@contextmanager
def served(**switches: object) -> Iterator[tuple[SandboxThread, httpx.Client]]:
    with (
        SandboxThread(Switches.from_mapping({"complete_max_s": 0.2, **switches})) as sandbox,
        httpx.Client(base_url=sandbox.url, headers=HEADERS, timeout=0.5, trust_env=False) as client,
    ):
        yield sandbox, client


def post(client: httpx.Client, key: str = "k", **more: Any) -> httpx.Response:
    return client.post("/order", json=order(), headers={"X-Idempotency-Key": key}, **more)


def test_an_order_goes_its_whole_way_over_one_connection() -> None:
    with served() as (sandbox, client):
        made = post(client)
        sandbox.advance(5)
        read = client.get(f"/order/{made.json()['id']}")
        told = sandbox.dump()

    assert (made.status_code, read.status_code) == (202, 200)
    assert read.json()["items"][0]["payout"]["url"] == told["orders"][0]["redemption_url"]
    assert read.json()["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("fault", "error", "made"),
    [
        ("reset_before", httpx.ReadError, 0),
        ("reset_after", httpx.ReadError, 1),
        ("lost_reply", httpx.RemoteProtocolError, 1),
        ("truncated", httpx.RemoteProtocolError, 1),
        ("hang_before", httpx.ReadTimeout, 0),
        ("hang_after", httpx.ReadTimeout, 1),
    ],
)
def test_what_breaks_on_the_wire_breaks_in_the_client(fault: str, error: type[Exception], made: int) -> None:
    with served(**{fault: [1]}) as (sandbox, client):
        with pytest.raises(error):
            post(client)
        assert len(sandbox.dump()["orders"]) == made

        assert post(client).status_code == 202
        assert len(sandbox.dump()["orders"]) == 1


def test_a_102_alone_leaves_the_client_waiting() -> None:
    with served(in_progress="102", in_progress_s=60) as (sandbox, client):
        post(client)
        with pytest.raises(httpx.ReadTimeout):
            post(client)
        sandbox.advance(60)

        assert post(client).status_code == 202


def test_a_102_is_really_sent() -> None:
    with served(in_progress="102", in_progress_s=60) as (sandbox, client):
        request = client.build_request("POST", "/order", json=order(), headers={"X-Idempotency-Key": "k"})
        client.send(request)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        url = httpx.URL(sandbox.url)
        with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
            connection.sendall(f"POST /v2/order HTTP/1.1\r\n{head}\r\n".encode() + request.content)
            assert connection.recv(100).startswith(b"HTTP/1.1 102 ")


def test_the_clock_the_switches_and_the_balance_are_moved_over_http() -> None:
    with served() as (sandbox, client):
        levers = sandbox.url.removesuffix("/v2") + "/_sandbox"
        before = parsedate_to_datetime(client.get("/ping").headers["Date"])
        assert client.post(f"{levers}/clock", json={"advance_s": 3600}).status_code == 200
        after = parsedate_to_datetime(client.get("/ping").headers["Date"])
        assert 3600 <= (after - before).total_seconds() < 3630

        assert client.post(f"{levers}/balance", json={"GBP": "5.00"}).json()["GBP"] == "5.00"
        assert post(client).json()["type"] == "insufficient_funds"
        assert client.post(f"{levers}/switches", json={"rate_limit": 1}).json()["rate_limit"] == 1
        assert client.get(f"{levers}/switches").json()["rate_limit"] == 1
        assert client.get(f"{levers}/dump").json()["posts"][0]["status"] == 400


def test_somebody_elses_orders_and_payouts_are_made_over_http() -> None:
    with served() as (sandbox, client):
        levers = sandbox.url.removesuffix("/v2") + "/_sandbox"
        asked = {"count": 2, "currency": "USD", "amount": "12.00", "description": None, "email": None, "settle_s": None}
        ids = client.post(f"{levers}/foreign", json=asked).json()["ids"]
        sandbox.advance(5)
        claimed = {"id": ids[0], "status": "CLAIMED"}
        assert client.post(f"{levers}/payout", json=claimed).json() == claimed
        told = sandbox.dump()

    assert [(each["id"], each["payout_status"]) for each in told["orders"]] == [(ids[0], "CLAIMED"), (ids[1], "ACTIVE")]
    assert told["balances"]["USD"] == "999976.24"


def test_whoever_starts_the_sandbox_has_the_same_levers_at_hand() -> None:
    with SandboxThread() as sandbox:
        (made,) = sandbox.make_foreign(settle_s=0)
        sandbox.set_payout(made, "EXPIRED")
        with pytest.raises(ValueError, match="colour"):
            sandbox.make_foreign(colour="red")

        assert [each["payout_status"] for each in sandbox.dump()["orders"]] == ["EXPIRED"]


@pytest.mark.parametrize(
    ("lever", "body"),
    [
        ("switches", {"no_such": 1}),
        ("switches", []),
        ("clock", {"advance_s": -1}),
        ("clock", {"advance_s": "soon"}),
        ("clock", {}),
        ("balance", {"GBP": "much"}),
        ("balance", {"XXX": "1"}),
        ("foreign", {"count": 0}),
        ("foreign", {"colour": "red"}),
        ("foreign", {"amount": None}),
        ("foreign", []),
        ("payout", {"id": "O-NONE", "status": "CLAIMED"}),
        ("payout", {"id": "O-NONE"}),
        ("payout", {"id": 7, "status": "CLAIMED"}),
    ],
)
def test_a_lever_pulled_wrongly_says_so_and_moves_nothing(lever: str, body: object) -> None:
    with served() as (sandbox, client):
        answer = client.post(f"{sandbox.url.removesuffix('/v2')}/_sandbox/{lever}", json=body)
        missing = client.get(f"{sandbox.url.removesuffix('/v2')}/_sandbox/nothing")

    assert (answer.status_code, answer.json()["type"], missing.status_code) == (400, "bad_request", 404)


def test_a_hundred_at_once_are_all_heard_and_the_sixty_first_of_a_minute_is_refused() -> None:
    async def many() -> tuple[list[int], dict[str, Any]]:
        sandbox = Sandbox(Switches(rate="fixed", rate_window_s=1e9))
        limits = httpx.Limits(max_connections=50)
        async with (
            sandbox.serve() as url,
            httpx.AsyncClient(base_url=url, headers=HEADERS, limits=limits, trust_env=False) as client,
        ):
            replies = await asyncio.gather(
                *(client.post("/order", json=order(), headers={"X-Idempotency-Key": f"k{at}"}) for at in range(100))
            )
            return [reply.status_code for reply in replies], sandbox.dump()

    statuses, told = asyncio.run(many())

    assert (statuses.count(202), statuses.count(429)) == (60, 40)
    assert max_in_any_window((each["monotonic_s"] for each in told["posts"]), 60) == 100


def test_clients_that_stop_halfway_are_let_go_when_the_sandbox_stops() -> None:
    with served() as (sandbox, _):
        url = httpx.URL(sandbox.url)
        connection = socket.create_connection((url.host, url.port or 0), timeout=5)
        connection.sendall(b"GET /v2/ping HTTP/1.1\r\nHost: x\r\n")
    with connection, suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_what_happened_outlives_the_port() -> None:
    async def served_twice() -> set[str]:
        sandbox, seen = Sandbox(), set()
        for _ in range(2):
            async with sandbox.serve() as url, httpx.AsyncClient(headers=HEADERS, trust_env=False) as client:
                reply = await client.post(f"{url}/order", json=order(), headers={"X-Idempotency-Key": "k"})
                seen.add(reply.json()["id"])
        return seen

    assert len(asyncio.run(served_twice())) == 1


def test_serving_for_ever_ends_when_cancelled() -> None:
    async def served_once() -> str:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve_forever("127.0.0.1", 0, Switches(), ready.set_result))
        url = await ready
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{url}/ping", headers=HEADERS)).status_code == 200
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return url

    url = asyncio.run(served_once())
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/ping", trust_env=False)


def test_a_port_that_is_taken_is_told_to_whoever_starts_the_thread() -> None:
    with (
        SandboxThread() as first,
        pytest.raises(OSError, match="address"),
        SandboxThread(port=httpx.URL(first.url).port or 0),
    ):
        pass


def test_what_is_no_http_is_let_go() -> None:
    with served() as (sandbox, client):
        url = httpx.URL(sandbox.url)
        with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
            connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
            assert connection.recv(10) == b""
        assert client.get("/ping").status_code == 200
