"""Every exception raised on purpose. The exception is the verdict.

A `DomainError` may be shown to a client: it carries an HTTP status, a stable code and the parameters of the
sentence that `messages` keeps for that code. Parameters never hold personal data: they may end up in a log.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class FieldError(NamedTuple):
    """One thing wrong with one field of a request (RFC 9457 `errors[]`)."""

    pointer: str
    code: str
    detail: str


def escape_pointer(name: object) -> str:
    """One step of a JSON pointer (RFC 6901, section 3)."""
    return str(name).replace("~", "~0").replace("/", "~1")


class DomainError(Exception):
    """A rule of the product said no."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Unreadable(DomainError):
    """The body is not what every body at this door is."""

    status = 400


class Unauthenticated(DomainError):
    """Nobody we know is asking."""

    status = 401


class Forbidden(DomainError):
    """The one who asks may not do this."""

    status = 403


class NotFound(DomainError):
    """There is no such thing in this tenant."""

    status = 404


class Conflict(DomainError):
    """The state of things does not allow it."""

    status = 409


class TooLarge(DomainError):
    """More bytes than this door takes."""

    status = 413


class UnsupportedMedia(DomainError):
    """The body is of a type that this route does not take."""

    status = 415


class Invalid(DomainError):
    """The request does not mean anything we could do; `errors` say which field and why."""

    status = 422

    def __init__(self, code: str, errors: tuple[FieldError, ...] = (), **params: object) -> None:
        super().__init__(code, **params)
        self.errors = errors


class InvalidFile(DomainError):
    """The uploaded file cannot be ingested: the job ends as `erro` with this code."""

    status = 422


class MissingVariable(Invalid):
    """A template names variables that the request does not give."""

    def __init__(self, nomes: tuple[str, ...]) -> None:
        super().__init__(
            "variavel_ausente",
            tuple(FieldError(f"/payload/variaveis/{nome}", "variavel_ausente", nome) for nome in nomes),
            nomes=", ".join(nomes),
        )
        self.nomes = nomes


class InvalidTemplate(Invalid):
    """The words of a template cannot be used as one."""

    def __init__(self, code: str, campo: str, **params: object) -> None:
        super().__init__(code, (FieldError(f"/{campo}", code, campo),), **params)


class Unavailable(DomainError):
    """Something that we depend on is not answering; trying again later may work."""

    status = 503


class ConstraintViolation(Exception):
    """A constraint of the database said no; `constraint` is its name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class LeaseLost(Exception):
    """Somebody else has taken over what this worker was working on; it must let go."""


class SerializationFailure(Exception):
    """The database asks for the transaction to be run again (serialization failure or deadlock)."""
