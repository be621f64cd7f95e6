"""`python template-extras/package.py --stage dev --out build/dev`: a SAM template and the code that it deploys.

Writes `sam.json` and `deployment.zip`, the input of `aws cloudformation package` and `deploy` (docs/aws.md). Needs no
AWS account. Exits with 1 and a reason when the package would not work.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click
from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.deploy.validate import validate_configuration
from deployment import MAX_UNZIPPED, MAX_ZIP, Target, build, proven
from errors import PackagingError
from sam import sam_template

EXTRAS = Path(__file__).resolve().parent
PROJECT = EXTRAS.parent
RUNTIME = "python3.13"
"""What Lambda runs, whatever Python packages."""


@click.command()
@click.option("--stage", default="dev", show_default=True, help="A stage of .chalice/config.json.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder; build/STAGE by default.")
@click.option("--arch", type=click.Choice(["x86_64", "arm64"]), default="x86_64", show_default=True, help="Processor.")
@click.option("--runtime", default=RUNTIME, show_default=True, help="Another Python of Lambda, to test the package.")
@click.option("--python", help="A Python of that version, if it is not found by its name; it writes the bytecode.")
@click.option("--template-only", is_flag=True, help="Write the template without the code, which takes long.")
def main(stage: str, out: Path | None, arch: str, runtime: str, python: str | None, template_only: bool) -> None:
    """Package the app for AWS."""
    out = out or PROJECT / "build" / stage
    try:
        package(stage, out, Target(runtime, arch, python), template_only=template_only)
    except PackagingError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


def package(stage: str, out: Path, target: Target, *, template_only: bool) -> None:
    """Write the template and, unless `template_only`, the tested code beside it.

    Raises:
        PackagingError: the stage is unknown, or the package would not work in AWS.
    """
    config = _config(stage)
    template = sam_template(config, EXTRAS, target)
    out.mkdir(parents=True, exist_ok=True)
    (out / "sam.json").write_text(json.dumps(template, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"template  {out / 'sam.json'}: {len(template['Resources'])} resources")
    if template_only:
        return
    code = out / "deployment.zip"
    build(PROJECT, target, code)
    proof = proven(code, PROJECT, target, config.environment_variables)
    click.echo(
        f"code      {code}: {_mb(proof.zipped)} of {_mb(MAX_ZIP)} zipped, "
        f"{_mb(proof.unzipped)} of {_mb(MAX_UNZIPPED)} unzipped"
    )
    for found in proof.found:
        click.echo(f"proof     {found}")


def _config(stage: str) -> Config:
    factory = CLIFactory(str(PROJECT), environ=os.environ)
    stages = factory.load_project_config()["stages"]
    if stage not in stages:
        raise PackagingError(f"no stage {stage} in .chalice/config.json: {', '.join(stages)}")
    config = factory.create_config_obj(stage)
    try:
        validate_configuration(config)
    except ValueError as error:
        raise PackagingError(str(error)) from error
    return config


def _mb(size: int) -> str:
    return f"{size / 1024**2:.1f} MB"


if __name__ == "__main__":
    main()
