"""API Gateway's own error responses, as the problem documents that the rest of the API uses (SPEC 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def gateway_responses() -> dict[str, Any]:
    """Return the `x-amazon-apigateway-gateway-responses` of the API definition, by response type."""
    # The app's folder is on the import path only after Chalice has loaded the app.
    from chalicelib.api.every_answer import HEADER, OF_THE_GATEWAY, PRIVACY, with_request_id  # noqa: PLC0415
    from chalicelib.api.gateway import RESPONSES  # noqa: PLC0415
    from chalicelib.api.http import problem  # noqa: PLC0415
    from chalicelib.messages import PORTUGUESE  # noqa: PLC0415

    answers = {kind: problem(error, PORTUGUESE) for kind, error in RESPONSES.items()}
    return {
        kind: {
            "statusCode": str(answer.status_code),
            "responseParameters": {
                f"gatewayresponse.header.{HEADER}": "context.requestId",
                **_fixed({**PRIVACY, **OF_THE_GATEWAY, **answer.headers}),
            },
            "responseTemplates": {
                "application/json": answer.body
                if answer.status_code < 500
                else with_request_id(answer.body, "$context.requestId")
            },
        }
        for kind, answer in answers.items()
    }


def _fixed(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers with a value that the gateway writes as it is; no value may hold an apostrophe."""
    return {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}
