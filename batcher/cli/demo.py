"""`batcher demo`: the whole job, on this machine, with nothing to set up."""

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batcher.cli.common import Given, common

if TYPE_CHECKING:
    from pydantic import SecretStr

    from batcher.assembly import Office
    from batcher.settings import Settings

BATCH = "2026-11-incentives"
PER_MINUTE = 600
"""Ten times the usual limit, on both sides: a demo need not take its time."""

SHOWN = 5


@click.command(name="demo")
@common
def command(given: Given) -> int:
    """Pay a sample sheet of 40 rows at a sandbox on this machine, then run it again. No network, no key, no money."""
    from pydantic import SecretStr

    from batcher.assembly import Office, load_sheet
    from batcher.sandbox import SandboxThread, Switches

    folder = Path(tempfile.mkdtemp(prefix="batcher-demo-"))
    sheet_path = sample("incentives-2026-11.csv")
    with SandboxThread(Switches(rate_limit=PER_MINUTE)) as sandbox:
        settings = _settings(sandbox.url, folder)
        sheet = load_sheet(sheet_path, settings)
        api_key = SecretStr("xx.demo")
        with Office(settings) as office, office.lock("batcher demo"):
            given.say(click.style("1. The sheet, the plan, the orders", bold=True))
            code = _run(given, office, sheet_path, settings, api_key)
            given.say(click.style("\n2. The same sheet again: nothing is sent", bold=True))
            code = max(code, _run(given, office, sheet_path, settings, api_key))
        made = len(sandbox.dump()["orders"])
    path = settings.results.directory / f"{BATCH}.csv"
    given.say(click.style("\n3. The results, links masked here", bold=True))
    for line in _first_lines(path):
        given.say(f"  {line}")
    given.say(f"The sandbox made {made} orders for {len(sheet.rows)} rows.")
    given.say(f"The results file, with the links: {path}")
    given.say("Next: `batcher sandbox` in one terminal, `batcher run your-sheet.csv` in another; the README says how.")
    return code if made == len(sheet.rows) else 1


def _run(given: Given, office: "Office", path: Path, settings: "Settings", api_key: "SecretStr") -> int:
    from batcher.assembly import load_sheet
    from batcher.assembly.refusing import refuse
    from batcher.cli.issuing import issue_and_report
    from batcher.cli.looking import look, prospect_in_words
    from batcher.planning import Choices

    plan = office.plan(load_sheet(path, settings), BATCH, Choices())
    prospect = look(given, office, plan, api_key, settle=True)
    for line in prospect_in_words(prospect, office):
        given.say(line)
    refuse(prospect.plan)
    office.confirm(prospect.plan, api_key)
    return issue_and_report(given, office, prospect, api_key)


def sample(name: str) -> Path:
    """A file of the sample data: in the package as installed, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "sample_data" / name
    return installed if installed.exists() else package.parent / "sample_data" / name


def _settings(url: str, folder: Path) -> "Settings":
    from batcher.settings import load_settings

    return load_settings(
        None,
        {
            "BATCHER_API__BASE_URL": url,
            "BATCHER_API__ACCOUNT": "demo",
            "BATCHER_LIMITS__ORDERS_PER_MINUTE": str(PER_MINUTE),
            "BATCHER_POLLING__FIRST_S": "0.2",
            "BATCHER_LEDGER__URL": f"sqlite:///{folder}/ledger.sqlite3",
            "BATCHER_RESULTS__DIRECTORY": str(folder / "results"),
        },
        places=(),
    )


def _first_lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = "{Reference:<18} {Name:<22} {status:<10} {order_id:<24} "
    lines = [shown.format_map(row) + _masked(row["redemption_url"]) for row in rows[:SHOWN]]
    return [*lines, f"… {len(rows) - SHOWN} more"]


def _masked(link: str) -> str:
    """Where the link leads, and not the part that is worth money."""
    return f"{link.split('/', 3)[2]}/…" if link.count("/") >= 3 else ""
