"""A year of monthly runs, as it may go: each period is paid once, or somebody is told."""

from pathlib import Path

import pytest

from tests.schedules.office import Payer


@pytest.fixture
def payer(tmp_path: Path) -> Payer:
    return Payer(tmp_path)


def test_a_file_that_is_there_is_paid_once_at_its_time(payer: Payer) -> None:
    async def story() -> None:
        payer.set_clock(2026, 11, 20)
        assert await payer.run_due() == 0
        payer.file("2026-11")
        payer.set_clock(2026, 11, 28, 8, 59)
        assert await payer.run_due() == 0
        assert payer.paid() == {}
        payer.set_clock(2026, 11, 28, 9, 1)
        assert await payer.run_due() == 0
        assert await payer.run_due() == 0

    payer.shop.live(story())
    assert payer.paid() == {"2026-11": 3}
    assert payer.states() == {"2026-11": "DONE", "2026-12": "EXPECTED"}
    assert payer.told_of() == [("2026-11", "finished")]
