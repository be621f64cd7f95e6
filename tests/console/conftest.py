"""A stack and a browser for each worker; a tenant of its own for each test, so that none sees another's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import count

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.stack import Stack
from tests.console.chromium import ARGUMENTS, find
from tests.console.people import Person, at_the_console

_NUMBERS = count(1)
_SERVICES_ELSEWHERE = ("DATABASE_URL", "DATABASE_OWNER_URL", "AWS_ENDPOINT_URL")

Console = Callable[..., Person]
"""`console("operador")` opens a browser for a person of the test's tenant; `tenant=` names another one."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The real stack, up."""
    stack = Stack(tmp_path_factory.mktemp("console"), report=lambda _: None)
    # Only while it starts: other tests of this worker use the services that these name.
    with pytest.MonkeyPatch.context() as patch:
        for name in _SERVICES_ELSEWHERE:
            patch.delenv(name, raising=False)
        stack.up()
    try:
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    program = find()
    assert program is not None, "no Chromium: `python -m tests.console.chromium` finds or installs one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def tenant() -> str:
    """A tenant that nobody else has."""
    return f"console-{next(_NUMBERS)}"


@pytest.fixture
def console(browser: Browser, stack: Stack, tenant: str) -> Iterator[Console]:
    """Opens a browser for a person of a group."""
    with ExitStack() as opened:

        def open_for(group: str = "operador", *, tenant: str = tenant) -> Person:
            person: AbstractContextManager[Person] = at_the_console(browser, stack, tenant, group)
            return opened.enter_context(person)

        yield open_for


@pytest.fixture
def person(console: Console) -> Person:
    """An operator of the test's tenant."""
    return console("operador")
