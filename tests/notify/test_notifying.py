"""What people are told of runs: to real servers, tried again until it arrives, and never in the way of a payment."""

import asyncio
import email
import email.policy
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from batcher.assembly import Office, Surroundings
from batcher.assembly.notifying import MOST_TRIES, Notifier, make_notifier
from batcher.clock import SystemClock
from batcher.errors import UsageError
from batcher.notices import Event, KeptNotice, NotDelivered, Notice
from batcher.outlets.apprised import AppriseOutlet
from batcher.outlets.hook import HookOutlet
from batcher.settings import Settings, load_settings
from tests.blank_ledger import lay_blank_ledger
from tests.notify.sinks import http_sink, mail_server
from tests.web.house import HandClock

SECRET = "whsec_" + "hunter2A" * 4


class Outlet:
    """Takes what it is given once it no longer fails."""

    name = "paper"

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.taken: list[str] = []

    async def send(self, kept: KeptNotice) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise NotDelivered("No paper.")
        self.taken.append(kept.notice.title)


def settings_in(folder: Path, **given: str) -> Settings:
    ledger = lay_blank_ledger(folder / "ledger.sqlite3")
    named = {"BATCHER_API__BASE_URL": "http://127.0.0.1:9/v2", "BATCHER_LEDGER__URL": f"sqlite:///{ledger}", **given}
    return load_settings(None, named, places=())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def office(tmp_path: Path, clock: HandClock) -> Iterator[Office]:
    with Office(settings_in(tmp_path), Surroundings(clock=clock)) as office:
        yield office


def notice(body: str = "12 rows.", event: Event = Event.FINISHED) -> Notice:
    return Notice(event=event, batch="march", title="Batch march is finished", body=body, figures={"exit_code": "0"})


def kept(one: Notice) -> KeptNotice:
    at = SystemClock().instant().at
    return KeptNotice(id=7, notice=one, outlet="x", made_at=at, tries=0, last_error="", given_up=False)


def test_no_link_no_address_and_no_key_is_in_one() -> None:
    body = notice(
        "See https://spend.runa.io/abc, spend.runa.io/b?c=d or ann.o'neill@example.com with wg.s3cret and whsec_abcdef."
    ).body
    for secret in ("://", "spend.runa.io/abc", "example.com", "s3cret", "abcdef"):
        assert secret not in body


def test_a_notice_is_delivered_once(office: Office) -> None:
    outlet = Outlet()
    notifier = Notifier(office, [outlet], tuple(Event))
    notifier.tell(notice())
    asyncio.run(notifier.deliver())
    asyncio.run(notifier.deliver())
    assert outlet.taken == ["Batch march is finished"]
    assert office.notices.undelivered(office.environment) == []


def test_what_was_not_asked_for_is_not_told(office: Office) -> None:
    notifier = Notifier(office, [Outlet()], [Event.NEEDS_PERSON])
    notifier.tell(notice())
    assert office.notices.undelivered(office.environment) == []


def test_what_is_not_taken_is_tried_again_later_and_is_seen_until_then(office: Office, clock: HandClock) -> None:
    outlet = Outlet(failures=4)
    notifier = Notifier(office, [outlet], tuple(Event))
    notifier.tell(notice())

    asyncio.run(notifier.deliver())
    (waiting,) = office.notices.undelivered(office.environment)
    assert (waiting.tries, waiting.last_error, waiting.given_up) == (1, "No paper.", False)
    asyncio.run(notifier.deliver())
    assert outlet.failures == 1, "not before its time"

    clock.now_s += timedelta(minutes=2).total_seconds()
    asyncio.run(notifier.deliver())
    assert outlet.taken == ["Batch march is finished"]
    assert office.notices.undelivered(office.environment) == []


def test_what_nobody_takes_is_given_up_and_still_seen(office: Office, clock: HandClock) -> None:
    notifier = Notifier(office, [Outlet(failures=10_000)], tuple(Event))
    notifier.tell(notice())
    for _ in range(MOST_TRIES + 1):
        asyncio.run(notifier.deliver())
        clock.now_s += 3600
    (given_up,) = office.notices.undelivered(office.environment)
    assert (given_up.tries, given_up.given_up) == (MOST_TRIES, True)


