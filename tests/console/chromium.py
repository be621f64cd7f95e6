"""Finds a Chromium for the tests of the console, or installs one; `python -m tests.console.chromium` says which."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox, because tests also run as root; and nothing that would ask other hosts.
ARGUMENTS = (
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=pt-BR",
)  # fmt: skip


class NoChromium(Exception):
    """There is none, and none can be installed; the text says what was tried."""


def find() -> str | None:
    """The program of a Chromium on this machine: of the system, or one that Playwright has downloaded before."""
    given = os.environ.get("CHROMIUM")
    return given or next(filter(None, map(shutil.which, _NAMES)), None) or _downloaded()


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it starts a program of its own

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None  # noqa: PTH110 - a string is what Playwright takes


def install() -> str:
    """Install one, from Debian's packages or else by Playwright's own download.

    Raises:
        NoChromium: neither works.
    """
    # Without a font, nothing that is drawn can be read, or has the width that people see.
    apt = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    as_root = ["env"] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    as_root = [*as_root, "DEBIAN_FRONTEND=noninteractive"]
    tries = [[*as_root, "apt-get", "update"], [*as_root, *apt]] if shutil.which("apt-get") else []
    said = []
    for command in (*tries, [sys.executable, "-m", "playwright", "install", "chromium"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:  # there is no sudo
            said.append(str(error))
            continue
        said += [(done.stderr or done.stdout).strip()[-300:]] if done.returncode else []
        if (found := find()) is not None:
            return found
    raise NoChromium("the console's tests need Chromium, and it cannot be installed: " + " | ".join(said))


def main() -> None:
    """Print which Chromium the tests will use."""
    found = find()
    if found is None:
        print("Installing Chromium for the console's tests, once.", flush=True)
        try:
            found = install()
        except NoChromium as error:
            sys.exit(str(error))
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    print(f"The console is tested in {found}: {version}")


if __name__ == "__main__":
    main()
