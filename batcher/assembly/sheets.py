"""What the settings, and a person, say about reading a sheet."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from batcher import __version__, keys
from batcher.errors import UsageError
from batcher.intake import Outline, ReadOptions, Surveyed, read_outline, read_sheet, survey_sheet
from batcher.intake.header import is_one_of
from batcher.intake.opening import is_workbook
from batcher.intake.text.dialect import delimiter_named
from batcher.model import Sheet
from batcher.settings import Settings

_MARKS = {"point": ".", "comma": ","}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfFile:
    """What a person says of one file; what is `None` is left to the settings, and else to evidence."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_line: int | None = None
    decimal: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """Ours and theirs, as in `[columns]`, above what stands there."""
    unused: frozenset[str] = frozenset()
    """Ours that this file does not have."""

    @classmethod
    def of(
        cls,
        *,
        encoding: str | None,
        delimiter: str | None,
        sheet: str | None,
        header_line: int | None,
        decimal: str | None,
    ) -> "SaidOfFile":
        """From words such as `semicolon` and `comma`. Raises `ValueError` for a delimiter that is none."""
        return cls(
            encoding=encoding,
            delimiter=None if delimiter is None else delimiter_named(delimiter),
            sheet=sheet,
            header_line=header_line,
            decimal=None if decimal is None else _MARKS[decimal],
        )


NOTHING_SAID = SaidOfFile()


def read_options(settings: Settings, said: SaidOfFile = NOTHING_SAID) -> ReadOptions:
    """What there is to know before a sheet is read."""
    given = settings.input
    return ReadOptions(
        currency=settings.defaults.currency,
        product=settings.defaults.product,
        distribution=settings.defaults.distribution,
        template=settings.defaults.template,
        columns=_columns(settings, said),
        unused=said.unused,
        encoding=said.encoding or given.encoding,
        delimiter=said.delimiter or (delimiter_named(given.delimiter) if given.delimiter else None),
        sheet=said.sheet or given.sheet,
        header_line=said.header_line or given.header_line,
        decimal=said.decimal or (_MARKS[given.decimal] if given.decimal else None),
        require_reference=given.require_reference,
        same_recipient=given.same_recipient,
        ceilings=given.ceiling_by_currency,
    )


def _columns(settings: Settings, said: SaidOfFile) -> dict[str, str]:
    """Ours to theirs: what is said of the file, then what the config says of columns that are left."""
    named = dict(said.columns)
    left = {
        ours: theirs
        for ours, theirs in settings.columns.mapping.items()
        if ours not in named and ours not in said.unused and not is_one_of(theirs, named.values())
    }
    return named | left


def refuse_unused(path: Path, said: SaidOfFile) -> None:
    """Raise `UsageError` where a person says of the file what it does not have. The settings speak of all files."""
    text_only = {"--encoding": said.encoding, "--delimiter": said.delimiter}
    if not (said.sheet or any(text_only.values())) or not path.is_file():
        return
    if not is_workbook(path):
        if said.sheet:
            raise UsageError(f"{path.name} is a CSV and has no sheets, so --sheet says nothing.", "Leave --sheet out.")
        return
    for flag, value in text_only.items():
        if value:
            message = f"{path.name} is no CSV but has cells of its own, so {flag} says nothing of it."
            raise UsageError(message, f"Leave {flag} out.")


def load_sheet(path: Path, settings: Settings, said: SaidOfFile = NOTHING_SAID) -> Sheet:
    """The sheet at `path`, read and validated. Raises `InputInvalid` where it cannot be read at all."""
    refuse_unused(path, said)
    options = read_options(settings, said)
    return replace(read_sheet(path, options), reading=reading_of(options))


def reading_of(options: ReadOptions) -> str:
    """A digest of everything that decides how a file's bytes are read: what is said of it, and this release."""
    said = json.dumps(asdict(options), sort_keys=True, default=str)
    return keys.digest("reading", __version__, said).hex()


def digest_of_file(path: Path) -> str | None:
    """SHA-256 of the file's bytes, in hex, as a sheet has it; `None` where it cannot be read, or only once."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def load_for_check(path: Path, settings: Settings, said: SaidOfFile = NOTHING_SAID) -> Surveyed:
    """The sheet at `path`, of any size, to be checked. Raises as `load_sheet` does."""
    refuse_unused(path, said)
    return survey_sheet(path, read_options(settings, said))


def load_outline(path: Path, settings: Settings, said: SaidOfFile = NOTHING_SAID) -> Outline:
    """How the file at `path` is read, whatever its rows say. Raises `InputInvalid` where it cannot be read at all."""
    refuse_unused(path, said)
    return read_outline(path, read_options(settings, said))
