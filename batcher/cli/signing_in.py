"""Names and passwords at the command line: asked hidden, or read from a file or from stdin; never an argument."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given
from batcher.errors import NotApproved, UsageError

if TYPE_CHECKING:
    from batcher.assembly import Office
    from batcher.cli.asking import Questions
    from batcher.roles import User

HERE = "this terminal"
"""In place of the address that a browser has."""

_MOST_BYTES = 2000

password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read the password from this file, which only you can read, or with - from stdin; else it is asked for.",
)
"""The option of every command that takes a password. The password itself would show in the list of processes."""


def existing_password(given: Given, name: str, file: Path | None, questions: "Questions | None") -> str:
    """The password that `name` has. Raises `UsageError` where nobody can be asked."""
    if file is not None:
        return _read(file)
    if questions is None:
        raise _nobody_to_ask(given)
    return questions.ask_hidden(f"Password of {name} (it does not show)")


def new_password(
    given: Given,
    name: str,
    file: Path | None,
    questions: "Questions | None",
    *,
    check: Callable[[str], None],
) -> str:
    """A password that `name` is to have, asked for twice. `check` raises `UsageError` for one that cannot be taken."""
    if file is not None:
        return _read(file)
    if questions is None:
        raise _nobody_to_ask(given)
    password = questions.ask_hidden(f"New password of {name} (it does not show)")
    check(password)
    if questions.ask_hidden("The same once more") != password:
        raise UsageError("The two were not the same; nothing was changed.", "Try again.")
    return password


def sign_in(given: Given, office: "Office", name: str | None, file: Path | None) -> "User":
    """The user who says that they are `name`. Raises `NotApproved` where it is nobody, `UsageError` without a name."""
    from batcher.assembly import Refusal

    questions = terminal(given)
    if name is None and questions is not None:
        name = questions.ask("Your name as a batcher user")
    if name is None:
        raise UsageError("Who you are was not said.", "Say --as NAME, a user of `batcher user list`.")
    password = existing_password(given, name, file, questions)
    user = office.people.recognise(name, password, address=HERE, now=office.now)
    if isinstance(user, Refusal):
        raise NotApproved(f"{user.message} Nothing was changed.", "See `batcher user list` for the names.")
    return user


def terminal(given: Given) -> "Questions | None":
    """Whoever sits there, if anybody does."""
    from batcher.cli.asking import OnTerminal

    return OnTerminal() if given.asks else None


def _nobody_to_ask(given: Given) -> UsageError:
    why = "--json and --no-input ask nothing" if given.as_json or given.no_input else "this is no terminal"
    return UsageError(
        f"The password cannot be asked for: {why}.",
        "Say --password-file FILE, or --password-file - to read it from stdin.",
    )


def _read(file: Path) -> str:
    """The one line of a file, or of stdin."""
    if str(file) == "-":
        data = sys.stdin.buffer.read(_MOST_BYTES)
    else:
        try:
            status = file.stat()
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
                raise UsageError(
                    f"Others can read the file {file}, so the password in it was not taken.",
                    f"Make it yours alone: chmod 600 {file}. And choose another password.",
                )
            with file.open("rb") as opened:
                data = opened.read(_MOST_BYTES)
        except OSError as error:
            raise UsageError(f"The password file {file} cannot be read ({error.strerror}).") from None
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        # Not from it: the error would hold the bytes.
        raise UsageError("The password is not in UTF-8.") from None
    if len(lines) != 1 or not lines[0]:
        raise UsageError("The password is to be one line, and nothing else.")
    return lines[0]
