"""The receiver's side of our webhooks: npm's `standardwebhooks` verifies what we sign, and refuses what it must."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from chalicelib.standard_webhooks import SECRET_BYTES, signed_headers, written_secret
from chalicelib.subscriptions.rules.payload import payload_of
from tests.peers.environments import node
from tests.peers.trials import Result

LIBRARY = "standardwebhooks@1.1.1"
_VERIFY = """
const { Webhook } = require("standardwebhooks");
const { secret, body, headers } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
try {
  console.log("verified " + new Webhook(secret).verify(body, headers).type);
} catch (error) {
  console.log(error.message);
}
"""


class _Trial(NamedTuple):
    """A delivery as a receiver gets it, the secret that it knows, and whether it is to be verified."""

    name: str
    secret: str
    body: bytes
    headers: dict[str, str]
    is_ours: bool


def standard_webhooks(_: Path) -> Iterator[Result]:
    """Verify deliveries as a receiver in JavaScript does."""
    tools, modules = node("standardwebhooks", LIBRARY)
    for each in _trials():
        answer = _verified(tools, modules, each)
        is_verified = answer.startswith("verified")
        wrong = "" if is_verified == each.is_ours else f"expected {'verified' if each.is_ours else 'a refusal'}"
        yield Result(
            each.name, each.headers["webhook-signature"], answer, "as it should be" if not wrong else "", wrong
        )


def _trials() -> Iterator[_Trial]:
    new, old, other = (written_secret(os.urandom(SECRET_BYTES)) for _ in range(3))
    now, event = datetime.now(UTC), uuid4()
    body = payload_of("acme", event, "disparo.failed", now, {"codigo": "ação"})
    headers = dict(signed_headers(str(event), now, body, [new, old]))
    late = dict(signed_headers(str(event), now - timedelta(minutes=6), body, [new]))
    yield _Trial("new secret", new, body, headers, True)
    yield _Trial("old secret", old, body, headers, True)
    yield _Trial("other secret", other, body, headers, False)
    yield _Trial("other body", new, body + b" ", headers, False)
    yield _Trial("other id", new, body, {**headers, "webhook-id": str(uuid4())}, False)
    yield _Trial("late", new, body, late, False)


def _verified(tools: Path, modules: Path, trial: _Trial) -> str:
    given: dict[str, Any] = {"secret": trial.secret, "body": trial.body.decode(), "headers": trial.headers}
    done = subprocess.run(
        [str(tools / "node"), "-e", _VERIFY], input=json.dumps(given), text=True, capture_output=True, check=False,
        env={**os.environ, "NODE_PATH": str(modules)},
    )  # fmt: skip
    return (done.stdout or done.stderr).strip()
