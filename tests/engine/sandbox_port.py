"""The sandbox behind the port of the use cases, without a socket: what its wire would do is done in virtual time."""

from email.utils import parsedate_to_datetime

from batcher.model import Fault, Reply
from batcher.runa.reading import read_reply
from batcher.sandbox import Api as Sandbox
from batcher.sandbox import Request, Wire
from tests.lifecycle.bench import Note
from tests.virtual_time import VirtualClock

HEADERS = {"x-api-key": "xx.secret", "x-api-version": "2024-02-05"}
TIMEOUT_S = 10.0


class SandboxPort:
    """Implements `batcher.ports.Api`. The sandbox outlives the processes that speak to it."""

    def __init__(self, sandbox: Sandbox, clock: VirtualClock, notes: list[Note], *, latency_s: float = 0.2) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._notes = notes
        self._latency_s = latency_s

    async def create(self, *, key: str, body: bytes) -> Reply:
        self._notes.append(Note("create", key, self._clock.now_s, body))
        reply = await self._ask("POST", "/v2/order", {"x-idempotency-key": key}, body)
        self._notes.append(Note("replied", key, self._clock.now_s, reply))
        return reply

    async def read(self, order_id: str) -> Reply:
        self._notes.append(Note("read", order_id, self._clock.now_s))
        return await self._ask("GET", f"/v2/order/{order_id}")

    async def ping(self) -> Reply:
        return await self._ask("GET", "/v2/ping")

    async def _ask(self, method: str, target: str, more: dict[str, str] | None = None, body: bytes = b"") -> Reply:
        await self._clock.sleep(self._latency_s / 2)
        request = Request.of(method, target, (HEADERS | (more or {})).items(), body)
        answer = self._sandbox.handle(request, self._clock.instant().at.timestamp(), self._clock.now_s)
        await self._clock.sleep(self._latency_s / 2)
        if answer.wire is Wire.REPLY and answer.status is not None:
            headers = {name.lower(): value for name, value in answer.headers}
            assert parsedate_to_datetime(headers["date"]) is not None
            return read_reply(answer.status, headers, answer.body)
        if answer.wire in (Wire.HANG, Wire.CONTINUE_102):
            await self._clock.sleep(TIMEOUT_S)
        return Reply(fault=Fault.NO_ANSWER)
