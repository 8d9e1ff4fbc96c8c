"""Some seeds in every run of the tests; 300 in `.ci/run`, 10,000 on demand: `python -m tests.simulation`."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from batcher.sandbox import Request, Switches
from tests.blank_ledger import lay_blank_ledger
from tests.simulation.campaign import campaign
from tests.simulation.laws import Broken, Laws
from tests.simulation.process import Killed, Process, SimulatedLoop
from tests.simulation.wire import Arrival, Trouble
from tests.simulation.world import Row, World

SEEDS = 40


def test_every_law_holds_whatever_breaks() -> None:
    broken = [told for told in campaign(range(SEEDS), workers=2) if told.broken]
    assert not broken, broken[0].story


def test_a_seed_is_lived_again_exactly_as_before() -> None:
    def digest(hash_seed: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "48"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        (found,) = re.findall(r"digest ([0-9a-f]{64})", ran.stdout)
        return str(found)

    assert digest("1") == digest("2")


# The laws can be broken


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(0, tmp_path, lay_blank_ledger(tmp_path / "blank.sqlite3"), Switches(rate="none"), per_minute=2)


def post(key: str, person: int, *, pounds: int = 10) -> Arrival:
    item = {"distribution_method": {"type": "PAYOUT_LINK"}, "products": {"type": "SINGLE", "value": "AMZ-GB"}}
    paid = {"items": [{"face_value": pounds + person / 100, **item}]}
    body = json.dumps({"payment_method": {"type": "ACCOUNT_BALANCE", "currency": "GBP"}, **paid})
    headers = {"x-api-key": "xx.y", "x-api-version": "2024-02-05", "x-idempotency-key": key}
    request = Request.of("POST", "/v2/order", headers.items(), body.encode())
    return Arrival(request, Trouble.NONE, again=False, sent_by=None)


def arrive(world: World, arrival: Arrival) -> None:
    world.before_arrival(arrival)
    answer = world.sandbox.handle(arrival.request, world.now_s, world.clock.now_s)
    assert answer.status == 202
    world.on_arrival(arrival, answer)


def test_two_live_orders_of_one_person_are_seen(world: World) -> None:
    laws = Laws(world)
    arrive(world, post("a", person=1))
    laws.check()
    arrive(world, post("b", person=1, pounds=11))
    with pytest.raises(Broken, match="person 1 is paid 2 times"):
        laws.check()


def test_an_order_without_an_intent_is_seen(world: World) -> None:
    laws = Laws(world)
    arrive(world, replace(post("a", person=1), sent_by=world.generation))
    with pytest.raises(Broken, match="key a arrives, and the ledger's file says None"):
        laws.check()


def test_more_orders_in_a_minute_than_the_limit_are_seen(world: World) -> None:
    laws = Laws(world)
    for person in (1, 2):
        arrive(world, post(f"key {person}", person))
    laws.check()
    arrive(world, post("key 3", 3))
    with pytest.raises(Broken, match="3 orders in a minute, and the limit is 2"):
        laws.check()


@pytest.mark.parametrize(
    ("amount", "link", "words"),
    [("10.02", "", "has the order of person 1"), ("10.01", "https://elsewhere.example", "a link that is not its own")],
)
def test_results_that_contradict_the_books_are_seen(world: World, amount: str, link: str, words: str) -> None:
    laws = Laws(world)
    arrive(world, post("a", person=1))
    (order,) = world.dump()["orders"]
    world.results.parent.mkdir()
    world.results.write_text(f"reference,amount,order_id,redemption_url\nR1,{amount},{order['id']},{link}\n")
    with pytest.raises(Broken, match=words):
        laws.check()


def test_a_lost_row_and_a_wrong_zero_are_seen(world: World) -> None:
    laws = Laws(world)
    world.rows.append(Row("R1", person=1, pounds=10))
    world.results.parent.mkdir()
    world.results.write_text("reference,amount,row\n")
    with pytest.raises(Broken, match="the results have"):
        laws.every_row_is_there()
    with pytest.raises(Broken, match=r"\[1\] are not paid"):
        laws.zero_means_paid()


# The machine dies as a machine does


def test_a_killed_process_takes_no_step_more_and_runs_no_finally(world: World) -> None:
    done: list[str] = []

    async def main() -> None:
        try:
            done.append("began")
            await world.clock.sleep(10.0)
            done.append("went on")
        finally:
            done.append("unwound")

    async def story() -> object:
        process = Process()
        loop.call_later(5.0, process.kill)
        ended = await process.live(main())
        await world.clock.sleep(60.0)
        return ended

    loop = KEPT
    assert loop.run_until_complete(story()) is Killed
    assert done == ["began"]


KEPT = SimulatedLoop()
"""Never closed, so that what is dead stays dead."""


def test_what_left_before_the_kill_still_arrives(world: World) -> None:
    import httpx

    arrived: list[str] = []
    world.on_arrival = lambda arrival, answer: arrived.append(arrival.request.path)

    async def main() -> None:
        async with httpx.AsyncClient(transport=world.wires) as client:
            await client.get("http://127.0.0.1:9/v2/ping")

    async def story() -> None:
        process = Process()
        KEPT.call_later(0.001, process.kill)
        assert await process.live(main()) is Killed
        await world.clock.sleep(10.0)

    KEPT.run_until_complete(story())
    assert arrived == ["/v2/ping"]
