"""`python template-extras/chalice_deploy.py --stage dev --bucket B`: `chalice deploy` with what it leaves out.

- Its state, the list of what it has made, is kept in the bucket and not on one person's machine. Without it Chalice
  would try to make everything again.
- The temporary folder, retries and on-failure destinations of functions are set afterwards, as `functions.yaml` says;
  Chalice knows no such settings.

Credentials and region are found as the AWS CLI finds them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import click
from chalice.utils import to_cfn_resource_name
from sam import merged_extras

EXTRAS = Path(__file__).resolve().parent
PROJECT = EXTRAS.parent
_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


class State:
    """Chalice's record of one stage, in `.chalice/deployed` and in the bucket.

    The bucket takes it back only if nobody else has stored one meanwhile.
    """

    def __init__(self, s3: Any, bucket: str, stage: str) -> None:
        self._s3 = s3
        self._place = {"Bucket": bucket, "Key": f"chalice/deployed/{stage}.json"}
        self._file = PROJECT / ".chalice/deployed" / f"{stage}.json"
        self._condition: dict[str, str] = {"IfNoneMatch": "*"}

    def fetch(self) -> bool:
        """Replace the local record by the stored one; whether there is one."""
        try:
            stored = self._s3.get_object(**self._place)
        except self._s3.exceptions.NoSuchKey:
            return False
        with stored["Body"] as body:
            self._file.parent.mkdir(exist_ok=True)
            self._file.write_bytes(body.read())
        self._condition = {"IfMatch": stored["ETag"]}
        return True

    def store(self) -> None:
        """Store the local record.

        Raises:
            click.ClickException: another deployment has stored its own since `fetch`.
        """
        if not self._file.exists():
            return
        try:
            self._s3.put_object(**self._place, **self._condition, Body=self._file.read_bytes())
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise
            raise click.ClickException(
                f"another deployment has stored its state meanwhile; ours is in {self._file}"
            ) from None


class FunctionExtras(NamedTuple):
    """What `functions.yaml` says about a function and Chalice cannot set; `name` is that of `app.py`."""

    name: str
    storage: dict[str, Any] | None
    invocation: dict[str, Any] | None


@click.command()
@click.option("--stage", default="dev", show_default=True, help="A stage of .chalice/config.json.")
@click.option("--bucket", required=True, help="Where the state of `chalice deploy` is kept.")
def main(stage: str, bucket: str) -> None:
    """Deploy with Chalice, then set what it leaves out."""
    s3 = boto3.client("s3")
    state = State(s3, bucket, stage)
    click.echo(f"state     {'from' if state.fetch() else 'none yet in'} s3://{bucket}")
    try:
        deployed = subprocess.run(  # noqa: S603 - Chalice itself, in this interpreter
            [sys.executable, "-c", _CHALICE, "--project-dir", PROJECT, "deploy", "--stage", stage],
            env=dict(os.environ),
            check=False,
        )
    finally:
        state.store()  # also after a failure: it records what was made until then
        s3.close()
    if deployed.returncode:
        raise click.ClickException("chalice deploy failed; its state was stored, so the next attempt goes on there")
    functions = boto3.client("lambda")
    for each in function_extras(stage):
        settle(functions, stage, each)
        click.echo(f"settings  disparo-agenda-{stage}-{each.name}")
    functions.close()


def function_extras(stage: str) -> Iterator[FunctionExtras]:
    """Yield every function for which `functions.yaml` has what Chalice cannot set."""
    extras = merged_extras(EXTRAS)["Resources"]
    names = json.loads((PROJECT / ".chalice/config.json").read_text())["lambda_functions"]
    for name in names:
        properties = extras.get(to_cfn_resource_name(name), {}).get("Properties", {})
        storage, invocation = properties.get("EphemeralStorage"), properties.get("EventInvokeConfig")
        if storage or invocation:
            yield FunctionExtras(name, storage, _resolved(invocation, extras, stage) if invocation else None)


def _resolved(invocation: dict[str, Any], extras: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return the settings as Lambda's API takes them: the queue by its ARN, without the type that SAM wants."""
    destination = invocation.get("DestinationConfig", {}).get("OnFailure")
    if destination is None:
        return invocation
    queue = extras[destination["Destination"]["Fn::GetAtt"][0]]["Properties"]["QueueName"]["Fn::Sub"]
    name = queue.replace("${Stage}", stage)
    sqs = boto3.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    except sqs.exceptions.QueueDoesNotExist:
        raise click.ClickException(f"the queue {name} must exist before (docs/aws.md)") from None
    finally:
        sqs.close()
    return {**invocation, "DestinationConfig": {"OnFailure": {"Destination": arn}}}


def settle(functions: Any, stage: str, extras: FunctionExtras) -> None:
    """Set a function's extras; `functions` is a client of Lambda. Setting them again changes nothing."""
    name = f"disparo-agenda-{stage}-{extras.name}"
    if extras.storage:
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        functions.update_function_configuration(FunctionName=name, EphemeralStorage=extras.storage)
    if extras.invocation:
        functions.put_function_event_invoke_config(FunctionName=name, **extras.invocation)


if __name__ == "__main__":
    main()
