"""`python template-extras/redrive.py --stage dev --queue dispatch` moves dead letters back to their queue.

A letter is only a wake-up: the worker reads the row and does what is left to do, which may be nothing. So to move a
letter twice does no harm, and neither does deleting it. A disparo whose attempts are exhausted stays `erro`: make it
`pendente` first (`POST /disparos/reenviar`), or its letter has no effect.

SQS's own StartMessageMoveTask does not move letters that were sent straight to a dead-letter queue, as those of
exhausted disparos are. Receiving and sending moves all of them. Credentials and region are found as the AWS CLI finds
them; AWS_ENDPOINT_URL points it at the local stack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
import click

QUEUES = ("ingest", "dispatch", "scheduling", "campaigns", "subscriptions")
_BATCH = 10  # the limit of one ReceiveMessage and of one SendMessageBatch
_HIDDEN_S = 120  # longer than a batch takes; a letter that could not be moved is visible again after it
_NO_REASON = "-"

Letter = Mapping[str, Any]


@click.command()
@click.option("--stage", default="dev", show_default=True, help="A stage of .chalice/config.json.")
@click.option("--queue", required=True, type=click.Choice(QUEUES), help="The queue of the dead letters.")
@click.option("--dry-run", is_flag=True, help="Count them by reason and move none.")
def main(stage: str, queue: str, *, dry_run: bool) -> None:
    """Move every dead letter of a queue back to it."""
    sqs = boto3.client("sqs")
    name = f"disparo-agenda-{stage}-{queue}"
    try:
        counted = redrive(sqs, name, dry_run=dry_run)
    except sqs.exceptions.QueueDoesNotExist:
        raise click.ClickException(f"there is no queue {name}, or none for its dead letters") from None
    finally:
        sqs.close()
    for reason, times in sorted(counted.items()):
        click.echo(f"{times:8}  {reason}")
    click.echo(f"{counted.total():8}  {'there' if dry_run else 'moved to ' + name}")


def redrive(sqs: Any, queue: str, *, dry_run: bool = False) -> Counter[str]:
    """Move the present letters, or only count them with `dry_run`; return their number by reason.

    Only as many are moved as there are at the start, so that a worker that keeps failing does not make this run for
    ever. A letter is sent before it is deleted: an error in between sends it twice and never loses it.
    """
    source, target = (sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in (f"{queue}-dlq", queue))
    counted: Counter[str] = Counter()
    for letters in _batches(sqs, source):
        counted.update(_reason(each) for each in letters)
        if dry_run:
            continue
        _send(sqs, target, letters)
        _delete(sqs, source, letters)
    return counted


def _batches(sqs: Any, url: str) -> Iterator[Sequence[Letter]]:
    """Yield the present letters in batches. Each is hidden for `_HIDDEN_S` after it was received."""
    missing = _number_of_letters(sqs, url)
    while missing > 0:
        letters = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(missing, _BATCH),
            VisibilityTimeout=_HIDDEN_S,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not letters:
            return
        yield letters
        missing -= len(letters)


def _number_of_letters(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _reason(letter: Letter) -> str:
    """Return why a letter was given up, from its attributes: `codigo` and the provider's last error code."""
    attributes = letter.get("MessageAttributes", {})
    codes = [attributes[name]["StringValue"] for name in ("codigo", "ultimo_codigo") if name in attributes]
    return " ".join(codes) or _NO_REASON


def _send(sqs: Any, url: str, letters: Sequence[Letter]) -> None:
    entries = [
        {"Id": str(n), "MessageBody": each["Body"], "MessageAttributes": each.get("MessageAttributes", {})}
        for n, each in enumerate(letters)
    ]
    _check_all("send", sqs.send_message_batch(QueueUrl=url, Entries=entries))


def _delete(sqs: Any, url: str, letters: Sequence[Letter]) -> None:
    entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(letters)]
    _check_all("delete", sqs.delete_message_batch(QueueUrl=url, Entries=entries))


def _check_all(action: str, response: Mapping[str, Any]) -> None:
    """Stop at the first letter that failed: none of its batch is deleted, and all of them become visible again."""
    for failed in response.get("Failed", ()):
        raise click.ClickException(f"SQS did not {action} a letter: {failed['Code']}")


if __name__ == "__main__":
    main()
