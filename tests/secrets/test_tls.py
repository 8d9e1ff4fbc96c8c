"""TLS is never off: where the certificate does not verify nothing is sent, not even the API key."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from batcher import keys
from batcher.model import Fault, Reply, Speaker
from batcher.runa import RunaClient
from batcher.settings.sections import SECTIONS
from tests.secrets.tls import PAST, Listener, certificate, listening, trusting

KEY = "xx.canary-of-the-door-8d1f"
OURS, SOMEBODYS = trustme.CA(), trustme.CA()


def client_of(url: str, verify: ssl.SSLContext | bool = True) -> RunaClient:
    speaker = Speaker(base_url=url, api_version="2024-02-05", fingerprint=keys.fingerprint(KEY))
    return RunaClient(speaker, api_key=KEY, timeout_s=5, verify=verify)


def asked(
    shown: ssl.SSLContext | None,
    call: Callable[[RunaClient], Awaitable[Reply]],
    *,
    verify: ssl.SSLContext | bool = True,
) -> tuple[Reply, bytes]:
    """What the client makes of a server with this certificate, and what the server was told."""

    async def story(url: str) -> Reply:
        async with client_of(url, verify) as client:
            return await call(client)

    with listening(shown) as listener:
        reply = asyncio.run(story(listener.url()))
    return reply, listener.heard


async def create(client: RunaClient) -> Reply:
    return await client.create(key="k", body=b"{}")


def test_a_certificate_that_verifies_is_taken_or_the_refusals_below_would_say_nothing() -> None:
    reply, heard = asked(certificate(OURS, "127.0.0.1"), RunaClient.ping, verify=trusting(OURS))

    assert (reply.fault, reply.http_status) == (None, 200)
    assert KEY.encode() in heard


@pytest.mark.parametrize("call", [RunaClient.ping, create])
@pytest.mark.parametrize(
    ("shown", "verify"),
    [
        pytest.param(certificate(SOMEBODYS, "127.0.0.1"), True, id="by nobody that this machine knows"),
        pytest.param(certificate(SOMEBODYS, "127.0.0.1"), trusting(OURS), id="by another authority"),
        pytest.param(certificate(OURS, "localhost"), trusting(OURS), id="for another host"),
        pytest.param(certificate(OURS, "127.0.0.1", not_after=PAST), trusting(OURS), id="expired"),
        pytest.param(None, True, id="no TLS at all"),
    ],
)
def test_a_certificate_that_does_not_verify_means_that_nothing_was_sent(
    shown: ssl.SSLContext | None, verify: ssl.SSLContext | bool, call: Callable[[RunaClient], Awaitable[Reply]]
) -> None:
    reply, heard = asked(shown, call, verify=verify)

    assert reply == Reply(fault=Fault.NOT_SENT)
    # Without TLS the server hears the greeting of a handshake, and nothing that could be read.
    assert heard == b"" or shown is None
    assert b"canary" not in heard


def test_no_setting_turns_it_off() -> None:
    words = ("verify", "insecure", "tls", "ssl", "cert", "proxy", "redirect")
    names = [f"{section}.{key}" for section, model in SECTIONS.items() for key in model.model_fields]
    assert names
    assert [name for name in names if any(word in name for word in words)] == []


@pytest.mark.process
@pytest.mark.parametrize("command", ["doctor", "plan", "run"])
def test_neither_certificates_nor_proxies_of_the_environment_open_a_door(tmp_path: Path, command: str) -> None:
    """A whole process, told in every way that tools know to trust our authority and to go through our proxy."""
    sheet = tmp_path / "payouts.csv"
    sheet.write_text(
        "reference,email,amount,currency,product,distribution\nR1,ann@example.com,5.00,GBP,AMZ-GB,EMAIL\n",
        encoding="utf-8",
    )
    batch = ["--batch", "march", *(["--yes"] if command == "run" else [])]
    arguments = [] if command == "doctor" else [str(sheet), *batch]
    with listening(certificate(OURS, "localhost")) as door, listening(None) as proxy:
        done = subprocess.run(
            [sys.executable, "-m", "batcher", command, *arguments],
            cwd=tmp_path,
            env=_told_otherwise(tmp_path, door, proxy),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    said = f"{done.stdout}{done.stderr}"
    assert done.returncode == (0 if command == "plan" else 6), said  # a plan is made from what is known
    assert f"cannot be reached safely at {door.url('localhost')}" in said
    assert "Traceback" not in said
    assert "canary" not in said
    assert (door.heard, proxy.heard) == (b"", b"")


def _told_otherwise(folder: Path, door: Listener, proxy: Listener) -> dict[str, str]:
    authority = folder / "authority.pem"
    OURS.cert_pem.write_to_path(str(authority))
    kept = {name: value for name, value in os.environ.items() if name.upper() != "NO_PROXY"}
    told = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(authority))
    told |= dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY"), proxy.url(scheme="http").removesuffix("/v2"))
    return kept | {
        **told,
        "PYTHONHTTPSVERIFY": "0",
        "RUNA_API_KEY": KEY,
        "BATCHER_API__BASE_URL": door.url("localhost"),
        "BATCHER_API__TIMEOUT_S": "5",
        "BATCHER_LEDGER__URL": f"sqlite:///{folder}/ledger.sqlite3",
        "BATCHER_RETRY__ATTEMPTS": "2",
        "BATCHER_RETRY__MIN_WAIT_S": "0.05",
        "BATCHER_RETRY__MAX_WAIT_S": "0.1",
    }
