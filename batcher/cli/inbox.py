"""`batcher inbox`: what lies in the inboxes, what was taken, and where each sheet stands."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common

if TYPE_CHECKING:
    from batcher.assembly.inboxes import Found
    from batcher.inboxes import InboxFile, Listed

SHOWN = 20
"""Sheets that are at their end, of each inbox; `--json` has all."""


@click.group(name="inbox")
def command() -> None:
    """Places where sheets arrive: [inboxes.NAME] in the config."""


@command.command(name="list")
@common
def list_inboxes(given: Given) -> int:
    """Show what lies in each inbox, what was taken from it, and where each sheet stands. Takes nothing.

    `batcher schedule run-due` and `batcher serve` take and pay what arrives.
    """
    import os

    from batcher.assembly import Office
    from batcher.assembly.duties import make_duties
    from batcher.assembly.plans import Plans, plans_folder
    from batcher.assembly.telling import Told
    from batcher.errors import InboxUnreachable
    from batcher.settings import load_api_key

    settings = given.settings()
    with Office(settings) as office:
        duties = make_duties(
            office,
            settings,
            os.environ,
            api_key=lambda: load_api_key(settings, os.environ),
            plans=Plans(plans_folder(settings)),
            reports=Told(given.say),
        )
        found = asyncio.run(duties.inboxes.found())
    code = InboxUnreachable.exit_code if any(one.trouble for one in found) else 0
    if given.as_json:
        click.echo(json.dumps({"inboxes": [_as_json(one) for one in found], "exit_code": code}, ensure_ascii=False))
        return code
    if not found:
        given.say("There are no inboxes. config.example.toml shows how one is written.")
    for one in found:
        for line in _in_words(one):
            click.echo(line)
    return code


def _as_json(one: "Found") -> dict[str, Any]:
    return {
        "inbox": one.inbox.name,
        "pays": one.inbox.batch is not None,
        "trouble": one.trouble,
        "lying": [{"file": _shown(file), "bytes": file.size} for file in one.lying],
        "taken": [_file_as_json(line) for line in one.taken],
    }


def _file_as_json(line: "InboxFile") -> dict[str, Any]:
    return {
        "file": _shown(line),
        "digest": line.digest,
        "batch": line.batch,
        "schedule": line.schedule,
        "state": line.state,
        "kept_as": line.kept_as,
        "taken_at": line.noted_at.isoformat(timespec="seconds"),
        "changed_at": line.changed_at.isoformat(timespec="seconds"),
        "exit_code": line.exit_code,
        "why": line.why,
        "reported": dict(line.reported or {}),
    }


def _in_words(one: "Found") -> list[str]:
    from batcher.inboxes import ENDED

    does = "each sheet is paid by itself" if one.inbox.batch is not None else "pays nothing by itself"
    lines = [f"{one.inbox.name}: {does}"]
    if one.trouble:
        lines.append(f"  cannot be looked into: {one.trouble}")
    lines += [f"  {_shown(file)}  lies there, not taken" for file in one.lying]
    ended = [line for line in one.taken if line.state in ENDED]
    if len(ended) > SHOWN:
        lines.append(f"  … {len(ended) - SHOWN:,} older ones; --json lists all")
    shown = [*ended[-SHOWN:], *(line for line in one.taken if line.state not in ENDED)]
    return [*lines, *map(_file_in_words, shown)]


def _file_in_words(line: "InboxFile") -> str:
    batch = f"  batch {line.batch}" if line.batch else ""
    return f"  {_shown(line)}  {line.state}{batch}{f': {line.why}' if line.why else ''}"


def _shown(file: "InboxFile | Listed") -> str:
    from batcher.inboxes.names import shown

    return shown(file.name)
