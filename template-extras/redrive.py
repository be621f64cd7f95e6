"""`python template-extras/redrive.py --stage dev --queue dispatch`: dead letters back to the queue that they come from.

A letter is only a wake-up: the worker looks at the row and does what is left to do, be it nothing. So moving one twice
is as harmless as deleting it. A disparo whose attempts are exhausted is `erro` and stays so: make it `pendente` first
(`POST /disparos/reenviar`), or its letter just vanishes.

SQS's own StartMessageMoveTask does not take letters that were sent straight to a dead-letter queue, which those of
exhausted disparos are; receiving and sending takes all of them. Credentials and region are found as the AWS CLI does;
AWS_ENDPOINT_URL points it at the local stack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
import click

QUEUES = ("ingest", "dispatch", "scheduling")
_BATCH = 10  # of one ReceiveMessage and one SendMessageBatch
_HIDDEN_S = 120  # longer than a batch takes; a letter that could not be moved shows again after it
_UNTOLD = "-"

Letter = Mapping[str, Any]


@click.command()
@click.option("--stage", default="dev", show_default=True, help="A stage of .chalice/config.json.")
@click.option("--queue", required=True, type=click.Choice(QUEUES), help="Whose dead letters.")
@click.option("--dry-run", is_flag=True, help="Count them by their reason and leave them where they are.")
def main(stage: str, queue: str, *, dry_run: bool) -> None:
    """Wake up by every dead letter of a queue."""
    sqs = boto3.client("sqs")
    name = f"disparo-agenda-{stage}-{queue}"
    try:
        counted = redrive(sqs, name, dry_run=dry_run)
    except sqs.exceptions.QueueDoesNotExist:
        raise click.ClickException(f"there is no queue {name}, or no dead letters of one") from None
    finally:
        sqs.close()
    for reason, times in sorted(counted.items()):
        click.echo(f"{times:8}  {reason}")
    click.echo(f"{counted.total():8}  {'there' if dry_run else 'moved to ' + name}")


def redrive(sqs: Any, queue: str, *, dry_run: bool = False) -> Counter[str]:
    """Move the letters that are there now, or only look at them; how many of each `codigo`.

    No more than there were at the beginning, so that a worker that goes on failing does not keep it busy for ever. A
    letter is sent before it is deleted: what breaks in between sends it twice and never loses it.
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
    """The letters of now, a batch at a time; each is hidden for a while after it was seen."""
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
    """Why it was given up, where its attributes say so: `codigo`, and the last answer of the provider."""
    attributes = letter.get("MessageAttributes", {})
    said = [attributes[name]["StringValue"] for name in ("codigo", "ultimo_codigo") if name in attributes]
    return " ".join(said) or _UNTOLD


def _send(sqs: Any, url: str, letters: Sequence[Letter]) -> None:
    entries = [
        {"Id": str(n), "MessageBody": each["Body"], "MessageAttributes": each.get("MessageAttributes", {})}
        for n, each in enumerate(letters)
    ]
    _whole("send", sqs.send_message_batch(QueueUrl=url, Entries=entries))


def _delete(sqs: Any, url: str, letters: Sequence[Letter]) -> None:
    entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(letters)]
    _whole("delete", sqs.delete_message_batch(QueueUrl=url, Entries=entries))


def _whole(what: str, answer: Mapping[str, Any]) -> None:
    """Stop at the first letter that was not taken: none of this batch is deleted, and all show again."""
    for failed in answer.get("Failed", ()):
        raise click.ClickException(f"SQS did not {what} a letter: {failed['Code']}")


if __name__ == "__main__":
    main()
