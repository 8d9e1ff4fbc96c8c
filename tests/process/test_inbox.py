"""A folder and an SFTP server as inboxes, with real processes: each sheet is paid once, whoever starts or dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.house import House, SandboxProcess, kill, payouts, until, write_sheet
from tests.storage.sftp_server import USER, sftp_server

pytestmark = pytest.mark.process

LATENCY = {"latency_min_s": 0.005, "latency_max_s": 0.05}
EVERY_ROW = [row["Reference"] for row in payouts(40)]
CONFIG = """
[api]
account = "acme"

[inboxes.payroll]
batch = "{name}"
ceilings = ["GBP 25000"]
"""
PAID = ["march.csv", "march.csv.done", "march.results.csv"]


@pytest.fixture(params=["folder", "sftp"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The folder that the inbox is, as whoever keeps it sees it."""
    if request.param == "folder":
        (tmp_path / "in").mkdir()
        (tmp_path / "batcher.toml").write_text(f'{CONFIG}url = "in"\n')
        yield tmp_path / "in"
        return
    with sftp_server(tmp_path) as server:
        (server.root / "inbox").mkdir()
        key = tmp_path / "key"
        key.write_text(server.private_key)
        key.chmod(0o600)
        url = f"sftp://{USER}@127.0.0.1:{server.port}/inbox"
        place = f'url = "{url}"\nkey_file = "{key}"\nknown_hosts_file = "{server.known_hosts}"\n'
        (tmp_path / "batcher.toml").write_text(f"{CONFIG}{place}")
        yield server.root / "inbox"


def whole(inbox: Path, rows: list[dict[str, str]], name: str = "march.csv") -> None:
    """A sheet that says itself that it is whole."""
    write_sheet(inbox / name, rows)
    (inbox / f"{name}.done").touch()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_sheet_is_paid_once_and_what_is_broken_or_comes_again_is_put_aside(tmp_path: Path, inbox: Path) -> None:
    with SandboxProcess(rate="none") as sandbox:
        house = House(tmp_path, sandbox)
        # Nothing says that it is whole: it has to stand still for ten seconds of real time.
        write_sheet(inbox / "march.csv", payouts(40))
        sent = (inbox / "march.csv").read_bytes()
        first = house.batcher("schedule", "run-due")
        assert first.returncode == 0, first.stderr
        assert "Inbox payroll, march.csv: batch march is finished" in first.stderr
        assert sandbox.paid() == EVERY_ROW
        assert names(inbox / "archive") == ["march.csv", "march.results.csv"]
        assert (inbox / "archive" / "march.csv").read_bytes() == sent
        assert (inbox / "archive" / "march.results.csv").stat().st_mode & 0o777 == 0o600
        assert (inbox / "archive" / "march.results.csv").read_bytes() == (
            house.folder / "results/march.csv"
        ).read_bytes()

        whole(inbox, payouts(40), "march-again.csv")
        whole(inbox, [row | {"Amount": "ten"} for row in payouts(2, start=50)], "april.csv")
        second = house.batcher("schedule", "run-due")
        assert second.returncode == 5, second.stderr
        assert {"april.csv", "april.errors.xlsx", "april.why.txt", "march-again.csv"} <= set(names(inbox / "rejected"))
        assert names(inbox) == ["archive", "rejected"]
        whole(inbox, payouts(2, start=50), "april.csv")
        assert house.batcher("schedule", "run-due").returncode == 0
        assert len(sandbox.paid()) == 42
        private = house.ledger.with_name(f"{house.ledger.name}.inboxes")
        assert private.stat().st_mode & 0o777 == 0o700
        assert [path for path in private.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("after", [0, 1, 20, 39])
def test_killed_in_the_middle_the_next_call_goes_on(tmp_path: Path, inbox: Path, after: int) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = House(tmp_path, sandbox)
        whole(inbox, payouts(40))
        process = house.start("schedule", "run-due")
        until(lambda: house.ledger.exists() and sandbox.posts() >= after, f"{after} orders")
        kill(process)
        ended = house.batcher("schedule", "run-due")
        assert ended.returncode == 0, ended.stderr
        assert sandbox.paid() == EVERY_ROW
        assert house.batcher("schedule", "run-due").returncode == 0
        assert sandbox.paid() == EVERY_ROW
        assert (names(inbox), names(inbox / "archive")) == (["archive"], PAID)


def test_started_twice_at_once_it_is_paid_once(tmp_path: Path, inbox: Path) -> None:
    with SandboxProcess(rate="none", **LATENCY) as sandbox:
        house = House(tmp_path, sandbox)
        whole(inbox, payouts(40))
        processes = [house.start("schedule", "run-due") for _ in range(3)]
        codes = {process.wait(timeout=120) for process in processes}
        for process in processes:
            process.communicate()
        assert codes <= {0, 11}
        assert house.batcher("schedule", "run-due").returncode == 0
        assert sandbox.paid() == EVERY_ROW
        assert (names(inbox), names(inbox / "archive")) == (["archive"], PAID)


def test_a_server_takes_what_arrives_while_it_runs(tmp_path: Path, inbox: Path) -> None:
    with SandboxProcess(rate="none") as sandbox:
        house = House(tmp_path, sandbox)
        server = house.start("serve", "--port", "0")
        try:
            whole(inbox, payouts(40))
            until(lambda: names(inbox / "archive") == PAID, "the sheet in the archive")
        finally:
            server.terminate()
            server.communicate(timeout=60)
        assert sandbox.paid() == EVERY_ROW
