"""A write of results that was killed leaves a hidden file with links: the next one of that batch takes it away."""

import fcntl
from pathlib import Path

import pytest

from tests.cli.desk import Desk, row


@pytest.mark.parametrize("name", ["march.csv", "march.xlsx", "march.parquet"])
def test_the_next_write_takes_away_what_a_killed_one_has_left(desk: Desk, name: str) -> None:
    desk.settings["results"] = {"formats": ["csv", "xlsx", "parquet"], "directory": str(desk.folder / "results")}
    desk.pay(desk.sheet([row("R1")]))
    left = hidden(desk, f".{name}.ab12_9zz")

    assert desk.batcher("results", "march").code == 0
    assert not left.exists()


def test_what_is_still_being_written_and_what_is_not_ours_stays(desk: Desk) -> None:
    desk.pay(desk.sheet([row("R1")]))
    others = [hidden(desk, name) for name in (".march.csv.swp", ".march.csv", ".april.csv.ab12_9zz", ".march.csv.A1")]
    with hidden(desk, ".march.csv.ab12_9zz").open() as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        assert desk.batcher("results", "march").code == 0
        assert Path(writing.name).exists()
    assert all(other.exists() for other in others)


def hidden(desk: Desk, name: str) -> Path:
    """A file as a killed write leaves it."""
    path = desk.folder / "results" / name
    path.write_text("https://spend.runa.example/left")
    path.chmod(0o600)
    return path
