"""The AWS APIs from moto in server mode (every call is real HTTP), and the resources that the product expects there.

`python -m local.aws --port 0 --state DIR` serves until SIGTERM and prints one JSON line with its `url` when ready.
moto keeps everything in memory. Objects in S3 and secrets of subscriptions are saved to the state folder at the end and
restored at the next start. Queues, schedules and notifications are not: the database is the truth, and the sweeps send
the wake-ups again.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import click
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.config import Settings

# The account that moto serves whatever the access key is, and keys that reach nothing real.
ACCOUNT_ID = "123456789012"
ACCESS_KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

ADMIN_GROUP = "admin"
OPERATOR_GROUP = "operador"
GROUPS = (ADMIN_GROUP, OPERATOR_GROUP, "leitor")
TENANT_ATTRIBUTE = "tenant_id"
MAX_RECEIVES = 5
_DAY_S = 86_400
_COGNITO = "AWSCognitoIdentityProviderService"
_SUBSCRIPTIONS = "/disparo-agenda/assinaturas/"
_SECRETS = "secrets.json"

StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Aws:
    """Clients of the AWS APIs at one endpoint. Each is made on first use; threads may share them."""

    def __init__(self, endpoint: str, *, region: str = "us-east-1") -> None:
        self.endpoint = endpoint
        self.region = region
        keys = {} if os.environ.get("AWS_ACCESS_KEY_ID") else {name.lower(): key for name, key in ACCESS_KEYS.items()}
        self._session = boto3.session.Session(region_name=region, **keys)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """Return the client of one service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service,
                    endpoint_url=self.endpoint,
                    config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 3}),
                )
            return self._clients[service]

    def close(self) -> None:
        """Close the connections of every client."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


class MotoShims:
    """WSGI middleware that rewrites three requests which AWS accepts and moto 5.2 does not; all others pass untouched.

    * PutBucketNotificationConfiguration: AWS accepts the filter names `Prefix` and `Suffix` in any case. Chalice sends
      them capitalised; moto asserts lower case.
    * ImportRestApi: AWS accepts Swagger 2.0, where `info.description` is optional, and Chalice sends just that. moto
      reads the description unconditionally and requires the version field of OpenAPI 3. The parts that it reads are the
      same in both.
    * AdminCreateUser with `MessageAction` `RESEND`: AWS writes to the user who is there, moto makes a second one. It
      becomes AdminGetUser, which fails in the same cases; nobody is written to here.

    moto's Scheduler stores schedules and never fires them: `local.pump` does. `is_retained` only makes moto faster.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        if environ["REQUEST_METHOD"] == "PUT" and "notification" in query:
            _rewrite_body(environ, _lower_filter_names)
        elif environ.get("PATH_INFO") == "/restapis" and query.get("mode") == ["import"]:
            _rewrite_body(environ, _as_openapi)
        elif environ.get("HTTP_X_AMZ_TARGET") == f"{_COGNITO}.AdminCreateUser":
            _rewrite_body(environ, lambda body: _without_resend(environ, body))
        return self._app(environ, start_response)


def is_retained(backend: Any, queue_name: str, message: Any) -> bool:
    """Tell whether a message may still be received.

    The answer is moto's own. But moto counts the whole queue nine times for each message that it hands out, so that
    receiving ten of a thousand takes seconds.
    """
    kept_s = int(backend.get_queue(queue_name).message_retention_period)
    return bool(kept_s + message.sent_timestamp / 1000 > time.time())


