"""What integration tests share: the real app over HTTP, the executor over simulated providers, and its stage.

Every answer of the app is checked against the contract.
"""

from __future__ import annotations

import http.client
import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from chalicelib.adapters.database import Database
from chalicelib.api import openapi
from chalicelib.api.contract.problems import BEFORE_ANY_ROUTE
from chalicelib.api.handlers import SELECTION
from chalicelib.api.http import PROBLEM
from chalicelib.config import Settings
from chalicelib.delivery.service import Webhooks
from chalicelib.dispatch.worker.executor import Executor
from chalicelib.errors import escape_pointer
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from local.email import EmailServer
from local.whatsapp import WhatsAppSimulator
from tests.builders import a_template
from tests.conftest import DatabaseUrls, StoppedClock
from tests.database_servers import Server, a_server, programs
from tests.integration.test_local_api import Client, serving
from tests.sending_stage import MakeExecutor, SendingStage
from tests.webhook_posts import APP_SECRET, PREFIX, SHARED, VERIFY_TOKEN

SIGNING_KEY = "chave-de-teste"
JSON = "application/json"
_CONTRACT = "urn:contract"


class Answered(NamedTuple):
    """An operation that has answered with success."""

    method: str
    path: str
    """As the contract has it, such as `/leads/{lead_id}`."""
    status: str


class Contract:
    """The contract of an app, and what it says about an answer."""

    def __init__(self, document: openapi.Document) -> None:
        self.document = document
        self._registry = Registry[Any]().with_resource(_CONTRACT, DRAFT202012.create_resource(document))
        self._validator = cache(self._make_validator)
        self._problems = self._validator_of("/components/schemas/Problem")

    def check(self, method: str, url: str, status: int, media_type: str | None, body: object) -> Answered:
        """The operation, if the answer is one that the contract describes; AssertionError otherwise."""
        path = self.path_of(url)
        answered = Answered(method.lower(), path, str(status))
        responses = self.document["paths"][path][answered.method]["responses"]
        assert answered.status in responses, f"{answered} is not in the contract"
        content = responses[answered.status].get("content", {})
        kind = (media_type or "").partition(";")[0]
        if not content:
            assert not body, f"{answered} has a body"
            return answered
        assert kind in content, f"{answered} is of the type {kind}"
        if kind in {JSON, SELECTION}:
            errors = [f"{each.json_path}: {each.message}" for each in self._validator(answered, kind).iter_errors(body)]
            assert errors == [], f"{answered} does not fit its schema"
        return answered

    def check_refusal(self, method: str, url: str, status: int, problem: Mapping[str, Any]) -> None:
        """AssertionError if the operation does not declare the code of this problem under this status."""
        code = problem["code"]
        if code in BEFORE_ANY_ROUTE or not self._fitting(url):
            return
        operation = self.document["paths"][self.path_of(url)][method.lower()]
        declared = operation["responses"].get(str(status), {}).get("x-codigos", ())
        assert code in declared, f"{operation['operationId']} does not declare {status} {code}"
        pointers = [f"{each.json_path}: {each.message}" for each in self._problems.iter_errors(problem)]
        assert pointers == [], f"{method} {url}: no Problem"

    def path_of(self, url: str) -> str:
        """The path of a URL as the contract has it; of two that fit, the one with fewer parameters."""
        return min(self._fitting(url), key=lambda pattern: (pattern.count("{"), -len(pattern.rpartition("}")[2])))

    def _fitting(self, url: str) -> list[str]:
        steps = urlsplit(url).path.split("/")
        return [
            pattern
            for pattern in self.document["paths"]
            if len(known := pattern.split("/")) == len(steps)
            and all(_fits(each, step) for each, step in zip(known, steps, strict=True))
        ]

    def _make_validator(self, answered: Answered, kind: str) -> Any:
        place = ("paths", answered.path, answered.method, "responses", answered.status, "content", kind, "schema")
        return self._validator_of("/" + "/".join(map(escape_pointer, place)))

    def _validator_of(self, pointer: str) -> Any:
        return OAS31Validator(
            {"$ref": f"{_CONTRACT}#{pointer}"}, registry=self._registry, format_checker=oas31_format_checker
        )


def _fits(known: str, step: str) -> bool:
    """Whether a step of a path is what the contract has there: itself, or a parameter and what follows it."""
    return step.endswith(known.rpartition("}")[2]) if known.startswith("{") else known == step


