from pathlib import Path

import pytest

from batcher.errors import UsageError
from batcher.settings import (
    Settings,
    environment,
    ledger_path,
    ledger_url,
    load_settings,
)


def with_url(url: str) -> Settings:
    return load_settings(None, {"BATCHER_API__BASE_URL": url, "BATCHER_API__ACCOUNT": "acme"}, places=())


def refused(variable: str, value: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_settings(None, {variable: value, "BATCHER_API__ACCOUNT": "acme"}, places=())
    (sentence,) = str(caught.value).splitlines()
    return sentence


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://playground.runa.io/v2", "https://playground.runa.io/v2"),
        ("HTTPS://API.Runa.io:443/v2//", "https://api.runa.io/v2"),
        ("https://API.runa.io/V2", "https://api.runa.io/V2"),
        ("https://api.runa.io", "https://api.runa.io"),
        ("http://127.0.0.1:8765/v2/", "http://127.0.0.1:8765/v2"),
        ("http://127.9.8.7:80/v2", "http://127.9.8.7/v2"),
        ("http://LOCALHOST:8765/v2", "http://localhost:8765/v2"),
        ("http://[0:0:0:0:0:0:0:1]:8765/v2", "http://[::1]:8765/v2"),
        ("https://localhost:8443/v2", "https://localhost:8443/v2"),
    ],
)
def test_one_place_has_one_spelling(written: str, kept: str) -> None:
    assert with_url(written).api.base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "playground.runa.io/v2",
        "ftp://playground.runa.io/v2",
        "file:///etc/passwd",
        "https://",
        "https:///v2",
        "https://a_b/v2",
        "https://-a.io/v2",
        "https://api.runa.io./v2",
        "https://api.runa.io:0/v2",
        "https://api.runa.io:99999/v2",
        "https://api.runa.io:x/v2",
        "https://[::1/v2",
        "https://[fe80::1%25eth0]/v2",
        "https://[::ffff:127.0.0.1]/v2",
        "https://api.runa.io:8443/v2",
        "https://playground.runa.io:80/v2",
        "https://api.runa.io/v2/../v2",
        "https://api.runa.io//v2",
        "https://api.runa.io/%76%32",
        "https://api.runa.io\\v2",
        "https://127.1/v2",
        "https://2130706433/v2",
        "https://127.0.0.1.example.com/v2",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    assert refused("BATCHER_API__BASE_URL", url).startswith("api.base_url ")


@pytest.mark.parametrize(
    "url",
    ["http://api.runa.io/v2", "http://0.0.0.0/v2", "http://10.0.0.1/v2", "http://localhost.example.com/v2"],
)
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    sentence = refused("BATCHER_API__BASE_URL", url)
    assert f'api.base_url is "{url}" in BATCHER_API__BASE_URL; it must be an https:// address' in sentence


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@api.runa.io/v2",
        "https://hunter2@api.runa.io/v2",
        "https://api.runa.io/v2?key=hunter2",
        "https://api.runa.io/v2#hunter2",
        "https://api.runa.io/hunter2 x",
        "https://api.runa.io\n/hunter2",
        "https://äpi.runa.io/hunter2",
        "https://xx.hunter2/v2",
        "https://WG.hunter2:443/v2",
    ],
)
def test_what_may_hold_a_secret_is_refused_and_not_repeated(url: str) -> None:
    assert "hunter2" not in refused("BATCHER_API__BASE_URL", url)


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:hunter2@db/ledger", "hunter2", "sqlite://hunter2", "sqlite+pysqlite:////hunter2", ""],
)
def test_a_ledger_elsewhere_than_in_sqlite_is_refused_and_not_repeated(url: str) -> None:
    sentence = refused("BATCHER_LEDGER__URL", url)
    assert sentence.startswith('ledger.url in BATCHER_LEDGER__URL must begin with "sqlite:///"')
    assert "hunter2" not in sentence


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:", "sqlite:////a.db?mode=ro", "sqlite:////a\nb"])
def test_a_ledger_that_is_no_file_is_refused(url: str) -> None:
    assert refused("BATCHER_LEDGER__URL", url).startswith("ledger.url is ")


def test_the_ledger_lies_in_the_users_data_folder_unless_it_is_set() -> None:
    default = ledger_path(Settings())
    assert default.is_absolute()
    assert default.parts[-2:] == ("batcher", "ledger.sqlite3")
    settings = load_settings(None, {"BATCHER_LEDGER__URL": "sqlite:////srv/l.db"}, places=())
    assert ledger_path(settings) == Path("/srv/l.db")
    assert ledger_url(settings) == "sqlite:////srv/l.db"


@pytest.mark.parametrize(
    ("url", "account"),
    [("https://playground.runa.io/v2", "playground"), ("http://127.0.0.1:8765/v2", "sandbox")],
)
def test_only_real_money_needs_an_account_name(url: str, account: str) -> None:
    place = environment(load_settings(None, {"BATCHER_API__BASE_URL": url}, places=()))
    assert (place.base_url, place.account) == (url, account)
    assert environment(with_url(url)).account == "acme"
