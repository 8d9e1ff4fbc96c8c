"""No value shows a secret by being printed: in a traceback, a debugger, an assertion, a log of somebody's own."""

import asyncio
import io
import json
import traceback
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from rich.console import Console
from rich.traceback import Traceback

from batcher import keys
from batcher.model import Answer, Environment, Order, PlannedOrder, Reply, Speaker
from batcher.records import AttemptRecord, BatchRecord, RowRecord
from batcher.runa import RunaClient
from batcher.settings import Settings, load_api_key, load_settings
from batcher.settings.api_key import FoundKey
from batcher.states import State
from tests.core.payouts import ANN
from tests.runa.asking import recording, response
from tests.secrets.search import API_KEY, CELL_LINK, Secrets

AT = datetime(2026, 11, 1, tzinfo=UTC)
ORDER = Order(order_id="O-1", status="COMPLETED", redemption_url=CELL_LINK)
PLANNED = PlannedOrder(identity="i", number=1, key="k", body=CELL_LINK.encode(), payout=ANN)
ATTEMPT = AttemptRecord(id=1, order=PLANNED, state=State.COMPLETED, planned_at=AT, redemption_url=CELL_LINK)
ROW = RowRecord(id=1, identity="i", line=2, in_file=True, columns=(), cells=(), attempts=(ATTEMPT,))
ENVIRONMENT = Environment(base_url="http://127.0.0.1:8765/v2", account="sandbox")
SPEAKER = Speaker(base_url=ENVIRONMENT.base_url, api_version="2024-02-05", fingerprint=keys.fingerprint(API_KEY))
SETTINGS = load_settings(None, {"RUNA_API_KEY": API_KEY, "BATCHER_API__BASE_URL": ENVIRONMENT.base_url}, places=())


def known() -> Secrets:
    secrets = Secrets()
    secrets.add_links(CELL_LINK)
    return secrets


@pytest.mark.parametrize(
    "value",
    [
        ORDER,
        Reply(http_status=200, order=ORDER),
        Answer(reply=Reply(http_status=200, order=ORDER), content=ORDER),
        PLANNED,
        ATTEMPT,
        ROW,
        BatchRecord(environment=ENVIRONMENT, name="march", rows=(ROW,)),
        SPEAKER,
        SETTINGS,
        Settings(),
        load_api_key(SETTINGS, {"RUNA_API_KEY": API_KEY}),
        FoundKey(SecretStr(API_KEY), "in the variable RUNA_API_KEY"),
        RunaClient(SPEAKER, api_key=API_KEY, timeout_s=1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_shows_a_secret(value: object) -> None:
    assert known().of_both(f"{value} {value!r} {[value]}") == []


def test_the_settings_as_json_hold_no_key() -> None:
    assert known().of_key(SETTINGS.model_dump_json()) == []


def test_a_fingerprint_tells_keys_apart_and_nothing_else() -> None:
    assert keys.fingerprint(API_KEY) != keys.fingerprint(f"{API_KEY}x")
    assert keys.fingerprint(API_KEY).casefold() not in API_KEY.casefold()
    assert known().of_key(keys.fingerprint(API_KEY)) == []


def test_an_exception_from_within_a_request_tells_nothing_in_any_traceback_without_locals() -> None:
    class Broken(Exception):
        """Whatever goes wrong in reading an answer."""

    def breaking(*_: object) -> Answer[None]:
        raise Broken

    async def story() -> None:
        async with recording(response("200 OK", json.dumps({"message": API_KEY}).encode())) as server:
            speaker = Speaker(base_url=server.url, api_version="2024-02-05", fingerprint="f")
            async with RunaClient(speaker, api_key=API_KEY, timeout_s=1) as client:
                await client._ask("GET", "ping", breaking)  # noqa: SLF001 - the one place where a reading can break

    with pytest.raises(Broken) as caught:
        asyncio.run(story())
    plain = "".join(traceback.format_exception(caught.value))
    text = io.StringIO()
    Console(file=text, width=200).print(Traceback.from_exception(Broken, caught.value, caught.value.__traceback__))
    assert "_ask" in plain
    assert "_ask" in text.getvalue()
    assert known().of_both(f"{plain}{text.getvalue()}{caught.value!r}") == []


SLASHED = "wg.a/canary/with/slashes/in/it"


@pytest.mark.parametrize(
    ("key", "told", "kept"),
    [
        (API_KEY, f"no {API_KEY} here", "no xx.[key] here"),
        (API_KEY, f"no {API_KEY.partition('.')[2]} here", "no [key] here"),
        (SLASHED, f"no {SLASHED} here", "no wg.[key] here"),
        ("xx.sandbox", "no xx.sandbox here, which is a sandbox", "no [key] here, which is a sandbox"),
        (API_KEY, "the key is refused", "the key is refused"),
    ],
)
@pytest.mark.parametrize("escaped", [False, True])
def test_an_answer_that_repeats_the_key_is_read_without_it(key: str, told: str, kept: str, escaped: bool) -> None:
    async def story() -> Reply:
        body = json.dumps({"type": "bad_request", "message": told})
        answer = response(
            "400 Bad Request", (body.replace("/", "\\/") if escaped else body).encode(), f"X-Request-Id: {key}"
        )
        async with recording(answer) as server:
            speaker = Speaker(base_url=server.url, api_version="2024-02-05", fingerprint="f")
            async with RunaClient(speaker, api_key=key, timeout_s=1) as client:
                return await client.create(key="k", body=b"{}")

    reply = asyncio.run(story())
    assert (reply.error_type, reply.message) == ("bad_request", kept)
    assert key not in (reply.request_id or "")


@pytest.mark.parametrize(
    "link",
    [
        CELL_LINK,
        CELL_LINK.upper(),
        CELL_LINK.partition("://")[2],
        f"({CELL_LINK})",
        f"'{CELL_LINK.partition('://')[2]}'",
    ],
)
def test_a_link_in_the_apis_words_is_taken_out_with_its_scheme_or_without(link: str) -> None:
    async def story() -> Reply:
        body = json.dumps({"type": "bad_request", "message": f"see {link} now"}).encode()
        async with recording(response("400 Bad Request", body)) as server:
            speaker = Speaker(base_url=server.url, api_version="2024-02-05", fingerprint="f")
            async with RunaClient(speaker, api_key=API_KEY, timeout_s=1) as client:
                return await client.ping()

    message = asyncio.run(story()).message or ""
    assert "[link]" in message
    assert message.startswith("see ")
    assert known().of_both(message) == []
