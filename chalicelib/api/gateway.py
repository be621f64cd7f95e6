"""What API Gateway answers itself, before or instead of the app: each of its response types as an error of ours.

The types and their statuses are those of "Gateway response types for API Gateway" in its developer guide.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.config import MAX_BODY
from chalicelib.errors import (
    DomainError,
    Forbidden,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unreadable,
    UnsupportedMedia,
)


class GatewayFault(DomainError):
    """The gateway is not configured as it must be."""

    status = 500


class LateAnswer(DomainError):
    """The app did not answer in time, or its answer was none."""

    status = 504


_NO_TOKEN = Unauthenticated("nao_autenticado")
_DENIED = Forbidden("acesso_negado")
_MALFORMED = Unreadable("requisicao_malformada")
_FULL = TooManyRequests("requisicoes_demais")
_FAULT = GatewayFault("erro_interno")
_LATE = LateAnswer("resposta_tardia")

RESPONSES: Mapping[str, DomainError] = {
    "DEFAULT_4XX": _MALFORMED,
    "DEFAULT_5XX": _FAULT,
    "ACCESS_DENIED": _DENIED,
    "API_CONFIGURATION_ERROR": _FAULT,
    "AUTHORIZER_CONFIGURATION_ERROR": _FAULT,
    # Nobody could tell who calls: the database or Cognito does not answer. The same request may work in a moment.
    "AUTHORIZER_FAILURE": Unavailable("autenticacao_indisponivel"),
    "BAD_REQUEST_BODY": _MALFORMED,
    "BAD_REQUEST_PARAMETERS": _MALFORMED,
    "EXPIRED_TOKEN": _NO_TOKEN,
    "INTEGRATION_FAILURE": _LATE,
    "INTEGRATION_TIMEOUT": _LATE,
    "INVALID_API_KEY": _NO_TOKEN,
    "INVALID_SIGNATURE": _NO_TOKEN,
    # To a caller, an unknown path is a 404.
    "MISSING_AUTHENTICATION_TOKEN": NotFound("nao_encontrado"),
    "QUOTA_EXCEEDED": _FULL,
    "REQUEST_TOO_LARGE": TooLarge("corpo_grande_demais", maximo=MAX_BODY),
    "RESOURCE_NOT_FOUND": NotFound("nao_encontrado"),
    "THROTTLED": _FULL,
    "UNAUTHORIZED": _NO_TOKEN,
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMedia("tipo_nao_suportado"),
    "WAF_FILTERED": _DENIED,
}
