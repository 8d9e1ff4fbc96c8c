"""`batcher doctor`: what is wrong, in words; what to do; the exit code; and that looking changes nothing."""

import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from batcher import keys
from batcher.cli.checkup import Check, at_runa, exit_code_of, fine, of_ledger, wrong
from batcher.cli.doctor import TITLES, Report, Surroundings
from batcher.errors import ApiRefused, StoppedEarly
from batcher.ledger import LedgerLock, examine
from batcher.ledger.health import file_system_of
from batcher.model import Answer, Environment, Fault, Order, OrderPage, Payout, Product, Reply
from batcher.states import State
from tests.cli.desk import API_KEY, Desk, Done, row, rows
from tests.cli.test_usage_errors import unused_port
from tests.payouts import ENVIRONMENT, NOW, SPEAKER, Book, payout, sheet
from tests.virtual_time import START, VirtualClock, run


def found(done: Done) -> dict[str, dict[str, object]]:
    """The checks of `doctor --json` by name."""
    return {check["name"]: check for check in done.json["checks"]}


def paid(desk: Desk, lines: Sequence[dict[str, str]]) -> None:
    """Have these rows sent, so that there is a ledger with something in it."""
    done = desk.pay(desk.sheet(lines))
    assert done.code in (0, 3), done.err
    assert len(desk.orders()) == len(lines)


def not_fine(done: Done) -> dict[str, object]:
    """Which checks are wrong (`False`) or deserve a look (`None`)."""
    return {name: check["ok"] for name, check in found(done).items() if check["ok"] is not True}


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with its rights, its time and its bytes."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_where_all_is_well_every_check_is_shown_with_its_finding(desk: Desk) -> None:
    paid(desk, rows(2))
    done = desk.batcher("doctor")

    lines = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert done.code == 0
    assert lines[0].startswith("Environment: SANDBOX (acme at 127.0.0.1")
    assert [line[6:17].strip() for line in lines[1:]] == list(TITLES.values())
    assert {line[:6].strip() for line in lines[1:]} == {"ok"}
    assert "Nothing is wrong." in done.err


def test_scripts_get_the_checks_in_order_with_an_exit_code(desk: Desk) -> None:
    paid(desk, rows(2))
    done = desk.batcher("doctor", "--json")

    assert [check["name"] for check in done.json["checks"]] == list(TITLES)
    assert all(set(check) == {"name", "ok", "finding", "fix"} for check in done.json["checks"])
    assert (done.code, not_fine(done)) == (0, {})
    assert "2 orders on its first page" in str(found(done)["orders"]["finding"])


def test_looking_changes_nothing(desk: Desk) -> None:
    paid(desk, [row("R1"), row("F1", Email="fail@example.com")])
    desk.config()
    before = snapshot(desk.folder)
    posts = desk.posts()
    done = desk.call("doctor", "--config", desk.folder / "batcher.toml")

    assert done.code == 0
    assert snapshot(desk.folder) == before
    assert desk.posts() == posts