def test_one_outlet_that_fails_keeps_nothing_from_another(office: Office) -> None:
    outlet, broken = Outlet(), Outlet(failures=9)
    broken.name = "broken"
    notifier = Notifier(office, [broken, outlet], tuple(Event))
    notifier.tell(notice())
    asyncio.run(notifier.deliver())
    assert outlet.taken == ["Batch march is finished"]
    assert [one.outlet for one in office.notices.undelivered(office.environment)] == ["broken"]


def test_an_outlet_that_breaks_in_an_unforeseen_way_raises_nothing(office: Office) -> None:
    class Broken:
        name = "broken"

        async def send(self, kept: KeptNotice) -> None:
            raise ZeroDivisionError

    notifier = Notifier(office, [Broken()], tuple(Event))
    notifier.tell(notice())
    asyncio.run(notifier.deliver())
    assert len(office.notices.undelivered(office.environment)) == 1


def test_a_ledger_that_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    with Office(settings_in(tmp_path)) as office:
        (tmp_path / "ledger.sqlite3").write_bytes(b"no ledger any more" * 1000)
        notifier = Notifier(office, [Outlet()], tuple(Event))
        notifier.tell(notice())
        asyncio.run(notifier.deliver())


def test_a_webhook_is_signed_and_says_what_happened() -> None:
    with http_sink() as sink:
        asyncio.run(HookOutlet(sink.url, SecretStr(SECRET), SystemClock()).send(kept(notice())))
        (post,) = sink.posts
    Webhook(SECRET).verify(post.body, post.headers)
    said = json.loads(post.body)
    assert said["type"] == "batch.finished"
    assert said["data"] == {"batch": "march", "title": "Batch march is finished", "body": "12 rows.", "exit_code": "0"}


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_is_not_taken_is_not_delivered(status: int) -> None:
    with http_sink() as sink:
        sink.status = status
        with pytest.raises(NotDelivered, match=str(status)):
            asyncio.run(HookOutlet(sink.url, SecretStr(SECRET), SystemClock()).send(kept(notice())))


def test_a_mail_arrives_at_a_real_server() -> None:
    with mail_server() as box:
        address = SecretStr(
            f"mailto://127.0.0.1:{box.port}?from=batcher@example.com&to=finance@example.com&mode=insecure"
        )
        asyncio.run(AppriseOutlet(address).send(kept(notice())))
    mail = email.message_from_string(box.mails[0], policy=email.policy.default)
    assert mail["Subject"] == "Batch march is finished"
    assert "12 rows." in box.mails[0]


def test_a_mail_server_that_is_not_there_is_not_delivered_and_its_address_not_told() -> None:
    address = "mailto://ann:hunter2@127.0.0.1:9?from=batcher@example.com&to=finance@example.com&mode=insecure"
    outlet = AppriseOutlet(SecretStr(address))
    with pytest.raises(NotDelivered) as refused:
        asyncio.run(outlet.send(kept(notice())))
    assert "hunter2" not in f"{refused.value} {outlet.name}"
    assert outlet.name.startswith("mailto-")


def test_what_apprise_does_not_know_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError) as refused:
        AppriseOutlet(SecretStr("nonsense://hunter2"))
    assert "hunter2" not in str(refused.value)


def test_the_outlets_come_from_the_environment_or_from_files_for_their_owner(tmp_path: Path, office: Office) -> None:
    addresses = tmp_path / "addresses"
    addresses.write_text("# finance\nmailto://127.0.0.1?from=a@example.com&to=b@example.com\n")
    of = settings_in(tmp_path, BATCHER_NOTIFICATIONS__ADDRESSES_FILE=str(addresses))
    addresses.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        make_notifier(office, of, {})
    addresses.chmod(0o600)
    assert make_notifier(office, of, {}).has_outlets
    assert not make_notifier(office, settings_in(tmp_path), {}).has_outlets
    assert make_notifier(office, settings_in(tmp_path), {"APPRISE_URLS": "json://127.0.0.1:9/"}).has_outlets
    with pytest.raises(UsageError, match="NOTIFY_WEBHOOK_SECRET"):
        make_notifier(office, settings_in(tmp_path, BATCHER_NOTIFICATIONS__WEBHOOK_URL="https://ops.example.com/x"), {})
