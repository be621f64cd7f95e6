"""Checks the types of the console's JavaScript against our own contract: `python -m tests.console.types`.

`openapi-typescript` makes types of the contract, and `tsc` reads the JSDoc of every module. Both come from the package
index, as the types of the vendored libraries do, in the versions of `console/vendor/vendor.json`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from chalicelib.api import openapi
from local.project import ROOT, load_app
from tests.peers.environments import NotInstalled, node

CONSOLE = ROOT / "console"
BUILD = ROOT / "build" / "console"
_TOOLS = ("openapi-typescript@7.13.0", "typescript@5.9.3")


def libraries() -> list[str]:
    """The vendored packages as npm names them, each once."""
    vendored = json.loads((CONSOLE / "vendor" / "vendor.json").read_text(encoding="utf-8"))
    return sorted({f"{each['package']}@{each['version']}" for each in vendored})


def contract(to: Path) -> None:
    """Write the contract as JSON."""
    to.write_text(json.dumps(openapi.document(load_app())), encoding="utf-8")


def check() -> int:
    """Make the types, then check; the exit status of `tsc`."""
    BUILD.mkdir(parents=True, exist_ok=True)
    runtime, modules = node("console", *_TOOLS, *libraries())
    link = BUILD / "node_modules"
    link.unlink(missing_ok=True)
    link.symlink_to(modules)
    contract(BUILD / "contract.json")
    run = str(runtime / "node")
    # Fields with a default need not be sent, and are always answered.
    made = [
        run, str(modules / "openapi-typescript" / "bin" / "cli.js"), str(BUILD / "contract.json"),
        "--default-non-nullable=false", "--output", str(BUILD / "contract.d.ts"),
    ]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    return subprocess.run(
        [run, str(modules / "typescript" / "bin" / "tsc"), "--project", str(CONSOLE)], check=False
    ).returncode


if __name__ == "__main__":
    try:
        sys.exit(check())
    except NotInstalled as error:
        sys.exit(f"the types of the console cannot be checked: {error}")
