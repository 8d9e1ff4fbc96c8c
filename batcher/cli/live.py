"""The live view: a bar of what is paid and a line of the rest, redrawn a few times a second."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from batcher.cli.words import duration
from batcher.engine import Observer, Progress

_PER_SECOND = 4


@contextmanager
def live() -> Iterator[Observer]:
    """A view on stderr for as long as the block lasts."""
    view = _View()
    with Live(get_renderable=view.render, console=Console(stderr=True), refresh_per_second=_PER_SECOND):
        yield view


class _View:
    def __init__(self) -> None:
        self._progress: Progress | None = None

    def changed(self, progress: Progress) -> None:
        """The view draws it when its time comes."""
        self._progress = progress

    def render(self) -> RenderableType:
        """What the terminal shows now."""
        progress = self._progress
        if progress is None:
            return Text("Asking Runa …", style="dim")
        counts = progress.counts
        done = counts.paid + counts.failed
        line = Text.assemble(
            (f"{counts.paid} paid", "green"),
            f"  {counts.open} open",
            "  ",
            (f"{counts.failed} failed", "red" if counts.failed else "dim"),
            "  ",
            (f"{counts.unknown} unknown", "yellow" if counts.unknown else "dim"),
            f"  {counts.waiting} waiting",
            (f"   {counts.sends_last_minute} sent in the last minute", "dim"),
            (f", about {duration(counts.seconds_left)} left" if counts.waiting else "", "dim"),
        )
        view = Table.grid()
        view.add_row(ProgressBar(total=max(1, counts.total), completed=done, width=60))
        view.add_row(line)
        return view
