"""Every command of the guide is run at a sandbox, block by block, as somebody types them in the course of a year."""

from pathlib import Path

import pytest

from tests.docs.readme import GUIDE, Block, blocks
from tests.docs.test_readme import sandbox, typed

BLOCKS = blocks(GUIDE.read_text(encoding="utf-8"))
SETUP, DECISIONS = BLOCKS[0], next(block for block in BLOCKS if "batcher decide" in block.text)


def test_every_block_is_one_of_commands() -> None:
    assert {block.language for block in BLOCKS} == {"sh"}


@pytest.mark.process
def test_the_guide_goes_as_it_says(tmp_path: Path) -> None:
    with sandbox(tmp_path) as url:
        ours = {"BATCHER_API__BASE_URL": url, "RUNA_API_KEY": "xx.rehearsal"}
        for block in BLOCKS:
            # Production is set up by what the guide says alone; nothing is sent there.
            variables = {} if "--environment production" in block.text else ours
            text = block.text if block is SETUP else f"cd payments\n{block.text}"
            done = typed([Block("sh", text)], tmp_path, variables, exit_on_error=block is not DECISIONS)
            if block is DECISIONS:
                # By now there is nothing to decide.
                assert (done.returncode, done.stdout.count("there is nothing to decide")) == (2, 2), done.stdout
            else:
                assert done.returncode == 0, f"{block.text}\n{done.stdout}"
    folder = tmp_path / "payments"
    assert (folder / "2026-11-incentives.log").read_text(encoding="utf-8").count("Closing proof") == 1
    assert 'base_url = "https://api.runa.io/v2"' in (tmp_path / "production" / "batcher.toml").read_text("utf-8")
