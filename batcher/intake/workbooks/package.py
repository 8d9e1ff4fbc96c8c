"""A workbook as the packed file that it is: looked at from outside before anything in it is read.

What it would unpack to is bounded first, by the packed file's own directory, and Python unpacks no part further than
the directory says. Whatever a library or the packing itself fails with is told here in words, once for all formats.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from xml.parsers import expat

from batcher.errors import InputInvalid
from batcher.intake.refusal import refusal
from batcher.intake.workbooks.markup import HasDoctype

MAX_UNPACKED = 400_000_000
"""Bytes of all parts together: 100,000 rows of fifty columns need half of that."""
MAX_RATIO = 100
"""A sheet is packed to a tenth; one of nothing but repetitions, or of empty cells with borders, to a fifteenth."""
MAX_PARTS = 10_000
_SMALL = 20_000_000
"""What is not more than this need not be packed modestly."""

_OLD = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SAVE_AGAIN = "Open the file in the spreadsheet, save it again, and use that file."
_SAVE_AS = "Open it in the spreadsheet, choose 'Save as', save it as .xlsx or CSV (UTF-8), and use that file."
_FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    EOFError,
    NotImplementedError,  # a way of packing that Python does not know
    OSError,
    RuntimeError,  # a part with a password
    ValueError,  # a number in its XML that is none, or letters that are none
)


class Package:
    """The parts of a packed file, by name. Names differ by more than the case of their letters."""

    def __init__(self, data: bytes, name: str) -> None:
        """Raises `InputInvalid` for what is no packed file, is damaged, or would unpack to too much."""
        self.name = name
        _refuse_old(data, name)
        with translated(name):
            self._file = zipfile.ZipFile(io.BytesIO(data))
        infos = self._file.infolist()
        _refuse_bomb(infos, name, len(data))
        self._parts = {_simplified(info.filename): info for info in infos}
        if len(self._parts) < len(infos):
            raise damaged(name, "it holds the same part twice")
        if any(info.flag_bits & 1 for info in infos):
            raise has_password(name)

    def __contains__(self, part: str) -> bool:
        return _simplified(part) in self._parts

    @contextmanager
    def opened(self, part: str) -> Iterator[IO[bytes]]:
        """The bytes of a part as a stream. Failures in the block, the part's own and its reader's, are refusals."""
        with translated(self.name):
            info = self._parts.get(_simplified(part))
            if info is None:
                raise damaged(self.name, f"its part {part} is missing")
            with self._file.open(info) as stream:
                yield stream

    def read(self, part: str) -> bytes:
        """All bytes of a small part."""
        with self.opened(part) as stream:
            return stream.read()


def _simplified(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").lower()


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn what packed files and their XML fail with into a sentence."""
    try:
        yield
    except InputInvalid:
        raise
    except HasDoctype as error:
        message = f"{name} declares entities, which no spreadsheet writes: it may be made to do harm."
        raise refusal("file_has_entities", message, "Ask whoever sent it how it was made; do not use it.") from error
    except _FAILURES as error:
        raise damaged(name, _reason(error)) from error
    except LookupError as error:
        if type(error) is not LookupError:
            raise
        # So expat says that it knows no such encoding.
        raise damaged(name, _reason(error)) from error


def _reason(error: Exception) -> str:
    words = str(error).strip().strip("'\"")
    return f"{type(error).__name__}: {words[:120]}" if words else type(error).__name__


def damaged(name: str, reason: str, *, line: int | None = None) -> InputInvalid:
    """What to say of a file that breaks the rules of its own format."""
    message = f"{name} is damaged or only partly there ({reason})."
    return refusal("file_damaged", message, f"Get it again from where it came from. {_SAVE_AGAIN}", line=line)


def has_password(name: str) -> InputInvalid:
    """What to say of a file that is encrypted."""
    fix = "Open it with its password, take the password off, save it, and use that file."
    return refusal("file_has_password", f"{name} is protected by a password, so that it cannot be read.", fix)


def not_a_workbook(name: str, what: str) -> InputInvalid:
    """What to say of a packed file that is something else."""
    return refusal("file_not_workbook", f"{name} is {what}, not an .xlsx or .ods workbook.", _SAVE_AS)


def _refuse_old(data: bytes, name: str) -> None:
    if not data.startswith(_OLD):
        return
    if _ENCRYPTED in data:
        raise has_password(name)
    raise not_a_workbook(name, "an old Excel workbook (.xls)")


def _refuse_bomb(infos: list[zipfile.ZipInfo], name: str, packed: int) -> None:
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > max(_SMALL, MAX_RATIO * packed):
        message = (
            f"{name} would unpack to {unpacked / 1_000_000:,.0f} MB in {len(infos):,} parts, more than any sheet "
            "of payouts needs."
        )
        fix = "Copy the payouts alone into a new workbook, save it, and use that file."
        raise refusal("file_unpacks_too_large", message, fix)


def is_opendocument(data: bytes, name: str) -> bool:
    """Whether a packed file is of the OpenDocument family, whatever it is called. Raises as `Package` does."""
    return "mimetype" in Package(data, name)


_OTHERS = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("index/document.iwa", "a Numbers document"),
    ("index.zip", "a Numbers document"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
)


def refuse_others(package: Package) -> None:
    """Name what a packed file is, where it is known and no workbook that can be read."""
    for part, what in _OTHERS:
        if part in package:
            raise not_a_workbook(package.name, what)
