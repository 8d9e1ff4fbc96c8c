"""Addresses: the short way never differs from the library, and what nobody meant to write is named."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES, EMAIL_MAX_LENGTH
from hypothesis import example, given
from hypothesis import strategies as st

from batcher.intake.meaning.emails import (
    LOWERED_MAILBOXES,
    MAX_LENGTH,
    NOT_PLAIN_PATTERN,
    PLAIN_PATTERN,
    RESERVED_NAMES,
    plain,
    read_email,
)
from batcher.intake.meaning.providers import likely_meant
from tests.intake.sheets import UNHURRIED

_PARTS = [
    "a",
    "Z",
    "7",
    "-",
    "--",
    ".",
    "..",
    "xn--",
    "_",
    "+",
    "'",
    "com",
    "test",
    "invalid",
    "LOCALHOST",
    "ü",
    " ",
    "\n",
]
_LOCALS = st.one_of(st.text("aB0.+-_'!", min_size=1, max_size=66), st.sampled_from(["INFO", "Info", "info", "www"]))
_DOMAINS = st.lists(st.sampled_from(_PARTS), min_size=1, max_size=8).map("".join)
_NAMES = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,8}(\.[a-z0-9](-?[A-Z0-9]){0,8}){1,3}", fullmatch=True)
_WRITTEN = st.one_of(
    st.emails(),
    st.builds("{}@{}".format, _LOCALS, st.one_of(_DOMAINS, _NAMES)),
    st.from_regex(PLAIN_PATTERN),
)


def test_what_the_library_treats_apart_is_known_before_it_is_imported() -> None:
    assert set(SPECIAL_USE_DOMAIN_NAMES) <= set(RESERVED_NAMES)
    assert set(CASE_INSENSITIVE_MAILBOX_NAMES) <= set(LOWERED_MAILBOXES)
    assert EMAIL_MAX_LENGTH >= MAX_LENGTH


def by_the_library(text: str) -> str | None:
    try:
        return validate_email(text, check_deliverability=False, test_environment=False).normalized
    except EmailNotValidError:
        return None


@UNHURRIED
@given(_WRITTEN)
@example("INFO@example.com")
@example("ann@ab--cd.example.com")
@example("a" * 64 + "@example.com")
@example("a" * 65 + "@example.com")
@example(f"ann@{'a' * 63}.com")
@example(f"ann@{'a' * 64}.com")
@example("ann@" + "a." * 124 + "aa")
@example("ann@" + "a." * 125 + "aa")
@example("ann@example.com\n")
def test_a_plain_address_is_what_the_library_makes_of_it(text: str) -> None:
    if plain(text):
        local, _, domain = text.partition("@")
        assert by_the_library(text) == f"{local}@{domain.lower()}" == read_email(text)[0]


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.com",
        "Ann.Smith+1@Mail.Example.CO.UK",
        "o'brien_7@a-b.example.org",
        "a" * 64 + "@" + "b" * 63 + ".com",
    ],
)
def test_what_is_plain(text: str) -> None:
    assert plain(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "ann@example", "ann@x.test", "ann@x.invalid", "ann@LOCALHOST", "ann@a.localhost", "ann@x.onion",
        "ann@x.local", "ann@1.arpa", "ann@1.2.3.4", "ann@example.c0", "a" * 65 + "@example.com", "ann@ab--cd.com",
        "ann@xn--mller-kva.com", "Info@example.com", "a..b@example.com", ".a@example.com", "a.@example.com",
        "ann@-a.com", "ann@a-.com", "ann@a..com", "ann@" + "a" * 64 + ".com", "ann@" + "a." * 125 + "aa",
        "zoë@example.com", "ann@müller.com", "ann@example.com\n", "ann@example.com.", "a@b@example.com", "ann @x.com",
    ],
)  # fmt: skip
def test_what_is_put_to_the_library(text: str) -> None:
    assert not plain(text)


@UNHURRIED
@given(st.lists(_WRITTEN))
def test_arrow_finds_the_same_plain_addresses(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    matching = pc.match_substring_regex(column, PLAIN_PATTERN)
    excepted = pc.match_substring_regex(column, NOT_PLAIN_PATTERN)
    short = pc.less_equal(pc.utf8_length(column), MAX_LENGTH)
    found = pc.and_(pc.and_(matching, pc.invert(excepted)), short)
    assert found.to_pylist() == [plain(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("o\u2019brien@example.com", "it contains U+2019, a curly apostrophe"),
        ("\u201cann@example.com\u201d", "it contains U+201C, a curly quote"),
        ("ann\u2013b@example.com", "it contains U+2013, an en dash"),
        ("ann@exam\u200bple.com", "it contains U+200B, a zero-width space"),
        ("ann\u00a0@example.com", "it contains U+00A0, a no-break space"),
        ("\ufeffann@example.com", "it contains U+FEFF, a byte order mark, which nobody sees"),
        ("ann@ex\u00adample.com", "it contains U+00AD, a soft hyphen"),
        ("ann\uff20example.com", "it contains U+FF20, a full-width @"),
        ("ann@\uff45xample.com", "it contains U+FF45, a fullwidth latin small letter e"),
        ("ann@example\u3002com", "it contains U+3002, an ideographic full stop"),
        ("ann@example.com\n", "it contains U+000A, a line end"),
        ("ann@example.com.", "it ends with a full stop"),
        ("ann@example.com,", "it ends with a comma"),
        ("ann@example.com;", "it ends with a semicolon"),
        (".ann@example.com", "it begins with a full stop"),
        ('"ann@example.com"', "it begins with a quote"),
        ("mailto:ann@example.com", "it begins with mailto:"),
        ("Ann <ann@example.com>", "a name or brackets stand beside the address"),
        ("<ann@example.com>", "a name or brackets stand beside the address"),
        ("ann@example.com bob@example.com", "it holds two addresses"),
        ("ann@example.com;bob@example.com", "it holds two addresses"),
        ("ann@example.com, bob@example.com", "it holds two addresses"),
        ("Ann <ann@example.com>, Bob <bob@example.com>", "it holds two addresses"),
        ("ann @example.com", "a space stands in it"),
    ],
)
def test_what_nobody_meant_to_write_is_named_and_never_mended(text: str, reason: str) -> None:
    assert read_email(text) == (None, reason)


@UNHURRIED
@given(st.one_of(_WRITTEN, st.text()))
def test_an_address_that_is_read_is_the_one_that_was_written(text: str) -> None:
    address, reason = read_email(text)
    assert (address is None) == bool(reason)
    if address is not None and "xn--" not in text.lower() and text.isascii():
        assert address.lower() == text.lower()


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("GMAIL.CON", "gmail.com"),
        ("gmial.con", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmial.co.uk", "hotmail.co.uk"),
        ("hotmail.couk", "hotmail.co.uk"),
        ("yaho.com", "yahoo.com"),
        ("yaho.fr", "yahoo.fr"),
        ("outlok.com", "outlook.com"),
        ("icloud.co", "icloud.com"),
        ("aol.con", "aol.com"),
        ("protonmial.ch", "protonmail.ch"),
    ],
)
def test_a_slip_for_a_large_provider_is_seen(domain: str, meant: str) -> None:
    assert likely_meant(domain) == meant


_REAL = """
aol.com aol.co.uk att.net comcast.net facebook.com gmail.com gmx.com gmx.net gmx.de gmx.fr gmx.at
googlemail.com google.com hotmail.com hotmail.co.uk hotmail.fr hotmail.ch hotmail.de mac.com me.com mail.com
msn.com live.com live.co.uk live.fr live.nl sbcglobal.net verizon.net yahoo.com yahoo.co.uk yahoo.de yahoo.fr
yahoo.co.jp yahoo.com.br email.com games.com hush.com hushmail.com inbox.com lavabit.com love.com pobox.com
rocketmail.com safe-mail.net wow.com ygm.com ymail.com zoho.com fastmail.com fastmail.fm fmail.com
bellsouth.net charter.net cox.net earthlink.net juno.com btinternet.com virginmedia.com blueyonder.co.uk
ntlworld.com o2.co.uk orange.net sky.com talktalk.net talktalk.co.uk tiscali.co.uk virgin.net qq.com 163.com
126.com sina.com naver.com laposte.net wanadoo.fr orange.fr sfr.fr neuf.fr free.fr online.de t-online.de
web.de mail.ru rambler.ru yandex.ru yandex.com ya.ru skynet.be telenet.be icloud.com outlook.com outlook.fr
outlook.de proton.me protonmail.com pm.me tutanota.com mail.co.uk mail.de email.cz seznam.cz wp.pl o2.pl
onet.pl libero.it bluewin.ch bigpond.com example.com ao.com
"""


@pytest.mark.parametrize("domain", _REAL.split())
def test_a_real_provider_raises_no_alarm(domain: str) -> None:
    assert likely_meant(domain) is None
