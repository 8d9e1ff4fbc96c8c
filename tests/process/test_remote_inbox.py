"""A bucket and an unknown SFTP server as inboxes, with real processes."""

from pathlib import Path

import pytest

from tests.process.house import House, SandboxProcess, payouts, write_sheet
from tests.storage.s3_server import ENVIRON, s3_corner, s3_server
from tests.storage.sftp_server import sftp_server

pytestmark = pytest.mark.process

CONFIG = """
[api]
account = "acme"

[inboxes.payroll]
batch = "{name}"
ceilings = ["GBP 25000"]
"""


def sheet(folder: Path) -> bytes:
    write_sheet(folder / "sheet.csv", payouts(12))
    return (folder / "sheet.csv").read_bytes()


def test_a_server_that_is_not_known_is_sent_nothing_and_told(tmp_path: Path) -> None:
    with SandboxProcess(rate="none") as sandbox, sftp_server(tmp_path) as server:
        (server.root / "inbox").mkdir()
        (tmp_path / "key").write_text(server.private_key)
        (tmp_path / "key").chmod(0o600)
        where = f'url = "{server.place().label}"\nkey_file = "key"\nknown_hosts_file = "nobody"\n'
        (tmp_path / "batcher.toml").write_text(CONFIG + where)
        done = House(tmp_path, sandbox).batcher("schedule", "run-due")
        assert done.returncode == 6, done.stderr
        assert "is not known, so it could be anybody's" in done.stderr
        assert "Traceback" not in done.stderr
        assert sandbox.paid() == []


def test_a_bucket_is_paid_once_and_archived_with_its_results(tmp_path: Path) -> None:
    with SandboxProcess(rate="none") as sandbox, s3_server() as url, s3_corner(url, "payouts") as corner:
        where = f'url = "s3://payouts/inbox"\nendpoint_url = "{url}"\nregion = "us-east-1"\n'
        (tmp_path / "batcher.toml").write_text(CONFIG + where)
        corner.plant("march.csv", sheet(tmp_path))
        corner.plant("march.csv.done", b"")
        house = House(tmp_path, sandbox, ENVIRON)
        for _ in range(2):
            done = house.batcher("schedule", "run-due")
            assert done.returncode == 0, done.stderr
        assert sandbox.paid() == [row["Reference"] for row in payouts(12)]
        assert corner.files() == {
            "archive/march.csv": sheet(tmp_path),
            "archive/march.csv.done": b"",
            "archive/march.results.csv": (house.folder / "results/march.csv").read_bytes(),
        }
