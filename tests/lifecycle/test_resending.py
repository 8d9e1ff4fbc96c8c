"""When the same bytes may not be sent again: an old key, another address, another version, another API key."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from batcher.lifecycle import Retries
from batcher.model import Reply
from batcher.policy import Finding
from batcher.states import State
from tests.lifecycle.bench import NO_ANSWER, SPEAKER, Bench, accepted, row, send
from tests.virtual_time import START

DAY = timedelta(days=1)
HELD = Finding.TURNED_AWAY, "rate_limited"


def kept_back(bench: Bench) -> str:
    """Why the only row was not sent; nothing was, and it stands where it stood."""
    left = bench.issue()

    assert bench.notes == []
    assert left == bench.rows[0].latest
    assert list(bench.issuer.kept_back) == ["R1"]
    return bench.issuer.kept_back["R1"]


@pytest.mark.parametrize("state", [State.UNKNOWN, State.HELD])
def test_a_key_that_was_first_sent_over_29_days_ago_is_not_sent_again(state: State) -> None:
    old = send(at=START - 29 * DAY - timedelta(seconds=1))

    assert "29 days" in kept_back(Bench([row("R1", state, sends=(old, send()))]))


def test_a_key_that_was_first_sent_a_little_less_than_29_days_ago_is() -> None:
    bench = Bench([row("R1", State.UNKNOWN, sends=(send(at=START - 29 * DAY + timedelta(minutes=1)),))])

    assert bench.issue().state is State.ACCEPTED


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (replace(SPEAKER, base_url="https://api.runa.io/v2"), "address"),
        (replace(SPEAKER, api_version="2023-07-27"), "version 2023-07-27"),
        (replace(SPEAKER, fingerprint="ffffffffffffffff"), "another API key"),
    ],
)
def test_a_key_is_only_repeated_as_whom_it_was_first_sent(other: object, word: str) -> None:
    # The first send counts: that a later one was made under our own name mends nothing.
    sends = (replace(send(), speaker=other), send())  # type: ignore[arg-type]

    assert word in kept_back(Bench([row("R1", State.UNKNOWN, sends=sends)]))


def test_a_key_that_was_only_turned_away_is_sent_under_the_api_key_that_mends_it() -> None:
    refused_key = replace(send(*HELD), speaker=replace(SPEAKER, fingerprint="ffffffffffffffff"))

    assert Bench([row("R1", State.HELD, sends=(refused_key,))]).issue().state is State.ACCEPTED


def test_a_clock_that_was_ahead_at_the_first_send_does_not_make_the_key_young() -> None:
    ahead = replace(send(at=START + 11 * DAY), server_at=START - 30 * DAY)

    assert "29 days" in kept_back(Bench([row("R1", State.UNKNOWN, sends=(ahead,))]))


def test_an_attempt_that_was_never_sent_may_be_planned_however_long_ago() -> None:
    bench = Bench([row(planned_at=START - 400 * DAY)])

    assert bench.issue().state is State.ACCEPTED


def test_a_wall_clock_that_is_slow_does_not_make_a_key_young() -> None:
    sent = send(at=START - DAY)

    assert "29 days" in kept_back(Bench([row("R1", State.UNKNOWN, sends=(sent,))], newest_moment=START + 29 * DAY))


def test_the_servers_clock_ages_keys_as_well() -> None:
    bench = Bench([row("R1", State.UNKNOWN, sends=(send(at=START - DAY),))])
    bench.issuer.heard(Reply(date=START + 29 * DAY))

    assert "29 days" in kept_back(bench)


def test_a_server_whose_clock_is_slow_makes_nothing_younger() -> None:
    bench = Bench([row("R1", State.UNKNOWN, sends=(send(at=START - 30 * DAY),))], newest_moment=START)
    bench.issuer.heard(Reply(date=START - 20 * DAY))

    assert "29 days" in kept_back(bench)


def dated(moment: datetime) -> Reply:
    return replace(NO_ANSWER, date=moment)


def test_the_date_of_an_answer_ends_the_resends_of_a_key_that_it_shows_to_be_old() -> None:
    bench = Bench(
        [row("R1", State.UNKNOWN, sends=(send(at=START - DAY),))], {"R1": [dated(START + 29 * DAY), accepted("O-1")]}
    )

    assert bench.issue().state is State.UNKNOWN
    assert len(bench.of("create")) == 1
    assert "29 days" in bench.issuer.kept_back["R1"]


def test_a_key_that_grows_too_old_while_it_waits_for_its_turn_is_not_sent() -> None:
    sent = send(at=START - 29 * DAY + timedelta(seconds=30))
    rows = [row("R1", State.HELD, sends=(send(*HELD, at=sent.sent_at),))]
    bench = Bench([row("R0"), *rows], per_minute=1, retries=Retries(attempts=1, min_wait_s=1, max_wait_s=1)).run()

    assert bench.sent() == ["R0"]
    assert bench.states()["R1"] is State.HELD
    assert "29 days" in bench.issuer.kept_back["R1"]
