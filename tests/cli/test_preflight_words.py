"""The preflight in words and as JSON."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from batcher.cli.preflight_words import preflight_as_json, preflight_in_words
from batcher.planning import Change, Comparison, Preflight, covers, rows_alike
from tests.payouts import NOW, payout, problem

COVERS = covers([payout("R1"), payout("R2")], [payout("R3")], {"GBP": Decimal("15.5")})


def changes(count: int) -> tuple[Change, ...]:
    return tuple(
        Change(recipient=f"p{number}@example.com", currency="GBP", before=Decimal("10.00"), now=Decimal("100.00"))
        for number in range(count)
    )


COMPARISON = Comparison(
    batch="oct",
    confirmed_at=NOW,
    new_count=1,
    missing_count=1,
    changed_count=30,
    new=(Change(recipient="new@example.com", currency="GBP", before=Decimal(0), now=Decimal("7.00")),),
    missing=(Change(recipient="old@example.com", currency="GBP", before=Decimal("8.00"), now=Decimal(0)),),
    changed=changes(20),
    difference={"GBP": Decimal("2699.00")},
)


def words(preflight: Preflight) -> list[str]:
    return list(preflight_in_words(preflight))


def test_a_preflight_of_nothing_says_nothing() -> None:
    assert words(Preflight(made_at=NOW)) == []


def test_everything_that_was_looked_at_is_told_in_turn() -> None:
    preflight = Preflight(
        made_at=NOW,
        covers=COVERS,
        catalogue_read_at=NOW - timedelta(days=3),
        alike=rows_alike([(2, payout("R1")), (3, payout("R2"))]),
        warnings=(problem(4),),
        notes=("The catalogue could not be read anew.",),
    )
    assert words(preflight) == [
        "GBP 15.50 covers 1 of 2 payouts; 4.50 is missing (counted: face values; 1 unknown row may still cost 10.00).",
        "Held against Runa's catalogue of 2026-10-31 09:00 UTC (3 days old).",
        (
            "Lines 2 and 3 pay the same to jo@example.com: GBP 10.00, AMZ-GB. "
            "Both are paid, since their references differ."
        ),
        str(problem(4)),
        "The catalogue could not be read anew.",
    ]
    assert preflight.is_short


def test_a_balance_that_could_not_be_read_is_told_without_what_was_counted() -> None:
    unread = covers([payout("R1")], [], None, why_unread="the network is down")
    assert words(Preflight(made_at=NOW, covers=unread)) == ["The GBP balance could not be read (the network is down)."]


def test_a_comparison_names_the_largest_changes_of_each_kind() -> None:
    assert words(Preflight(made_at=NOW, comparison=COMPARISON)) == [
        (
            "Compared with batch oct (2026-11-03): 1 recipient new, 1 missing, 30 with other amounts; "
            "GBP 2,699.00 more in total."
        ),
        "    new: new@example.com, GBP 7.00 now",
        "    missing: old@example.com, GBP 8.00 then",
        *(f"    other amount: p{number}@example.com, GBP 10.00 then, GBP 100.00 now" for number in range(5)),
        "    … and 25 more",
    ]


def test_a_recipient_of_two_currencies_is_one_of_those_that_are_counted() -> None:
    euros = replace(COMPARISON.new[0], currency="EUR")
    told = words(Preflight(made_at=NOW, comparison=replace(COMPARISON, new=(*COMPARISON.new, euros), changed_count=5)))
    assert not [line for line in told if "more" in line][1:]


def test_many_rows_alike_are_cut_short() -> None:
    lines = [(line, payout(f"R{line}", f"{line // 2}.00")) for line in range(2, 18)]
    told = words(Preflight(made_at=NOW, alike=rows_alike(lines)))
    assert len(told) == 6
    assert told[-1].startswith("… and 3 more groups ")


def test_as_json_it_stands_under_its_own_key_with_amounts_as_text() -> None:
    preflight = Preflight(
        made_at=NOW,
        covers=COVERS,
        catalogue_read_at=NOW,
        comparison=COMPARISON,
        alike=rows_alike([(2, payout("R1")), (3, payout("R2"))]),
        warnings=(problem(4),),
        notes=("A note.",),
    )
    content = json.loads(json.dumps(preflight_as_json(preflight)))["preflight"]
    assert content["balances"] == [
        {
            "currency": "GBP",
            "balance": "15.5",
            "needed": "20.00",
            "after": "-4.50",
            "missing": "4.50",
            "payouts": 2,
            "covered": 1,
            "unknown_rows": 1,
            "unknown": "10.00",
            "rows_at_face_value": 3,
            "words": words(preflight)[0],
        }
    ]
    assert content["catalogue"]["read_at"] == "2026-11-03T09:00:00+00:00"
    assert content["comparison"]["counts"] == {"new": 1, "missing": 1, "changed": 30}
    assert content["comparison"]["difference"] == {"GBP": "2699.00"}
    assert len(content["comparison"]["changed"]) == 20
    assert content["comparison"]["missing"] == [
        {"recipient": "old@example.com", "currency": "GBP", "before": "8.00", "now": "0"}
    ]
    assert content["alike"][0]["lines"] == [2, 3]
    assert (content["warnings"][0]["line"], content["notes"]) == (4, ["A note."])


def test_what_was_not_looked_at_is_empty_in_json() -> None:
    unread = covers([payout("R1")], [], None)
    content = preflight_as_json(Preflight(made_at=NOW, covers=unread))["preflight"]
    assert (content["catalogue"], content["comparison"], content["alike"]) == (None, None, [])
    balance = content["balances"][0]
    assert (balance["balance"], balance["after"], balance["covered"]) == (None, None, None)
