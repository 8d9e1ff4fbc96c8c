"""The page in a real browser: Debian's Chromium, driven by Playwright, at a server in a process of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.serving import PageServer
    from tests.browser.visitor import Visitor
    from tests.process.house import SandboxProcess

Visit = Callable[..., AbstractContextManager["Visitor"]]
LATENCY = {"latency_min_s": 0.05, "latency_max_s": 0.1}
"""Of the sandbox that most tests here pay at."""


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

    return partial(visiting, browser, cookies_of(browser, link), link.partition("enter")[0])


@pytest.fixture(scope="session")
def quick(browser: "Browser") -> "Iterator[SandboxProcess]":
    """A sandbox that answers in a moment, and slowly enough for somebody to press a button."""
    from tests.process.house import SandboxProcess

    with SandboxProcess(rate="none", complete_max_s=0.3, **LATENCY) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, quick: "SandboxProcess") -> "Iterator[PageServer]":
    """A server where one person pays at that sandbox, for all tests."""
    from tests.browser.serving import PageServer
    from tests.process.house import House

    with PageServer(House(tmp_path_factory.mktemp("paying"), quick, duplicates__window_days=1)) as started:
        yield started


@pytest.fixture(scope="session")
def come(server: "PageServer", browser: "Browser") -> Visit:
    """Opens the first page of `server`, as `visit` does."""
    from tests.browser.visitor import visiting

    return partial(visiting, browser, cookies_of(browser, str(server.link)), f"{server.url}/")


def cookies_of(browser: "Browser", link: str) -> list[dict[str, object]]:
    """What a browser holds that has opened the link."""
    from tests.browser.visitor import PATIENCE_MS

    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    context.new_page().goto(link)
    cookies: list[dict[str, object]] = [{**cookie} for cookie in context.cookies()]
    context.close()
    return cookies
