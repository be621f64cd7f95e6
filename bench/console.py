"""Opens the console's page of leads in a browser, for a tenant with a million of them.

The stack is the local one, with all its parts. The browser has a profile that is signed in; each round loads the page
anew.

* `first_rows_ms`: from the moment in which one opens the address to the first row on the screen: the files, the sign-in
  that the provider's cookie answers, `GET /eu`, the list.
* `ratio_to_list`: its median, in that of the one request `GET /leads?limit=50` by the same API.
* `found_ms`: from the last letter of a name to its rows; 250 ms of it are the pause in which the page
  waits for another.
* `longest_task_ms`: the longest that the page was busy while somebody typed, so that a letter waited.

The table is also written to `.local/bench/console.json`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Page, sync_playwright

from bench.ground import TENANT, Result, publish
from bench.portfolio import insert_portfolio
from bench.tenants import copy_for_searches
from local.rest import Rest
from local.stack import Stack
from tests.console.chromium import ARGUMENTS, find

_PATIENCE_S = 600
# A fifth of the portfolio has it.
_NAME = "maria"
_ROW = "main table.list tbody tr"
_WATCH = """
window.longest = 0;
new PerformanceObserver(list => {
  for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration);
}).observe({type: "longtask", buffered: true});
"""

# The address says what is searched for; the rows are those of it once nothing is awaited any more.
_SHOWN = """([row, name]) => {
    const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
    const asked = [...query.values()].some(value => value.toLowerCase() === name);
    const rows = [...document.querySelectorAll(row)];
    const isThere = rows.length > 0 && !document.querySelector("main [aria-busy=true]");
    const isFound = rows.every(each => each.textContent.toLowerCase().includes(name));
    return isThere && (name ? asked && isFound : query.size === 0);
}"""


def measured(leads: int, rounds: int) -> Result:
    """Fill a stack, and open the page `rounds` times."""
    program = find()
    if program is None:
        raise SystemExit("no Chromium: `python -m tests.console.chromium` installs one")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = Stack(Path(folder), report=lambda _: None)
        stack.up()
        try:
            insert_portfolio(stack.owner_url(), TENANT, leads)
            _await_searches(stack)
            browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
            page = browser.new_page(locale="pt-BR")
            page.add_init_script(_WATCH)
            _sign_in(page, stack.url("api"))
            opened = [_open(page, stack.url("api")) for _ in range(rounds)]
            found, longest = zip(*(_search(page) for _ in range(rounds)), strict=True)
            listed = _list(stack, rounds)
            browser.close()
        finally:
            stack.down()
    return {
        "leads": leads,
        "rounds": rounds,
        "first_rows_ms": round(statistics.median(opened)),
        "first_rows_worst_ms": round(max(opened)),
        "list_ms": round(statistics.median(listed), 1),
        "ratio_to_list": round(statistics.median(opened) / statistics.median(listed), 1),
        "found_ms": round(statistics.median(found)),
        "longest_task_ms": round(max(longest)),
    }


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/#/leads")
    page.fill("#tenant", TENANT)
    page.click("button[type=submit]")
    page.locator(_ROW).first.wait_for()


def _open(page: Page, url: str) -> float:
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(f"{url}/#/leads", wait_until="commit")
    page.locator(_ROW).first.wait_for()
    return (time.perf_counter() - began) * 1000


def _await_searches(stack: Stack) -> None:
    """Wait until the copy for searches has begun: the sweep of the stack makes it as well, and one at a time does."""
    deadline = time.monotonic() + _PATIENCE_S
    with Rest(stack.url("api"), stack.token(TENANT)) as rest:
        while not rest.ask("GET", "/leads", params={"q": _NAME, "limit": 1})["itens"]:
            if time.monotonic() > deadline:
                raise SystemExit("the leads cannot be searched for")
            copy_for_searches(stack.owner_url())
            time.sleep(1)


def _search(page: Page) -> tuple[float, float]:
    """Type a name letter by letter; the milliseconds until its rows are there, and the longest task meanwhile."""
    search = page.locator("main [data-search]")
    search.fill("")
    page.wait_for_function(_SHOWN, arg=[_ROW, ""])
    page.evaluate("() => { window.longest = 0 }")
    search.press_sequentially(_NAME, delay=40)
    began = time.perf_counter()
    page.wait_for_function(_SHOWN, arg=[_ROW, _NAME])
    return (time.perf_counter() - began) * 1000, page.evaluate("() => window.longest")


def _list(stack: Stack, rounds: int) -> list[float]:
    times = []
    with Rest(stack.url("api"), stack.token(TENANT)) as rest:
        for _ in range(rounds):
            began = time.perf_counter()
            answer: dict[str, Any] = rest.ask("GET", "/leads", params={"limit": 50})
            times.append((time.perf_counter() - began) * 1000)
            assert answer["itens"]
    return times


@click.command()
@click.option("--leads", default=1_000_000, show_default=True)
@click.option("--rounds", default=15, show_default=True, help="of each measurement")
def main(leads: int, rounds: int) -> None:
    """Measure, print a table, write it as JSON."""
    publish("console", f"{leads:,} leads", measured(leads, rounds))


if __name__ == "__main__":
    main()
