"""`batcher sandbox --webhook`: what it refuses before it opens a port."""

from pathlib import Path

import pytest

from tests.cli.desk import Desk


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("whsec_" + "hunter2A" * 4)
    path.chmod(0o600)
    return path


def test_the_address_and_the_secret_belong_together(desk: Desk, secret: Path) -> None:
    for flags in (["--webhook", "http://127.0.0.1:9/"], ["--secret-file", secret]):
        done = desk.call("sandbox", "--port", "0", *flags)
        assert (done.code, "belong together" in done.err) == (2, True)


def test_what_is_no_address_is_refused(desk: Desk, secret: Path) -> None:
    done = desk.call("sandbox", "--port", "0", "--webhook", "127.0.0.1:9", "--secret-file", secret)
    assert (done.code, "is no address" in done.err) == (2, True)


def test_a_secret_that_others_can_read_is_refused_and_not_shown(desk: Desk, secret: Path) -> None:
    secret.chmod(0o644)
    done = desk.call("sandbox", "--port", "0", "--webhook", "http://127.0.0.1:9/", "--secret-file", secret)
    assert (done.code, "hunter2" in done.err) == (2, False)
