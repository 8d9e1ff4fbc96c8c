"""Many seeds, in real processes side by side: each lives a few, and takes its simulated dead with it when it ends."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.blank_ledger import lay_blank_ledger
from tests.compiled_sql import compiled_once
from tests.simulation.laws import Broken
from tests.simulation.story import live_story

CHUNK = 50
"""Seeds that one real process lives: its dead are buried when it ends."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a seed."""

    seed: int
    broken: bool
    story: str
    digest: str


def lived(seeds: range) -> list[Told]:
    """Live some seeds, one after the other."""
    told: list[Told] = []
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    dir_ = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=dir_, prefix="batcher-") as made, compiled_once():
        blank = lay_blank_ledger(Path(made) / "blank.sqlite3")
        for seed in seeds:
            try:
                story = live_story(seed, Path(made), blank)
            except Broken as broken:
                told.append(Told(seed, broken=True, story=str(broken), digest=""))
            else:
                told.append(Told(seed, broken=False, story="\n".join(story.lines), digest=story.digest))
    return told


def campaign(seeds: range, workers: int) -> Iterator[Told]:
    """Live many seeds in real processes side by side, told in their order."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.simulation.campaign"])
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        for told in pool.map(lived, chunks):
            yield from told
