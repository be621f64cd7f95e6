"""A tenant's own channels: what a tenant may configure, and whether it would work.

A tenant's document differs from that of any other channel in three ways:

* A header has no value. It names a secret of the tenant (`{"segredo": "resend", "campo": "authorization"}`), because
  the document is stored and shown.
* The URL is `https` and leads to a public address, never into our own network.
* Before the document is stored, the server is asked for its tools and what they accept.
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
from chalicelib.canal import Canal
from chalicelib.dispatch.channels.answers import DocumentPart
from chalicelib.dispatch.channels.calendar_document import KIND as CALENDAR
from chalicelib.dispatch.channels.calendar_document import CalendarChannel, load_calendar
from chalicelib.dispatch.channels.document import Channel, E, load_channel
from chalicelib.errors import FieldError, Invalid, Unavailable, escape_pointer

# API Gateway waits 29 s for an answer; within that, the server must open a session and list its tools.
_CONNECT_S = 3.0
_ANSWER_S = 6.0
# Each header may name a secret of its own, which is looked up while the client waits.
_MAX_HEADERS = 20
_DENIED = frozenset({"http_401", "http_403"})

_SECRET_NAME = re.compile(r"token|secret|segredo|senha|passw|api[_-]?key|access[_-]?key|authoriz|credential", re.I)
# How known secrets begin: HTTP schemes, Resend and Stripe, Meta, JWT, Slack, AWS, GitHub, SendGrid.
_SECRET_START = re.compile(
    r"(?i:bearer|basic)\s+\S|(re|sk|pk|rk)_[A-Za-z0-9_]{8}|EAA[A-Za-z0-9]{16}|eyJ[\w-]+\.|xox[abprs]-|AKIA[A-Z0-9]{12}"
    r"|gh[oprsu]_[A-Za-z0-9]{16}|SG\.[\w-]{16}"
)
_NAME = r"^[A-Za-z0-9_-]{1,64}$"
_PARTS_WITH_ARGUMENTS = ("consulta", "criar", "mover", "cancelar", "ocupados")


class SecretReference(DocumentPart):
    """Where the value of a header is: the field `campo` of the tenant's secret `segredo`, a JSON object."""

    segredo: Annotated[str, StringConstraints(pattern=_NAME)]
    campo: Annotated[str, StringConstraints(pattern=_NAME)] = "valor"


