"""The file itself: its bytes, read once and bounded, and the text that they mean.

The encoding comes from evidence only: a byte order mark; else UTF-8, which other encodings fail to be by chance; else
UTF-16 without a mark, where exactly one byte order reads as text; else Windows-1252, what Excel writes in Western
Europe. Bytes that Windows-1252 does not define are an error, not a question mark.
"""

import codecs
from pathlib import Path

from batcher.intake.refusal import refusal

MAX_BYTES = 50_000_000
"""More than 100,000 rows of any sheet; the text and its cells are held in memory."""

_NOT_CSV = {
    b"PK\x03\x04": "a workbook or another packed file",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
}
_NOT_CSV_SUFFIXES = {
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".xlsb": "an Excel workbook",
    ".xls": "an old Excel workbook",
    ".ods": "an OpenDocument spreadsheet",
    ".numbers": "a Numbers document",
    ".parquet": "a Parquet file",
}
_SAVE_AS_CSV = "In the spreadsheet choose 'Save as' or 'Download', save it as CSV (UTF-8), and use that file."


def read_bytes(path: Path) -> bytes:
    """All bytes of the file. Raises `InputInvalid` where there is no file to read, or one that is no CSV."""
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


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    found = next((name for magic, name in _NOT_CSV.items() if data.startswith(magic)), None)
    found = found or _NOT_CSV_SUFFIXES.get(path.suffix.lower())
    if found is not None:
        raise refusal("file_not_csv", f"{path.name} is {found}; batcher reads CSV.", _SAVE_AS_CSV)


def decoded(data: bytes) -> tuple[str, str]:
    """The text and the encoding it was read with. Raises `InputInvalid` where no encoding explains every byte."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _by_its_mark(data, encoding), encoding
    if b"\x00" in data:
        return _without_mark(data)
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    message = "The file's letters cannot be read: it is neither Unicode nor Windows-1252."
    raise refusal("encoding_unknown", message, "Save it again as 'CSV UTF-8'.", line=_damaged_line(data))


def _by_its_mark(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        message = (
            f"The file says that it is {encoding.removesuffix('-sig').upper()} but is damaged at byte {error.start}."
        )
        raise refusal("encoding_damaged", message, "Save it again as 'CSV UTF-8'.") from None


def _without_mark(data: bytes) -> tuple[str, str]:
    """UTF-16 without a mark: the one byte order in which every character is text and most are plain ASCII."""
    readings = []
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and sum(letter.isascii() for letter in text) * 2 > len(text):
            readings.append((text, encoding))
    if len(readings) == 1:
        return readings[0]
    message = "The file holds NUL bytes: it is damaged, or it is no text."
    raise refusal("nul_bytes", message, "Save it again as 'CSV UTF-8'.", line=_line_at(data, data.index(b"\x00")))


def _damaged_line(data: bytes) -> int | None:
    try:
        data.decode("cp1252")
    except UnicodeDecodeError as error:
        return _line_at(data, error.start)
    return None


def _line_at(data: bytes, offset: int) -> int:
    """The line of a byte, counted by line ends: the nearest there is before the cells are known."""
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
