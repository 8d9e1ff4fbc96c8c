"""The file and the environment to `Settings`: defaults, then the TOML file, then `BATCHER_…` variables; the later wins.

All problems are told at once, each in one sentence with the key, the value and what is allowed. A key that is not known
is a problem, never ignored: a limit that is misspelt would otherwise be no limit.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs
from pydantic import ValidationError

from batcher.errors import UsageError
from batcher.settings import words
from batcher.settings.addresses import anchored, anchored_ledger_url
from batcher.settings.inboxes import SECRET_FILES
from batcher.settings.sections import SECTIONS, SEVERAL, Settings, section_named, several_of

_PREFIX = "BATCHER_"
_MAX_BYTES = 1_000_000
_FILES = {"api_key_file", "secret_file", "addresses_file", "known_hosts_file", *SECRET_FILES}
"""Keys that name a file of the machine, wherever they stand."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One setting as somebody wrote it."""

    section: str
    """`""` for what stands outside any section."""
    key: str
    value: object
    where: str
    """The file, or the variable."""
    file: Path | None = None
    """The file, where it is one."""


def default_places() -> tuple[Path, ...]:
    """Where the config file is looked for, the first one found counts."""
    return Path("batcher.toml"), platformdirs.user_config_path("batcher") / "batcher.toml"


def load_settings(path: Path | None, environ: Mapping[str, str], *, places: Sequence[Path] | None = None) -> Settings:
    """The settings from `path`, or from the first of `places` that exists, with `environ` above it.

    Raises `UsageError` for a named file that is not there, and for everything that is wrong, all at once.
    """
    problems: list[str] = []
    in_file = _sifted(_file_entries(path, default_places() if places is None else places, problems), problems)
    in_environ = _sifted(_environ_entries(environ), problems)
    where = {(entry.section, entry.key): entry.where for entry in (*in_file, *in_environ)}
    try:
        settings = Settings.model_validate(_by_section((*in_file, *in_environ)))
    except ValidationError as error:
        problems += [words.of_error(detail, where) for detail in error.errors(include_url=False)]
    else:
        if not problems:
            return settings
    raise UsageError("\n".join(problems))


def _by_section(entries: Iterable[_Entry]) -> dict[str, dict[str, object]]:
    """The entries as one table for each section; of two that set the same, the later wins."""
    tables: dict[str, dict[str, object]] = {}
    several: dict[str, dict[str, object]] = {}
    for entry in entries:
        table = tables.setdefault(entry.section, {})
        table[entry.key] = entry.value
        if (kind := several_of(entry.section)) is not None:
            several.setdefault(kind, {})[entry.section.partition(".")[2]] = table
    return {section: table for section, table in tables.items() if several_of(section) is None} | several


def _file_entries(path: Path | None, places: Sequence[Path], problems: list[str]) -> Iterator[_Entry]:
    for place in (path,) if path is not None else places:
        text = _read(place, named=path is not None)
        if text is not None:
            yield from _toml_entries(place, text, problems)
            return


def _read(place: Path, *, named: bool) -> str | None:
    """The text of a config file; `None` for one that is not there, unless it was named."""
    try:
        with place.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        if not named:
            return None
        raise UsageError(f"There is no config file {place}.", "Name one that exists, or leave --config out.") from None
    except OSError as error:
        raise UsageError(f"The config file {place} cannot be read: {error.strerror}.") from None
    if len(data) > _MAX_BYTES:
        raise UsageError(f"The config file {place} is larger than {_MAX_BYTES:,} bytes; is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"The config file {place} is not in UTF-8 (line {line}).", "Save it as UTF-8.") from None


def _toml_entries(place: Path, text: str, problems: list[str]) -> Iterator[_Entry]:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The config file {place} is no valid TOML: {error}.", "Text stands in quotes.") from None
    for section, table in content.items():
        if not isinstance(table, dict):
            yield _Entry("", section, table, str(place), place)
        elif section in SEVERAL:
            yield from _entries_of_several(place, section, table, problems)
        elif section not in SECTIONS:
            problems.append(words.unknown_section(section, str(place)))
        else:
            for key, value in table.items():
                yield _Entry(section, key, value, str(place), place)


def _entries_of_several(place: Path, kind: str, tables: Mapping[str, object], problems: list[str]) -> Iterator[_Entry]:
    for name, table in tables.items():
        if not isinstance(table, dict) or not table:
            problems.append(words.none_of_several(kind, name, str(place)))
            continue
        for key, value in table.items():
            yield _Entry(f"{kind}.{name}", key, value, str(place), place)


def _environ_entries(environ: Mapping[str, str]) -> Iterator[_Entry]:
    for variable in sorted(environ):
        if variable.upper().startswith(_PREFIX):
            section, separator, key = variable[len(_PREFIX) :].lower().partition("__")
            if not separator:
                section, key = "", section
            yield _Entry(section, key, environ[variable], variable)


def _sifted(entries: Iterable[_Entry], problems: list[str]) -> list[_Entry]:
    """The entries that name a setting and hold no secret; the others become problems."""
    given, kept = list(entries), []
    with_inbox = {entry.section for entry in given if entry.key == "inbox"}
    for entry in given:
        problem = _problem(entry)
        if problem is None:
            kept.append(_anchored(entry, in_inbox=entry.section in with_inbox))
        else:
            problems.append(problem)
    return kept


def _anchored(entry: _Entry, *, in_inbox: bool) -> _Entry:
    """What is kept for ever has one place: as seen from the config file's folder, not from where the command is run.

    A variable has no folder but the working directory. `results.directory` is for people, and stays relative to that.
    A schedule's file is no path where it lies `in_inbox`.
    """
    folder = Path() if entry.file is None else entry.file.parent
    match entry.section, entry.key, entry.value:
        case "ledger", "url", str(url):
            return replace(entry, value=anchored_ledger_url(url, folder))
        case section, "file", str(path) if several_of(section) == "schedules" and path.strip() and not in_inbox:
            return replace(entry, value=anchored(path.strip(), folder))
        case section, "url", str(url) if several_of(section) == "inboxes" and url.strip() and "://" not in url:
            return replace(entry, value=anchored(url.strip(), folder))
        case _, key, str(path) if key in _FILES and path.strip():
            return replace(entry, value=anchored(path, folder))
    return entry


def _problem(entry: _Entry) -> str | None:
    model = section_named(entry.section)
    known = model is not None and entry.key in model.model_fields
    if words.is_secret(entry.section, entry.key, entry.value, known=known):
        return words.secret(entry.section, entry.key, entry.where)
    if not known:
        return words.unknown_key(entry.section, entry.key, entry.where, in_file=entry.file is not None)
    if entry.file is None and not entry.where.isupper():
        return f"{entry.where} is not read: the name of the variable is {entry.where.upper()}, in capitals."
    return None
