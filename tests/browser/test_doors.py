"""What a browser does at the doors: it is the one that keeps half of what they promise."""

import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_code_and_styles_that_are_not_ours_are_not_run(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        page.evaluate(
            """() => {
                const code = document.createElement("script");
                code.textContent = "window.ran = true";
                const style = document.createElement("style");
                style.textContent = "h1 { color: rgb(1, 2, 3) }";
                document.body.append(code, style);
                document.body.insertAdjacentHTML("beforeend", '<img src="x" onerror="window.ran = true">');
            }"""
        )
        assert page.evaluate("window.ran") is None
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(1, 2, 3)"
        assert any("Content Security Policy" in one for one in visitor.complaints)
        visitor.complaints.clear()


def test_the_cookie_is_out_of_reach_of_code(visit: Visit) -> None:
    with visit() as visitor:
        assert visitor.page.evaluate("document.cookie") == ""
        (cookie,) = visitor.page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_another_page_can_neither_build_ours_in_nor_send_our_forms(visit: Visit) -> None:
    with visit() as visitor:
        ours, other = visitor.page.url, visitor.page.context.new_page()
        other.route("http://evil.example/", lambda route: route.fulfill(body=_evil(ours), content_type="text/html"))
        other.goto("http://evil.example/")
        other.wait_for_selector("iframe")
        assert "Pay a sheet" not in other.frame_locator("iframe").locator("body").inner_text()
        with other.expect_navigation():
            other.click("button")
        assert "sent by another page" in other.locator("body").inner_text()
        assert visitor.page.goto(ours)
        assert visitor.page.get_by_role("button", name="Sign out").count() == 1


def _evil(ours: str) -> str:
    return f'<iframe src="{ours}"></iframe><form method="post" action="{ours}leave"><button>win</button></form>'


def test_without_the_link_nobody_gets_in(visit: Visit) -> None:
    with visit() as visitor:
        visitor.page.context.clear_cookies()
        visitor.page.goto(visitor.page.url)
        assert visitor.page.url.endswith("/enter")
        assert "from the terminal" in visitor.page.get_by_role("heading", level=1).inner_text()