def test_looking_leaves_a_log_that_a_crash_has_left_as_it_is(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        book.confirm(sheet(payout("R1")))
        copy = tmp_path / "copy"
        copy.mkdir()
        for path in tmp_path.glob("ledger.sqlite3*"):
            (copy / path.name).write_bytes(path.read_bytes())
    before = snapshot(copy)
    assert "ledger.sqlite3-wal" in before
    health = examine(copy / "ledger.sqlite3", ENVIRONMENT, fingerprint=SPEAKER.fingerprint)

    assert (health.fault, health.account) == (None, ENVIRONMENT.account)
    after = snapshot(copy)
    # The shared memory beside the log is a reader's scratch paper.
    assert {name: after[name] for name in after if not name.endswith("-shm")} == {
        name: before[name] for name in before if not name.endswith("-shm")
    }


def test_a_ledger_that_is_not_there_is_not_made(desk: Desk) -> None:
    done = desk.batcher("doctor", "--json")

    assert (done.code, not_fine(done)) == (0, {"ledger": None})
    assert "no ledger yet" in str(found(done)["ledger"]["finding"])
    assert [path.name for path in desk.folder.iterdir()] == ["batcher.toml"]


def test_the_key_is_told_by_its_origin_and_four_characters_of_its_fingerprint(desk: Desk) -> None:
    finding = str(found(desk.batcher("doctor", "--json"))["key"]["finding"])

    fingerprint = keys.fingerprint(API_KEY)
    assert "RUNA_API_KEY" in finding
    assert fingerprint[:4] in finding
    assert fingerprint[:5] not in finding


def test_a_key_that_runa_refuses_ends_with_4_and_the_rest_is_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNA_API_KEY", "wrong-s3cret-never-shown")
    done = desk.batcher("doctor", "--json")

    assert done.code == 4
    assert not_fine(done) == {"key": None, "access": False, "balance": None, "orders": None, "ledger": None}
    assert "refuses the API key" in str(found(done)["access"]["finding"])
    assert found(done)["access"]["fix"]


def test_a_version_that_is_gone_ends_with_4(desk: Desk) -> None:
    desk.settings["api"] = {"version": "2023-07-27"}
    done = desk.batcher("doctor", "--json")

    assert done.code == 4
    assert "version" in str(found(done)["access"]["finding"])
    assert "[api] version" in str(found(done)["access"]["fix"])


def test_where_nobody_answers_it_ends_with_6_and_the_rest_is_looked_at(desk: Desk) -> None:
    desk.settings["api"] = {"base_url": f"http://127.0.0.1:{unused_port()}/v2"}
    done = desk.batcher("doctor", "--json")

    assert done.code == 6
    assert not_fine(done) == {
        "network": False,
        **dict.fromkeys(["access", "clock", "balance", "orders", "ledger"]),
    }


def test_a_proxy_that_is_not_used_is_told_where_nobody_answers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.settings["api"] = {"base_url": f"http://127.0.0.1:{unused_port()}/v2"}
    assert "HTTPS_PROXY" not in desk.batcher("doctor").out
    monkeypatch.setenv("https_proxy", "http://proxy:8080")

    assert "HTTPS_PROXY" in desk.batcher("doctor").out


def test_without_a_key_it_ends_with_2_and_still_tells_whether_runa_is_there(desk: Desk) -> None:
    checks = {check.name: check for check in report(desk, {}).checks()}

    assert exit_code_of(list(checks.values())) == 2
    assert [name for name, check in checks.items() if check.ok is False] == ["key"]
    assert "RUNA_API_KEY" in checks["key"].fix
    assert checks["network"].ok
    assert checks["clock"].ok
    assert checks["access"].finding == "not looked at: there is no API key"


def test_a_key_in_the_keyring_is_found(desk: Desk) -> None:
    around = Surroundings(config=desk.config(), environ={}, ask_keyring=lambda service, user: API_KEY)
    checks = {check.name: check for check in Report(around).checks()}

    assert "system keyring" in checks["key"].finding
    assert checks["access"].ok


def test_a_key_of_production_is_not_sent_elsewhere(desk: Desk) -> None:
    desk.sandbox.switch(accepted_keys=["wg.s3cret-never-shown"])
    checks = {check.name: check for check in report(desk, {"RUNA_API_KEY": "wg.s3cret-never-shown"}).checks()}

    assert (checks["key"].ok, checks["key"].exit_code) == (False, 2)
    assert "not looked at" in checks["access"].finding


def test_a_config_that_cannot_be_read_ends_with_2_and_is_told_whole(desk: Desk) -> None:
    desk.settings["limits"] = {"orders_per_minute": 0}
    desk.settings["polling"] = {"first_seconds": 1}
    done = desk.batcher("doctor", "--json")

    assert done.code == 2
    assert set(not_fine(done)) == set(TITLES)
    for word in ("orders_per_minute", "first_seconds"):
        assert word in str(found(done)["config"]["finding"])
    assert "not known" in desk.batcher("doctor").out.splitlines()[0]


def test_a_config_that_is_not_there_ends_with_2(desk: Desk) -> None:
    done = desk.call("doctor", "--config", desk.folder / "gone.toml", "--json")

    assert done.code == 2
    assert "gone.toml" in str(found(done)["config"]["finding"])


def test_variables_above_the_config_are_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHER_LIMITS__ORDERS_PER_MINUTE", "7")
    checks = found(desk.batcher("doctor", "--json"))

    assert "BATCHER_LIMITS__ORDERS_PER_MINUTE" in str(checks["config"]["finding"])
    assert "7 orders a minute" in str(checks["limit"]["finding"])


def test_production_cannot_be_overlooked() -> None:
    environ = {"BATCHER_API__BASE_URL": "https://api.runa.io/v2", "BATCHER_API__ACCOUNT": "acme"}
    heading = Report(Surroundings(environ=environ)).heading

    assert "PRODUCTION (acme at api.runa.io/v2)" in heading
    assert "REAL MONEY" in heading


@pytest.mark.parametrize(("seconds", "ok", "code"), [(30, True, 0), (300, None, 0), (7200, False, 1)])
def test_a_clock_that_is_behind_runas_is_told(desk: Desk, seconds: int, ok: bool | None, code: int) -> None:
    paid(desk, rows(1))
    desk.sandbox.advance(seconds)
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["clock"]["ok"]) == (code, ok)
    assert ok or "behind Runa's" in str(found(done)["clock"]["finding"])


