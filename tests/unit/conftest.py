"""What unit tests of the API share: the app, and the contract that it has."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib.api import openapi
from local.project import load_app


@pytest.fixture(scope="module")
def app() -> Iterator[Chalice]:
    """The app as it is deployed; importing it connects to nothing."""
    kept = dict(os.environ)
    yield load_app()
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture(scope="module")
def contract(app: Chalice) -> Any:
    """As a client gets it."""
    return json.loads(json.dumps(openapi.document(app)))
