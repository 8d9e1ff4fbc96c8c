"""A canary key and canary links go through every command, fault and crash. The search is in this folder's conftest."""

import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from batcher.cli.app import COMMANDS
from batcher.sandbox import Fault, Switches
from tests.cli.desk import Desk, Done, row
from tests.cli.test_schedule import SCHEDULE
from tests.cli.test_usage_errors import unused_port
from tests.secrets.gossip import GossipThread
from tests.secrets.search import API_KEY, CELL_LINK, Secrets, texts

FLAGS = ("", "-v", "-vv", "--json")
LOUDEST = ("-vv", "--json")
FAULTS = [name for name, value in vars(Switches()).items() if isinstance(value, Fault)]
HANGING = {name for name in FAULTS if "hang" in name}

ROWS = [
    row("R1", Name=CELL_LINK),
    row("R2", "11.00", Distribution="PAYOUT_LINK"),
    *(
        row(f"X-{word}", f"{20 + at}.00", Email=f"{word}@example.com")
        for at, word in enumerate(
            ("fail-bare", "fail-full", "late", "nolink", "product", "invalid", "mismatch-amount", "mismatch-key")
        )
    ),
]
BROKEN = [row("B1", CELL_LINK), row("B2", "5.00", Product=CELL_LINK, Email=f"{CELL_LINK}@x"), row(CELL_LINK, "-1")]


def sheet(desk: Desk) -> Path:
    return desk.sheet([*ROWS, *BROKEN], "payouts.csv")


def to_mend(desk: Desk) -> Path:
    """Where rows go that are to be mended: a sheet as the first one is, with the link that stands in a cell of it."""
    return desk.folder / "payouts-to-mend.csv"


def paid(desk: Desk, *flags: str) -> Done:
    return desk.pay(sheet(desk), "--skip-invalid", "--no-canary", *flags)


def scheduled(desk: Desk, *words: str) -> Done:
    """A schedule whose file is there and holds links; its first period is expected, and none was there before."""
    sheet(desk)
    desk.settings = {**desk.settings, "schedules.monthly": SCHEDULE | {"file": f"{desk.folder}/{{period}}.csv"}}
    return desk.batcher("schedule", *words)


def arrived(desk: Desk) -> None:
    """An inbox with two whole sheets that hold links; one of them is broken, too."""
    inbox = desk.folder / "payouts-inbox"
    inbox.mkdir(mode=0o700, exist_ok=True)
    for name, lines in (("march", ROWS), ("april", [*ROWS, *BROKEN])):
        desk.sheet(lines, f"{inbox.name}/{name}.csv")
        (inbox / f"{name}.csv.done").touch()
    values: dict[str, object] = {"url": str(inbox), "batch": "{name}", "ceilings": ["GBP 25000"]}
    desk.settings = {**desk.settings, "inboxes.payroll": values}


def taken(desk: Desk, *flags: str) -> Done:
    arrived(desk)
    return desk.batcher("schedule", "run-due", *flags)


def inboxes(desk: Desk, *flags: str) -> Done:
    taken(desk)
    arrived(desk)
    return desk.batcher("inbox", "list", *flags)


def sealed(desk: Desk, *flags: str) -> Done:
    return desk.batcher(
        "plan", sheet(desk), "--batch", "march", "--skip-invalid", "--out", desk.folder / "march.plan", *flags
    )


def carried_out(desk: Desk, *flags: str) -> Done:
    sealed(desk)
    return desk.batcher("run", "--plan", desk.folder / "march.plan", "--yes", "--no-canary", *flags)


def decided(desk: Desk, *flags: str) -> Done:
    paid(desk)
    order = next(each for each in desk.orders() if each["recipient"] == "mismatch-amount@example.com")
    words = ["--order", order["id"], "--reason", f"seen at {CELL_LINK.partition('://')[0]}"]
    desk.batcher("decide", "march", "X-mismatch-amount", *words, *flags)
    return desk.batcher("decide", "march", "X-mismatch-amount", *words, *flags)


def after_paying(*arguments: str) -> Callable[..., Done]:
    def story(desk: Desk, *flags: str) -> Done:
        paid(desk)
        return desk.batcher(arguments[0], "march", *arguments[1:], *flags)

    return story


