"""An `aws` for the PATH: it notes what it is asked, and answers from a table; the rest does not exist."""

from __future__ import annotations

import json
import os
import stat
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.deploy.conftest import PROJECT

_PROGRAM = """#!{python}
import json, sys
asked = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(asked) + "\\n")
table = json.load(open({table!r}))
line = " ".join(asked)
key = max((each for each in table if line.startswith(each)), key=len, default=None)
if key is None:
    sys.exit(f"An error occurred: {{line}} does not exist")
answer = table[key] or {{}}
if "_fails" in answer:
    sys.exit(answer["_fails"])
if "_writes" in answer:
    json.dump(answer["_writes"], open(line.removesuffix(" --output json").split()[-1], "w"))
if "_then" in answer:
    json.dump(table | answer["_then"], open({table!r}, "w"))
said = {{name: each for name, each in answer.items() if not name.startswith("_")}}
if said:
    print(json.dumps(said))
"""


class FakeAws:
    """The program in a folder. `table` maps the beginning of a command, the longest that fits, to its answer.

    In an answer, `_writes` goes to the file that is the last argument, `_fails` is the reason of a failure, and
    `_then` changes the table for the commands that follow.
    """

    def __init__(self, folder: Path) -> None:
        self.table: dict[str, Any] = {}
        self._log, self._table = folder / "asked", folder / "table.json"
        self.bin = folder / "bin"
        self.bin.mkdir()
        program = self.bin / "aws"
        text = _PROGRAM.format(python=sys.executable, log=str(self._log), table=str(self._table))
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def environment(self, **more: str) -> dict[str, str]:
        """An environment in which `aws` is this one; the table is that of now."""
        self._table.write_text(json.dumps(self.table))
        self._log.unlink(missing_ok=True)
        return {**os.environ, "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", **more}

    def asked(self) -> list[list[str]]:
        """The arguments of each command since `environment`, in their order."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []


def deploy(aws: FakeAws, folder: Path, *arguments: str, **environment: str) -> Result:
    """Run `template-extras/deploy.py` in a folder, with this `aws`. In this process: its imports take seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PROJECT / "template-extras")
        patch.chdir(folder)
        for name, value in aws.environment(**environment).items():
            patch.setenv(name, value)
        return CliRunner().invoke(import_module("deploy").main, arguments)