def test_an_empty_balance_is_told_and_is_no_error(desk: Desk) -> None:
    desk.sandbox.set_balance(**dict.fromkeys(desk.sandbox.dump()["balances"], "0"))
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["balance"]["ok"]) == (0, None)
    assert "no balance holds anything" in str(found(done)["balance"]["finding"])


def test_a_default_currency_without_a_balance_is_told(desk: Desk) -> None:
    desk.sandbox.set_balance(GBP="0", EUR="12.50")
    desk.settings["defaults"] = {"currency": "GBP"}
    checks = found(desk.batcher("doctor", "--json"))

    assert checks["balance"]["ok"] is None
    assert "EUR 12.50" in str(checks["balance"]["finding"])
    assert "Top the GBP balance up" in str(checks["balance"]["fix"])


@pytest.mark.parametrize("content", [b"no database at all" * 400, b"\x00" * 8192])
def test_a_file_that_is_no_ledger_ends_with_1_and_is_left_alone(desk: Desk, content: bytes) -> None:
    path = desk.folder / "ledger.sqlite3"
    path.write_bytes(content)
    path.chmod(0o600)
    done = desk.batcher("doctor", "--json")

    assert done.code == 1
    assert "no sound ledger" in str(found(done)["ledger"]["finding"])
    assert path.read_bytes() == content


def test_a_damaged_ledger_ends_with_1(desk: Desk) -> None:
    paid(desk, rows(30))
    path = desk.folder / "ledger.sqlite3"
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // 4096):
        content[4096 * page : 4096 * page + 200] = b"\xff" * 200
    path.write_bytes(content)
    done = desk.batcher("doctor", "--json")

    assert done.code == 1
    assert found(done)["ledger"]["ok"] is False
    assert "Do not delete it" in str(found(done)["ledger"]["fix"])


def test_a_ledger_whose_index_has_lost_a_row_ends_with_1(desk: Desk) -> None:
    paid(desk, rows(1))
    path = desk.folder / "ledger.sqlite3"
    (order,) = desk.orders()
    key = order["metadata"]["idempotency_key"].encode()
    connection = sqlite3.connect(path)
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    indexes = "SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'attempts'"
    pages = [page for (page,) in connection.execute(indexes)]
    connection.close()
    content = path.read_bytes()
    # One letter of the key, in the index that keeps keys apart, and not in the table.
    (at,) = (at for page in pages if (at := content.find(key, size * (page - 1), size * page)) >= 0)
    path.write_bytes(content[:at] + b"x" + content[at + 1 :])
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["ledger"]["ok"]) == (1, False)


