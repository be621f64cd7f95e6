"""Writes every page of the console, in both widths and themes: `python -m tests.console.screenshots [PAGE…]`.

Each module of `tests/console/shots/` brings a page into the states that are worth seeing, and yields a name for each.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from local.project import ROOT
from local.stack import Stack
from tests.console.chromium import ARGUMENTS, find
from tests.console.people import NARROW, THEMES, WIDE, Person, at_the_console

OUT = ROOT / ".local" / "screenshots"
_SHOTS = Path(__file__).with_name("shots")
# Shown to people, so the name of a company; each page has its own, and none sees another's rows.
_TENANT = "acme"


def pages() -> list[str]:
    """The names of the pages that have shots."""
    return sorted(file.stem for file in _SHOTS.glob("*.py"))


def take(person: Person, name: str) -> Iterator[Path]:
    """Write the page as it is now, in each width and theme."""
    for width in (WIDE, NARROW):
        for theme in THEMES:
            person.look(theme, width)
            person.settled()
            path = OUT / f"{name}-{width}-{theme}.png"
            _whole(person.page, path)
            yield path
    person.look()


def _whole(page: Page, path: Path) -> None:
    # A window of the page is larger than what lies behind it: the visible part is the picture then.
    page.screenshot(path=path, full_page=page.locator("dialog[open]").count() == 0)


def main(chosen: Sequence[str]) -> None:
    """Take the shots of some pages, or of all."""
    unknown = sorted(set(chosen) - set(pages()))
    if unknown:
        sys.exit(f"no such page: {', '.join(unknown)}; there are {', '.join(pages())}")
    program = find()
    if program is None:
        sys.exit("no Chromium: `python -m tests.console.chromium` installs one")
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="screenshots-"))
    stack = Stack(folder, report=lambda _: None)
    stack.up()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
            for number, page in enumerate(chosen or pages()):
                shots = import_module(f"tests.console.shots.{page}").shots
                tenant = _TENANT if number == 0 else f"{_TENANT}-{page.replace('_', '-')}"
                with at_the_console(browser, stack, tenant, "admin") as person:
                    for name in shots(person):
                        for path in take(person, name):
                            print(path.relative_to(ROOT))
            browser.close()
    finally:
        stack.down()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
