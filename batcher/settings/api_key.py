"""The API key: from `RUNA_API_KEY`, else the system keyring, else a file that only its owner can read.

It is wrapped as soon as it is read, and no sentence here repeats it. Never from an argument, never from the config.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from batcher.errors import UsageError
from batcher.model import Environment
from batcher.settings.addresses import host_of
from batcher.settings.secret_places import KEYRING_SERVICE, AskKeyring, ask_system_keyring, secret_in_file
from batcher.settings.sections import Settings
from batcher.settings.wiring import environment

VARIABLE = "RUNA_API_KEY"
PREFIXES = {"PRODUCTION": "wg", "PLAYGROUND": "xx", "SANDBOX": "xx"}
"""How Runa's keys begin, by kind of environment, up to their dot; they are compared without regard to case.

Another host may stand before either, or have keys of its own.
"""

_MAX_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The API key, and where it comes from."""

    key: SecretStr
    origin: str
    """In words that complete "the API key …", such as `in the variable RUNA_API_KEY`."""


def load_api_key(settings: Settings, environ: Mapping[str, str], *, ask_keyring: AskKeyring | None = None) -> SecretStr:
    """The API key for the environment that is set; `UsageError` where there is none or it cannot be the right one."""
    return find_api_key(settings, environ, ask_keyring=ask_keyring).key


def find_api_key(settings: Settings, environ: Mapping[str, str], *, ask_keyring: AskKeyring | None = None) -> FoundKey:
    """The same, with where it was found."""
    place = environment(settings)
    user = keyring_user(place)
    if VARIABLE in environ:
        return checked_key(SecretStr(environ[VARIABLE]), f"in the variable {VARIABLE}", place)
    kept = (ask_keyring or ask_system_keyring)(KEYRING_SERVICE, user)
    if kept is not None:
        return checked_key(SecretStr(kept), f"in the system keyring ({KEYRING_SERVICE}, {user})", place)
    if settings.api.api_key_file is not None:
        return key_in_file(settings.api.api_key_file, place)
    raise UsageError(
        f"There is no API key for {place.label}.",
        f"Set the variable {VARIABLE}; or keep it in the system keyring (`keyring set {KEYRING_SERVICE} {user}`, "
        "where keyring is installed); or put it in a file that only you can read and name that as api_key_file "
        "under [api].",
    )


def keyring_user(place: Environment) -> str:
    """Under which user the system keyring has the key of an environment; the service is `KEYRING_SERVICE`."""
    return f"{place.account}@{host_of(place.base_url)}"


def key_in_file(path: Path, place: Environment) -> FoundKey:
    """The key in a file; `UsageError` where others can use the file, or where it holds no key of this environment."""
    return checked_key(_from_file(path), f"in {path}", place)


def checked_key(key: SecretStr, origin: str, place: Environment) -> FoundKey:
    """The key, unless it is none or belongs to another environment (`UsageError`). The reasons never show it."""
    text = key.get_secret_value()
    if not text:
        raise UsageError(f"The API key {origin} is empty.")
    if len(text) > _MAX_LENGTH:
        raise UsageError(f"The API key {origin} is longer than {_MAX_LENGTH:,} characters, so it is none.")
    if not all("!" <= sign <= "~" for sign in text):
        raise UsageError(
            f"The API key {origin} holds a space, a line end, or a character outside ASCII.",
            "Copy it again, without anything around it.",
        )
    prefix = text.partition(".")[0].lower()
    if prefix == "wg" and not place.is_real_money:
        here = "the playground" if place.kind == "PLAYGROUND" else "a sandbox on this machine"
        raise UsageError(f"The API key {origin} is one for production, but base_url is {here}.")
    if prefix == "xx" and place.kind == "PRODUCTION":
        raise UsageError(f"The API key {origin} is one for the playground, but base_url is production.")
    return FoundKey(key, origin)


def has_usual_prefix(key: SecretStr, place: Environment) -> bool:
    """Whether a key begins as Runa's keys for an environment do; of another host's keys nothing is known."""
    if place.kind not in PREFIXES:
        return True
    prefix, dot, _ = key.get_secret_value().partition(".")
    return dot == "." and prefix.lower() == PREFIXES[place.kind]


def _from_file(path: Path) -> SecretStr:
    return secret_in_file(
        path,
        what="The API key file",
        setting="api_key_file",
        instead=f"Use the system keyring or the variable {VARIABLE}.",
        most_bytes=_MAX_LENGTH * 2,
    )
