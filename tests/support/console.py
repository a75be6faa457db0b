"""The console's visitors: people who sign in by their link, over Flask's client or in a real Chromium."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from werkzeug.test import Client, TestResponse

from bot.domain import Person
from tests.support.program import Program

LIN = Person("terminal", "local", "lin", "lin")
ANN = Person("slack", "T1", "U1", "Ann")
BOB = Person("slack", "T1", "U2", "Bob")
EVE = Person("slack", "T2", "U1", "Eve")
ORIGIN = "http://127.0.0.1:8000"
_ICON = "/console/static/mark."
# Of what is right only the count is wanted: finding out all about it is most of the work.
_AXE_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
# All that a colour can do wrong.
_AXE_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


def link_for(program: Program, person: Person) -> str:
    """The path of a one-time link for this person."""
    return f"/console/sign-in/{program.app.logins.new_link(person)}"


class Visitor:
    """One browser of one person, without a screen: cookies, and the token of the last page."""

    def __init__(self, program: Program, origin: str = ORIGIN) -> None:
        self.client = Client(program.app.flask)
        self.origin = origin
        self.token = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._noting(self.client.get(path, base_url=self.origin, headers=headers))

    def post(self, path: str, headers: Mapping[str, str] | None = None, /, **fields: Any) -> TestResponse:
        """A form of ours; `token=""` sends one without."""
        data = {"token": self.token, **fields}
        asked = self.client.post(path, base_url=self.origin, data=data, headers=dict(headers or {}))
        return self._noting(asked)

    def sign_in(self, program: Program, person: Person) -> Visitor:
        path = link_for(program, person)
        assert self.get(path).status_code == 200
        assert self.post(path).status_code == 303
        self.get("/console/logins")
        return self

    def _noting(self, response: TestResponse) -> TestResponse:
        if found := _TOKEN.findall(response.text):
            self.token = found[-1]
        return response


def a_visitor(program: Program, person: Person, origin: str = ORIGIN) -> Visitor:
    """Somebody who is signed in."""
    return Visitor(program, origin).sign_in(program, person)


@contextmanager
def a_chromium() -> Iterator[Browser]:
    """The system's browser. Where none is installed the test is skipped, but never in the build."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing = "no Chromium is installed (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Tab:
    """A page in a browser that is signed in. `complaints` is what its console had to say against us."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def write_down(self, request: Request) -> None:
        """Keep its address, but for the icon's: a browser fetches that when it likes."""
        if _ICON not in request.url:
            self.requests.append(request.url)

    def open(self, path: str) -> None:
        self.page.goto(self.origin + path)

    def barriers(self) -> list[tuple[str, ...]]:
        """The violations that axe-core finds here. Our policy does not let it in: bypass that in the tab."""
        self.page.evaluate(axe_source())
        return self._against(_AXE_RULES)

    def barriers_in_the_dark(self) -> list[tuple[str, ...]]:
        """The violations of the dark colours, of a page that was checked in the light ones."""
        self.page.emulate_media(color_scheme="dark")
        found = self._against(_AXE_COLOURS)
        self.page.emulate_media(color_scheme="light")
        return found

    def _against(self, rules: dict[str, Any]) -> list[tuple[str, ...]]:
        found = self.page.evaluate("rules => axe.run(rules)", rules)["violations"]
        return [
            (self.page.url, one["id"], str(one["nodes"][0]["target"]), one["nodes"][0]["failureSummary"])
            for one in found
        ]

    def too_wide(self) -> int:
        """The width of the page beyond the screen, in pixels."""
        wide: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wide


@contextmanager
def a_tab(browser: Browser, program: Program, person: Person, **options: Any) -> Iterator[Tab]:
    """A new window in which this person signs in by their link."""
    context = browser.new_context(**options)
    try:
        tab = Tab(context.new_page(), program.app.url)
        tab.page.on("console", lambda said: tab.complaints.append(f"{said.type}: {said.text}"))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.on("request", tab.write_down)
        tab.open(link_for(program, person))
        tab.page.click("main button")
        yield tab
    finally:
        context.close()


def axe_source() -> str:
    """The checks of axe-core, as its package for Python brings them."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
