"""The readers of our contract: Redocly and Spectral find nothing to say about it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from chalicelib.api.openapi import document
from local.project import load_app
from tests.peers.environments import node
from tests.peers.trials import Result

LINTERS = ("@redocly/cli@2.77.0", "@stoplight/spectral-cli@6.16.3")
_REDOCLY = ["@redocly/cli/bin/cli.js", "lint", "openapi.json", "--format=github-actions"]
_SPECTRAL = ["@stoplight/spectral-cli/dist/index.js", "lint", "openapi.json", "--format=text", "--fail-severity=hint"]


def contract_linters(folder: Path) -> Iterator[Result]:
    """Lint the contract with every rule that its authors recommend, each as an error."""
    tools, modules = node("contract", *LINTERS)
    folder.joinpath("openapi.json").write_text(json.dumps(document(load_app())), encoding="utf-8")
    folder.joinpath("redocly.yaml").write_text("extends: [recommended-strict]\n", encoding="utf-8")
    folder.joinpath(".spectral.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    for name, (program, *arguments) in (("redocly", _REDOCLY), ("spectral", _SPECTRAL)):
        yield _linted(folder, name, [str(tools / "node"), str(modules / program), *arguments])


def _linted(folder: Path, name: str, command: Sequence[str]) -> Result:
    # Neither asks its maker for anything.
    environ = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    said = "\n".join((done.stdout + done.stderr).strip().splitlines()[:20])
    return Result(name, "the whole contract", f"exit status {done.returncode}", "", said if done.returncode else "")
