"""What is wrong with a setting, in one sentence for people. No sentence repeats what may be a secret."""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from batcher.settings.addresses import NotShown
from batcher.settings.inboxes import SECRET_FILES
from batcher.settings.sections import SECTIONS, SEVERAL, section_named, several_of

_MAX_SHOWN = 60
_SECRET_NAMES = re.compile(r"(?:runa_?|x_?)?api_?key|key|token|secret|password")
_SECRET_VALUE = re.compile(r"(?:(?:wg|xx)\.|whsec_)\S{6,}", re.IGNORECASE)


def is_secret(section: str, key: str, value: object, *, known: bool) -> bool:
    """Whether a setting is named like the API key, or holds what looks like it, or has that for a name."""
    named = not known and section != "columns" and _SECRET_NAMES.fullmatch(_plain(key)) is not None
    return named or any(isinstance(one, str) and _is_key(one) for one in (value, key))


def _is_key(text: str) -> bool:
    return _SECRET_VALUE.match(text.strip()) is not None


def secret(section: str, key: str, where: str) -> str:
    """The API key was written where it does not belong."""
    name = _name(section, "(a name that is not repeated here)" if _is_key(key) else key)
    if several_of(section) == "inboxes":
        return (
            f"{name} in {where} looks like a secret, and that never goes into the settings: take it out, put it into a "
            f"file that only its owner can read, and name that as {', '.join(SECRET_FILES)}, whichever it is."
        )
    return (
        f"{name} in {where} looks like an API key, and that never goes into the settings: take it out, "
        "and give it as the variable RUNA_API_KEY, in the system keyring, or in a file that [api] api_key_file names. "
        "The same holds for the secret of Runa's webhooks: RUNA_WEBHOOK_SECRET, or [webhooks] secret_file."
    )


def unknown_section(section: str, where: str) -> str:
    """A section that nobody reads, with the nearest that somebody does."""
    if _is_key(section):
        return secret("", section, where)
    near = get_close_matches(_plain(section), SECTIONS, n=1)
    hint = f"did you mean [{near[0]}]?" if near else f"there are {', '.join(f'[{name}]' for name in SECTIONS)}."
    return f"There is no section [{section}] ({where}); {hint}"


def none_of_several(kind: str, name: str, where: str) -> str:
    """What stands in `[schedules]` or `[inboxes]` and is no section of its own."""
    if _is_key(name):
        return secret("", name, where)
    must = ", ".join(key for key, field in SEVERAL[kind].model_fields.items() if field.is_required())
    return f"{kind}.{name} in {where} is no {_ONE[kind]}: write a section [{kind}.{name}] with {must}."


_ONE = {"schedules": "schedule", "inboxes": "inbox"}


def unknown_key(section: str, key: str, where: str, *, in_file: bool) -> str:
    """A key that nobody reads, with the nearest that somebody does."""
    if section in SEVERAL:
        return f"{where} is not read: {section} are written in the config file, and nowhere else."
    if (kind := several_of(section)) is not None:
        fields = SEVERAL[kind].model_fields
        near_here = get_close_matches(_plain(key), fields, n=1)
        hint = f"did you mean {near_here[0]}?" if near_here else f"there are {', '.join(fields)}."
        return f"There is no setting {_name(section, key)} ({where}); {hint}"
    near = _nearest(_plain(section), _plain(key))
    if near is None:
        hint = "config.example.toml shows every key."
    elif in_file:
        hint = f"did you mean {near[1]} in [{near[0]}]?"
    else:
        hint = f"did you mean BATCHER_{near[0].upper()}__{near[1].upper()}?"
    return f"There is no setting {_name(section, key)} ({where}); {hint}"


def of_error(detail: ErrorDetails, where: Mapping[tuple[str, str], str]) -> str:
    """What pydantic found, with the place it was written in."""
    cause = detail.get("ctx", {}).get("error")
    section, key = (*map(str, detail["loc"]), "", "")[:2]
    kind = section
    if kind in SEVERAL and key:
        section, key = f"{kind}.{key}", (*map(str, detail["loc"]), "")[2]
    if not key:
        # About several keys of a section: the sentence names them.
        sentence = str(cause or detail["msg"])
        return f"[{section}] {sentence}" if several_of(section) else sentence
    name, place = _name(section, key), where.get((section, key), "the defaults")
    if detail["type"] == "missing":
        model = section_named(section)
        example = "" if model is None else f", such as {_shown((model.model_fields[key].examples or [''])[0])}"
        return f"{name} is missing: there is no default for it{example}."
    if isinstance(cause, NotShown):
        return f"{name} in {place} {cause}"
    model = section_named(section)
    allowed = None if model is None else _allowed(model.model_fields[key])
    if allowed is None:
        allowed = str(cause) if cause is not None else "text in quotes"
    return f"{name} is {_shown(detail['input'])} in {place}; it must be {allowed}."


def _allowed(field: FieldInfo) -> str | None:
    """What a field takes, where its type alone says so."""
    kinds = {kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)}
    if bool in kinds:
        return "true or false"
    for kind in kinds:
        if issubclass(kind, StrEnum):
            return "one of " + ", ".join(kind)
    if not kinds & {int, float}:
        return None
    low = next(bound.ge for bound in field.metadata if hasattr(bound, "ge"))
    high = next(bound.le for bound in field.metadata if hasattr(bound, "le"))
    return f"a {'whole ' if int in kinds else ''}number from {low:,} to {high:,}"


def _nearest(section: str, key: str) -> tuple[str, str] | None:
    every = {f"{name}.{field}": (name, field) for name, model in SECTIONS.items() for field in model.model_fields}
    same = [name for name, (_, field) in every.items() if field == key]
    here = [name for name, (owner, _) in every.items() if owner == section]
    written = f"{section}.{key}"
    for names, cutoff in ((same, 0.0), (here, 0.7), (list(every), 0.7)):
        near = get_close_matches(written, names, n=1, cutoff=cutoff)
        if near:
            return every[near[0]]
    return None


def _name(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _shown(value: object) -> str:
    """A value as the file writes it, short."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
