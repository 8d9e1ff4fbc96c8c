"""What the settings say about reading a sheet."""

from pathlib import Path

from batcher.intake import Outline, ReadOptions, read_outline, read_sheet
from batcher.model import Sheet
from batcher.settings import Settings


def read_options(settings: Settings) -> ReadOptions:
    """What the settings say about reading a sheet."""
    return ReadOptions(
        currency=settings.defaults.currency,
        product=settings.defaults.product,
        distribution=settings.defaults.distribution,
        template=settings.defaults.template,
        columns=settings.columns.mapping,
        require_reference=settings.input.require_reference,
    )


def load_sheet(path: Path, settings: Settings) -> Sheet:
    """The sheet at `path`, read and validated. Raises `InputInvalid` where it cannot be read at all."""
    return read_sheet(path, read_options(settings))


def load_outline(path: Path, settings: Settings) -> Outline:
    """How the file at `path` is read, whatever its rows say. Raises `InputInvalid` where it cannot be read at all."""
    return read_outline(path, read_options(settings))
