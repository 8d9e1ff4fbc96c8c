"""The API key leaves for Runa's hosts and for this machine; for any other host only where the config names it twice."""

from pathlib import Path

import pytest

from batcher.errors import UsageError
from batcher.model import Environment
from batcher.settings import Settings, environment, load_api_key, load_settings
from batcher.settings.api_key import has_usual_prefix

GATEWAY = "https://gateway.example.com/v2"
LOOK_ALIKES = [
    "api.runa.io.evil.example",
    "playground.runa.io.evil.example",
    "api-runa.io",
    "api.runa.lo",
    "api.runa.i0",
    "runa.io",
    "www.runa.io",
    "evil.api.runa.io",
    "apirunaio",
    "api.runa.io.localhost",
    "localhost.runa.io",
    "notlocalhost",
    "xn--api-runa-xx0d.io",
    "api.xn--rna-hoa.io",
    "10.0.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse, nothing is bound to it
    "128.0.0.1",
]


def loaded(base_url: str, other_host: str | None = None, account: str | None = "acme") -> Settings:
    named = {"BASE_URL": base_url, "OTHER_HOST": other_host, "ACCOUNT": account}
    environ = {f"BATCHER_API__{name}": value for name, value in named.items() if value is not None}
    return load_settings(None, environ, places=())


def refused(base_url: str, other_host: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        loaded(base_url, other_host)
    (sentence,) = str(caught.value).splitlines()
    return sentence


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_a_host_that_only_looks_like_runas_is_refused(host: str) -> None:
    sentence = refused(f"https://{host}/v2")
    assert sentence.startswith(f"api.base_url leads to {host}, which is none of Runa's hosts")


@pytest.mark.parametrize(
    "address",
    [
        "https://api.runa.io@evil.example/v2",
        "https://api.runa.io:443@evil.example/v2",
        "https://evil.example#api.runa.io/v2",
        "https://evil.example?api.runa.io/v2",
        "https://evil.example\\@api.runa.io/v2",
        "https://api.runa.io./v2",
        "https://api.runa.io%2eevil.example/v2",
        "https://api.runa.\u0131o/v2",
        "https://\u0430pi.runa.io/v2",
        "https://api\u3002runa\u3002io/v2",
        "https://api.runa.io\t.evil.example/v2",
        "//evil.example/v2",
        "https:/evil.example/v2",
        "https:\\\\evil.example/v2",
    ],
)
@pytest.mark.parametrize("other_host", [None, "evil.example"])
def test_an_address_that_two_readers_read_in_two_ways_is_refused_even_where_the_host_is_named(
    address: str, other_host: str | None
) -> None:
    assert refused(address, other_host).startswith("api.base_url ")


def test_the_refusal_says_why_and_what_to_write() -> None:
    sentence = refused(GATEWAY)
    assert "api.runa.io, playground.runa.io" in sentence
    assert "would get the API key and every payout" in sentence
    assert 'other_host = "gateway.example.com" under [api]' in sentence
    assert "BATCHER_API__OTHER_HOST" in sentence


def test_a_host_that_is_named_in_so_many_words_is_taken(tmp_path: Path) -> None:
    config = tmp_path / "batcher.toml"
    config.write_text(
        '[api]\nbase_url = "https://Gateway.example.com:8443/v2"\nother_host = "gateway.EXAMPLE.com"\n'
        'account = "acme"\n'
    )
    api = load_settings(config, {}).api
    assert (api.base_url, api.other_host) == ("https://gateway.example.com:8443/v2", "gateway.example.com")


def test_the_sentence_that_refuses_a_host_tells_what_makes_it_taken() -> None:
    named = refused(GATEWAY).partition('other_host = "')[2].partition('"')[0]
    assert loaded(GATEWAY, named).api.base_url == GATEWAY


@pytest.mark.parametrize("address", ["10.0.0.5", "[2001:DB8::5]", "2001:db8:0::5"])
def test_a_host_may_be_an_address(address: str) -> None:
    bare = address.strip("[]")
    host = f"[{bare}]" if ":" in bare else bare
    assert loaded(f"https://{host}/v2", address).api.other_host in ("10.0.0.5", "2001:db8::5")


@pytest.mark.parametrize(
    "other_host",
    [
        "example.com",
        "gateway.example.com.evil.example",
        "evil.gateway.example.com",
        "gateway.example.co",
        "api.runa.io",
    ],
)
def test_naming_one_host_opens_no_other(other_host: str) -> None:
    assert f"api.other_host names {other_host}, which is another one." in refused(GATEWAY, other_host)


@pytest.mark.parametrize(
    "other_host",
    [
        "",
        " ",
        "*",
        "*.example.com",
        ".example.com",
        "gateway.example.com.",
        "https://gateway.example.com",
        "gateway.example.com:443",
        "gateway.example.com/v2",
        "gateway.example.com,evil.example",
        "gateway.example.com evil.example",
        "me@gateway.example.com",
        "gätéway.example.com",
        "[::1",
    ],
)
def test_what_is_no_single_host_is_refused(other_host: str) -> None:
    assert "a host and nothing else" in refused(GATEWAY, other_host)


def test_a_look_alike_of_this_machine_is_no_way_to_plain_http() -> None:
    sentence = refused("http://gateway.example.com/v2", "gateway.example.com")
    assert "https://" in sentence


@pytest.mark.parametrize("url", ["https://playground.runa.io/v2", "http://127.0.0.1:8765/v2"])
def test_a_host_that_is_named_and_not_asked_changes_nothing(url: str) -> None:
    settings = loaded(url, "gateway.example.com", account=None)
    assert environment(settings) == environment(loaded(url, account=None))


def test_another_host_passes_neither_for_production_nor_for_the_playground() -> None:
    place = environment(loaded(GATEWAY, "gateway.example.com"))
    assert (place.kind, place.is_real_money) == ("OTHER HOST", True)
    assert place.label == "OTHER HOST (acme at gateway.example.com/v2)"


def test_another_host_has_no_default_for_the_account() -> None:
    with pytest.raises(UsageError) as caught:
        loaded(GATEWAY, "gateway.example.com", account=None)
    assert f"api.account is missing: {GATEWAY} counts as real money" in str(caught.value)


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_no_look_alike_is_of_a_kind_that_it_looks_like(host: str) -> None:
    assert Environment(base_url=f"https://{host}/v2", account="acme").kind == "OTHER HOST"


@pytest.mark.parametrize("key", ["wg.hunter2", "xx.hunter2", "hunter2"])
def test_another_host_takes_keys_of_any_kind(key: str) -> None:
    settings = loaded(GATEWAY, "gateway.example.com")
    found = load_api_key(settings, {"RUNA_API_KEY": key})
    assert found.get_secret_value() == key
    assert has_usual_prefix(found, environment(settings))


def test_a_key_in_the_keyring_is_asked_for_by_its_host_so_that_another_host_never_gets_runas() -> None:
    asked = []

    def keyring(service: str, user: str) -> str | None:
        asked.append(user)
        return None

    with pytest.raises(UsageError):
        load_api_key(loaded(GATEWAY, "gateway.example.com"), {}, ask_keyring=keyring)
    assert asked == ["acme@gateway.example.com"]