def test_a_database_of_something_else_ends_with_1(desk: Desk) -> None:
    path = desk.folder / "ledger.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    path.chmod(0o600)
    done = desk.batcher("doctor", "--json")

    assert done.code == 1
    assert "a database of something else" in str(found(done)["ledger"]["finding"])


def test_a_ledger_of_a_newer_release_ends_with_1(desk: Desk) -> None:
    paid(desk, rows(1))
    with sqlite3.connect(desk.folder / "ledger.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = desk.batcher("doctor", "--json")

    assert done.code == 1
    assert "newer batcher" in str(found(done)["ledger"]["finding"])


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "ok", "fix"),
    [
        (0o644, 0o700, False, "chmod 600"),
        (0o600, 0o770, False, "chmod 700"),
        (0o600, 0o755, None, "chmod 700"),
    ],
)
def test_a_ledger_that_others_can_reach_is_told_and_left_as_it_is(
    desk: Desk, file_mode: int, folder_mode: int, ok: bool | None, fix: str
) -> None:
    paid(desk, rows(1))
    path = desk.folder / "ledger.sqlite3"
    path.chmod(file_mode)
    desk.folder.chmod(folder_mode)
    done = desk.batcher("doctor", "--json")

    assert (done.code, not_fine(done)) == (1 if ok is False else 0, {"place": ok})
    assert fix in str(found(done)["place"]["fix"])
    assert path.stat().st_mode & 0o777 == file_mode


def test_a_folder_that_is_copied_elsewhere_is_no_place_for_a_ledger(desk: Desk) -> None:
    desk.settings["ledger"] = {"url": f"sqlite:///{desk.folder}/Dropbox (Acme)/ledger.sqlite3"}
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["place"]["ok"]) == (1, False)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/ledger", "ext4"),
        ("/mnt/share/ledger", "nfs4"),
        ("/mnt/share", "nfs4"),
        ("/mnt/shared/ledger", "ext4"),
        ("/mnt/our files/ledger", "cifs"),
        ("/mnt/share/local/ledger", "tmpfs"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    mounts = (
        "rootfs / rootfs rw 0 0\n/dev/a / ext4 rw 0 0\nhost:/x /mnt/share nfs4 rw 0 0\n"
        "//host/y /mnt/our\\040files cifs rw 0 0\nnone /mnt/share/local tmpfs rw 0 0\n"
    )

    assert file_system_of(Path(path), mounts) == kind
    assert file_system_of(Path(path), "") is None


def test_whoever_has_the_ledger_is_named(desk: Desk) -> None:
    paid(desk, rows(1))
    with LedgerLock(desk.folder / "ledger.sqlite3", doing="batcher run of batch nov", now=NOW):
        done = desk.batcher("doctor", "--json")

    assert done.code == 0
    assert "batcher run of batch nov" in str(found(done)["lock"]["finding"])
    assert str(os.getpid()) in str(found(done)["lock"]["finding"])


def test_a_name_that_a_crash_has_left_is_nobodys(desk: Desk) -> None:
    paid(desk, rows(1))
    note = desk.folder / "ledger.sqlite3.holder"
    note.write_text(json.dumps(dict.fromkeys(["doing", "pid", "user", "host", "since"], "x")))
    done = desk.batcher("doctor", "--json")

    assert found(done)["lock"]["finding"] == "nobody sends from it now"
    assert note.exists()


def test_a_row_that_is_not_settled_is_told_with_its_age_and_its_batch(tmp_path: Path) -> None:
    with Book(tmp_path) as book:
        book.confirm(sheet(payout("R1"), payout("R2", "11.00"), payout("R3", "12.00")))
        book.bring("R1", State.COMPLETED)
        book.pass_days(1)
        book.bring("R2", State.UNKNOWN)
        book.pass_days(2)
        book.bring("R3", State.ACCEPTED)
        check = unsettled(book, ENVIRONMENT)
        elsewhere = unsettled(book, Environment(base_url=ENVIRONMENT.base_url, account="other"))
        book.pass_days(30)
        old = unsettled(book, ENVIRONMENT)

    assert check.ok is None
    assert "2 rows not settled, the oldest for 2 days (batch nov)" in check.finding
    assert "`batcher reconcile nov`" in check.fix
    assert elsewhere.ok is True
    assert "29 days" in old.fix
    assert "29 days" not in check.fix


def unsettled(book: Book, place: Environment) -> Check:
    health = examine(book.path, place, fingerprint=None)
    checks = of_ledger(health, now=book.now, account=place.account, per_minute=60)
    return next(check for check in checks if check.name == "unsettled")


def test_an_account_that_was_renamed_ends_with_2(desk: Desk) -> None:
    paid(desk, rows(1))
    desk.settings["api"] = {"account": "acme-2"}
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["ledger"]["ok"]) == (2, False)
    assert 'account = "acme"' in str(found(done)["ledger"]["fix"])


