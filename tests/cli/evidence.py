"""What the tests of evidence share: issued orders by reference, a ledger that is lost, time that has to pass."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.desk import Desk, Done

TRIES = 60
"""Commands, each of which takes a tenth of a second or more: longer than the second that two readings are apart."""

ERRORS_ALIKE = {"error_statuses": [500], "error_html": 0}
"""So that the same error comes back each time."""


def settles_within_a_second(desk: Desk) -> None:
    """Let evidence be as quick as it may be: a key is spent by one run, and two readings are a second apart."""
    desk.settings["reconcile"] = {"settle_after_s": 1}
    desk.settings["retry"] = {"min_wait_s": 0.55, "max_wait_s": 0.56}


def again_until(command: Callable[[], Done], holds: Callable[[Done], bool]) -> Done:
    """The command again and again, until what it says holds."""
    for _ in range(TRIES):
        done = command()
        if holds(done):
            return done
    raise AssertionError(f"not within {TRIES} tries: {done}")


def never_made(desk: Desk) -> Done:
    """`reconcile` until it has proven some rows never made."""
    return again_until(
        lambda: desk.batcher("reconcile", "march", "--json"), lambda done: bool(done.json["settlement"]["never_made"])
    )


def issued(desk: Desk) -> Counter[str]:
    """How many orders each reference has that did not fail; orders of somebody else are left out."""
    return Counter(
        order["metadata"]["reference"]
        for order in desk.orders()
        if order["idempotency_key"] is not None and order["status"] != "FAILED"
    )


def order_of(desk: Desk, reference: str) -> dict[str, Any]:
    """The one order of a reference."""
    (order,) = [each for each in desk.orders() if each["metadata"].get("reference") == reference]
    return order


def keys_of(desk: Desk, batch: str = "march") -> dict[str, str]:
    """The key of each row, as the results have it."""
    return {line["Reference"]: line["idempotency_key"] for line in desk.results(batch)}


def assert_paid_once(desk: Desk, count: int, batch: str = "march") -> None:
    """Each row has one order, and its own link beside it."""
    results = desk.results(batch)
    assert issued(desk) == Counter({line["Reference"]: 1 for line in results})
    assert len(results) == count
    for line in results:
        order = order_of(desk, line["Reference"])
        assert (line["status"], line["order_id"]) == ("COMPLETED", order["id"])
        assert line["redemption_url"] == order["redemption_url"]
        assert (line["Email"], line["Amount"]) == (order["recipient"], order["amount"])


def lose_the_ledger(desk: Desk) -> None:
    """Delete it."""
    for file in desk.folder.glob("ledger.sqlite3*"):
        file.unlink()


def copy_of_the_ledger(desk: Desk) -> Path:
    """A copy of it, as a back-up makes one."""
    return Path(shutil.copy(desk.folder / "ledger.sqlite3", desk.folder / "copy.sqlite3"))


def put_back(desk: Desk, copy: Path) -> None:
    """The copy in the place of the ledger."""
    lose_the_ledger(desk)
    shutil.copy(copy, desk.folder / "ledger.sqlite3")


def without_reference(*lines: dict[str, str]) -> list[dict[str, str]]:
    """The same rows without their references."""
    return [{name: cell for name, cell in line.items() if name != "Reference"} for line in lines]
