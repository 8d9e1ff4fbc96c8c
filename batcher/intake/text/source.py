"""The bytes of a CSV as often as they are needed: held where they are few, read anew from the disk where many."""

import codecs
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from batcher.errors import InputInvalid
from batcher.intake.refusal import refusal

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1_500_000
"""Bytes that are looked at together."""


@dataclass(frozen=True, slots=True)
class Held:
    """A small file, in memory: whoever saves it meanwhile changes nothing."""

    data: bytes

    def opened(self) -> BinaryIO:
        """A stream from the first byte on."""
        return io.BytesIO(self.data)

    def lines(self, encoding: str) -> TextIO:
        """Its text by lines, each with its own line end."""
        return io.StringIO(self.data.decode(encoding), newline="")


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A large file, read from the disk each time; what has changed in between, or meanwhile, is refused."""

    path: Path
    stamp: tuple[int, int, int]
    """Of the file when it was first read: which it is, its size and when it was written."""

    def opened(self) -> BinaryIO:
        """A stream from the first byte on. Raises `InputInvalid` where the file is another one, now or at its end."""
        file = _Watched(self.path, self.stamp)
        try:
            file.refuse_changed()
        except InputInvalid:
            file.close()
            raise
        return io.BufferedReader(file)

    def lines(self, encoding: str) -> TextIO:
        """Its text by lines, each with its own line end."""
        return io.TextIOWrapper(self.opened(), encoding=encoding, newline="")


class _Watched(io.FileIO):
    """Its end is the end of what was first read, or is refused: who writes over a file may do so at any moment."""

    def __init__(self, path: Path, stamp: tuple[int, int, int]) -> None:
        super().__init__(path)
        self._path, self._stamp = path, stamp

    def refuse_changed(self) -> None:
        if stamp_of(self) != self._stamp:
            message = f"{self._path.name} was changed while it was read."
            raise refusal("file_changed", message, "Wait until whoever writes it is done, and try again.")

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        count = super().readinto(buffer)
        if not count:
            self.refuse_changed()
        return count or 0


Source = Held | OnDisk


def stamp_of(file: BinaryIO | io.FileIO) -> tuple[int, int, int]:
    """Which file this is, how large, and when it was last written."""
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """All that is left of a stream."""
    while piece := stream.read(PIECE):
        yield piece


@dataclass(frozen=True, slots=True)
class LargeText:
    """What a first reading of a large file has shown."""

    source: OnDisk
    digest: str
    """SHA-256 of the bytes, in hex."""
    encoding: str
    beginning: str
    """So many characters as decide how it is divided."""
    ends_open: bool
    """Whether no line end follows the last row."""


def large_text(path: Path, encoding: str | None, sample: int) -> LargeText:
    """Read a large file once, as UTF-8 unless a person has said another encoding.

    Raises `InputInvalid` where its bytes are not that: evidence of letters is gathered only from files that are held.
    """
    with path.open("rb") as file:
        stamp = stamp_of(file)
        mark = file.read(4)
        file.seek(0)
        name = encoding or _by_the_first_bytes(mark)
        decoder = codecs.getincrementaldecoder(name)()
        hashed, beginning, before, tail = hashlib.sha256(), "", 0, ""
        for piece in pieces(file):
            hashed.update(piece)
            try:
                text = decoder.decode(piece)
            except UnicodeDecodeError as error:
                raise _not_so(before + error.start, encoding) from None
            if "\x00" in text:
                raise refusal("nul_bytes", "The file holds NUL bytes: it is damaged.", "Save it again as 'CSV UTF-8'.")
            before += len(piece)
            tail = text[-1:] or tail
            beginning = beginning if len(beginning) >= sample else beginning + text
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise _not_so(before, encoding) from None
    found = "utf-8" if name == "utf-8-sig" and not mark.startswith(codecs.BOM_UTF8) else name
    return LargeText(OnDisk(path, stamp), hashed.hexdigest(), found, beginning, tail not in "\r\n")


def _by_the_first_bytes(mark: bytes) -> str:
    """UTF-8, unless a mark or the empty halves of two letters show UTF-16; the whole text shows whether it is so."""
    if mark[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    empty = [place for place, byte in enumerate(mark) if not byte]
    if empty == [1, 3]:
        return "utf-16-le"
    return "utf-16-be" if empty == [0, 2] else "utf-8-sig"


def _not_so(at: int, encoding: str | None) -> Exception:
    said = encoding or "UTF-8"
    message = f"The file is larger than 50 MB and no {said} (byte {at:,})."
    return refusal("encoding_unknown", message, "Save it again as 'CSV UTF-8', or say what it is with --encoding.")
