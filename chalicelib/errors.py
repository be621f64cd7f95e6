"""Every exception that is raised on purpose. The exception is the verdict.

A `DomainError` may be shown to a client: it carries an HTTP status, a stable code and the parameters of the
sentence that `messages` keeps for that code. Parameters never hold personal data, because they may be logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import ClassVar, NamedTuple

MAX_LISTED = 100
"""The most errors that one answer lists; a request may hold tens of thousands."""
_MAX_NAMED = 10
_LONGEST_NAME = 64


class FieldError(NamedTuple):
    """One problem with one field of a request (an item of `errors[]`, RFC 9457)."""

    pointer: str
    code: str
    detail: str


def escape_pointer(name: object) -> str:
    """A name as one step of a JSON pointer (RFC 6901, section 3)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def named(names: Sequence[str]) -> str:
    """The first names as one text of bounded length: a client chooses how many there are, and how long they are."""
    shown = ", ".join(
        name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in islice(names, _MAX_NAMED)
    )
    return shown if len(names) <= _MAX_NAMED else f"{shown}, … (+{len(names) - _MAX_NAMED})"


class DomainError(Exception):
    """An error that a client may see; `status` is its HTTP status, `code` its stable name."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Unreadable(DomainError):
    """The body of the request cannot be parsed."""

    status = 400


class Unauthenticated(DomainError):
    """The request carries no valid identity."""

    status = 401


class Forbidden(DomainError):
    """The caller may not do this."""

    status = 403


class NotFound(DomainError):
    """This tenant has no such resource."""

    status = 404


class MethodNotAllowed(DomainError):
    """The path exists, but not with this method; `metodos` are those that it has, as `GET, POST`."""

    status = 405

    def __init__(self, metodos: str) -> None:
        super().__init__("metodo_nao_permitido", metodos=metodos)
        self.metodos = metodos


class Conflict(DomainError):
    """The current state of the resource does not allow the request."""

    status = 409


SOON_S = 2
"""After how many seconds a request that is refused for the moment may come again, unless more is known."""


class UnderWay(Conflict):
    """The same request is being carried out at this moment; its answer will be there soon."""

    retry_after_s: int = SOON_S


class OtherLead(Conflict):
    """What the request says about a lead is another lead's, which the answer names."""

    def __init__(self, code: str, *, lead_id: str, **params: object) -> None:
        super().__init__(code, lead_id=lead_id, **params)
        self.lead_id = lead_id


class TimeTaken(Conflict):
    """The responsável is busy at that time: with what, and when they are free."""

    def __init__(self, code: str, *, other: Mapping[str, object] | None, free: Sequence[str]) -> None:
        super().__init__(code)
        self.other = other
        """The agendamento that is there; None if it has just gone."""
        self.free = free
        """The nearest free times, ISO 8601."""


class PreconditionFailed(DomainError):
    """What the request is to change is not the version that the client has seen (RFC 9110, section 15.5.13)."""

    status = 412


class TooLarge(DomainError):
    """The body has more bytes than the route accepts."""

    status = 413


class UriTooLong(DomainError):
    """The address is longer than a server reads."""

    status = 414


class UnsupportedMedia(DomainError):
    """The route does not accept bodies of this media type."""

    status = 415


class Invalid(DomainError):
    """The request cannot be carried out as it is; `errors` say which fields are wrong and why."""

    status = 422

    def __init__(self, code: str, errors: tuple[FieldError, ...] = (), **params: object) -> None:
        super().__init__(code, **params)
        self.errors = errors[:MAX_LISTED]
        self.has_more = len(errors) > MAX_LISTED
        """Whether there are more errors than `errors` lists."""


class UnsupportedFile(Invalid):
    """The file that is offered is of a kind that we do not read."""

    status = 415


class InvalidFile(DomainError):
    """The uploaded file cannot be ingested: the job ends as `erro` with this code."""

    status = 422


class MissingVariable(Invalid):
    """The template uses variables that the request does not give."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            "variavel_ausente",
            tuple(FieldError(f"/payload/variaveis/{name}", "variavel_ausente", name) for name in names),
            nomes=named(names),
        )
        self.names = names


class InvalidTemplate(Invalid):
    """The text of one field of a template (`field`) breaks a rule for templates."""

    def __init__(self, code: str, field: str, **params: object) -> None:
        super().__init__(code, (FieldError(f"/{field}", code, str(params.get("nomes", field))),), **params)


class Unavailable(DomainError):
    """A service that we depend on does not answer; the same request may work later.

    `reason` is a code for logs and for the sentence of the error (`{motivo}`); "" if nothing more is known.
    """

    status = 503
    retry_after_s: int = SOON_S

    def __init__(self, code: str, *, reason: str = "", **params: object) -> None:
        super().__init__(code, **params, **({"motivo": reason} if reason else {}))
        self.reason = reason


class TooManyRequests(DomainError):
    """The caller has too many requests of this kind under way; the same one may work later."""

    status = 429
    retry_after_s: int = SOON_S


class HeadersTooLarge(DomainError):
    """The headers are longer, or more, than a server reads."""

    status = 431


class UnknownMethod(DomainError):
    """The server knows no such method, or no such way to send a body."""

    status = 501


class ConstraintViolation(Exception):
    """A statement violates a constraint of the database; `constraint` is its name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class LeaseLost(Exception):
    """Another worker has taken over the lease, so this worker must stop."""


class SerializationFailure(Exception):
    """The transaction must be run again (serialization failure or deadlock)."""
