"""People of the user pool, and a Cognito that fails when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from chalicelib.identity import TENANT_CLAIM, Group, list_of
from local.aws import Aws

THROTTLED = b'{"__type": "TooManyRequestsException", "message": "rate exceeded for maria@example.com"}'
_PASSWORD = "Local-0nly!"


def a_person(
    aws: Aws,
    tenant_id: str,
    group: Group | None = Group.READER,
    *,
    email: str = "maria@example.com",
    signed_in: bool = True,
    is_enabled: bool = True,
) -> str:
    """A person of a tenant in the only pool; their `sub`."""
    cognito = aws.client("cognito-idp")
    [pool] = cognito.list_user_pools(MaxResults=60)["UserPools"]
    made = cognito.admin_create_user(
        UserPoolId=pool["Id"], Username=email, MessageAction="SUPPRESS",
        UserAttributes=[{"Name": TENANT_CLAIM, "Value": tenant_id}, {"Name": "email", "Value": email}],
    )["User"]  # fmt: skip
    user = {"UserPoolId": pool["Id"], "Username": made["Username"]}
    _create_group(aws, pool["Id"], list_of(tenant_id))
    for each in (list_of(tenant_id), *([group] if group else ())):
        cognito.admin_add_user_to_group(**user, GroupName=each)
    if signed_in:
        cognito.admin_set_user_password(**user, Password=_PASSWORD, Permanent=True)
    if not is_enabled:
        cognito.admin_disable_user(**user)
    return str(next(each["Value"] for each in made["Attributes"] if each["Name"] == "sub"))


def _create_group(aws: Aws, pool_id: str, group: str) -> None:
    cognito = aws.client("cognito-idp")
    if group not in {each["GroupName"] for each in cognito.list_groups(UserPoolId=pool_id)["Groups"]}:
        cognito.create_group(UserPoolId=pool_id, GroupName=group)


class FailingCognito:
    """Hands requests on to moto, until it has had enough of them."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.url = ""
        self.calls: list[str] = []
        """The operations that were handed on."""
        self.failure = (400, THROTTLED)
        self.once: dict[str, tuple[int, bytes]] = {}
        """What the next request of an operation is answered instead."""
        self.left: int | None = None
        """How many more requests are handed on; None: all."""

    def answer(self, handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        """What a request is answered."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if self.left is not None:
            if self.left == 0:
                return self.failure
            self.left -= 1
        operation = handler.headers["X-Amz-Target"].partition(".")[2]
        self.calls.append(operation)
        if operation in self.once:
            return self.once.pop(operation)
        sent = {name: handler.headers[name] for name in ("X-Amz-Target", "Content-Type", "Authorization")}
        try:
            with urlopen(Request(self.endpoint, body, sent)) as response:
                return response.status, response.read()
        except HTTPError as error:
            return error.code, error.read()


@contextmanager
def failing_cognito(aws: Aws) -> Iterator[FailingCognito]:
    """A Cognito before moto."""
    cognito = FailingCognito(aws.endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout: ClassVar[int] = 60

        def do_POST(self) -> None:
            status, body = cognito.answer(self)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cognito.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield cognito
    server.shutdown()
    thread.join()
    server.server_close()
