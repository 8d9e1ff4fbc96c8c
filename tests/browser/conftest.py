from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.visitor import Visitor

Visit = Callable[..., AbstractContextManager["Visitor"]]


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One browser for all tests."""
    pytest.importorskip("playwright", reason="Playwright is not installed")
    from tests.browser.serving import CHROMIUM, chromium

    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; on Debian it is the package chromium")
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def link(tmp_path_factory: pytest.TempPathFactory, browser: "Browser") -> Iterator[str]:
    """The one-time link of one server, for all tests."""
    from tests.browser.serving import served

    with served(tmp_path_factory.mktemp("served")) as opened:
        yield opened


@pytest.fixture(scope="session")
def visit(link: str, browser: "Browser") -> Visit:
    """Opens the first page in a context of its own; the link was used once, for all of them."""
    from tests.browser.visitor import visiting

    context = browser.new_context()
    context.new_page().goto(link)
    cookies = [dict(cookie) for cookie in context.cookies()]
    context.close()
    return partial(visiting, browser, cookies, link.partition("enter")[0])
