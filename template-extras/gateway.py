"""API Gateway's own error responses, as the problem documents that the rest of the API uses (SPEC 5)."""

from __future__ import annotations

from typing import Any

MAX_BODY = 10 * 1024 * 1024
"""API Gateway's quota for a request, in bytes."""


def gateway_responses() -> dict[str, Any]:
    """Return the `x-amazon-apigateway-gateway-responses` of the API definition, by response type.

    API Gateway reports an unknown path as a missing authentication token. To a caller it is a 404.
    """
    # The app's folder is on the import path only after Chalice has loaded the app.
    from chalicelib.api.http import PROBLEM, problem  # noqa: PLC0415
    from chalicelib.errors import NotFound, TooLarge, Unauthenticated  # noqa: PLC0415
    from chalicelib.messages import PORTUGUESE  # noqa: PLC0415

    errors = {
        "UNAUTHORIZED": Unauthenticated("nao_autenticado"),
        "MISSING_AUTHENTICATION_TOKEN": NotFound("nao_encontrado"),
        "REQUEST_TOO_LARGE": TooLarge("corpo_grande_demais", maximo=MAX_BODY),
    }
    return {
        kind: {
            "statusCode": str(error.status),
            "responseParameters": {"gatewayresponse.header.Content-Type": f"'{PROBLEM}'"},
            "responseTemplates": {"application/json": problem(error, PORTUGUESE).body},
        }
        for kind, error in errors.items()
    }