@dataclass
class ContractClient(Client):
    """A client that holds every answer to the contract of the app: a success to its schema, a refusal to its codes."""

    answered: set[Answered] = field(default_factory=set)
    """The operations that have answered this client with success."""

    @property
    def contract(self) -> Contract:
        return _contract(self.app)

    def ask(
        self, method: str, path: str, *, token: str | None = None, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, Any], http.client.HTTPMessage]:
        status, document, received = super().ask(method, path, token=token, body=body, **headers)
        if status < 300:
            self.answered.add(self.contract.check(method, path, status, received["Content-Type"], document))
        elif received["Content-Type"] == PROBLEM:
            self.contract.check_refusal(method, path, status, document)
        return status, document, received

    def read(self, path: str, *, token: str | None = None, **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
        """What a GET answers that is not JSON, held to the contract as well."""
        status, text, received = super().read(path, token=token, **headers)
        if status < 400:
            self.answered.add(self.contract.check("GET", path, status, received["Content-Type"], text))
        return status, text, received


@cache
def _contract(app: Any) -> Contract:
    return Contract(openapi.document(app))


@pytest.fixture(scope="session", params=programs())
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as AWS gives it to us, of every version that is at hand."""
    with a_server(tmp_path_factory.mktemp(f"cluster-{request.param}"), programs()[request.param]) as server:
        yield server


@pytest.fixture
def new_cluster(cluster: Server) -> Iterator[Server]:
    """A cluster with nothing of ours in it."""
    yield cluster
    cluster.remove_ours()


@pytest.fixture
def api(environ: dict[str, str], aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContractClient]:
    """The real app behind the local gateway, over a fresh database and fresh AWS."""
    put_secret(aws, "/alquimista/dev/disparo-agenda/assinatura", {"chave": SIGNING_KEY})
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "app", raising=False)
    module = importlib.import_module("app")
    pool_id = environ["COGNITO_USER_POOL_ARN"].rsplit("/", 1)[-1]
    with serving(module.app) as port:
        yield ContractClient("127.0.0.1", port, aws, pool_id, module.app)
    module.services.close()
    monkeypatch.delitem(sys.modules, "app", raising=False)


@pytest.fixture
def whatsapp() -> Iterator[WhatsAppSimulator]:
    """A simulated WhatsApp provider."""
    with WhatsAppSimulator() as provider:
        yield provider


@pytest.fixture
def email(tmp_path: Path) -> Iterator[EmailServer]:
    """A simulated e-mail provider."""
    with EmailServer(tmp_path / "mailbox") as provider:
        yield provider


@pytest.fixture
def database(
    services: Services, aws: Aws, app_settings: Settings, whatsapp: WhatsAppSimulator, email: EmailServer
) -> Database:
    """The owner's login, with both channels configured and a template for each."""
    put_secret(aws, app_settings.secret("mcp-whatsapp"), {"perfil": "jina-whatsapp-mcp", "url": whatsapp.url})
    put_secret(aws, app_settings.secret("mcp-email"), {"perfil": "resend-mcp", "url": email.url})
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


@pytest.fixture
def make_executor(services: Services, app_settings: Settings, clock: StoppedClock) -> MakeExecutor:
    """Builds an executor of the services, `make_executor(senders=…)` with other parts; its jitter is always a half."""
    return partial(
        Executor,
        database=services.owner_database,
        senders=services.senders,
        wakeups=services.wakeups,
        queues=services.queues,
        publish=services.outbox.publish,
        unsubscribe_url=services.unsubscribe_links.url,
        erased=services.erased_contacts,
        calendars=services.calendar_parts.of,
        tracer=services.tracer,
        settings=app_settings,
        clock=clock,
        random=lambda: 0.5,
    )


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The owner's login to a fresh database, with a template for each channel."""
    database = Database(lambda: database_urls.owner)
    a_template(database)
    a_template(database, nome="oi-email", canal="email")
    yield database
    database.close()


@pytest.fixture
def stage(owner: Database, clock: StoppedClock) -> SendingStage:
    """An executor and a sweep over that database, with fakes around them."""
    return SendingStage(owner, clock)


@pytest.fixture
def secrets(aws: Aws) -> None:
    """The secrets of the stage."""
    put_secret(aws, f"{PREFIX}/assinatura", {"chave": SIGNING_KEY})
    put_secret(aws, f"{PREFIX}/webhook-whatsapp", {"app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN})
    put_secret(aws, f"{PREFIX}/webhook-email", {"segredo": SHARED})


@pytest.fixture
def webhooks(services: Services, secrets: None) -> Webhooks:
    """As the API uses them: row-level security binds the login."""
    return services.webhooks
