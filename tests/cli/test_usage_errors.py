"""Every way to call it wrongly ends with its exit code, one sentence on what is wrong and one on what to do."""

import socket
from pathlib import Path

import pytest

from tests.cli.desk import Desk, row, rows


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(port, int)
    return port


@pytest.mark.parametrize("command", ["check", "plan", "run"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "file_empty"),
        (b"Reference,Amount,Currency,Product,Distribution,Email\n", "no_payouts"),
        (b"Reference,Currency,Product,Distribution,Email\nR1,GBP,AMZ-GB,EMAIL,a@example.com\n", "column_missing"),
        (bytes(range(256)), "nul_bytes"),
    ],
)
def test_a_file_that_is_no_sheet_of_payouts_is_told_as_such(
    desk: Desk, command: str, content: bytes, kind: str
) -> None:
    arguments = [] if command == "check" else ["--batch", "march"]
    done = desk.batcher(command, desk.file("sheet.csv", content), *arguments, "--json")

    assert done.code == 5
    assert done.json["error"]["kind"] == "input"
    assert [problem["kind"] for problem in done.json["error"]["problems"]] == [kind]
    assert desk.posts() == 0


def test_a_folder_is_no_file(desk: Desk) -> None:
    done = desk.pay(desk.folder, "--json")

    assert done.json["error"]["problems"][0]["kind"] == "file_is_folder"


def test_a_file_that_is_not_there_is_named(desk: Desk) -> None:
    done = desk.pay(desk.folder / "nowhere.csv")

    assert done.code == 5
    assert "nowhere.csv" in done.err


def test_an_invalid_row_stops_all_and_is_told_with_line_column_value_and_remedy(desk: Desk) -> None:
    done = desk.pay(desk.sheet([*rows(2), row("R9", "twelve")]), "--json")
    (problem,) = done.json["error"]["problems"]

    assert done.code == 5
    assert (problem["line"], problem["column"], problem["value"]) == (4, "Amount", "twelve")
    assert problem["fix"]
    assert desk.posts() == 0


def test_every_bad_row_is_told_at_once(desk: Desk) -> None:
    done = desk.pay(desk.sheet([row("R1", "x"), row("R2", Currency="EURO"), row("R3", Email="nobody")]))

    assert done.code == 5
    assert [f"Line {line}" in done.err for line in (2, 3, 4)] == [True] * 3


def test_without_an_api_key_nothing_is_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNA_API_KEY")
    done = desk.pay(desk.sheet(rows(1)), "--json")

    assert done.code == 2
    assert done.json["error"]["kind"] == "usage"
    assert "RUNA_API_KEY" in done.json["error"]["fix"]