def initialised(desk: Desk, *flags: str) -> Done:
    key_file = desk.file("key", API_KEY.encode())
    key_file.chmod(0o600)
    words = ["--no-input", "--directory", str(desk.folder / "new"), "--environment", "playground"]
    return desk.call("init", *words, "--key-file", str(key_file), *flags)


def with_a_password(desk: Desk, command: str, *words: object) -> Done:
    """A command that reads one, which is the canary key: what is a password to one person may be a key to another."""
    password = desk.file("password", API_KEY.encode())
    password.chmod(0o600)
    done = desk.batcher(command, *words, "--password-file", password)
    password.unlink()
    return done


def signed_up(desk: Desk, *flags: str) -> Done:
    with_a_password(desk, "user", "add", "pat", "--role", "preparer")
    return with_a_password(desk, "user", "add", "ann", "--role", "approver", *flags)


def prepared(desk: Desk) -> Path:
    signed_up(desk)
    plan = desk.folder / "plan"
    with_a_password(desk, "plan", desk.sheet(ROWS), "--batch", "march", "--out", plan, "--as", "pat")
    return plan


def approved(desk: Desk, by: str, *flags: str) -> Done:
    return with_a_password(desk, "approve", prepared(desk), "--as", by, "--yes", *flags)


def examined(desk: Desk, *flags: str) -> Done:
    """An inbox and notifications whose passwords are the canary key, at a port where nobody answers."""
    port, password, addresses = unused_port(), desk.folder / "password", desk.folder / "addresses"
    for path, text in ((password, API_KEY), (addresses, f"json://ann:{API_KEY}@127.0.0.1:{port}/{API_KEY}")):
        path.write_text(text)
        path.chmod(0o600)
    inbox: dict[str, object] = {"url": f"sftp://acme@127.0.0.1:{port}/in", "password_file": str(password)}
    notified: dict[str, object] = {"addresses_file": str(addresses)}
    desk.settings = {**desk.settings, "inboxes.payroll": inbox, "notifications": notified}
    done = desk.batcher("doctor", *flags)
    password.unlink()
    addresses.unlink()
    assert done.code == 6, done
    return done


STORIES: dict[str, dict[str, Callable[..., Done]]] = {
    "init": {"with a key file": initialised},
    "template": {"": lambda desk, *flags: desk.batcher("template", "--out", desk.folder / "template.xlsx", *flags)},
    "doctor": {
        "": lambda desk, *flags: desk.batcher("doctor", *flags),
        "with passwords": examined,
        "send-test": lambda desk, *flags: examined(desk, "--send-test", *flags),
    },
    "inspect": {"": lambda desk, *flags: desk.batcher("inspect", sheet(desk), *flags)},
    "check": {"": lambda desk, *flags: desk.batcher("check", sheet(desk), "--errors", to_mend(desk), *flags)},
    "plan": {
        "": lambda desk, *flags: desk.batcher("plan", sheet(desk), "--batch", "march", *flags),
        "sealed": sealed,
    },
    "run": {
        "first": paid,
        "again": lambda desk, *flags: (paid(desk), paid(desk, *flags))[1],
        "refused": lambda desk, *flags: desk.pay(sheet(desk), *flags),
        "sealed": carried_out,
    },
    "resume": {"": after_paying("resume", "--yes")},
    "reconcile": {"": after_paying("reconcile")},
    "decide": {"an order": decided},
    "status": {
        "": after_paying("status"),
        "of all": lambda desk, *flags: (paid(desk), desk.batcher("status", *flags))[1],
    },
    "results": {
        "all formats": after_paying("results", "--format", "csv", "--format", "xlsx", "--format", "parquet"),
        "summary": after_paying("results", "--summary"),
        "refresh": after_paying("results", "--refresh"),
    },
    "verify": {"": after_paying("verify")},
    "backup": {
        "": lambda desk, *flags: (paid(desk), desk.batcher("backup", desk.folder / "ledger.sqlite3.copy", *flags))[1]
    },
    "approve": {
        "yes": lambda desk, *flags: with_a_password(desk, "approve", prepared(desk), "--as", "ann", "--yes", *flags),
        "refused": lambda desk, *flags: with_a_password(
            desk, "approve", prepared(desk), "--as", "pat", "--yes", *flags
        ),
    },
    "user": {"add": signed_up, "list": lambda desk, *flags: (signed_up(desk), desk.batcher("user", "list", *flags))[1]},
    "purge": {"too young": after_paying("purge", "--yes")},
    "sandbox": {"switches": lambda desk, *flags: desk.call("sandbox", "--switches", *flags)},
    # The sandbox has that port; a page that opens runs until it is told to end: see `tests/cli/test_serve.py`.
    "serve": {
        "a taken port": lambda desk, *flags: desk.batcher("serve", "--port", urlsplit(desk.sandbox.url).port, *flags)
    },
    "schedule": {
        "list": lambda desk, *flags: scheduled(desk, "list", *flags),
        "run-due": lambda desk, *flags: scheduled(desk, "run-due", *flags),
        "run-due of an inbox": taken,
    },
    "inbox": {"list": inboxes},
    "demo": {},  # it makes a folder and a sandbox of its own: see test_processes
}
EVERY = [
    pytest.param(command, name, flag, id=f"{command} {name} {flag}".replace("  ", " ").strip())
    for command, named in STORIES.items()
    for name in named
    for flag in FLAGS
    if command in COMMANDS and (command == "run" or flag != "-v")  # which says a part of what -vv says
]