def test_one_request_that_was_not_too_fast_is_told(desk: Desk) -> None:
    paid(desk, rows(1))
    done = desk.batcher("doctor", "--json")
    assert str(found(done)["limit"]["finding"]).endswith("; the last request was not too fast for Runa")


def test_sends_that_were_too_fast_are_told(desk: Desk) -> None:
    desk.sandbox.switch(too_many={"overall": [1]})
    paid(desk, rows(2))
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["limit"]["ok"]) == (0, None)
    assert "too fast for Runa" in str(found(done)["limit"]["finding"])
    assert "orders_per_minute" in str(found(done)["limit"]["fix"])


def report(desk: Desk, environ: dict[str, str], **around: object) -> Report:
    """A look at the desk with these variables; its keyring holds nothing."""
    return Report(
        Surroundings(config=desk.config(), environ=environ, ask_keyring=lambda *_: None, **around)  # type: ignore[arg-type]
    )


def test_a_disk_that_is_nearly_full_ends_with_1(desk: Desk) -> None:
    asked: list[Path] = []

    def free_bytes(path: Path) -> int:
        asked.append(path)
        return 99_999_999

    checks = list(report(desk, {"RUNA_API_KEY": API_KEY}, free_bytes=free_bytes).checks())

    (disk,) = (check for check in checks if check.name == "disk")
    assert (disk.ok, exit_code_of(checks)) == (False, 1)
    assert "99 MB free for the ledger" in disk.finding
    assert all(path.exists() for path in asked)


def test_results_that_may_not_be_written_end_with_1(desk: Desk) -> None:
    checks = list(report(desk, {"RUNA_API_KEY": API_KEY}, may_write=lambda _: False).checks())

    assert [check.name for check in checks if check.ok is False] == ["results"]
    assert exit_code_of(checks) == 1


def test_a_file_where_the_results_should_go_ends_with_1(desk: Desk) -> None:
    desk.file("results", b"")
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["results"]["ok"]) == (1, False)


@pytest.mark.parametrize(
    ("codes", "code"), [([], 0), ([6], 6), ([6, 4], 4), ([6, 4, 2], 2), ([4, 2, 1], 1), ([6, 1], 1)]
)
def test_the_most_serious_finding_gives_the_exit_code(codes: list[int], code: int) -> None:
    assert exit_code_of([fine("config", ""), *(wrong("x", "", "", each) for each in codes)]) == code


