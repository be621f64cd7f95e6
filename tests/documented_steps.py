"""The steps of a Markdown page: its fenced blocks, and the commands that a shell makes of them."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import botocore.model
from botocore import xform_name

_FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# `aws` and its neighbours write their arguments down instead of doing anything.
_RECORDING = r"""
record() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@" >> "$COMMANDS"; }
aws() { record aws "$@"; }
make() { record make "$@"; }
curl() { record curl "$@"; }
"""
_OF_THE_CLIENT = {"cli-binary-format", "query", "output"}
"""Options of the AWS CLI itself."""


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, in the order of the page."""
    return [textwrap.dedent(text) for _, kind, text in _FENCED.findall(page.read_text("utf-8")) if kind == language]


def commands(script: str, variables: Mapping[str, str], folder: Path) -> list[list[str]]:
    """Return the commands of a script as bash reads them, with these variables."""
    record = folder / "commands"
    record.write_text("")
    subprocess.run(
        ["bash", "-euc", _RECORDING + script],
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "COMMANDS": str(record), **variables},
        check=True,
    )
    return [json.loads(line) for line in record.read_text().splitlines()]


def run_aws(client: Any, operation: str, arguments: Sequence[str]) -> Any:
    """Run a command of the AWS CLI with a client of boto3; the arguments are those after `aws SERVICE OPERATION`.

    Raises:
        KeyError: the operation has no such option.
    """
    method = operation.replace("-", "_")
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    members = {xform_name(name, "-"): (name, shape) for name, shape in model.input_shape.members.items()}
    params = {}
    for option, values in options_of(arguments).items():
        if option in _OF_THE_CLIENT:
            continue
        name, shape = members[option]
        params[name] = _value(shape, values)
    return getattr(client, method)(**params)


def options_of(arguments: Sequence[str]) -> dict[str, list[str]]:
    """Return the values of each `--option`."""
    found: dict[str, list[str]] = {}
    option = ""
    for each in arguments:
        if each.startswith("--"):
            option = each.removeprefix("--")
            found[option] = []
        else:
            found[option].append(each)
    return found


def _value(shape: botocore.model.Shape, values: list[str]) -> Any:
    match shape.type_name:
        case "list":
            return [_value(shape.member, [each]) for each in values]
        case "structure":
            return _shorthand(shape, values[0])
        case "boolean":
            return values[0].lower() == "true"
        case "string":
            [text] = values
            return Path(text.removeprefix("file://")).read_text() if text.startswith("file://") else text
    raise TypeError(f"{shape.type_name} is not supported yet")


def _shorthand(shape: botocore.model.StructureShape, text: str) -> dict[str, Any]:
    """Return `Name=a,Inner={Least=1,Most=2}` as a dict."""
    parts = re.findall(r"(\w+)=(\{[^}]*\}|[^,]*)", text)
    return {name: _value(shape.members[name], [value.strip("{}")]) for name, value in parts}
