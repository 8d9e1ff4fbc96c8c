"""Before anything is confirmed: the API is there and takes our key and version, or the run ends with words for it."""

import random  # noqa: TID251 - seeded
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from batcher.engine import knock
from batcher.errors import ApiRefused, BatcherError, StoppedEarly
from batcher.lifecycle import Retries
from batcher.model import Fault, Reply
from tests.lifecycle.bench import BASE_URL, NO_ANSWER, NOT_SENT, TOO_MANY, Note, Script, ScriptedApi, refused
from tests.virtual_time import START, VirtualClock, run

PONG = Reply(http_status=200, date=START)


@dataclass
class Door:
    """A knock, and what it took."""

    script: Script
    clock: VirtualClock = field(default_factory=VirtualClock)
    notes: list[Note] = field(default_factory=list)

    def knock(self) -> datetime | None:
        api = ScriptedApi(self.clock, self.notes, {}, {"ping": self.script}, answer_s=0)
        retries = Retries(attempts=3, min_wait_s=1, max_wait_s=4)
        rng = random.Random(1)  # noqa: S311 - it spreads waits
        return run(knock(api, clock=self.clock, rng=rng, retries=retries, base_url=BASE_URL))

    def refused(self, kind: type[BatcherError]) -> str:
        """What is said where nobody opens."""
        with pytest.raises(kind) as caught:
            self.knock()
        assert caught.value.fix
        return str(caught.value)


def test_an_answer_gives_the_servers_clock() -> None:
    assert Door(PONG).knock() == START


def test_an_answer_without_a_date_is_an_answer() -> None:
    assert Door(Reply(http_status=200)).knock() is None


@pytest.mark.parametrize("passing", [NO_ANSWER, NOT_SENT, TOO_MANY, refused(500, "internal_server_error")])
def test_what_may_pass_is_asked_again_after_a_wait(passing: Reply) -> None:
    door = Door([passing, passing, PONG])

    assert door.knock() == START
    assert len(door.notes) == 3
    assert door.clock.now_s >= 2


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (401, "unauthorized", "API key"),
        (403, "invalid_api_key", "API key"),
        (403, "forbidden", "rights"),
        (410, "version_removed", "version"),
        (400, "invalid_version", "version"),
        (400, "insecure_protocol", "https"),
    ],
)
def test_a_refused_key_or_version_is_told_at_once(status: int, kind: str, word: str) -> None:
    door = Door(refused(status, kind))

    assert word in door.refused(ApiRefused)
    assert len(door.notes) == 1


def test_a_proxys_401_counts_as_a_refusal() -> None:
    assert Door(Reply(fault=Fault.UNREADABLE, http_status=401)).refused(ApiRefused)


def test_a_host_that_cannot_be_reached_is_named() -> None:
    door = Door(NOT_SENT)

    assert BASE_URL in door.refused(StoppedEarly)
    assert len(door.notes) == 3


def test_too_many_requests_for_too_long_ends_it() -> None:
    assert "too many requests" in Door(TOO_MANY).refused(StoppedEarly)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (NO_ANSWER, "no answer"),
        (refused(500, "internal_server_error"), "HTTP 500"),
        (refused(404, "not_found"), "HTTP 404"),
        (Reply(http_status=301, fault=Fault.UNREADABLE), "HTTP 301"),
        (Reply(http_status=200, fault=Fault.UNREADABLE), "HTTP 200"),
    ],
)
def test_what_is_no_orders_api_is_told_by_what_it_answers(reply: Reply, told: str) -> None:
    words = Door(reply).refused(StoppedEarly)

    assert BASE_URL in words
    assert told in words
