"""A tenant's own channels: what a stranger may configure, and whether it would work.

A document is that of any channel, with three differences. The values of its headers are not there: each names a secret
of the tenant's (`{"segredo": "resend", "campo": "authorization"}`), for what is configured is stored and shown. It
leads over TLS to a public address, never into our own network. And before it is stored, its server is asked what it
takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import StringConstraints, ValidationError

from chalicelib.adapters.addresses import AddressOf, NotPublic, public_address
from chalicelib.adapters.calls import NO_CONNECTION
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.secrets import Secrets
from chalicelib.dispatch.channels.answers import DocumentPart
from chalicelib.dispatch.channels.document import Channel, load_channel
from chalicelib.errors import FieldError, Invalid, Unavailable, escape_pointer

# API Gateway gives an answer 29 s; a server that is asked has to open a session and say its tools.
_CONNECT_S = 3.0
_ANSWER_S = 6.0
_DENIED = frozenset({"http_401", "http_403"})

_NAMES_A_SECRET = re.compile(r"token|secret|segredo|senha|passw|api[_-]?key|access[_-]?key|authoriz|credential", re.I)
# As the providers at hand write theirs: HTTP schemes, Resend and Stripe, Meta, JWT, Slack, AWS, GitHub, SendGrid.
_IS_A_SECRET = re.compile(
    r"(?i:bearer|basic)\s+\S|(re|sk|pk|rk)_[A-Za-z0-9_]{8}|EAA[A-Za-z0-9]{16}|eyJ[\w-]+\.|xox[abprs]-|AKIA[A-Z0-9]{12}"
    r"|gh[oprsu]_[A-Za-z0-9]{16}|SG\.[\w-]{16}"
)
_NAME = r"^[A-Za-z0-9_-]{1,64}$"


class SecretReference(DocumentPart):
    """Where the value of a header is: a field of a secret of the tenant's, a JSON object."""

    segredo: Annotated[str, StringConstraints(pattern=_NAME)]
    campo: Annotated[str, StringConstraints(pattern=_NAME)] = "valor"


