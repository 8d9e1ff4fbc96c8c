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
        done = progress.paid + progress.failed
        line = Text.assemble(
            (f"{progress.paid} paid", "green"),
            f"  {progress.open} open",
            "  ",
            (f"{progress.failed} failed", "red" if progress.failed else "dim"),
            "  ",
            (f"{progress.unknown} unknown", "yellow" if progress.unknown else "dim"),
            f"  {progress.waiting} waiting",
            (f"   {progress.sends_last_minute} sent in the last minute", "dim"),
            (f", about {duration(progress.seconds_left)} left" if progress.waiting else "", "dim"),
        )
        view = Table.grid()
        view.add_row(ProgressBar(total=max(1, progress.total), completed=done, width=60))
        view.add_row(line)
        return view
