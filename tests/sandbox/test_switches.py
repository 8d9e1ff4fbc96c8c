import ast
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import batcher.sandbox
from batcher.sandbox import Fault, Switches
from batcher.sandbox.faults import AFTER, BEFORE, INSTEAD, LISTING, READING
from tests.sandbox.caller import Caller, order

SOURCES = sorted(Path(batcher.sandbox.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(
    "given",
    [
        {"no_such_switch": 1},
        {"rate": "square"},
        {"rate_limit": -1},
        {"rate_limit": True},
        {"reset_after": 1.5},
        {"reset_after": {"sometimes": 1}},
        {"latency_max_s": float("inf")},
        {"store_door": "perhaps"},
        {"balances": {"GBP": "much"}},
        {"error_statuses": []},
        {"list_page": 0},
        {"estimate": 1},
    ],
)
def test_what_is_unknown_or_wrong_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        Switches.from_mapping(given)


def test_values_may_come_as_texts_from_a_command_line() -> None:
    switches = Switches.from_mapping(
        {
            "rate_limit": "5",
            "reset_after": "0.5",
            "no_id": "[1, 3]",
            "store_door": "true",
            "accepted_keys": "XX.a, XX.b",
        }
    )

    assert (switches.rate_limit, switches.store_door, switches.accepted_keys) == (5, True, ("XX.a", "XX.b"))
    assert (switches.reset_after, switches.no_id) == (Fault(0.5), Fault(nth=(1, 3)))


def test_switches_read_back_what_they_show() -> None:
    switches = Switches.from_mapping(
        {"reset_after": {"probability": 0.5, "nth": [1], "overall": [2]}, "no_id": [3], "balances": {"GBP": "1"}}
    )

    assert Switches.from_mapping(switches.document()) == switches


def test_every_switch_has_a_sentence_with_its_default() -> None:
    sentences = Switches.sentences()

    assert set(sentences) == {each.name for each in fields(Switches)}
    assert all(". Default: " in sentence for sentence in sentences.values())


def test_every_fault_is_played_in_exactly_one_place() -> None:
    switched = {each.name for each in fields(Switches) if isinstance(getattr(Switches(), each.name), Fault)}

    assert sorted([*BEFORE, *INSTEAD, *AFTER, *READING, *LISTING]) == sorted(switched)


def test_a_changed_limit_holds_at_once_and_other_changes_empty_no_window() -> None:
    caller = Caller(rate_limit=1)
    caller.post(order(), "k1")
    caller.api.change({"list_lag_s": 1})
    assert caller.post(order(), "k2").status == 429

    caller.api.change({"rate_limit": 2})
    assert [caller.post(order(), f"n{at}").status for at in range(3)] == [202, 202, 429]


def test_a_refused_change_changes_nothing() -> None:
    caller = Caller()
    before = caller.api.switches

    with pytest.raises(ValueError, match="square"):
        caller.api.change({"rate_limit": 2, "square": 1})

    assert caller.api.switches == before


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_witness_knows_nothing_of_what_it_testifies_about(source: Path) -> None:
    allowed = {*sys.stdlib_module_names, "h11"}
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in allowed or name.startswith("batcher.sandbox"), name