def test_every_command_has_its_story() -> None:
    assert set(COMMANDS) <= set(STORIES)


@pytest.mark.parametrize(("command", "name", "flag"), EVERY)
def test_no_command_tells(desk: Desk, command: str, name: str, flag: str) -> None:
    done = STORIES[command][name](desk, *([flag] if flag else []))

    assert done.code in (0, 2, 3, 5, 7, 8) or (command, done.code) == ("doctor", 6), done
    assert done.out or done.err


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_makes_it_tell(desk: Desk, fault: str) -> None:
    desk.settings["api"] = {"timeout_s": 0.15 if fault in HANGING else 5}
    desk.sandbox.switch(**{fault: {"nth": [1]}, "error_html": 0.5})
    first = desk.pay(desk.sheet([row("R1"), row("R2", "11.00", Distribution="PAYOUT_LINK")]), "-vv")

    assert first.code in (0, 3, 4, 6, 7), first
    assert desk.orders() or first.code, "something must have been paid, or have gone wrong"


@pytest.mark.parametrize("html", [0.0, 1.0])
@pytest.mark.parametrize("status", [500, 504])
def test_no_answer_that_repeats_makes_it_tell(desk: Desk, status: int, html: float) -> None:
    desk.sandbox.switch(error_statuses=[status], error_html=html, error_made_stored={"probability": 1.0})
    assert desk.pay(desk.sheet([row("R1"), row("R2", "12.00")]), "-vv").code in (0, 7)
    assert len(desk.orders()) == 2


@pytest.mark.parametrize("flag", LOUDEST)
def test_a_door_that_stays_shut_makes_it_tell_nothing(desk: Desk, flag: str) -> None:
    desk.sandbox.switch(accepted_keys=["xx.another"])
    assert desk.pay(desk.sheet([row("R1")]), flag).code == 4
    assert desk.batcher("doctor", flag).code == 4


CRASHES = {
    "a link that cannot be stored": "BEFORE UPDATE ON attempts WHEN NEW.redemption_url IS NOT NULL",
    "a send that cannot be stored": "BEFORE INSERT ON sends",
    "a row that cannot be stored": "BEFORE INSERT ON rows",
    "an attempt that cannot be stored": "BEFORE INSERT ON attempts",
}


@pytest.mark.parametrize("flag", LOUDEST)
@pytest.mark.parametrize("crash", CRASHES)
def test_a_ledger_that_fails_in_the_middle_makes_it_tell_nothing(desk: Desk, crash: str, flag: str) -> None:
    desk.batcher("plan", desk.sheet([row("R0")]), "--batch", "march")
    with sqlite3.connect(desk.folder / "ledger.sqlite3") as ledger:
        ledger.execute(f"CREATE TRIGGER crash {CRASHES[crash]} BEGIN SELECT RAISE(ABORT, 'broken'); END")
    ledger.close()

    done = desk.pay(desk.sheet([row("R1", Name=CELL_LINK)]), "--no-canary", flag)
    assert (done.code, "Traceback" in done.err) == (1, flag == "-vv"), done


