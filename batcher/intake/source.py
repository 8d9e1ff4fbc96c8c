"""The file itself: its bytes, read once and bounded."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from batcher.intake.refusal import refusal

MAX_BYTES = 50_000_000
"""What is held in memory; a larger CSV is read in pieces, each time anew."""

_OTHER_KINDS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{\\rtf": "a text document",
    b"<!DOCTYPE html": "a web page",
    b"<html": "a web page",
    b"\x1f\x8b": "a packed file",
}
_SAVE_AS = (
    "In the spreadsheet choose 'Save as' or 'Download', save it as .xlsx, .ods or CSV (UTF-8), and use that file."
)


def read_bytes(path: Path) -> bytes:
    """All bytes of the file. Raises `InputInvalid` where there is no file to read, or one that is no spreadsheet."""
    with _opened(path) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        message = f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB, the most that a workbook may have."
        raise refusal("file_too_large", message, "Save it as CSV, or split it into several sheets.")
    _refuse_other_kinds(path, data)
    return data


def beginning_of(path: Path) -> tuple[bytes, int]:
    """The file's first bytes, and how many it has. Raises `InputInvalid` where there is no file to read."""
    with _opened(path) as file:
        return file.read(8), os.fstat(file.fileno()).st_size


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Raises `InputInvalid` where the file cannot be opened or read."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise refusal("file_missing", f"There is no file {path}.", "Check the name and the folder.") from None
    except IsADirectoryError:
        raise refusal("file_is_folder", f"{path} is a folder.", "Name the file in it.") from None
    except PermissionError:
        message = f"{path} may not be read by this user."
        raise refusal("file_unreadable", message, "Ask whoever owns it for the right to read it.") from None
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read ({error})."
        raise refusal("file_unreadable", message, "Copy it to this machine and use the copy.") from error


def digest(data: bytes) -> str:
    """SHA-256 of the file's bytes, in hex: by it the file is known again."""
    return hashlib.sha256(data).hexdigest()


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    found = next((name for magic, name in _OTHER_KINDS.items() if data.lstrip().startswith(magic)), None)
    if found is not None:
        raise refusal("file_not_table", f"{path.name} is {found}; batcher reads spreadsheets.", _SAVE_AS)
