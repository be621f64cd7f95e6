"""`make secrets`, `make user` and `make token`, at a terminal, against moto: a secret is shown and left nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest

from local.aws import Aws, put_secret
from tests.deploy.conftest import PROJECT
from tests.deploy.fake_aws import FakeAws
from tests.deploy.terminal import Session, at_terminal, history_of

SECRETS = "/alquimista/dev/disparo-agenda"
NO = "change it? [y/N]:"
APP_SECRET, BEARER, PASSWORD = "sekret-of-meta", "Bearer sekret-of-the-server", "Sekret-0f-a-person!"
TEMPORARY = "Temporary-0ne!"


class Person:
    """Somebody with AWS credentials, at a terminal."""

    def __init__(self, folder: Path, pool: str) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.aws = FakeAws(folder)
        self.aws.table["cloudformation describe-stacks --stack-name disparo-agenda-dev "] = {
            "Stacks": [{"Parameters": [{"ParameterKey": "UserPoolArn", "ParameterValue": pool}]}]
        }

    def types(self, program: str, *arguments: str, answers: list[tuple[str, str]]) -> Session:
        """Run a program and answer it."""
        environment = self.aws.environment(PYTHONPATH=str(PROJECT), HOME=str(self.home))
        return at_terminal(program, arguments, answers, env=environment, cwd=self.home)


@pytest.fixture
def person(tmp_path: Path, user_pool: str) -> Person:
    return Person(tmp_path, user_pool)


@pytest.fixture
def stored(aws: Aws, user_pool: str) -> Any:
    """What a secret of the dev stage has; None for one that is empty, as all four are at first."""
    client = aws.client("secretsmanager")
    for name in ("webhook-whatsapp", "webhook-email", "mcp-whatsapp", "mcp-email"):
        client.delete_secret(SecretId=f"{SECRETS}/{name}", ForceDeleteWithoutRecovery=True)
        client.create_secret(Name=f"{SECRETS}/{name}")

    def read(name: str) -> Any:
        if "VersionIdsToStages" not in client.describe_secret(SecretId=f"{SECRETS}/{name}"):
            return None
        return json.loads(client.get_secret_value(SecretId=f"{SECRETS}/{name}")["SecretString"])

    return read


def nowhere(person: Person, session: Session, *secrets: str) -> None:
    """No secret was shown, was an argument of a program, or is in a file."""
    asked = json.dumps(person.aws.asked())
    for secret in secrets:
        assert secret not in session.shown + session.output + asked
    assert history_of(person.home) == []


# Secrets


def test_secrets_are_asked_for_and_stored_and_never_shown(person: Person, stored: Any) -> None:
    session = person.types(
        "credentials.py",
        answers=[
            ("webhook-whatsapp (has nothing): change it? [y/N]:", "y"),
            ("app_secret (Enter for none):", APP_SECRET),
            ("auth_token (Enter for none):", ""),
            ("signing_secret (Enter for none):", ""),
            ("segredo (Enter for none):", ""),
            ("apikey (Enter for none):", ""),
            ("verify_token (Enter for none):", "sekret-of-ours"),
            ("mcp-whatsapp (has nothing): " + NO, "y"),
            ("perfil (evolution-api-mcp, jina-whatsapp-mcp, twilio):", "jina-whatsapp-mcp"),
            ("url:", "https://mcp.example.com/mcp"),
            ("Authorization header, such as 'Bearer …' (Enter keeps or leaves it out):", BEARER),
            ("webhook-email (has nothing): " + NO, ""),
            ("mcp-email (has nothing): " + NO, ""),
        ],
    )
    assert session.status == 0, session.shown
    assert stored("webhook-whatsapp") == {"app_secret": APP_SECRET, "verify_token": "sekret-of-ours"}
    assert stored("mcp-whatsapp") == {
        "perfil": "jina-whatsapp-mcp", "url": "https://mcp.example.com/mcp", "headers": {"Authorization": BEARER},
    }  # fmt: skip
    assert (stored("webhook-email"), stored("mcp-email")) == (None, None)
    assert "webhook-whatsapp has app_secret, verify_token" in session.output
    nowhere(person, session, APP_SECRET, "sekret-of-ours", BEARER)


def test_one_key_is_changed_alone_and_an_empty_answer_keeps_the_others(person: Person, aws: Aws, stored: Any) -> None:
    put_secret(aws, f"{SECRETS}/webhook-email", {"signing_secret": "whsec_old", "segredo": "kept"})
    put_secret(
        aws, f"{SECRETS}/mcp-email", {"perfil": "resend-mcp", "url": "https://old.example.com/mcp", "in_flight": 5}
    )
    session = person.types(
        "credentials.py",
        answers=[
            (NO, ""), (NO, ""),
            ("webhook-email (has segredo, signing_secret): " + NO, "y"),
            ("app_secret (Enter for none):", ""), ("auth_token (Enter for none):", ""),
            ("signing_secret (Enter keeps it):", "whsec_new"),
            ("segredo (Enter keeps it):", ""), ("apikey (Enter for none):", ""), ("verify_token (Enter for none):", ""),
            ("mcp-email (has in_flight, perfil, url): " + NO, "y"),
            ("[resend-mcp]:", ""), ("[https://old.example.com/mcp]:", ""), ("leaves it out):", ""),
        ],
    )  # fmt: skip
    assert session.status == 0, session.shown
    assert stored("webhook-email") == {"signing_secret": "whsec_new", "segredo": "kept"}
    assert "mcp-email stays as it is" in session.output
    nowhere(person, session, "whsec_old", "whsec_new")


def test_server_that_the_app_would_not_use_is_asked_for_again(person: Person, stored: Any) -> None:
    session = person.types(
        "credentials.py",
        answers=[
            (NO, ""), (NO, "y"), ("twilio):", "twilio"),
            ("url:", "mcp.example.com"), ("leaves it out):", f"{BEARER}\tx"),
            ("url:", "https://mcp.example.com/mcp"), ("leaves it out):", BEARER),
            (NO, ""), (NO, ""),
        ],
    )  # fmt: skip
    assert session.status == 0, session.shown
    assert "  /url: " in session.shown
    assert stored("mcp-whatsapp")["headers"] == {"Authorization": BEARER}
    nowhere(person, session, BEARER)


@pytest.mark.parametrize("program", [("credentials.py",), ("users.py", "token")], ids=" ".join)
def test_secrets_are_not_taken_from_a_pipe(person: Person, program: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "template-extras" / program[0], *program[1:]], input="y\n", text=True,
        capture_output=True, check=False, env=person.aws.environment(PYTHONPATH=str(PROJECT)),
    )  # fmt: skip
    assert done.returncode == 1
    assert "at a terminal only" in done.stderr


# People


def claims(session: Session) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(session.output.strip(), options={"verify_signature": False})
    return read


def pool_user(aws: Aws, pool: str, email: str) -> tuple[dict[str, str], set[str]]:
    """The attributes of a user, and the groups."""
    cognito, user = aws.client("cognito-idp"), {"UserPoolId": pool.rpartition("/")[2], "Username": email}
    attributes = {each["Name"]: each["Value"] for each in cognito.admin_get_user(**user)["UserAttributes"]}
    return attributes, {each["GroupName"] for each in cognito.admin_list_groups_for_user(**user)["Groups"]}


def test_first_administrator_is_made_once_and_belongs_to_the_tenant(person: Person, aws: Aws, user_pool: str) -> None:
    asked = [("Tenant:", "acme"), ("E-mail:", "chefe@example.com")]
    first = person.types("users.py", "user", answers=asked)
    again = person.types("users.py", "user", "--tenant", "acme", "--email", "chefe@example.com", answers=[])
    assert (first.status, again.status) == (0, 0), first.shown + again.shown
    assert (first.output.split("\n")[-2], again.output.strip()) == (
        "invited: admin of acme", "was there already: admin of acme",
    )  # fmt: skip
    attributes, groups = pool_user(aws, user_pool, "chefe@example.com")
    assert (attributes["custom:tenant_id"], attributes["email_verified"]) == ("acme", "true")
    assert groups == {"admin", "tenant:acme"}


def test_user_of_another_tenant_is_not_taken_over(person: Person, aws: Aws, user_pool: str) -> None:
    for tenant, status in (("acme", 0), ("other", 1)):
        session = person.types("users.py", "user", "--tenant", tenant, "--email", "a@example.com", answers=[])
        assert session.status == status, session.shown
    assert "belongs to a user of another tenant" in session.shown
    assert pool_user(aws, user_pool, "a@example.com")[1] == {"admin", "tenant:acme"}


def test_malformed_tenant_makes_nobody(person: Person, aws: Aws, user_pool: str) -> None:
    session = person.types("users.py", "user", "--tenant", "Acme Ltda", "--email", "a@example.com", answers=[])
    assert session.status == 2
    assert aws.client("cognito-idp").list_users(UserPoolId=user_pool.rpartition("/")[2])["Users"] == []


def test_token_of_a_person_is_printed_alone_and_the_password_nowhere(person: Person, aws: Aws, user_pool: str) -> None:
    person.types("users.py", "user", "--tenant", "acme", "--email", "a@example.com", answers=[])
    user = {"UserPoolId": user_pool.rpartition("/")[2], "Username": "a@example.com"}
    aws.client("cognito-idp").admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
    session = person.types("users.py", "token", answers=[("E-mail:", "a@example.com"), ("Password:", PASSWORD)])
    assert session.status == 0, session.shown
    assert claims(session)["custom:tenant_id"] == "acme"
    assert claims(session)["token_use"] == "id"
    nowhere(person, session, PASSWORD)

    wrong = person.types("users.py", "token", "--email", "a@example.com", answers=[("Password:", "Wr0ng-one!")])
    assert (wrong.status, wrong.output) == (1, "")
    assert "Cognito does not take this address with this password" in wrong.shown


def test_whoever_was_invited_chooses_a_password_and_gets_a_token(person: Person, aws: Aws, user_pool: str) -> None:
    person.types("users.py", "user", "--tenant", "acme", "--email", "a@example.com", answers=[])
    user = {"UserPoolId": user_pool.rpartition("/")[2], "Username": "a@example.com"}
    aws.client("cognito-idp").admin_set_user_password(**user, Password=TEMPORARY, Permanent=False)
    session = person.types(
        "users.py", "token", "--email", "a@example.com",
        answers=[
            ("Password:", TEMPORARY), ("A password of your own:", PASSWORD), ("Repeat for confirmation:", PASSWORD),
        ],
    )  # fmt: skip
    assert session.status == 0, session.shown
    assert claims(session)["custom:tenant_id"] == "acme"
    nowhere(person, session, TEMPORARY, PASSWORD)
