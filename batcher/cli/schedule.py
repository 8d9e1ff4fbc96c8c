"""`batcher schedule`: what is paid again and again, by itself."""

import asyncio
import contextlib
import json
import signal
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.common import Given, common

if TYPE_CHECKING:
    from batcher.assembly.scheduling import Standings
    from batcher.schedules import Report, ScheduledPeriod


@click.group(name="schedule")
def command() -> None:
    """Payments that come again and again: [schedules.NAME] in the config."""


@command.command(name="list")
@common
def list_schedules(given: Given) -> int:
    """Show each schedule, when it is due next, and how its last period stands."""
    import os

    from batcher.assembly import Office
    from batcher.assembly.duties import make_duties
    from batcher.assembly.plans import Plans, plans_folder
    from batcher.settings import load_api_key

    settings = given.settings()
    with Office(settings) as office:
        duties = make_duties(
            office,
            settings,
            os.environ,
            api_key=lambda: load_api_key(settings, os.environ),
            plans=Plans(plans_folder(settings)),
            reports=_Said(given),
        )
        standings = duties.schedules.standings()
    if given.as_json:
        click.echo(json.dumps({"schedules": [_as_json(one) for one in standings], "exit_code": 0}, ensure_ascii=False))
        return 0
    if not standings:
        given.say("There are no schedules. config.example.toml shows how one is written.")
    for one in standings:
        for line in _in_words(one):
            click.echo(line)
    return 0


@command.command(name="run-due")
@common
def run_due(given: Given) -> int:
    """Do all that is due now: plan, confirm as --yes would, send, follow, write results; then end.

    For cron, systemd or Kubernetes, as often as you like: each period is paid once, whoever asks how often. A period is
    due from its moment on until `late_hours` later; its file is taken once it has stood still for 10 seconds, or a file
    of its name and .done is beside it.
    """
    import os

    from batcher.assembly import Office
    from batcher.assembly.desk import Desk
    from batcher.assembly.duties import make_duties
    from batcher.assembly.notifying import Notified, make_notifier
    from batcher.assembly.plans import Plans, plans_folder
    from batcher.assembly.unattended import is_unattended, worst
    from batcher.cli.interrupting import take_termination_for_interruption
    from batcher.settings import load_api_key

    take_termination_for_interruption()
    settings = given.settings()
    said = _Said(given)
    with Office(settings) as office:
        plans = Plans(plans_folder(settings))

        def api_key() -> Any:
            return load_api_key(settings, os.environ)

        notifier = make_notifier(office, settings, os.environ)
        reports = Notified(said, notifier.tell)
        duties = make_duties(office, settings, os.environ, api_key=api_key, plans=plans, reports=reports)
        desk = Desk(office, api_key=api_key, sealed_of=plans.find, takes=is_unattended, tell=notifier.tell)
        try:
            interrupted = asyncio.run(_until_done(duties.run_due(desk), desk))
            holder = office.holder
        finally:
            asyncio.run(notifier.deliver())
    code = worst([*duties.codes, *([130] if interrupted else [])])
    if given.as_json:
        click.echo(json.dumps({"reports": [_told(one) for one in said.reports], "exit_code": code}, ensure_ascii=False))
    elif interrupted:
        given.say("Interrupted; the next call goes on.")
    elif not said.reports:
        given.say(_nothing_new(code, holder.words if holder else ""))
    return code


def _nothing_new(code: int, holder: str) -> str:
    """One line, whose beginning docs/units/crontab knows."""
    if code == 0:
        return "Nothing new is due."
    if holder:
        return f"Nothing new is to be told. Another process has this ledger: {holder}. The next call goes on."
    return "Nothing new is to be told. See `batcher schedule list` and `batcher inbox list` for what was told before."


async def _until_done(work: Any, desk: Any) -> bool:
    """Whether it was interrupted: the first Ctrl-C or SIGTERM finishes what is in flight, the next process goes on."""
    interrupted = False

    def stop() -> None:
        nonlocal interrupted
        interrupted = True
        desk.close()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop)
    await work
    return interrupted


class _Said:
    """Implements `batcher.schedules.Reports`: says it on stderr."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self.reports: list[Report] = []

    def tell(self, report: "Report") -> None:
        """Say it."""
        self.reports.append(report)
        self._given.say(report.message)


def _told(report: "Report") -> dict[str, Any]:
    return {
        "kind": report.kind,
        **({"schedule": report.schedule, "period": report.period} if report.schedule else {}),
        **({"inbox": report.inbox, "file": report.file} if report.inbox else {}),
        "batch": report.batch,
        "message": report.message,
        "exit_code": report.exit_code,
        "at": report.at.isoformat(timespec="seconds"),
    }


def _as_json(one: "Standings") -> dict[str, Any]:
    definition = one.definition
    return {
        "schedule": definition.name,
        "cron": definition.cron,
        "zone": definition.zone,
        "next_at": None if one.next_at is None else one.next_at.isoformat(timespec="seconds"),
        "next_period": one.next_period,
        "last": None if one.last is None else _period_as_json(one.last),
        "open": [_period_as_json(row) for row in one.open],
    }


def _period_as_json(row: "ScheduledPeriod") -> dict[str, Any]:
    return {
        "period": row.period,
        "batch": row.batch,
        "file": row.file,
        "due_at": row.due_at.isoformat(timespec="seconds"),
        "state": row.state,
        "exit_code": row.exit_code,
        "why": row.why,
        "reported": dict(row.reported or {}),
    }


def _in_words(one: "Standings") -> list[str]:
    from batcher.schedules import zone_of

    zone = zone_of(one.definition.zone)
    due = "never again" if one.next_at is None else f"{one.next_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
    lines = [f"{one.definition.name}: next {due}{f', for {one.next_period}' if one.next_period else ''}"]
    # Oldest first, and the last one in any case.
    shown = [*(row for row in one.open if row != one.last), *([one.last] if one.last else [])]
    lines += [f"  {row.period}  {row.state}  batch {row.batch}{f': {row.why}' if row.why else ''}" for row in shown]
    return lines
