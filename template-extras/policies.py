"""From the policies that `chalice deploy` uses to those of one packaged stage.

`.chalice/policy-*.json` are plain IAM documents: they cannot know the partition, the account, the region or the
stage, so a `*` stands in their place. A template can know all four.
"""

from __future__ import annotations

from typing import Any

# The bucket is spelled out, never `Ref`: bucket -> notification -> function -> role -> bucket would be a circle.
BUCKET = "disparo-agenda-${Stage}-${AWS::AccountId}-${AWS::Region}"

_NAMES = (
    ("disparo-agenda-*", "disparo-agenda-${Stage}"),
    ("/alquimista/*/", "/alquimista/${Stage}/"),
    ("fibonacci-bus-*", "${EventBusName}"),
)


def narrowed_policy(document: dict[str, Any]) -> dict[str, Any]:
    """The same policy for one partition, account, region and stage."""
    return {**document, "Statement": [_narrowed_statement(statement) for statement in document["Statement"]]}


def narrowed_arn(arn: str) -> str | dict[str, str]:
    """An ARN with `*` for what only the template knows, as an `Fn::Sub`; `*` alone stays, for X-Ray and EC2 need it.

    Raises:
        ValueError: it is neither `*` nor an ARN.
    """
    if arn == "*":
        return arn
    _, _, service, region, account, name = arn.split(":", 5)
    for wide, narrow in _names_of(service):
        name = name.replace(wide, narrow)
    place = [
        "${AWS::Region}" if region == "*" else region,
        "${AWS::AccountId}" if account == "*" else account,
    ]
    return {"Fn::Sub": ":".join(["arn", "${AWS::Partition}", service, *place, name])}


def _names_of(service: str) -> tuple[tuple[str, str], ...]:
    return (("disparo-agenda-*", BUCKET),) if service == "s3" else _NAMES


def _narrowed_statement(statement: dict[str, Any]) -> dict[str, Any]:
    resources = statement["Resource"]
    arns = [resources] if isinstance(resources, str) else resources
    return {**statement, "Resource": [narrowed_arn(arn) for arn in arns]}
