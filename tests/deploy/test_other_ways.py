"""Other ways to deploy do what `make deploy` does: the SAM CLI by `samconfig.toml`, GitHub by its workflow."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from chalice.package import YAMLTemplateSerializer

from tests.deploy.conftest import PROJECT

STAGES = json.loads((PROJECT / ".chalice/config.json").read_text())["stages"].keys()
WORKFLOWS = PROJECT / ".github" / "workflows"


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(PROJECT / "template-extras")
    return import_module("deploy")


def test_sam_deploys_each_stage_as_make_does_and_needs_no_build(deploy: ModuleType) -> None:
    configured = tomllib.loads((PROJECT / "samconfig.toml").read_text("utf-8"))
    assert configured.pop("version") == 0.1
    assert configured.keys() == STAGES
    for stage, each in configured.items():
        made = deploy.Deployment(stage, "", {}, "")
        assert each.keys() == {"deploy"}
        given = each["deploy"]["parameters"]
        assert given["template_file"] == str(made.out / "sam.json"), "what make package has built"
        assert given["stack_name"] == made.name
        assert given["capabilities"].split() == list(deploy.CAPABILITIES)
        assert (given["resolve_s3"], given["fail_on_empty_changeset"]) == (True, False)
        assert "parameter_overrides" not in given, "they are of an account, and this file is in the repository"


def workflow(name: str) -> dict[Any, Any]:
    """A workflow; YAML 1.1 reads the key `on` as true."""
    read: dict[Any, Any] = YAMLTemplateSerializer().load_template((WORKFLOWS / name).read_text("utf-8"), name)
    return read


def test_github_deploys_by_an_identity_and_no_stored_key() -> None:
    read = workflow("deploy.yml")
    [job] = read["jobs"].values()
    assert read["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["environment"] == "${{ inputs.stage }}", "the role trusts the environment; people agree there"
    assert read["concurrency"] == {"group": "deploy-${{ inputs.stage }}", "cancel-in-progress": False}
    text = (WORKFLOWS / "deploy.yml").read_text("utf-8")
    assert "secrets." not in text
    assert not re.search(r"access.key", text, re.IGNORECASE)
    [credentials] = [each for each in job["steps"] if "configure-aws-credentials" in each.get("uses", "")]
    assert credentials["with"].keys() == {"role-to-assume", "aws-region"}
    assert read[True]["workflow_dispatch"]["inputs"]["stage"]["options"] == list(STAGES)


def test_github_runs_make_deploy_and_puts_no_input_into_a_script() -> None:
    [job] = workflow("deploy.yml")["jobs"].values()
    [script] = [each["run"] for each in job["steps"] if "run" in each]
    assert script.startswith("make deploy STAGE=")
    assert "${{" not in script


@pytest.mark.parametrize("name", sorted(each.name for each in WORKFLOWS.glob("*.yml")))
def test_actions_are_pinned_to_a_commit(name: str) -> None:
    used = [step["uses"] for job in workflow(name)["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each)] == []
