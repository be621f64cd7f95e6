"""A person at the console: a browser signed in to the real stack, watched for what no page may do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, Page, expect

from local.rest import Rest
from local.stack import Stack

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
WIDE, NARROW = 1280, 360
_HEIGHT = 800
THEMES = ("claro", "escuro")
# Waiting ends as soon as what is awaited is there; a busy machine may take its time.
_PATIENCE_MS = 30_000
expect.set_options(timeout=_PATIENCE_MS)
# Names, campos, file names and replies of a person who means harm.
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


class Person:
    """Somebody of a tenant in a browser of their own; `page` is Playwright's page, `rest` calls the API as they may."""

    def __init__(self, page: Page, stack: Stack, tenant: str, group: str) -> None:
        self.page = page
        self.tenant = tenant
        self.group = group
        self.stack = stack
        self.rest = Rest(stack.url("api"), stack.token(tenant, [group]))
        self._origins = {stack.url("api"), stack.url("aws")}
        self._wrong: list[str] = []
        page.set_default_timeout(_PATIENCE_MS)
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self._wrong.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url))

    def go(self, path: str) -> Page:
        """Open a page of the console by its address, such as `leads?status=novo`, and wait until it is shown."""
        address = f"{self.stack.url('api')}/#/{path}"
        if urlsplit(self.page.url).scheme == "http":
            self.page.evaluate("address => { location.hash = address }", f"#/{path}")
        else:
            self.page.goto(address)
            if (
                self.page.locator("#tenant").or_(self.page.locator("main#conteudo")).first.get_attribute("id")
                == "tenant"
            ):
                self.sign_in()
        expect(self.page.locator("main h1")).to_be_visible()
        self.settled()
        return self.page

    def sign_in(self) -> None:
        """Fill in the page of the local identity provider."""
        self.page.fill("#tenant", self.tenant)
        self.page.check(f"input[name=grupo][value={self.group}]")
        self.page.click("button[type=submit]")

    def settled(self) -> None:
        """Wait until nothing on the page is loading any more."""
        expect(self.page.locator("main .loading")).to_have_count(0)
        expect(self.page.locator("main [aria-busy=true]")).to_have_count(0)

    def keys(self, *names: str) -> None:
        """Press keys one after another: `g`, `l`, `ArrowDown`, `Enter`."""
        for name in names:
            self.page.keyboard.press(name)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self.page.keyboard.type(text)

    def tab_to(self, selector: str, most: int = 80) -> None:
        """Press Tab until an element has the focus, as somebody without a mouse does.

        Raises:
            AssertionError: it cannot be reached.
        """
        wanted = self.page.locator(selector).first
        expect(wanted).to_be_visible()
        for _ in range(most):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {selector}")

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Be without a network; what the browser itself says of that is no fault of the page."""
        self.page.context.set_offline(True)
        try:
            yield
        finally:
            self.page.context.set_offline(False)
            self._wrong = [each for each in self._wrong if "ERR_INTERNET_DISCONNECTED" not in each]

    def violations(self, *rules: str) -> list[str]:
        """What axe-core finds on the page as it is now, by all its rules or by some: the rule, how bad, and where."""
        # By the protocol of the browser, so that the page's own policy need not allow it.
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_axe())
        only = {"runOnly": list(rules)} if rules else {}
        found: dict[str, Any] = self.page.evaluate(
            "options => axe.run(document, options)", {"resultTypes": ["violations"], **only}
        )
        return [
            f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def look(self, theme: str = "claro", width: int = WIDE) -> None:
        """See the page in a theme and a width."""
        self.page.set_viewport_size({"width": width, "height": _HEIGHT})
        self.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)

    def check_access(self) -> None:
        """Check the page in both themes and widths: nothing that axe-core finds, nothing wider than the window."""
        found = {}
        for width in (WIDE, NARROW):
            for theme in THEMES:
                self.look(theme, width)
                # A theme changes nothing but colours.
                found[f"{theme} {width}"] = self.violations(*(["color-contrast"] if theme == "escuro" else []))
            overflow = self.page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, f"the page is {overflow} px wider than {width} px: {self.page.url}"
        self.look()
        assert not any(found.values()), json.dumps(found, indent=1, ensure_ascii=False)

    def check_harmless(self) -> None:
        """Check that nothing ran or was refused that should not: errors, other origins, a script of a name."""
        assert self.page.evaluate("() => window.hacked") is None
        assert self._wrong == []

    def _said(self, kind: str, text: str) -> None:
        # The browser notes each answer of 400 and above itself; tests look for what the page makes of it.
        if kind in {"error", "warning"} and "the server responded with a status of" not in text:
            self._wrong.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and f"{parts.scheme}://{parts.netloc}" not in self._origins:
            self._wrong.append(f"left the origin: {parts.scheme}://{parts.netloc}")


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


@contextmanager
def at_the_console(
    browser: Browser, stack: Stack, tenant: str, group: str = "operador", *, options: Mapping[str, Any] | None = None
) -> Iterator[Person]:
    """A person in a fresh browser profile; at the end, the page must have done nothing that it may not."""
    context = browser.new_context(
        viewport={"width": WIDE, "height": _HEIGHT}, locale="pt-BR", timezone_id="America/Sao_Paulo", **(options or {})
    )
    try:
        person = Person(context.new_page(), stack, tenant, group)
        with person.rest:
            yield person
        person.check_harmless()
    finally:
        context.close()
