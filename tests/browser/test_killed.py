"""The server is killed while somebody watches: started again, it pays every row once, and the open page shows it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.process.house import House, SandboxProcess, payouts, until, write_sheet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_killed_in_mid_run_the_open_page_shows_the_end(browser: "Browser", tmp_path: Path) -> None:
    from tests.browser.serving import PageServer
    from tests.browser.visitor import visiting

    sheet = write_sheet(tmp_path / "payouts.csv", payouts(60))
    with (
        SandboxProcess(rate="none", latency_min_s=0.05, latency_max_s=0.1) as sandbox,
        PageServer(House(tmp_path, sandbox)) as server,
        visiting(browser, (), str(server.link)) as visitor,
    ):
        visitor.review(sheet, "killed")
        visitor.confirm()
        until(lambda: sandbox.posts() >= 20, "20 posts")
        unheard = visitor.page.get_by_role("alert").filter(has_text="batcher does not answer")
        assert unheard.count() == 0
        server.kill()
        unheard.wait_for()
        assert not visitor.reaches_beyond_the_screen()
        assert visitor.barriers() == []
        server.start()
        visitor.wait_until("Ended: every row is paid")
        assert unheard.count() == 0
        visitor.page.get_by_role("heading", name="Results").wait_for()
        assert visitor.page.get_by_role("link", name="R-060").count() == 1
        assert sandbox.paid() == [row["Reference"] for row in payouts(60)]
        # While nobody answered, the browser said so.
        visitor.complaints.clear()
