"""Runa's webhooks between real processes: a completed order is known by its webhook, and all is the same without."""

from pathlib import Path

import pytest

from tests.process.hooked import COMPLETES_AFTER_S, Page, page
from tests.process.house import payouts, until, write_sheet

pytestmark = pytest.mark.process

SLOW_S = 60.0
SLOW = {"polling__first_s": SLOW_S, "polling__max_s": SLOW_S}
"""By the clock alone an order is asked about for the first time a minute after it was made."""

OF_ITS_TIME = {"submitted_at", "completed_at", "environment", "journal"}
"""Other in every run: moments, the sandbox's port, and the digest of a journal with moments in it."""


def pay(at: Page) -> list[dict[str, str]]:
    """Pay a sheet on the page, with one payout that fails; its results, but for what is other in every run."""
    rows = payouts(8)
    rows[3]["Email"] = "fail@payouts.example"
    at.server.ask(write_sheet(at.house.folder / "payouts.csv", rows), "november")
    until(lambda: at.server.says("november", "Ended"), "the end of the run", 180)
    assert len(at.sandbox.dump()["orders"]) == 8
    return [{name: cell for name, cell in line.items() if name not in OF_ITS_TIME} for line in at.house.results()]


def test_orders_are_known_by_their_webhooks_and_the_results_are_those_without(tmp_path: Path) -> None:
    with page(tmp_path / "on", hooked=True, **SLOW) as on:
        with_hooks, known_s = pay(on), on.known_s("november")
        assert "batcher_webhooks_total" in on.server.browser.get("/metrics").text
    with page(tmp_path / "off", hooked=False) as off:
        without = pay(off)
        assert "batcher_webhooks_total{" not in off.server.browser.get("/metrics").text
    assert [line["status"] for line in with_hooks].count("COMPLETED") == len(known_s) == 7
    # Each was known before anybody would have asked.
    assert max(known_s) + COMPLETES_AFTER_S < SLOW_S
    assert with_hooks == without
