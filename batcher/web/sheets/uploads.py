"""Uploaded sheets: each under a random name, with what is known of it beside it. The name that it came with is a label.

    <ledger>.page/uploads/<id>        the bytes as they came, 0600
    <ledger>.page/uploads/<id>.json   label, who and when, and how a person has said that it is read

A file without its JSON is what a cut-off upload has left: it is no upload, and is removed.
"""

import hashlib
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from batcher import folders
from batcher.assembly import SaidOfFile
from batcher.settings.writing import put_file

MOST_BYTES = 50_000_000
"""As much as the reader holds in memory; larger sheets are for the command line."""
KEPT = timedelta(days=30)
"""How long a sheet stays that no batch has used."""
_MOST_LABEL = 120
_PIECE = 1 << 20
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """Whose matching of columns was taken over from an earlier sheet."""

    by: str
    at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One uploaded sheet."""

    id: str
    path: Path
    label: str
    """The name that it came with, for people; never part of a path."""
    digest: str
    """SHA-256 of its bytes, in hex."""
    size: int
    by: str
    at: datetime
    said: SaidOfFile = field(default_factory=SaidOfFile)
    recalled: Recalled | None = None
    """There where the columns were taken over from an earlier sheet, and nobody has changed them here."""


class Uploads:
    """One folder of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: BinaryIO, label: str, by: str, now: datetime) -> Upload:
        """Keep what was sent. Raises `OSError`, and then nothing is kept."""
        folders.private(self._folder)
        name = secrets.token_hex(16)
        path = self._folder / name
        try:
            digest, size = _copied(content, path)
            upload = Upload(id=name, path=path, label=clean(label), digest=digest, size=size, by=by, at=now)
            self._note(upload)
        except BaseException:
            self.remove(name)
            raise
        return upload

    def find(self, name: str) -> Upload | None:
        """The upload of that id; `None` for one that is not, or no longer, there."""
        if not _ID.fullmatch(name):
            return None
        try:
            noted = json.loads((self._folder / f"{name}.json").read_text("utf-8"))
            return _from_json(name, self._folder / name, noted) if (self._folder / name).is_file() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def say(self, upload: Upload, said: SaidOfFile, recalled: Recalled | None = None) -> Upload:
        """Keep how it is read from now on."""
        changed = replace(upload, said=said, recalled=recalled)
        self._note(changed)
        return changed

    def remove(self, name: str) -> None:
        """Remove it, with what is known of it."""
        if _ID.fullmatch(name):
            (self._folder / f"{name}.json").unlink(missing_ok=True)
            (self._folder / name).unlink(missing_ok=True)

    def remove_old(self, now: datetime, used: Collection[str]) -> None:
        """Remove what is old and whose digest no batch uses, and what cut-off uploads have left."""
        for path in list(self._folder.glob("*")) if self._folder.exists() else ():
            if not _ID.fullmatch(path.name):
                continue
            upload = self.find(path.name)
            # One that is just being written has no JSON yet.
            age = now.timestamp() - path.stat().st_mtime
            is_left_over = upload is None and age > timedelta(hours=1).total_seconds()
            if is_left_over or (upload is not None and now - upload.at > KEPT and upload.digest not in used):
                self.remove(path.name)

    def _note(self, upload: Upload) -> None:
        noted = {
            "label": upload.label,
            "digest": upload.digest,
            "size": upload.size,
            "by": upload.by,
            "at": upload.at.isoformat(),
            "said": {**asdict(upload.said), "unused": sorted(upload.said.unused)},
            "recalled": None if upload.recalled is None else asdict(upload.recalled),
        }
        content = json.dumps(noted, ensure_ascii=False).encode()
        put_file(self._folder / f"{upload.id}.json", content, replace=True, mode=0o600)


def clean(label: str) -> str:
    """The name as a person reads it: without folders, and without signs that nobody sees or that turn the line."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", label))[-1]
    shown = "".join(sign for sign in name if sign.isprintable()).strip()
    return shown[-_MOST_LABEL:] or "sheet"


def _copied(content: BinaryIO, path: Path) -> tuple[str, int]:
    """Copy to a new file for its owner only; gives digest and size."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        file.flush()
        os.fsync(descriptor)
    return digest.hexdigest(), size


def _from_json(name: str, path: Path, noted: dict[str, Any]) -> Upload:
    said = noted["said"]
    return Upload(
        id=name,
        path=path,
        label=noted["label"],
        digest=noted["digest"],
        size=noted["size"],
        by=noted["by"],
        at=datetime.fromisoformat(noted["at"]),
        said=SaidOfFile(
            **{
                **said,
                "columns": tuple((ours, theirs) for ours, theirs in said["columns"]),
                "unused": frozenset(said["unused"]),
            }
        ),
        recalled=None if noted["recalled"] is None else Recalled(**noted["recalled"]),
    )
