"""Where `batcher init` has the API key kept: asked hidden, held against the environment, shown nowhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batcher.cli.asking import Questions
from batcher.errors import UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from batcher.model import Environment
    from batcher.settings.api_key import FoundKey
    from batcher.settings.keeping import Keyring

ABOUT_KEY = """\
Where shall the API key be kept? It is asked for hidden, and never written into batcher.toml.
{keyring}file         a file that only you can read
variable     nowhere: you set RUNA_API_KEY each time"""

_SANDBOX_KEY = "xx.sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChoice:
    """Where the key will come from, decided and checked; `keep` puts it there, if it is not there already."""

    origin: str
    """Where it comes from, for people."""
    keep: Callable[[], None]
    file: Path | None = None
    """What the config names, if it is a file."""
    todo: str = ""
    """What is left for the person to do."""


def choose_key(
    place: "Environment",
    file: Path | None,
    *,
    questions: Questions | None,
    keyring: Callable[[], "Keyring | None"],
    environ: Mapping[str, str],
    say: Callable[[str], None],
    replace: bool,
) -> KeyChoice:
    """Ask where the key is kept, and for the key. Raises `UsageError` for one that does not fit; keeps nothing yet."""
    ring = None if questions is None else keyring()
    way = "file" if file is not None else "variable"
    if file is None and questions is not None:
        ways = (*(("keyring",) if ring is not None else ()), "file", "variable")
        line = f"keyring      {ring.name}, for {_user(place)}\n" if ring is not None else ""
        say(ABOUT_KEY.format(keyring=line))
        usual = "variable" if place.kind == "SANDBOX" else ways[0]
        way = questions.ask("Keep it in", default=usual, choices=ways)
    if way == "keyring" and ring is not None and questions is not None:
        choice = _in_keyring(place, ring, questions, replace=replace)
    elif way == "file":
        choice = _in_file(place, file, questions, replace=replace)
        _warn_of_keyring(place, ring, say)
    else:
        return _in_variable(place, environ)
    if "RUNA_API_KEY" in environ:
        say("RUNA_API_KEY is set here, and comes before what is kept: unset it, or it is the key that is used.")
    return choice


def _in_keyring(place: "Environment", ring: "Keyring", questions: Questions, *, replace: bool) -> KeyChoice:
    from pydantic import SecretStr

    from batcher.settings.api_key import checked_key
    from batcher.settings.secret_places import KEYRING_SERVICE

    user = _user(place)
    origin = f"the system keyring ({ring.name}), service {KEYRING_SERVICE}, user {user}"
    kept = None if replace else ring.get(KEYRING_SERVICE, user)
    if kept is not None:
        _fitting(checked_key(SecretStr(kept), f"in {origin}", place), place)
        return KeyChoice(origin=f"{origin}; it was there already", keep=_nothing)
    key = _asked(place, questions)
    return KeyChoice(origin=origin, keep=lambda: ring.keep(KEYRING_SERVICE, user, key))


def _in_file(place: "Environment", file: Path | None, questions: Questions | None, *, replace: bool) -> KeyChoice:
    from batcher.settings.api_key import key_in_file
    from batcher.settings.keeping import keep_in_file

    path = _absolute(file if file is not None else _asked_path(place, questions))
    there = path.exists()
    if there and (questions is None or not replace):
        _fitting(key_in_file(path, place), place)
        return KeyChoice(origin=f"the file {path}; it was there already", keep=_nothing, file=path)
    if questions is None:
        raise UsageError(
            f"--key-file {path} is not there.",
            f"Write the API key into it, for you alone: (umask 077; cat > {path}). Or run this on a terminal.",
        )
    key = _asked(place, questions)
    return KeyChoice(origin=f"the file {path}", keep=lambda: keep_in_file(path, key, replace=replace), file=path)


def _in_variable(place: "Environment", environ: Mapping[str, str]) -> KeyChoice:
    from pydantic import SecretStr

    from batcher.settings.api_key import VARIABLE, checked_key

    origin = f"the variable {VARIABLE}; nothing was kept"
    if VARIABLE in environ:
        _fitting(checked_key(SecretStr(environ[VARIABLE]), f"in the variable {VARIABLE}", place), place)
        return KeyChoice(origin=origin, keep=_nothing)
    if place.kind == "SANDBOX":
        todo = f"The sandbox takes any key that begins with xx., so: export {VARIABLE}={_SANDBOX_KEY}"
    else:
        todo = f"Set it in each terminal, so that it shows nowhere: read -rs {VARIABLE} && export {VARIABLE}"
    return KeyChoice(origin=origin, keep=_nothing, todo=todo)


def _asked(place: "Environment", questions: Questions) -> "SecretStr":
    from pydantic import SecretStr

    from batcher.settings.api_key import checked_key

    found = checked_key(SecretStr(questions.ask_hidden("API key (it does not show)")), "that you gave", place)
    return _fitting(found, place)


def _fitting(found: "FoundKey", place: "Environment") -> "SecretStr":
    """The key, where it begins as keys of the environment do. Raises `UsageError`."""
    from batcher.settings.api_key import PREFIXES, has_usual_prefix

    if not has_usual_prefix(found.key, place):
        raise UsageError(
            f"The API key {found.origin} does not begin with {PREFIXES[place.kind]}., "
            f"as keys for {place.kind.lower()} do; nothing was written.",
            "Copy the whole key of that environment from Runa's portal.",
        )
    return found.key


def _asked_path(place: "Environment", questions: Questions | None) -> Path:
    import platformdirs

    usual = platformdirs.user_config_path("batcher") / f"api-key-{place.account}"
    return usual if questions is None else Path(questions.ask("File of the API key", default=str(usual)))


def _absolute(path: Path) -> Path:
    try:
        whole = path.expanduser()
        return whole.parent.resolve() / whole.name
    except RuntimeError as error:
        raise UsageError(f"Whose home {path} means is not known.", "Write the path out.") from error


def _warn_of_keyring(place: "Environment", ring: "Keyring | None", say: Callable[[str], None]) -> None:
    from batcher.settings.secret_places import KEYRING_SERVICE

    try:
        kept = None if ring is None else ring.get(KEYRING_SERVICE, _user(place))
    except UsageError:
        return  # locked: it will not come before anything
    if kept is not None:
        say(f"The system keyring has a key for {_user(place)} too, and it comes before the file: take it out there.")


def _user(place: "Environment") -> str:
    from batcher.settings.api_key import keyring_user

    return keyring_user(place)


def _nothing() -> None:
    """There is nothing to keep, or it is kept already."""