class OwnChannels:
    """Channels out of tenants' documents; `secret_of` gives the full name of a tenant's secret.

    `is_internal`: any address will do, with or without TLS, as on a machine of one's own.
    """

    def __init__(
        self,
        *,
        secrets: Secrets,
        secret_of: Callable[[str, str], str],
        is_internal: bool,
        clock: Clock,
        address_of: AddressOf = public_address,
    ) -> None:
        self._secrets = secrets
        self._secret_of = secret_of
        self._address_of = address_of
        self._is_internal = is_internal
        self._clock = clock

    @property
    def address_of(self) -> AddressOf | None:
        """Who says which address one of these may be reached at; None where any will do."""
        return None if self._is_internal else self._address_of

    def load(self, tenant_id: str, canal: str, document: Mapping[str, Any], *, fresh: bool = False) -> Channel:
        """The channel that a tenant's document describes; `fresh`: with its secrets as they are now.

        Raises:
            Invalid: `canal_invalido`, with a pointer into the document for each thing wrong.
            Unavailable: Secrets Manager does not answer.
        """
        errors = [*_literals(document), *self._misled(document)]
        revealed = self._revealed(tenant_id, document, errors, fresh=fresh)
        own = {"canal": canal} if document.get("perfil") is None else {}
        channel = _loaded({**own, **revealed}, errors)
        if channel.canal != canal:
            raise _invalid([FieldError("/canal" if "canal" in document else "/perfil", "outro_canal", channel.canal)])
        return channel

    def check(self, tenant_id: str, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Ask the servers of these channels whether they would understand what they would be sent.

        Raises:
            Invalid: `canal_invalido`, with pointers into the tenant's configuration.
            Unavailable: Secrets Manager does not answer.
        """
        with ThreadPoolExecutor(max_workers=2) as threads:
            found = threads.map(lambda item: self._wrong_with(tenant_id, *item), documents.items())
            errors = [error for each in found for error in each]
        if errors:
            raise _invalid(errors)

    def _wrong_with(self, tenant_id: str, canal: str, document: Mapping[str, Any]) -> list[FieldError]:
        try:
            channel = self.load(tenant_id, canal, document, fresh=True)
            errors = self._unreachable(channel) or self._refused(channel)
        except Invalid as error:
            errors = list(error.errors)
        return [each._replace(pointer=f"/canais/{canal}{each.pointer}") for each in errors]

    def _misled(self, document: Mapping[str, Any]) -> Iterator[FieldError]:
        """A URL that leads where a tenant's may not, as far as can be seen from it."""
        url = document.get("url")
        if not self._is_internal and isinstance(url, str) and not url.lower().startswith("https:"):
            yield FieldError("/url", "url_sem_tls", "https")

    def _revealed(
        self, tenant_id: str, document: Mapping[str, Any], errors: list[FieldError], *, fresh: bool
    ) -> Mapping[str, Any]:
        """The document with each header's value out of the secret that it names; `errors` takes what names none."""
        headers = document.get("headers")
        if not isinstance(headers, Mapping):
            return document
        values: dict[str, str] = {}
        for name, reference in headers.items():
            found = self._value(tenant_id, reference, fresh=fresh)
            if isinstance(found, FieldError):
                errors.append(found._replace(pointer=f"/headers/{escape_pointer(name)}"))
            else:
                values[name] = found
        return {**document, "headers": values}

    def _value(self, tenant_id: str, reference: object, *, fresh: bool) -> str | FieldError:
        try:
            segredo = SecretReference.model_validate(reference)
        except ValidationError:
            return FieldError("", "header_literal", "segredo, campo")
        secret = self._secrets.find(self._secret_of(tenant_id, segredo.segredo), fresh=fresh) or {}
        value = secret.get(segredo.campo)
        if isinstance(value, str):
            return value
        return FieldError("", "segredo_do_canal_ausente", f"{segredo.segredo}.{segredo.campo}")

    def _unreachable(self, channel: Channel) -> list[FieldError]:
        """A host that leads nowhere, or into a network that is not everybody's."""
        parts = urlsplit(channel.url)
        if self._is_internal:
            return []
        try:
            self._address_of(str(parts.hostname), parts.port or 443)
        except NotPublic:
            return [FieldError("/url", "endereco_interno", str(parts.hostname))]
        except OSError:
            return [FieldError("/url", "servidor_inacessivel", NO_CONNECTION)]
        return []

    def _refused(self, channel: Channel) -> list[FieldError]:
        """What the server says to the channel: not to us, not at all, or what it does not understand."""
        from chalicelib.adapters.mcp import McpServer  # noqa: PLC0415 - a second of import, for those who ask

        server = McpServer(
            channel.url,
            headers=channel.header_values(),
            connect_timeout_s=_CONNECT_S,
            timeout_s=_ANSWER_S,
            address_of=self.address_of,
            now=self._clock,
        )
        try:
            return channel.check_against(server.tools())
        except Unavailable as error:
            return [_denial(str(error.params["motivo"]))]


def _denial(motivo: str) -> FieldError:
    """Why a server would not open a session, and where that is decided."""
    if motivo in _DENIED:
        return FieldError("/headers", "credencial_recusada", motivo)
    return FieldError("/url", "servidor_inacessivel", motivo)


def _loaded(document: Mapping[str, Any], errors: list[FieldError]) -> Channel:
    """The channel, if nothing was wrong with the document before, and nothing else is."""
    try:
        channel = load_channel(document)
    except Invalid as error:
        raise _invalid([*errors, *error.errors]) from None
    if errors:
        raise _invalid(errors)
    return channel


def _literals(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """What looks like a secret and stands where everybody sees it."""
    url = document.get("url")
    if isinstance(url, str) and any(_is_secret(name, value) for name, value in _query(url)):
        yield FieldError("/url", "segredo_literal", "url")
    consulta = document.get("consulta")
    yield from _literals_in("", document.get("arguments"), "/arguments")
    if isinstance(consulta, Mapping):
        yield from _literals_in("", consulta.get("arguments"), "/consulta/arguments")


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query)
    except ValueError:  # no URL, which is for others to say
        return []


def _literals_in(name: str, value: object, pointer: str) -> Iterator[FieldError]:
    if isinstance(value, Mapping):
        for each, inner in value.items():
            yield from _literals_in(str(each), inner, f"{pointer}/{escape_pointer(str(each))}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _literals_in(name, inner, f"{pointer}/{number}")
    elif isinstance(value, str) and _is_secret(name, value):
        yield FieldError(pointer, "segredo_literal", name)


def _is_secret(name: str, value: str) -> bool:
    """Whether a text looks like one, by what it is called or by how it is written; a placeholder is none."""
    if not value or "{{" in value:
        return False
    return bool(_NAMES_A_SECRET.search(name) or _IS_A_SECRET.match(value))


def _invalid(errors: list[FieldError]) -> Invalid:
    return Invalid("canal_invalido", tuple(errors))
