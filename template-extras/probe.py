"""Checks in a fresh interpreter, with the unzipped package alone, that the app's modules import and its clients exist.

`python -I -S probe.py FOLDER`. Lazy imports are found in the source, because importing `app` does not run them: without
this check they would fail only when a customer's first message needs them.
"""

import ast
import importlib
import sys
from pathlib import Path


def imported_names(source: str) -> set[str]:
    """Return every module that a source imports by an absolute name, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def named_services(source: str) -> set[str]:
    """Return every AWS service whose client a source asks for by a literal name: `aws.client("s3")`."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args)
    named = (node.args[0] for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr == "client")
    return {each.value for each in named if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def main(folder: Path) -> None:
    """Import `app`, then each module of ours and every module that these name; make each client."""
    sys.path.insert(0, str(folder))
    importlib.import_module("app")
    sources = [folder / "app.py", *sorted(folder.glob("chalicelib/**/*.py"))]
    ours = {".".join(each.relative_to(folder).with_suffix("").parts).removesuffix(".__init__") for each in sources}
    texts = [each.read_text("utf-8") for each in sources]
    theirs = set().union(*map(imported_names, texts))
    for name in sorted(ours | theirs):
        importlib.import_module(name)
    services = sorted(set().union(*map(named_services, texts)))
    for service in services:
        importlib.import_module("boto3").client(service, region_name="us-east-1")
    sys.stdout.write(
        f"{len(ours)} modules and the {len(theirs - ours)} that they name import; clients of {', '.join(services)}\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