@pytest.mark.parametrize("flag", LOUDEST)
@pytest.mark.parametrize("command", ["run", "resume", "status", "results", "reconcile", "doctor"])
def test_a_ledger_that_is_no_ledger_makes_it_tell_nothing(desk: Desk, command: str, flag: str) -> None:
    paid(desk)
    path = desk.folder / "ledger.sqlite3"
    path.write_bytes(path.read_bytes()[:5_000] + b"\xff" * 60_000)
    named = [] if command == "doctor" else ["march"]
    done = paid(desk, flag) if command == "run" else desk.batcher(command, *named, flag)

    assert done.code == 1, done


@pytest.mark.parametrize("flag", LOUDEST)
def test_results_that_cannot_be_written_make_it_tell_nothing(desk: Desk, flag: str) -> None:
    desk.file("results", b"a file where the folder should be")
    assert desk.pay(desk.sheet([row("R1")]), flag).code == 1


def test_results_with_links_leave_nothing_behind_where_their_place_is_taken(desk: Desk) -> None:
    (desk.folder / "results" / "march.csv" / "in the way").mkdir(parents=True)
    (desk.folder / "results" / "march.csv").chmod(0o700)
    (desk.folder / "results" / "march.csv" / "in the way").chmod(0o700)

    assert desk.pay(desk.sheet([row("R1")]), "-vv").code == 1
    assert list(texts(desk.folder / "results")) == []


@pytest.mark.parametrize(
    "config",
    [
        f'[api]\napi_key = "{API_KEY}"',
        f'[api]\nbase_url = "https://{API_KEY}@api.runa.io/v2"',
        f'[api]\nbase_url = "https://{API_KEY}/v2"',
        f'[api]\nbase_url = "{API_KEY}"',
        f'[api]\nother_host = "{API_KEY}"',
        f'[api]\naccount = "{API_KEY}"',
        f'[api]\napi_key_file = "{API_KEY}"',
        f'[ledger]\nurl = "postgresql://me:{API_KEY}@db/ledger"',
        f'[limits]\norders_per_minute = "{API_KEY}"',
        f'[unknown]\ntoken = "{API_KEY}"',
        f'"{API_KEY}" = 1',
        f'["{API_KEY}"]\nkey = 1',
        f"[{API_KEY}]\nkey = 1",
        f"{API_KEY} = 1",
        f"[api]\nkey = {API_KEY}",
        f'[api]\nkey = "{API_KEY}',
        f"{API_KEY}",
    ],
)
@pytest.mark.parametrize("flag", LOUDEST)
def test_a_key_that_was_written_into_the_config_is_not_repeated(
    desk: Desk, secrets: Secrets, config: str, flag: str
) -> None:
    path = desk.file("key", config.encode())

    done = desk.call("doctor" if flag == "-vv" else "status", "--config", path, flag)

    assert done.code == 2, done
    assert secrets.of_key(f"{done.out}{done.err}") == []


def test_what_the_sandbox_gossips_is_what_is_looked_for(secrets: Secrets) -> None:
    """Else the tests above would pass whatever batcher did."""
    with GossipThread(Switches(accepted_keys=("xx.another",))) as sandbox:
        answer = httpx.get(f"{sandbox.url}/ping", headers={"X-Api-Key": API_KEY, "X-Api-Version": "2024-02-05"})
    assert answer.status_code == 403
    assert len(secrets.of_both(answer.text)) == 2
    assert secrets.of_key(answer.headers["x-request-id"]) != []


def test_a_traceback_of_what_was_planted_would_be_seen(secrets: Secrets) -> None:
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError(f"refused {API_KEY} for {CELL_LINK}")
    assert len(secrets.of_both("".join(traceback.format_exception(caught.value)))) == 2
