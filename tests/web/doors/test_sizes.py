"""A body is counted as it arrives, whatever its header says, and may not stand still."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from batcher.web.doors.sizes import LONGEST_S, PATIENCE_S, bounded
from batcher.web.refusals import Refused
from tests.virtual_time import VirtualClock, run
from tests.web.house import ORIGIN, Desk


async def _pieces() -> Message:
    return {"type": "http.request", "body": b"x" * 400, "more_body": True}


def test_what_is_over_the_limit_is_not_taken() -> None:
    async def story() -> None:
        receive = bounded(_pieces, 1000)
        await receive()
        await receive()
        with pytest.raises(Refused) as refused:
            await receive()
        assert refused.value.status == 413

    run(story())


def test_a_body_that_stands_still_is_given_up() -> None:
    async def silent() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def story() -> None:
        with pytest.raises(Refused) as refused:
            await bounded(silent, 1000)()
        assert refused.value.status == 408

    run(story())


def test_a_body_that_drips_is_given_up_too() -> None:
    async def story() -> None:
        clock = VirtualClock()

        async def dripping() -> Message:
            await clock.sleep(PATIENCE_S - 1)
            return {"type": "http.request", "body": b"x", "more_body": True}

        receive = bounded(dripping, 1000)
        for _ in range(int(LONGEST_S // (PATIENCE_S - 1))):
            await receive()
        with pytest.raises(Refused) as refused:
            await receive()
        assert refused.value.status == 408

    run(story())


def test_who_has_sent_all_may_wait_for_the_answer() -> None:
    async def story() -> None:
        clock = VirtualClock()
        messages: list[Message] = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]

        async def patient() -> Message:
            message = messages.pop(0)
            if message["type"] == "http.disconnect":
                await clock.sleep(10 * LONGEST_S)
            return message

        receive = bounded(patient, 1000)
        assert [(await receive())["type"], (await receive())["type"]] == ["http.request", "http.disconnect"]

    run(story())


def test_a_form_over_the_limit_is_a_page_that_says_so(desk: Desk) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 10_000

    headers = {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    answer = desk.signed_in().request("POST", "/leave", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert answer.headers["Connection"] == "close"
    assert "This is too large" in answer.text
    assert "At most 64 kB" in answer.text
