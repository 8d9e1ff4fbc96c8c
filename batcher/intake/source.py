"""The file itself: its bytes, read once and bounded."""

import hashlib
from pathlib import Path

from batcher.intake.refusal import refusal

MAX_BYTES = 50_000_000
"""More than 100,000 rows of any sheet; the text and its cells are held in memory."""

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
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
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
    if len(data) > MAX_BYTES:
        message = f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB, the most that one sheet may have."
        raise refusal("file_too_large", message, "Split it into several sheets, each with its own batch name.")
    _refuse_other_kinds(path, data)
    return data


def digest(data: bytes) -> str:
    """SHA-256 of the file's bytes, in hex: by it the file is known again."""
    return hashlib.sha256(data).hexdigest()


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    found = next((name for magic, name in _OTHER_KINDS.items() if data.lstrip().startswith(magic)), None)
    if found is not None:
        raise refusal("file_not_table", f"{path.name} is {found}; batcher reads spreadsheets.", _SAVE_AS)
