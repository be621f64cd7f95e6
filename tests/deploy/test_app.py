"""`app.py` says when, and nothing else: importing it is cheap, and its handlers only delegate."""

from __future__ import annotations

import ast
import json
import re

import pytest

from tests.deploy.conftest import PROJECT, run

# Reports the imported modules, and the audit events of the import (such as sockets and host look-ups).
WATCHED_IMPORT = """
import json, sys
events = []
sys.addaudithook(lambda event, _: events.append(event))
import app
print(json.dumps({"modules": sorted(sys.modules), "events": sorted(set(events))}))
"""
SQL = re.compile(r"\b(select|insert|update|delete|with)\b.*\b(from|into|set|as)\b", re.IGNORECASE | re.DOTALL)
BRANCHES = (ast.If, ast.IfExp, ast.Try, ast.TryStar, ast.For, ast.While, ast.With, ast.Match, ast.BoolOp, ast.Lambda)


def _handlers() -> list[ast.FunctionDef]:
    return [node for node in ast.parse((PROJECT / "app.py").read_text()).body if isinstance(node, ast.FunctionDef)]


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """What one import of the app did in a fresh interpreter, with a database URL that it might connect to."""
    environment = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "STAGE": "dev"}
    child = run("-c", WATCHED_IMPORT, cwd=PROJECT, env=environment)
    assert child.returncode == 0, child.stderr
    found: dict[str, list[str]] = json.loads(child.stdout)
    return found


@pytest.mark.parametrize(
    "library",
    ["mcp", "httpx2", "boto3", "aws_xray_sdk", "pg8000", "xlsx2csv", "phonenumbers", "jwt", "cryptography"],
)
def test_importing_the_app_does_not_import(imported: dict[str, list[str]], library: str) -> None:
    assert [each for each in imported["modules"] if each.partition(".")[0] == library] == []


def test_importing_the_app_connects_to_nothing(imported: dict[str, list[str]]) -> None:
    assert [each for each in imported["events"] if each.startswith(("socket.", "subprocess.", "os.exec"))] == []


@pytest.mark.parametrize("handler", _handlers(), ids=lambda handler: handler.name)
def test_handler_has_a_docstring_and_one_statement_without_branches(handler: ast.FunctionDef) -> None:
    docstring, *body = handler.body
    assert ast.get_docstring(handler), "every handler has a docstring of one sentence"
    assert isinstance(docstring, ast.Expr)
    assert len(body) == 1
    assert not [node for node in ast.walk(handler) if isinstance(node, BRANCHES)]


@pytest.mark.parametrize("handler", _handlers(), ids=lambda handler: handler.name)
def test_handler_holds_no_sql(handler: ast.FunctionDef) -> None:
    _, *body = handler.body
    texts = [node.value for part in body for node in ast.walk(part) if isinstance(node, ast.Constant)]
    assert not [text for text in texts if isinstance(text, str) and SQL.search(text)]


def test_every_function_that_no_request_calls_acts_under_a_name_of_its_own() -> None:
    """The audit says which function of ours it was."""
    calls = {
        handler.name: {
            ast.unparse(each.func): ast.unparse(each) for each in handler.decorator_list if isinstance(each, ast.Call)
        }
        for handler in _handlers()
    }
    called = {
        name: each
        for name, each in calls.items()
        if each.keys() & {"app.on_s3_event", "app.on_sqs_message", "app.schedule"}
    }
    assert len(called) > 5
    assert [name for name, each in called.items() if list(each)[-1] != "as_system"] == []
    assert len({each["as_system"] for each in called.values()}) == len(called)


def test_every_handler_is_declared_to_aws() -> None:
    assert [handler.name for handler in _handlers() if not handler.decorator_list] == []
