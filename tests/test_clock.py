import asyncio
from datetime import UTC
from pathlib import Path

from batcher.clock import SystemClock, boot_of
from batcher.ports import Clock


def test_it_goes_by_the_clock_of_the_event_loop() -> None:
    async def readings() -> tuple[float, float, float]:
        clock: Clock = SystemClock()
        before = asyncio.get_running_loop().time()
        await clock.sleep(0)
        between = clock.instant().monotonic_s
        return before, between, asyncio.get_running_loop().time()

    before, between, after = asyncio.run(readings())
    assert before <= between <= after


def test_the_wall_is_utc_and_every_clock_of_a_boot_names_it_alike() -> None:
    one, other = SystemClock().instant(), SystemClock().instant()
    assert one.at.tzinfo is UTC
    assert one.at <= other.at
    assert one.boot == other.boot
    assert one.boot


def test_the_kernels_name_of_the_boot_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "boot_id"
    file.write_text("3f0c1c2e-7a55-4be5-9a34-111111111111\n")
    assert boot_of(file, wall_s=1e9, monotonic_s=5) == "3f0c1c2e-7a55-4be5-9a34-111111111111"


def test_elsewhere_a_boot_is_named_by_its_first_minute(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    early = boot_of(missing, wall_s=1_000_000_020, monotonic_s=0)
    assert boot_of(missing, wall_s=1_000_000_020 + 5000.4, monotonic_s=5000) == early
    assert boot_of(missing, wall_s=1_000_000_020 + 5000, monotonic_s=10) != early