class OwnChannels:
    """Loads and checks the channels that tenants configure; `secret_of` returns the full name of a tenant's secret.

    `is_internal`: every address is allowed, with or without TLS; for the local stack.
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
        """Returns the public address to connect to for a host; None where every address is allowed."""
        return None if self._is_internal else self._address_of

    def load(self, tenant_id: str, canal: Canal, document: Mapping[str, Any], *, fresh: bool = False) -> Channel:
        """The channel that a tenant's document describes; `fresh`: read its secrets now, even if they are cached.

        Raises:
            Invalid: `canal_invalido`, with a pointer into the document for each error.
            Unavailable: Secrets Manager does not answer.
        """
        errors = [*_literals(document), *self._without_tls(document)]
        resolved = self._resolved(tenant_id, document, errors, fresh=fresh)
        defaults = {"canal": canal.value} if document.get("perfil") is None else {}
        channel = _loaded(load_channel, {**defaults, **resolved}, errors)
        if channel.canal is not canal:
            pointer = "/canal" if "canal" in document else "/perfil"
            raise _invalid([FieldError(pointer, "outro_canal", channel.canal.value)])
        return channel

    def load_calendar(self, tenant_id: str, document: Mapping[str, Any], *, fresh: bool = False) -> CalendarChannel:
        """The calendar that a tenant's document describes; raises as `load`."""
        errors = [*_literals(document), *self._without_tls(document)]
        return _loaded(load_calendar, self._resolved(tenant_id, document, errors, fresh=fresh), errors)

    def check(self, tenant_id: str, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Ask the servers of these channels, by their names in `canais`, whether they would accept the calls.

        Raises:
            Invalid: `canal_invalido`, with pointers into the tenant's configuration.
            Unavailable: Secrets Manager does not answer.
        """
        with ThreadPoolExecutor(max_workers=2) as threads:
            found = threads.map(lambda item: self._errors_of(tenant_id, *item), documents.items())
            errors = [error for each in found for error in each]
        if errors:
            raise _invalid(errors)

    def _errors_of(self, tenant_id: str, canal: str, document: Mapping[str, Any]) -> list[FieldError]:
        channel: Channel | CalendarChannel
        try:
            if canal == CALENDAR:
                channel = self.load_calendar(tenant_id, document, fresh=True)
            else:
                channel = self.load(tenant_id, Canal(canal), document, fresh=True)
            errors = self._unreachable(channel) or self._refused(channel)
        except Invalid as error:
            errors = list(error.errors)
        return [each._replace(pointer=f"/canais/{canal}{each.pointer}") for each in errors]

    def _without_tls(self, document: Mapping[str, Any]) -> Iterator[FieldError]:
        """An error if the URL is not `https` and must be."""
        url = document.get("url")
        if not self._is_internal and isinstance(url, str) and not url.lower().startswith("https:"):
            yield FieldError("/url", "url_sem_tls", "https")

    def _resolved(
        self, tenant_id: str, document: Mapping[str, Any], errors: list[FieldError], *, fresh: bool
    ) -> Mapping[str, Any]:
        """The document with the value of each header read from its secret; a bad reference is appended to `errors`."""
        headers = document.get("headers")
        if not isinstance(headers, Mapping):
            return document
        if len(headers) > _MAX_HEADERS:
            errors.append(FieldError("/headers", "headers_demais", str(_MAX_HEADERS)))
            return {**document, "headers": {}}
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
            named = SecretReference.model_validate(reference)
        except ValidationError:
            return FieldError("", "header_literal", "segredo, campo")
        secret = self._secrets.find(self._secret_of(tenant_id, named.segredo), fresh=fresh) or {}
        value = secret.get(named.campo)
        if isinstance(value, str):
            return value
        return FieldError("", "segredo_do_canal_ausente", f"{named.segredo}.{named.campo}")

    def _unreachable(self, channel: Channel | CalendarChannel) -> list[FieldError]:
        """An error if the host has no address, or an address that is not public."""
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

    def _refused(self, channel: Channel | CalendarChannel) -> list[FieldError]:
        """The errors that the server finds: it refuses the session, does not answer, or would not accept the calls."""
        from chalicelib.adapters.mcp import McpServer  # noqa: PLC0415 - the import takes one second

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
            return [_denial(error.reason)]


def _denial(reason: str) -> FieldError:
    """The error for a server that opens no session, at the field that a person must change."""
    if reason in _DENIED:
        return FieldError("/headers", "credencial_recusada", reason)
    return FieldError("/url", "servidor_inacessivel", reason)


def _loaded(load: Callable[[Mapping[str, Any]], E], document: Mapping[str, Any], errors: list[FieldError]) -> E:
    """The channel, if its document has no error and there were none before (`errors`)."""
    try:
        channel = load(document)
    except Invalid as error:
        raise _invalid([*errors, *error.errors]) from None
    if errors:
        raise _invalid(errors)
    return channel


def _literals(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """The values that look like secrets, in places that are stored and shown."""
    url = document.get("url")
    if isinstance(url, str) and any(_is_secret(name, value) for name, value in _query(url)):
        yield FieldError("/url", "segredo_literal", "url")
    yield from _literals_in("", document.get("arguments"), "/arguments")
    for name in _PARTS_WITH_ARGUMENTS:
        if isinstance(part := document.get(name), Mapping):
            yield from _literals_in("", part.get("arguments"), f"/{name}/arguments")


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query)
    except ValueError:  # an invalid URL; load_channel reports it
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
    """Whether a value looks like a secret, by its name or by how it begins; a placeholder is no secret."""
    if not value or "{{" in value:
        return False
    return bool(_SECRET_NAME.search(name) or _SECRET_START.match(value))


def _invalid(errors: list[FieldError]) -> Invalid:
    return Invalid("canal_invalido", tuple(errors))