@dataclass
class Runa:
    """Implements the ports that are only asked: answers as it is told to."""

    told: Answer[Mapping[str, Decimal]] = field(
        default_factory=lambda: Answer(reply=Reply(http_status=200), content={"GBP": Decimal("5.00")})
    )
    listed: Answer[OrderPage] = field(
        default_factory=lambda: Answer(
            reply=Reply(http_status=200),
            content=OrderPage(orders=(Order(order_id="O-1", status="COMPLETED"),), after=None, before=None),
        )
    )
    pong: Reply = field(default_factory=lambda: Reply(http_status=200, date=START))

    async def create(self, *, key: str, body: bytes) -> Reply:
        raise AssertionError("an examination orders nothing")

    async def read(self, order_id: str) -> Reply:
        raise AssertionError("no order needs to be read")

    async def ping(self) -> Reply:
        return self.pong

    async def page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
        return self.listed

    async def balances(self) -> Answer[Mapping[str, Decimal]]:
        return self.told

    async def products(self) -> Answer[Sequence[Product]]:
        raise AssertionError("the catalogue is not looked at")

    async def product(self, code: str) -> Answer[Product]:
        raise AssertionError("the catalogue is not looked at")

    async def prices(self, currency: str, payouts: Sequence[Payout]) -> Answer[Sequence[Decimal]]:
        raise AssertionError("prices are not looked at")


def asked(
    runa: Runa, knock: Callable[[], Awaitable[datetime | None]] | None = None, clock: VirtualClock | None = None
) -> dict[str, Check]:
    """What comes of asking."""

    async def opened() -> datetime | None:
        return START

    checks = at_runa(
        runa,
        runa,
        runa,
        knock=knock or opened,
        clock=clock or VirtualClock(START),
        base_url="https://playground.runa.io/v2",
        has_key=True,
        currency=None,
    )
    return {check.name: check for check in run(checks)}


@pytest.mark.parametrize(
    ("reply", "ok", "code"),
    [
        (Reply(http_status=403, error_type="forbidden"), False, 4),
        (Reply(http_status=401, fault=Fault.UNREADABLE), False, 4),
        (Reply(http_status=429), None, 0),
        (Reply(http_status=500), False, 6),
        (Reply(fault=Fault.NO_ANSWER), False, 6),
        (Reply(http_status=200, fault=Fault.UNREADABLE), False, 6),
    ],
)
def test_a_balance_or_list_that_is_not_told_says_why(reply: Reply, ok: bool | None, code: int) -> None:
    checks = asked(Runa(told=Answer(reply=reply), listed=Answer(reply=reply)))

    for name in ("balance", "orders"):
        assert (checks[name].ok, checks[name].exit_code) == (ok, code)
        assert checks[name].fix
    assert checks["access"].ok


def test_a_clock_that_is_ahead_of_runas_is_told() -> None:
    checks = asked(Runa(), clock=VirtualClock(START + timedelta(days=3)))

    assert checks["clock"].ok is False
    assert checks["clock"].finding == "2 days ahead of Runa's"


def test_a_slow_answer_is_no_wrong_clock() -> None:
    clock = VirtualClock(START)

    async def slow() -> datetime | None:
        await clock.sleep(90)
        return START + timedelta(seconds=45)

    assert asked(Runa(), slow, clock)["clock"].ok is True


def test_an_answer_without_a_date_leaves_the_clock_open() -> None:
    async def opened() -> None:
        return None

    assert asked(Runa(), opened)["clock"].ok is None


def test_a_refusal_has_its_way_out_in_its_own_line() -> None:
    async def refused() -> datetime | None:
        raise ApiRefused("Runa refuses the API key. Check the key and which environment it belongs to.")

    checks = asked(Runa(pong=Reply(http_status=403, date=START)), refused)

    assert checks["access"].finding == "Runa refuses the API key."
    assert checks["access"].fix == "Check the key and which environment it belongs to."
    assert checks["clock"].ok is True


def test_what_answers_and_is_no_orders_api_ends_with_6() -> None:
    async def stopped() -> datetime | None:
        raise StoppedEarly("What is at https://x does not answer as Runa's orders API does (HTTP 404).", "Check it.")

    checks = asked(Runa(), stopped)

    assert exit_code_of(list(checks.values())) == 6
    assert checks["network"].fix