def _rewrite_body(environ: dict[str, Any], rewritten: Callable[[bytes], bytes]) -> None:
    body = rewritten(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def _lower_filter_names(body: bytes) -> bytes:
    return re.sub(rb"<Name>(Prefix|Suffix)</Name>", lambda name: name[0].replace(name[1], name[1].lower()), body)


def _as_openapi(body: bytes) -> bytes:
    document = json.loads(body)
    if document.pop("swagger", None):
        document["openapi"] = "3.0.1"
    document["info"].setdefault("description", "")
    return json.dumps(document).encode()


def _without_resend(environ: dict[str, Any], body: bytes) -> bytes:
    request = json.loads(body)
    if request.get("MessageAction") != "RESEND":
        return body
    environ["HTTP_X_AMZ_TARGET"] = f"{_COGNITO}.AdminGetUser"
    return json.dumps({name: request[name] for name in ("UserPoolId", "Username")}).encode()


@contextmanager
def moto_server(port: int = 0, *, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve moto from a thread of this process; yields its URL."""
    # These imports take a second: only a process that serves pays for it.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from moto.sqs.models import SQSBackend  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    # moto has no other hook for it.
    SQSBackend.is_message_valid_based_on_retention_period = is_retained  # type: ignore[method-assign, assignment]

    class QuietHandler(MotoRequestHandler):
        """Writes no line per request."""

        def log_request(self, *_args: object, **_kwargs: object) -> None:
            """Say nothing."""

    app = MotoShims(DomainDispatcherApplication(create_backend_app))
    server = make_server(host, port, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="moto", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def provision(aws: Aws, settings: Settings, secrets: Mapping[str, object]) -> str:
    """Make what the CloudFormation template makes in AWS; what exists stays. Returns the user pool's ARN.

    `secrets` holds the values by short name (`mcp-whatsapp`).
    """
    _create(aws.client("s3").create_bucket, Bucket=settings.bucket)
    if settings.allowed_origins:
        _share_bucket(aws, settings)
    for queue in settings.queues:
        create_queue_with_dead_letters(aws, queue, settings.dead_letters_of(queue))
    _schedule_group(aws, settings.schedule_group)
    _create(aws.client("events").create_event_bus, Name=settings.event_bus)
    for name, value in secrets.items():
        put_secret(aws, settings.secret(name), value)
    return _user_pool(aws, settings)


def _share_bucket(aws: Aws, settings: Settings) -> None:
    rule = {
        "AllowedOrigins": list(settings.allowed_origins), "AllowedMethods": ["GET", "POST"], "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "x-amz-request-id"], "MaxAgeSeconds": 7200,
    }  # fmt: skip
    aws.client("s3").put_bucket_cors(Bucket=settings.bucket, CORSConfiguration={"CORSRules": [rule]})


def create_queue_with_dead_letters(aws: Aws, name: str, dead_letters: str, *, max_receives: int = MAX_RECEIVES) -> None:
    """Make a queue whose messages move to the queue `dead_letters` after `max_receives` receives without a delete."""
    sqs = aws.client("sqs")
    dead_url = sqs.create_queue(QueueName=dead_letters, Attributes={"MessageRetentionPeriod": str(14 * _DAY_S)})[
        "QueueUrl"
    ]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": max_receives})
    sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})


def put_secret(aws: Aws, name: str, value: object) -> None:
    """Store a value as JSON in a secret, which is created if it does not exist."""
    secrets = aws.client("secretsmanager")
    text = json.dumps(value)
    if not _create(secrets.create_secret, Name=name, SecretString=text):
        secrets.put_secret_value(SecretId=name, SecretString=text)


def _schedule_group(aws: Aws, name: str) -> None:
    """Make the group unless it exists: to create it again empties it in moto, where AWS refuses."""
    scheduler = aws.client("scheduler")
    try:
        scheduler.get_schedule_group(Name=name)
    except scheduler.exceptions.ResourceNotFoundException:
        scheduler.create_schedule_group(Name=name)


def _user_pool(aws: Aws, settings: Settings) -> str:
    cognito = aws.client("cognito-idp")
    name = f"disparo-agenda-{settings.stage}"
    pools = {pool["Name"]: pool["Id"] for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]}
    pool_id = pools.get(name)
    if pool_id is None:
        # Not mutable: a user cannot move to another tenant.
        tenant = {"Name": TENANT_ATTRIBUTE, "AttributeDataType": "String", "Mutable": False}
        made = cognito.create_user_pool(PoolName=name, Schema=[tenant], UsernameAttributes=["email"])
        pool_id = made["UserPool"]["Id"]
        cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName="local", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )
    there = {each["GroupName"] for each in cognito.list_groups(UserPoolId=pool_id)["Groups"]}
    for group in sorted(set(GROUPS) - there):
        cognito.create_group(UserPoolId=pool_id, GroupName=group)
    arn: str = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]
    return arn


_ALREADY_THERE = frozenset(
    {
        "BucketAlreadyOwnedByYou",
        "BucketAlreadyExists",
        "ConflictException",
        "ResourceAlreadyExistsException",
        "ResourceExistsException",
    }
)


def _create(operation: Callable[..., object], **arguments: object) -> bool:
    """Create something unless it exists; return whether it is new."""
    try:
        operation(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ALREADY_THERE:
            raise
        return False
    return True


def save_objects(aws: Aws, folder: Path) -> None:
    """Write every object of every bucket to `folder`; the old content is replaced only when all is written."""
    s3 = aws.client("s3")
    fresh = folder.with_suffix(".unfinished")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    index: dict[str, list[dict[str, Any]]] = {}
    for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
        objects = index.setdefault(bucket, [])
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for key in (each["Key"] for each in page.get("Contents", ())):
                found = s3.get_object(Bucket=bucket, Key=key)
                name = f"{len(index)}-{len(objects)}"
                with (fresh / name).open("wb") as file:
                    shutil.copyfileobj(found["Body"], file)
                objects.append({
                    "Key": key, "file": name, "ContentType": found["ContentType"], "Metadata": found["Metadata"],
                })  # fmt: skip
    (fresh / "index.json").write_text(json.dumps(index))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def restore_objects(aws: Aws, folder: Path) -> None:
    """Put back what `save_objects` wrote. Call it before notifications are configured: these are no new uploads."""
    if not (folder / "index.json").exists():
        return
    s3 = aws.client("s3")
    for bucket, objects in json.loads((folder / "index.json").read_text()).items():
        _create(s3.create_bucket, Bucket=bucket)
        for each in objects:
            with (folder / each.pop("file")).open("rb") as body:
                s3.put_object(Bucket=bucket, Body=body, **each)


def save_secrets(aws: Aws, folder: Path) -> None:
    """Write the secrets that the API has made to `folder`; all others are made anew at every start."""
    secrets = aws.client("secretsmanager")
    pages = secrets.get_paginator("list_secrets").paginate()
    names = [each["Name"] for page in pages for each in page["SecretList"] if _SUBSCRIPTIONS in each["Name"]]
    values = {name: json.loads(secrets.get_secret_value(SecretId=name)["SecretString"]) for name in names}
    file = folder / _SECRETS
    file.touch(mode=0o600)
    file.write_text(json.dumps(values))


def restore_secrets(aws: Aws, folder: Path) -> None:
    """Put back what `save_secrets` wrote."""
    if (file := folder / _SECRETS).exists():
        for name, value in json.loads(file.read_text()).items():
            put_secret(aws, name, value)


@click.command()
@click.option("--port", default=0, help="0 takes a free port.")
@click.option(
    "--state", type=click.Path(path_type=Path), required=True, help="The folder that keeps S3's objects and secrets."
)
def main(port: int, state: Path) -> None:
    """Serve the AWS APIs until SIGTERM."""
    # A user pool keeps its id from one start to the next, so that tokens stay valid.
    os.environ.setdefault("MOTO_COGNITO_IDP_USER_POOL_ID_STRATEGY", "HASH")
    os.environ.setdefault("MOTO_COGNITO_IDP_USER_POOL_CLIENT_ID_STRATEGY", "HASH")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with moto_server(port) as url:
        aws = Aws(url)
        restore_objects(aws, state)
        restore_secrets(aws, state)
        print(json.dumps({"url": url}), flush=True)
        stop.wait()
        save_objects(aws, state)
        save_secrets(aws, state)
        aws.close()


if __name__ == "__main__":
    main()
