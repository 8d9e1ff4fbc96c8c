"""The picture in the README shows what `batcher demo` shows today."""

import html
import re

import pytest

from tests.docs.readme import ROOT
from tests.docs.terminal import demo, plain, remove_folder_of

PICTURE = ROOT / "docs" / "demo.svg"
_PIECE = re.compile(r'<text class="demo-r\d+" .*?line-(\d+)\)">(.*?)</text>', re.DOTALL)
_DIFFERS = re.compile(
    r"Journal: [0-9a-f]{16}|"
    r"127\.0\.0\.1:\d+|/tmp/batcher-demo-\w+|O-[0-9A-F]+|\d+ sent in the last minute|\d+-\d+-\d+ \d+:\d+ UTC|\s+"
)


def test_it_names_no_place_but_the_folder_of_the_demo() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    shown = html.unescape("".join(piece for _, piece in _PIECE.findall(text)))
    assert set(re.findall(r"/tmp/[\w-]+", shown)) == set(re.findall(r"/tmp/batcher-demo-\w+", shown))  # noqa: S108
    assert not re.search(r"/(?:home|root|Users|work)/", shown)
    assert set(re.findall(r"https?://[^/\" <]+", text)) == {"http://www.w3.org", "https://www.textualize.io"}


@pytest.mark.process
def test_it_is_what_the_demo_shows() -> None:
    recorded = demo()
    remove_folder_of(recorded)
    pieces = _PIECE.findall(PICTURE.read_text(encoding="utf-8"))
    drawn = "".join(html.unescape(piece) for _, piece in pieces).replace("\N{NO-BREAK SPACE}", " ")
    again = "`python -m tests.docs.terminal > docs/demo.svg` draws it anew"
    assert _DIFFERS.sub("", drawn) == _DIFFERS.sub("", plain(recorded)), again
