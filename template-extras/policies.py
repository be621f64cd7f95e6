"""Narrows the policies of `chalice deploy` to one packaged stage.

`.chalice/policy-*.json` are plain IAM documents. They cannot know the partition, the account, the region or the stage,
so they have a `*` in their place. A template knows all four.
"""

from __future__ import annotations

from typing import Any

# The bucket's name is written out, never a `Ref`: bucket → notification → function → role → bucket would be a cycle.
BUCKET = "disparo-agenda-${Stage}-${AWS::AccountId}-${AWS::Region}"

_NAMES = (
    ("disparo-agenda-*", "disparo-agenda-${Stage}"),
    ("/alquimista/*/", "/alquimista/${Stage}/"),
    ("fibonacci-bus-*", "${EventBusName}"),
)


def narrowed_policy(document: dict[str, Any]) -> dict[str, Any]:
    """Return the policy for one partition, account, region and stage."""
    return {**document, "Statement": [_narrowed_statement(statement) for statement in document["Statement"]]}


def narrowed_arn(arn: str) -> str | dict[str, str]:
    """Return an ARN that has `*` for what only the template knows as an `Fn::Sub`.

    A resource that is `*` alone stays: X-Ray and EC2 need it. A user pool is the one that the stack is given.

    Raises:
        ValueError: the text is neither `*` nor an ARN.
    """
    if arn == "*":
        return arn
    _, _, service, region, account, name = arn.split(":", 5)
    if service == "cognito-idp":
        return {"Ref": "UserPoolArn"}
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
