"""`batcher user`: who may sign in, and as what."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common
from batcher.cli.signing_in import new_password, password_file, terminal
from batcher.roles import Role

if TYPE_CHECKING:
    from batcher.roles import User


@click.group(name="user")
def command() -> None:
    """Users of the page, and of approvals: preparers, approvers, viewers.

    Whoever can write the ledger can add users, so the ledger's folder is what keeps people apart: see SECURITY.md.
    """


@command.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@password_file
@common
def add(given: Given, name: str, role: str, password_file: Path | None) -> int:
    """Add the user NAME. The password is asked for twice.

    A preparer uploads sheets and makes plans; an approver does that too, and approves plans of others; a viewer looks,
    and never sees a link. A name is given once only, as the journal knows people by it.
    """
    from batcher.assembly import Office
    from batcher.ledger import user_name

    with Office(given.settings()) as office:
        people = office.people
        people.check_new(name)
        _ = people.passwords  # says early that its library is not there
        password = new_password(
            given, name, password_file, terminal(given), check=lambda one: people.check_password(name, one)
        )
        user = people.add(name, Role(role), password, by=user_name(), now=office.now)
    return _done(given, user, f"{name} is a user now: {role}.")


@command.command(name="list")
@common
def list_users(given: Given) -> int:
    """List the users."""
    from batcher.assembly import Office

    with Office(given.settings()) as office:
        users = office.people.users()
    if given.as_json:
        click.echo(json.dumps({"users": [_as_json(user) for user in users], "exit_code": 0}, ensure_ascii=False))
        return 0
    if not users:
        given.say("There are no users. `batcher user add NAME --role ROLE` adds one.")
    for user in users:
        since = f"disabled on {user.disabled_at:%Y-%m-%d}" if user.disabled_at else f"since {user.created_at:%Y-%m-%d}"
        click.echo(f"{user.name:<20} {user.role:<9} {since}, added by {user.created_by}")
    return 0


@command.command()
@click.argument("name")
@common
def disable(given: Given, name: str) -> int:
    """Let the user NAME sign in no more, for good.

    Their sessions end at once, and a plan that they approved and nobody has carried out needs another approval.
    """
    from batcher.assembly import Office
    from batcher.ledger import user_name

    with Office(given.settings()) as office:
        office.people.disable(name, by=user_name(), now=office.now)
        user = office.people.user(name)
    return _done(given, user, f"{name} can sign in no more.")


@command.command()
@click.argument("name")
@password_file
@common
def password(given: Given, name: str, password_file: Path | None) -> int:
    """Give the user NAME a new password. Their sessions end."""
    from batcher.assembly import Office
    from batcher.ledger import user_name

    with Office(given.settings()) as office:
        people = office.people
        user = people.active(name)
        _ = people.passwords
        chosen = new_password(
            given, name, password_file, terminal(given), check=lambda one: people.check_password(name, one)
        )
        people.set_password(name, chosen, by=user_name(), now=office.now)
    return _done(given, user, f"{name} has a new password.")


def _done(given: Given, user: "User | None", words: str) -> int:
    if given.as_json and user is not None:
        click.echo(json.dumps({"user": _as_json(user), "exit_code": 0}, ensure_ascii=False))
    given.say(words)
    return 0


def _as_json(user: "User") -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role.value,
        "created_at": user.created_at.isoformat(),
        "created_by": user.created_by,
        "disabled_at": None if user.disabled_at is None else user.disabled_at.isoformat(),
    }
