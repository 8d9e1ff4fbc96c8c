"""Every answer tells the browser what it may do with it: pages, files, refusals and faults."""

import re
from pathlib import Path

import pytest

from batcher.web.app import STATIC
from batcher.web.doors.headers import HEADERS
from batcher.web.rendering import TEMPLATES
from tests.web.house import Desk

HTMX = {"htmx.min.js", "hx-sse.min.js"}


@pytest.mark.parametrize("path", ["/", "/enter", "/static/page.css", "/nothing-here", "/static/nothing-here"])
def test_every_answer_has_all_headers(desk: Desk, path: str) -> None:
    answer = desk.browser().get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_refusal_at_a_door_has_them_too(desk: Desk) -> None:
    answer = desk.browser().get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_nothing_but_our_own_files_may_be_run_or_loaded() -> None:
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy.pop("default-src") == policy.pop("frame-ancestors") == policy.pop("base-uri") == "'none'"
    assert set(policy.values()) == {"'self'"}


def test_pages_are_not_stored_and_files_are_asked_for_again(desk: Desk) -> None:
    browser = desk.signed_in()
    assert browser.get("/").headers["Cache-Control"] == "no-store"
    assert browser.get("/static/page.css").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_code_styles_or_anything_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)|hx-on|hx-vals=['\"]js", text)
    assert not re.search(r"(?:src|href|action)=[\"']?(?:https?:)?//", text)
    assert not re.search(r"\|\s*safe\b|autoescape", text)


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_our_own_files_load_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"https?://[^\s\"')]+", text)
    assert set(names) <= {"http://www.w3.org/2000/svg"}
    if path.suffix == ".js" and path.name not in HTMX:
        assert not re.search(r"innerHTML|\beval\b|document\.write|\.style\b", text)
