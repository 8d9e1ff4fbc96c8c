"""`batcher doctor` at inboxes and notifications: what is wrong with them, and a test that people can be told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.cli.checkup import exit_code_of
from batcher.cli.checkup_outside import of_inboxes
from batcher.errors import UsageError
from batcher.inboxes import Store
from tests.cli.desk import Desk, rows
from tests.cli.test_doctor import found, not_fine, paid, snapshot
from tests.cli.test_usage_errors import unused_port
from tests.notify.sinks import http_sink
from tests.storage.sftp_server import sftp_server

SECRET = "whsec_" + "hunter2A" * 4


def with_inbox(desk: Desk, name: str = "payroll", **values: object) -> None:
    desk.settings[f"inboxes.{name}"] = {"url": str(desk.folder / name)} | values


def with_addresses(desk: Desk, *addresses: str) -> Path:
    path = desk.file("notify", "\n".join(addresses).encode())
    path.chmod(0o600)
    desk.settings["notifications"] = desk.settings.get("notifications", {}) | {"addresses_file": str(path)}
    return path


def with_webhook(desk: Desk, url: str) -> None:
    path = desk.file("notify-secret", SECRET.encode())
    path.chmod(0o600)
    set_before = desk.settings.get("notifications", {})
    desk.settings["notifications"] = set_before | {"webhook_url": url, "secret_file": str(path)}


def test_where_neither_is_set_both_are_said_to_be_none(desk: Desk) -> None:
    checks = found(desk.batcher("doctor", "--json"))
    assert (checks["inboxes"]["ok"], checks["notifications"]["ok"]) == (True, True)
    assert "nobody is told" in str(checks["notifications"]["finding"])


def test_each_inbox_has_a_check_of_its_own_and_is_left_as_it_is(desk: Desk) -> None:
    paid(desk, rows(1))
    for name in ("payroll", "rewards"):
        (desk.folder / name).mkdir(mode=0o700)
        with_inbox(desk, name)
    (desk.folder / "payroll" / "march.csv").write_text("Reference\n")
    desk.config()
    before = snapshot(desk.folder)
    done = desk.call("doctor", "--config", desk.folder / "batcher.toml", "--json")

    assert (done.code, not_fine(done)) == (0, {})
    assert "1 file lies there" in str(found(done)["inboxes.payroll"]["finding"])
    assert "nothing lies there" in str(found(done)["inboxes.rewards"]["finding"])
    assert snapshot(desk.folder) == before


def test_an_inbox_that_is_not_there_ends_with_6_and_the_next_is_looked_into(desk: Desk) -> None:
    paid(desk, rows(1))
    with_inbox(desk, "payroll")
    with_inbox(desk, "rewards")
    (desk.folder / "rewards").mkdir(mode=0o700)
    done = desk.batcher("doctor", "--json")

    assert (done.code, not_fine(done)) == (6, {"inboxes.payroll": False})
    assert "is not there" in str(found(done)["inboxes.payroll"]["finding"])
    assert found(done)["inboxes.payroll"]["fix"]
    said = desk.batcher("doctor")
    assert "WRONG Inbox      payroll: " in said.out
    assert "1 thing to mend." in said.err


def test_a_server_whose_host_key_is_not_known_ends_with_6_and_says_how_to_make_it_known(desk: Desk) -> None:
    folder = desk.folder / "server"
    folder.mkdir(mode=0o700)
    with sftp_server(folder) as server:
        key = desk.file("sftp-key", server.private_key.encode())
        key.chmod(0o600)
        server.known_hosts.write_text("")
        url = f"sftp://{server.place().user}@127.0.0.1:{server.port}/~/inbox"
        with_inbox(desk, url=url, key_file=str(key), known_hosts_file=str(server.known_hosts))
        done = desk.batcher("doctor", "--json")

    check = found(done)["inboxes.payroll"]
    assert (done.code, check["ok"]) == (6, False)
    assert "is not known, so it could be anybody's. Nothing was sent to it." in str(check["finding"])
    assert "ssh-keyscan" in str(check["fix"])


def test_a_secret_of_an_inbox_that_others_can_read_ends_with_2(desk: Desk) -> None:
    password = desk.file("password", b"hunter2")
    password.chmod(0o644)
    with_inbox(desk, url=f"sftp://acme@127.0.0.1:{unused_port()}/in", password_file=str(password))
    done = desk.batcher("doctor", "--json")

    assert (done.code, found(done)["inboxes.payroll"]["ok"]) == (2, False)
    assert found(done)["inboxes.payroll"]["fix"] == f"chmod 600 {password}"


def test_a_package_that_is_missing_ends_with_2_and_is_named() -> None:
    def missing(name: str) -> Store:
        raise UsageError("An inbox on SFTP needs a package.", "Install it with: pip install 'batcher[sftp]'")

    (check,) = of_inboxes(["payroll"], missing)
    assert (exit_code_of([check]), check.finding) == (2, "payroll: An inbox on SFTP needs a package.")
    assert "batcher[sftp]" in check.fix


def test_addresses_are_read_and_nothing_is_sent_to_them(desk: Desk) -> None:
    with http_sink() as sink:
        with_addresses(desk, sink.url.replace("http", "json"))
        with_webhook(desk, sink.url)
        done = desk.batcher("doctor", "--json")

    finding = str(found(done)["notifications"]["finding"])
    assert (done.code, found(done)["notifications"]["ok"]) == (0, True)
    assert "json-" in finding
    assert "webhook" in finding
    assert sink.posts == []


def of_others(desk: Desk) -> None:
    with_addresses(desk, "json://127.0.0.1/hunter2").chmod(0o644)


def unknown(desk: Desk) -> None:
    with_addresses(desk, "nosuchservice://127.0.0.1/hunter2")


def unsigned(desk: Desk) -> None:
    desk.settings["notifications"] = {"webhook_url": "https://ops.example.com/hunter2"}


@pytest.mark.parametrize("set_wrongly", [of_others, unknown, unsigned])
@pytest.mark.parametrize("flags", [[], ["--send-test"]])
def test_addresses_that_cannot_be_used_end_with_2(
    desk: Desk, set_wrongly: Callable[[Desk], None], flags: list[str]
) -> None:
    set_wrongly(desk)
    done = desk.batcher("doctor", "--json", *flags)

    assert (done.code, found(done)["notifications"]["ok"]) == (2, False)
    assert found(done)["notifications"]["fix"]
    assert "hunter2" not in done.out


def test_a_test_goes_once_to_everybody_and_is_no_order(desk: Desk) -> None:
    paid(desk, rows(1))
    desk.config()
    with http_sink() as sink:
        with_addresses(desk, sink.url.replace("http", "json"), sink.url.replace("http", "json"))
        with_webhook(desk, sink.url)
        desk.config()
        before, posts = snapshot(desk.folder), desk.posts()
        done = desk.call("doctor", "--config", desk.folder / "batcher.toml", "--send-test", "--json")

    assert (done.code, not_fine(done)) == (0, {})
    tests = {name: check for name, check in found(done).items() if name.startswith("notifications.")}
    assert len(tests) == len(sink.posts) == 2
    assert all("took the test" in str(check["finding"]) for check in tests.values())
    signed = next(json.loads(post.body) for post in sink.posts if "webhook-signature" in post.headers)
    assert (signed["type"], signed["data"]["batch"]) == ("batch.test", "")
    assert "there is nothing to do" in signed["data"]["body"]
    assert (snapshot(desk.folder), desk.posts()) == (before, posts)


def test_who_does_not_take_a_test_is_named_without_its_address_and_the_others_get_theirs(desk: Desk) -> None:
    with http_sink() as sink:
        with_addresses(desk, f"json://ann:hunter2@127.0.0.1:{unused_port()}/hunter2")
        with_webhook(desk, sink.url)
        done = desk.batcher("doctor", "--send-test", "--json")
        sink.status = 500
        said = desk.batcher("doctor", "--send-test")

    wrong = {name: check for name, check in found(done).items() if check["ok"] is False}
    assert done.code == 6
    assert [name.partition("-")[0] for name in wrong] == ["notifications.json"]
    assert len(sink.posts) == 2
    assert "webhook did not take the test: It answered 500." in said.out
    for secret in ("hunter2", "ann", sink.url):
        assert secret not in done.out + said.out + said.err


def test_a_test_that_nobody_would_get_ends_with_2(desk: Desk) -> None:
    done = desk.batcher("doctor", "--send-test", "--json")
    assert (done.code, found(done)["notifications"]["ok"]) == (2, False)
    assert "addresses_file" in str(found(done)["notifications"]["fix"])
