import json

import pytest

from batcher.sandbox import Wire
from batcher.sandbox.faults import AFTER, BEFORE, INSTEAD
from tests.sandbox.caller import Caller, kind, order, said

MADE = {"error_made_stored", *AFTER}


@pytest.mark.parametrize("name", [*BEFORE, *INSTEAD, *AFTER])
def test_each_fault_makes_an_order_or_none_just_as_its_sentence_says(name: str) -> None:
    caller = Caller(**{name: [1]})
    caller.post(order())

    assert len(caller.orders()) == (1 if name in MADE else 0)
    assert caller.posts()[0]["fault"] == name


@pytest.mark.parametrize("name", [*BEFORE, *AFTER])
def test_after_a_fault_the_same_bytes_under_the_same_key_end_with_one_order(name: str) -> None:
    caller = Caller(**{name: [1, 2]})
    for _ in range(2):
        caller.post(order())

    assert caller.post(order()).status == 202
    assert len(caller.orders()) == 1


@pytest.mark.parametrize(("name", "count"), [("error_unmade_stored", 0), ("error_made_stored", 1)])
def test_a_stored_error_stays_under_its_key(name: str, count: int) -> None:
    caller = Caller(**{name: [1]}, error_statuses=[500], error_html=0)
    bodies = {caller.post(order()).body for _ in range(4)}

    assert len(bodies) == 1
    assert kind(caller.post(order())) == (500, "internal_server_error")
    assert len(caller.orders()) == count


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("reset_before", Wire.RESET),
        ("reset_after", Wire.RESET),
        ("lost_reply", Wire.CLOSE),
        ("hang_before", Wire.HANG),
        ("hang_after", Wire.HANG),
        ("truncated", Wire.TRUNCATE),
    ],
)
def test_faults_of_the_wire_say_what_the_connection_does(name: str, wire: Wire) -> None:
    assert Caller(**{name: [1]}).post(order()).wire == wire


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("redirect", 307),
        ("too_many", 429),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("proxy_401", 401),
        ("proxy_403", 403),
        ("version_gone", 410),
        ("broken_json", 202),
        ("foreign_type", 202),
        ("no_id", 202),
        ("in_progress_reply", 400),
    ],
)
def test_faults_of_the_reply_have_their_status(name: str, status: int) -> None:
    assert Caller(**{name: [1]}).post(order()).status == status


def test_spoilt_replies_are_spoilt_each_in_its_way() -> None:
    broken, foreign, no_id, proxy = (
        Caller(**{name: [1]}).post(order()) for name in ("broken_json", "foreign_type", "no_id", "proxy_401")
    )

    with pytest.raises(json.JSONDecodeError):
        json.loads(broken.body)
    assert dict(foreign.headers)["Content-Type"].startswith("text/html")
    assert said(no_id) == {"status": "PROCESSING"}
    assert proxy.body.startswith(b"<html>")


def test_a_refusal_never_turns_into_an_acceptance() -> None:
    assert Caller(no_id=[1]).post(order("funds@payouts.example")).status == 400


def test_errors_are_drawn_from_the_statuses_and_are_pages_at_times() -> None:
    caller = Caller(error_unmade=1.0, rate="none")
    answers = [caller.post(order(), f"k{at}") for at in range(200)]
    pages = [answer for answer in answers if answer.body.startswith(b"<html>")]

    assert {answer.status for answer in answers} == {500, 502, 503, 504}
    assert 25 < len(pages) < 75


def test_a_fault_by_chance_strikes_about_as_often_as_it_says() -> None:
    caller = Caller(reset_after=0.3, rate="none")
    struck = sum(caller.post(order(), f"k{at}").wire is Wire.RESET for at in range(1000))

    assert 250 < struck < 350


def test_no_key_suffers_more_faults_by_chance_than_the_limit() -> None:
    caller = Caller(reset_before=1.0, reset_after=1.0, faults_per_key=2)
    wires = [caller.post(order()).wire for _ in range(4)]

    assert wires == [Wire.RESET, Wire.RESET, Wire.REPLY, Wire.REPLY]


def test_a_fault_can_strike_one_request_of_all() -> None:
    caller = Caller(lost_reply={"overall": [2]})

    assert [caller.post(order(), f"k{at}").wire for at in range(3)] == [Wire.REPLY, Wire.CLOSE, Wire.REPLY]


def test_what_a_key_suffers_does_not_depend_on_the_order_of_the_keys() -> None:
    keys = [f"k{at}" for at in range(50)]
    chances = dict.fromkeys(("reset_before", "error_made", "lost_reply", "no_id"), 0.2)

    def suffered(order_of_keys: list[str]) -> dict[str, list[str | None]]:
        caller = Caller(seed=7, rate="none", **chances)
        for key in order_of_keys * 3:
            caller.post(order(), key)
        return {key: [post["fault"] for post in caller.posts() if post["key"] == key] for key in keys}

    assert suffered(keys) == suffered(keys[::-1])
    assert any(fault for faults in suffered(keys).values() for fault in faults)


@pytest.mark.parametrize(
    ("name", "wire"), [("get_reset", Wire.RESET), ("get_hang", Wire.HANG), ("get_truncated", Wire.TRUNCATE)]
)
def test_reads_suffer_on_the_wire_too(name: str, wire: Wire) -> None:
    caller = Caller(**{name: [1]})

    assert [caller.ask("GET", "/v2/ping").wire for _ in range(2)] == [wire, Wire.REPLY]


def test_reads_are_refused_spoilt_or_strange() -> None:
    for name, status in (("get_error", 503), ("get_too_many", 429), ("get_broken_json", 200)):
        caller = Caller(**{name: [1]}, error_statuses=[503])
        assert [caller.ask("GET", "/v2/ping").status for _ in range(2)] == [status, 200]

    strange = Caller(get_unknown_status=[1])
    order_id = strange.made(order())
    statuses = [strange.get(f"/order/{order_id}")["status"] for _ in range(2)]
    assert statuses[0] not in ("PROCESSING", "COMPLETED", "FAILED")
    assert statuses[1] == "PROCESSING"


@pytest.mark.parametrize(
    ("name", "wire", "status"),
    [
        ("list_error", Wire.REPLY, 503),
        ("list_too_many", Wire.REPLY, 429),
        ("list_truncated", Wire.TRUNCATE, 200),
    ],
)
def test_faults_of_the_list_strike_its_pages_and_nothing_else(name: str, wire: Wire, status: int) -> None:
    caller = Caller(**{name: {"overall": [2]}}, error_statuses=[503])
    order_id = caller.made(order())

    for target in ("/v2/ping", f"/v2/order/{order_id}", "/v2/balance", "/v2/product"):
        assert (caller.ask("GET", target).wire, caller.ask("GET", target).status) == (Wire.REPLY, 200)
    answers = [caller.ask("GET", f"/v2/order?limit={limit}") for limit in (1, 2, 3)]
    assert [(answer.wire, answer.status) for answer in answers] == [
        (Wire.REPLY, 200),
        (wire, status),
        (Wire.REPLY, 200),
    ]


def test_a_fault_of_the_list_can_strike_the_same_page_again() -> None:
    caller = Caller(list_too_many=[1, 2])

    assert [caller.ask("GET", "/v2/order").status for _ in range(3)] == [429, 429, 200]
    assert [caller.ask("GET", "/v2/order?limit=9").status for _ in range(3)] == [429, 429, 200]
