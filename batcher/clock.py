"""The real time of this machine: the one file that reads it.

Everything else takes a `batcher.ports.Clock`, so that a test can run an hour of a batch in a moment.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

from batcher.model import Instant

_LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BOOT_GRAIN_S = 60
"""How coarsely a derived boot's beginning is rounded: small steps of the wall clock must not look like a new boot."""


class SystemClock:
    """Implements `batcher.ports.Clock` on this machine's clocks.

    The monotonic seconds are those of `time.monotonic`, which is also what asyncio's `loop.time()` returns. They are
    comparable between processes of one boot. They may stand still while the machine sleeps (Linux, macOS): what waits
    by them then waits longer, never shorter.
    """

    def __init__(self, boot_id_file: Path = _LINUX_BOOT_ID) -> None:
        self._boot = boot_of(boot_id_file, wall_s=_wall().timestamp(), monotonic_s=_monotonic_s())

    def instant(self) -> Instant:
        """This moment: UTC by the wall clock, and seconds by the clock that never jumps."""
        return Instant(at=_wall(), monotonic_s=_monotonic_s(), boot=self._boot)

    async def sleep(self, seconds: float) -> None:
        """Wait; zero or less only lets others have a turn."""
        import asyncio  # noqa: PLC0415 - what only asks for the time need not wait for it

        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251 - this is the clock that others wait through


def boot_of(boot_id_file: Path, *, wall_s: float, monotonic_s: float) -> str:
    """Name this boot: by the kernel's own id on Linux, elsewhere by the minute in which the machine began to count.

    The derived name errs on the safe side. It changes without a boot when the wall clock is set, when the machine slept
    on a system whose monotonic clock stands still meanwhile, or when rounding tips over; whoever compares then trusts
    the clocks less than they deserve. Two boots share a name only if they began within one minute of each other, or if
    the wall clock was set back to make it so.
    """
    try:
        return boot_id_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return f"began-{round((wall_s - monotonic_s) / _BOOT_GRAIN_S) * _BOOT_GRAIN_S}"


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this is the clock that others ask


def _monotonic_s() -> float:
    return time.monotonic()  # noqa: TID251 - this is the clock that others ask
