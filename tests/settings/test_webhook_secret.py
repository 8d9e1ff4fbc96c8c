"""Where the secret of Runa's webhooks comes from, and that it never shows."""

from pathlib import Path

import pytest

from batcher.errors import UsageError
from batcher.settings import load_settings, load_webhook_secret
from batcher.settings.webhook_secret import load_notify_secret

SECRET = "whsec_" + "hunter2A" * 4


def nothing_kept(service: str, user: str) -> str | None:
    return None


def test_without_one_there_is_none() -> None:
    assert load_webhook_secret(load_settings(None, {}, places=()), {}, ask_keyring=nothing_kept) is None


def test_the_variable_wins_over_the_keyring_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}file\n")
    file.chmod(0o600)
    of = load_settings(None, {"BATCHER_WEBHOOKS__SECRET_FILE": str(file)}, places=())
    asked = []

    def keyring(service: str, user: str) -> str | None:
        asked.append((service, user))
        return f"{SECRET}ring"

    def found(environ: dict[str, str], *, in_keyring: bool = True) -> str:
        secret = load_webhook_secret(of, environ, ask_keyring=keyring if in_keyring else nothing_kept)
        assert secret is not None
        assert "hunter2" not in f"{secret} {secret!r}"
        return secret.get_secret_value()

    assert found({"RUNA_WEBHOOK_SECRET": SECRET}) == SECRET
    assert asked == []
    assert found({}) == f"{SECRET}ring"
    assert asked == [("batcher", "webhooks:playground@playground.runa.io")]
    assert found({}, in_keyring=False) == f"{SECRET}file"


def test_a_file_that_others_can_use_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(0o644)
    of = load_settings(None, {"BATCHER_WEBHOOKS__SECRET_FILE": str(file)}, places=())
    with pytest.raises(UsageError, match="can be used by others"):
        load_webhook_secret(of, {}, ask_keyring=nothing_kept)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_hunter2", "hunter2 hunter2 hunter2 hunter2", "é" * 40])
def test_what_is_none_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        load_webhook_secret(load_settings(None, {}, places=()), {"RUNA_WEBHOOK_SECRET": text})
    assert "hunter2" not in str(refused.value)


def test_in_the_config_it_is_refused_and_not_repeated(tmp_path: Path) -> None:
    config = tmp_path / "batcher.toml"
    config.write_text(f'[webhooks]\nsecret_file = "{SECRET}"\n')
    with pytest.raises(UsageError) as refused:
        load_settings(config, {})
    assert "RUNA_WEBHOOK_SECRET" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "whsec_hunter2"])
def test_the_secret_of_our_own_webhook_is_told_by_its_own_setting(tmp_path: Path, text: str) -> None:
    config, file = tmp_path / "batcher.toml", tmp_path / "secret"
    config.write_text('[notifications]\nwebhook_url = "https://ops.example.com/"\nsecret_file = "secret"\n')
    file.write_text(text)
    for mode in (0o644, 0o600):
        file.chmod(mode)
        with pytest.raises(UsageError) as refused:
            load_notify_secret(load_settings(config, {}), {})
        assert "[notifications] secret_file" in str(refused.value)
        assert "[webhooks]" not in str(refused.value)
        assert "hunter2" not in str(refused.value)