def test_a_key_that_the_api_refuses_ends_with_4(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNA_API_KEY", "wrong-s3cret-never-shown")
    done = desk.pay(desk.sheet(rows(1)), "--json")

    assert done.code == 4
    assert done.json["error"]["kind"] == "api_refused"
    assert desk.posts() == 0


def test_a_version_that_was_removed_ends_with_4(desk: Desk) -> None:
    desk.settings["api"] = {"version": "2023-07-27"}
    done = desk.pay(desk.sheet(rows(1)))

    assert done.code == 4
    assert "version" in done.err
    assert desk.posts() == 0


def test_a_host_that_cannot_be_reached_is_named_and_ends_with_6(desk: Desk) -> None:
    url = f"http://127.0.0.1:{unused_port()}/v2"
    desk.settings["api"] = {"base_url": url}
    done = desk.pay(desk.sheet(rows(1)), "--json")

    assert done.code == 6
    assert url in done.json["error"]["message"]
    assert not (desk.folder / "results").exists()


def test_a_host_that_is_not_the_api_ends_with_6(desk: Desk) -> None:
    desk.settings["api"] = {"base_url": f"{desk.sandbox.url}/nothing"}
    done = desk.pay(desk.sheet(rows(1)))

    assert done.code == 6
    assert "HTTP 404" in done.err


@pytest.mark.parametrize("url", ["http://api.runa.io/v2", "ftp://127.0.0.1/v2", "127.0.0.1:8765"])
def test_an_address_that_could_not_be_safe_is_refused(desk: Desk, url: str) -> None:
    desk.settings["api"] = {"base_url": url}

    assert desk.pay(desk.sheet(rows(1)), "--json").json["error"]["kind"] == "usage"


@pytest.mark.parametrize("name", ["March", "-march", "mar ch", "", "x" * 41, "../march", "märz", "march\n"])
def test_a_name_that_is_none_for_a_batch_is_refused(desk: Desk, name: str) -> None:
    done = desk.pay(desk.sheet(rows(1)), "--json", batch=name)

    assert done.code == 2
    assert "name" in done.json["error"]["message"]
    assert desk.posts() == 0


@pytest.mark.parametrize("flags", [["--yes"], ["--no-input"], ["--json"], []])
def test_where_nobody_can_be_asked_the_batch_must_be_named(desk: Desk, flags: list[str]) -> None:
    done = desk.batcher("run", desk.sheet(rows(1)), *flags)

    assert done.code == 2
    assert "--batch" in done.out + done.err


@pytest.mark.parametrize("flags", [[], ["--no-input"], ["--json"]])
def test_without_a_yes_nothing_is_sent(desk: Desk, flags: list[str]) -> None:
    done = desk.batcher("run", desk.sheet(rows(1)), "--batch", "march", *flags)

    assert done.code == 8
    assert "--yes" in done.out + done.err
    assert desk.posts() == 0


@pytest.mark.parametrize(
    "arguments",
    [["pay"], ["run"], ["run", "a.csv", "--no-such"], ["status", "a", "b"], ["run", "a.csv", "--api-key", "x"]],
)
def test_what_the_command_line_does_not_know_is_a_usage_error(desk: Desk, arguments: list[str]) -> None:
    assert desk.call(*arguments).code == 2
    assert desk.call(*arguments, "--json").json["error"]["kind"] == "usage"


def test_a_config_that_is_not_there_is_named(desk: Desk) -> None:
    done = desk.call("check", desk.sheet(rows(1)), "--config", desk.folder / "nowhere.toml")

    assert done.code == 2
    assert "nowhere.toml" in done.err


def test_the_key_in_the_config_is_refused_and_not_repeated(desk: Desk) -> None:
    desk.settings["api"] = {"api_key": "xx.s3cret-never-shown"}
    done = desk.pay(desk.sheet(rows(1)))

    assert done.code == 2
    assert "api_key" in done.err


@pytest.mark.parametrize("flags", [["--repeats", "feb"], ["--reason", "again"]])
def test_a_repetition_needs_a_batch_and_a_reason(desk: Desk, flags: list[str]) -> None:
    assert desk.pay(desk.sheet(rows(1)), *flags).code == 2


def test_a_changed_account_name_under_a_known_key_is_refused(desk: Desk) -> None:
    sheet = desk.sheet(rows(1))
    assert desk.pay(sheet).code == 0
    desk.settings["api"] = {"account": "other"}
    done = desk.pay(sheet, batch="april")

    assert done.code == 2
    assert "'acme'" in done.err
    assert len(desk.orders()) == 1


@pytest.mark.parametrize("command", ["status", "results"])
def test_a_batch_that_is_not_known_is_a_usage_error(desk: Desk, command: str) -> None:
    assert desk.batcher(command, "nobody", "--json").json["error"]["kind"] == "usage"


def test_a_ledger_that_another_process_has_ends_with_11(desk: Desk) -> None:
    from batcher.clock import SystemClock
    from batcher.ledger import LedgerLock

    sheet = desk.sheet(rows(1))
    with LedgerLock(desk.folder / "ledger.sqlite3", doing="batcher run of batch feb", now=SystemClock().instant().at):
        done = desk.pay(sheet, "--json")

    assert done.code == 11
    assert "feb" in done.json["error"]["message"]
    assert desk.posts() == 0


def test_a_ledger_that_is_none_is_not_overwritten(desk: Desk) -> None:
    broken = desk.file("ledger.sqlite3", b"this is no database, but somebody may need it" * 100)
    before = broken.read_bytes()
    done = desk.pay(desk.sheet(rows(1)), "--json")

    assert done.code == 1
    assert done.json["error"]["kind"] == "own_fault"
    assert Path(broken).read_bytes() == before


@pytest.mark.parametrize("command", ["inspect", "check", "plan", "run"])
@pytest.mark.parametrize(
    ("name", "flag", "value"),
    [("sheet.csv", "--sheet", "Payouts"), ("sheet.xlsx", "--encoding", "cp1252"), ("sheet.xlsx", "--delimiter", ";")],
)
def test_what_is_said_of_a_file_that_has_no_such_thing_is_told(
    desk: Desk, command: str, name: str, flag: str, value: str
) -> None:
    content = b"PK\x03\x04" if name.endswith("xlsx") else b"Reference,Amount\nR1,5\n"
    arguments = ["--batch", "march"] if command in {"plan", "run"} else []
    done = desk.batcher(command, desk.file(name, content), *arguments, flag, value)

    assert done.code == 2
    assert f"{flag} says nothing" in done.err
    assert f"Leave {flag} out." in done.err
