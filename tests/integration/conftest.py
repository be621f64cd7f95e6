"""The real app over HTTP, for the tests that speak to it as a client does."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator

import pytest

from local.api import make_server
from local.aws import Aws, put_secret
from local.project import chalice_config
from local.tokens import Verifier
from tests.integration.test_local_api import Client

SIGNING_KEY = "chave-de-teste"


@pytest.fixture
def api(environ: dict[str, str], aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The real app behind the local gateway, over fresh parts."""
    put_secret(aws, "/alquimista/dev/disparo-agenda/assinatura", {"chave": SIGNING_KEY})
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "app", raising=False)
    module = importlib.import_module("app")
    pool_id = environ["COGNITO_USER_POOL_ARN"].rsplit("/", 1)[-1]
    verifier = Verifier.of_pool(aws, pool_id)
    server = make_server(module.app, chalice_config("dev"), verifier, host="127.0.0.1", port=0).server
    serving = threading.Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    yield Client("127.0.0.1", server.server_port, aws, pool_id, module.app)
    server.shutdown()
    serving.join()
    server.server_close()
    module.services.close()
    monkeypatch.delitem(sys.modules, "app", raising=False)
