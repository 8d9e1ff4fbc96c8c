"""A new config file: what was chosen and differs from the defaults, each with its sentence; and how files are put."""

import json
import os
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

from pydantic import ValidationError

from batcher import folders
from batcher.errors import UsageError
from batcher.settings import words
from batcher.settings.sections import SECTIONS, Settings

_WIDTH = 118

Chosen = Mapping[tuple[str, str], object]
"""What somebody chose, by section and key."""


def settings_from(chosen: Chosen, where: Mapping[tuple[str, str], str]) -> Settings:
    """The settings with what was chosen above the defaults.

    `where` says for each where it was chosen, such as `--account`. Raises `UsageError` with everything that is wrong.
    """
    problems = [
        words.secret(section, key, where[section, key])
        for (section, key), value in chosen.items()
        if words.is_secret(section, key, value, known=True)
    ]
    if problems:
        raise UsageError("\n".join(problems))
    layer: dict[str, dict[str, object]] = {}
    for (section, key), value in chosen.items():
        layer.setdefault(section, {})[key] = value
    try:
        return Settings.model_validate(layer)
    except ValidationError as error:
        sentences = [words.of_error(detail, where) for detail in error.errors(include_url=False)]
        raise UsageError("\n".join(sentences)) from None


def config_text(settings: Settings, heading: str) -> str:
    """The config file that gives these settings: what differs from the defaults, under a heading for people."""
    parts = [_comment(heading)]
    for section, model in SECTIONS.items():
        if keys := list(_differing(settings, section)):
            parts.append(f"{_comment(model.__doc__ or '')}[{section}]\n\n" + "\n".join(keys))
    return "\n".join(parts)


def _differing(settings: Settings, section: str) -> Iterator[str]:
    chosen, defaults = getattr(settings, section), getattr(Settings(), section)
    for key, field in SECTIONS[section].model_fields.items():
        value = getattr(chosen, key)
        if value != getattr(defaults, key):
            yield f"{_comment(field.description or '')}{key} = {_toml(value)}\n"


def _toml(value: object) -> str:
    """Every text of JSON is one of TOML, as long as it has no control characters; no setting has."""
    if isinstance(value, Path | Enum):
        value = str(value)
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    lines = [line for part in text.strip().splitlines() for line in textwrap.wrap(part.strip(), _WIDTH) or [""]]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def put_file(path: Path, content: bytes, *, replace: bool, mode: int) -> None:
    """Write a file whole, in a folder that is made for its owner only if it is not there.

    Raises `UsageError` where that fails, or where something is there and is not to be replaced.
    """
    try:
        folders.private(path.parent)
        if replace:
            _replace(path, content, mode)
        else:
            _create(path, content, mode)
    except FileExistsError:
        raise UsageError(f"{path} is there already, and was left as it is.", "Name another place.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}).", "Name another place.") from None


def _create(path: Path, content: bytes, mode: int) -> None:
    """Neither through a link nor over anything: what came between a look and this is not overwritten either."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _replace(path: Path, content: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
