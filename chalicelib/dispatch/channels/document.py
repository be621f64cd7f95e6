"""A channel is configuration, not code: which tool of which MCP server to call, with what, and how it answers.

A document names a profile (`profiles/*.json`) and what differs from it. `headers`, `arguments` and `codigos` are merged
with the profile's by name (null removes a name); every other field replaces the profile's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, assert_never

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.adapters.addresses import MOST_URL, checked_url
from chalicelib.adapters.calls import BAD_ARGUMENTS, TOOL_MISSING, Answer, CallResult, NotWritten, Refused
from chalicelib.canal import Canal
from chalicelib.dispatch.channels.answers import DocumentPart, Reading, ResultReader
from chalicelib.dispatch.channels.arguments import BadTemplate, compile_arguments
from chalicelib.dispatch.channels.inquiries import Inquiry
from chalicelib.dispatch.outcomes import (
    CalendarPart,
    ChannelDown,
    Outcome,
    OutgoingMessage,
    Permanent,
    RefusalScope,
    Sent,
    Transient,
    Unknown,
)
from chalicelib.errors import FieldError, Invalid, escape_pointer
from chalicelib.messages import allowed

_HERE = Path(__file__).parent
E = TypeVar("E", bound="McpEndpoint")
_MERGED_BY_NAME = ("headers", "arguments", "codigos")

# The code of a failure in whose answer the readers find no code.
NO_CODE = "erro_sem_codigo"

# HTTP statuses that refuse one call and may accept it later (RFC 9110, RFC 6585, RFC 8470). A 503 without Retry-After
# never comes here: it may be from a gateway that had already passed the request on (`calls.of_status`).
_LATER = frozenset({408, 425, 429, 503})
# HTTP statuses about this one request, and not about the caller or the address.
_THIS_REQUEST = frozenset({400, 409, 413, 414, 422, 431})

_HEADER_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"  # RFC 9110 §5.6.2
_HOP_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept", "content-type"})


class CodeClass(StrEnum):
    """What an error code means for the message and for the channel."""

    TRANSITORIO = "transitorio"
    PERMANENTE = "permanente"
    INCERTO = "incerto"
    CANAL_FORA = "canal_fora"


class CodeRule(DocumentPart):
    """What to do about one code; `espera_s` is the shortest wait before another attempt, whatever the backoff says."""

    classe: CodeClass
    escopo: RefusalScope | None = None
    espera_s: Annotated[float, Field(ge=0, le=7 * 86_400)] | None = None
    suprimir: bool = False
    alternativo: bool = False

    @model_validator(mode="after")
    def _check_fields(self) -> CodeRule:
        if self.classe is not CodeClass.TRANSITORIO and (self.escopo or self.espera_s is not None):
            raise PydanticCustomError("regra_contraditoria", "escopo and espera_s belong to transitorio")
        if self.classe is not CodeClass.PERMANENTE and (self.suprimir or self.alternativo):
            raise PydanticCustomError("regra_contraditoria", "suprimir and alternativo belong to permanente")
        return self

    def outcome(self, code: str, wait_s: float | None) -> Outcome:
        """The verdict for that code; `wait_s` is the wait that the provider asked for."""
        if self.classe is CodeClass.TRANSITORIO:
            waits = [wait for wait in (self.espera_s, wait_s) if wait is not None]
            return Transient(code, max(waits, default=None), self.escopo)
        if self.classe is CodeClass.PERMANENTE:
            return Permanent(code, self.suprimir, self.alternativo)
        return Unknown(code) if self.classe is CodeClass.INCERTO else ChannelDown(code)


def _as_rule(value: object) -> object:
    """A class alone is short for a rule that has only this class."""
    return {"classe": value} if isinstance(value, str) else value


ShortCodeRule = Annotated[CodeRule, BeforeValidator(_as_rule)]


class McpEndpoint(DocumentPart):
    """The server that a document names, and what the error codes of its tools mean."""

    perfil: str | None = None
    descricao: str | None = None
    canal: str
    url: Annotated[str, StringConstraints(max_length=MOST_URL), AfterValidator(checked_url)] = Field(repr=False)
    headers: dict[Annotated[str, StringConstraints(pattern=_HEADER_NAME)], SecretStr] = Field(default={}, repr=False)
    codigos: dict[str, ShortCodeRule] = Field(default={})
    # A failure with a code that nobody has classified. The message was not sent, and a person must look at the reason;
    # another attempt would only repeat a request that the provider has refused.
    codigo_desconhecido: ShortCodeRule = CodeRule(classe=CodeClass.PERMANENTE)
    # A failure without a readable code may be a time-out between the tool and its provider, so it is a doubt.
    sem_codigo: ShortCodeRule = CodeRule(classe=CodeClass.INCERTO)

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            text = value.get_secret_value()
            if name.lower() in _HOP_HEADERS or name.lower().startswith("mcp-"):
                raise PydanticCustomError("header_reservado", "set by the protocol itself")
            if not text.isascii() or not text.isprintable() or text != text.strip():
                raise PydanticCustomError("header_invalido", "printable ASCII only, no spaces around it")
        return headers

    def header_values(self) -> dict[str, str]:
        """The headers as plain text, to be sent and never logged."""
        return {name: value.get_secret_value() for name, value in self.headers.items()}

    def judged(self, result: CallResult, resultado: ResultReader) -> Outcome:
        """The verdict on a call. Every result has one, and a doubt is `Unknown`, never `Sent` or `Transient`."""
        match result:
            case Answer():
                return self._verdict_of_answer(result, resultado)
            case Refused():
                return _verdict_of_refusal(result)
            case NotWritten(reason=reason) if reason == TOOL_MISSING:
                return ChannelDown(reason)
            case NotWritten(reason=reason) if reason == BAD_ARGUMENTS:
                return Permanent(reason)
            case NotWritten():
                return Transient(result.reason, result.retry_after, "canal")
        return Unknown(result.reason)

    def _verdict_of_answer(self, answer: Answer, resultado: ResultReader) -> Outcome:
        reading = Reading.of(answer)
        if resultado.is_success(answer, reading):
            return Sent(resultado.message_id_in(reading))
        code = resultado.code_in(reading)
        rule = self.sem_codigo if code is None else self.codigos.get(code, self.codigo_desconhecido)
        return rule.outcome(code or NO_CODE, resultado.wait_in(reading))


class Channel(McpEndpoint):
    """How messages of one kind are sent. Its fields are those of the document (docs/channels.md)."""

    canal: Canal
    tool: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    arguments: dict[str, Any]
    idempotency_argument: Annotated[str, StringConstraints(min_length=1)] | None = None
    resultado: ResultReader = ResultReader()
    # The tool that settles a doubt; without one, only a person can.
    consulta: Inquiry | None = None
    in_flight: Annotated[int, Field(ge=1, le=1_000)] = 50
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    connect_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    _build: Callable[[OutgoingMessage], dict[str, Any]]

    @model_validator(mode="after")
    def _compile(self) -> Channel:
        template = dict(self.arguments)
        if self.idempotency_argument is not None:
            template.setdefault(self.idempotency_argument, "{{chave}}")
        self._build = compile_arguments(template, "/arguments")
        return self

    @property
    def is_idempotent(self) -> bool:
        """Whether a message in doubt may be sent again with the same idempotency key."""
        return self.idempotency_argument is not None

    @property
    def carries_calendars(self) -> bool:
        """Whether an invitation reaches the tool: the arguments name it."""
        return self._build(_FULL) != self._build(replace(_FULL, calendario=None))

    def arguments_for(self, message: OutgoingMessage) -> dict[str, Any]:
        """The tool's arguments for one message."""
        return self._build(message)

    def verdict(self, result: CallResult) -> Outcome:
        """The verdict on a call of the tool that sends."""
        return self.judged(result, self.resultado)

    def check_against(self, tools: Mapping[str, Mapping[str, Any]]) -> list[FieldError]:
        """What a server with these tools (name → input schema) would not accept from this channel.

        Pointers are into the channel's document; an empty list means that the server accepts the calls.
        """
        bare = _bare(self.canal)
        errors = misfits(self.tool, self._build(bare), self._build(_FULL), tools)
        if self.consulta is None:
            return errors
        asked = self.consulta
        of_inquiry = misfits(asked.tool, asked.arguments_for(bare), asked.arguments_for(_FULL), tools)
        return errors + [each._replace(pointer=f"/consulta{each.pointer}") for each in of_inquiry]


# A message with every field set.
_FULL = OutgoingMessage(
    disparo_id="0",
    tentativa=1,
    destino="+5571999999999",
    texto="texto",
    assunto="assunto",
    html="<p>html</p>",
    template_nome="modelo",
    template_idioma="pt_BR",
    variaveis=(("nome", "valor"),),
    cabecalhos={"X-Exemplo": "1"},
    descadastro_url="https://example.com/descadastro/x",
    calendario=CalendarPart("REQUEST", "BEGIN:VCALENDAR"),
)
# Alternatives nested deeper than this are not judged.
_MAX_SCHEMA_DEPTH = 4
_JSON_TYPES: Mapping[type, frozenset[str]] = {
    str: frozenset({"string"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}


def misfits(
    tool: str, bare: Mapping[str, object], full: Mapping[str, object], tools: Mapping[str, Mapping[str, Any]]
) -> list[FieldError]:
    """What a tool would not accept of its arguments with the fewest values (`bare`) and with all of them (`full`).

    Pointers are relative to the object that holds `tool` and `arguments`.
    """
    schema = tools.get(tool)
    if schema is None:
        return [FieldError("/tool", TOOL_MISSING, tool)]
    return [*_missing(bare, schema), *_unexpected(full, schema)]


def _bare(canal: Canal) -> OutgoingMessage:
    """The message of a channel with the fewest fields set."""
    bare = replace(_FULL, html=None, variaveis=(), cabecalhos={}, descadastro_url=None, calendario=None)
    match canal:
        case Canal.WHATSAPP:
            return replace(bare, assunto=None)
        case Canal.EMAIL:
            return bare
        case _:
            assert_never(canal)


def _missing(arguments: Mapping[str, object], schema: Mapping[str, Any]) -> Iterator[FieldError]:
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if str(name) not in arguments:
            yield FieldError(f"/arguments/{escape_pointer(str(name))}", "argumento_obrigatorio", str(name))


def _unexpected(arguments: Mapping[str, object], schema: Mapping[str, Any]) -> Iterator[FieldError]:
    properties = schema.get("properties")
    declared = properties if isinstance(properties, dict) else {}
    for name, value in arguments.items():
        pointer = f"/arguments/{escape_pointer(name)}"
        if name in declared:
            yield from _wrong_types(value, declared[name], pointer)
        elif not schema.get("additionalProperties"):
            yield FieldError(pointer, "argumento_desconhecido", name)


def _wrong_types(value: object, schema: object, pointer: str) -> Iterator[FieldError]:
    """Where the type of a value is clearly wrong by its schema; the elements of a list are judged too."""
    if (accepted := _accepted_types(schema)) and not accepted & _JSON_TYPES[type(value)]:
        yield FieldError(pointer, "argumento_de_outro_tipo", ", ".join(sorted(accepted)))
    elif isinstance(value, list) and isinstance(schema, dict):
        for number, each in enumerate(value):
            yield from _wrong_types(each, schema.get("items"), f"{pointer}/{number}")


def _accepted_types(schema: object, depth: int = 0) -> frozenset[str]:
    """The JSON types that a property's schema accepts; empty if the schema does not say so clearly.

    The schema comes from the server, so it may have any shape.
    """
    if not isinstance(schema, dict) or depth > _MAX_SCHEMA_DEPTH:
        return frozenset()
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(alternatives, list):
        accepted = [_accepted_types(each, depth + 1) for each in alternatives]
        return frozenset().union(*accepted) if all(accepted) else frozenset()
    declared = schema.get("type")
    return frozenset(each for each in (declared if isinstance(declared, list) else [declared]) if isinstance(each, str))


def _verdict_of_refusal(refused: Refused) -> Outcome:
    """The verdict by HTTP status: retry later, a wrong request, or (every other status) a channel that is down."""
    code = f"http_{refused.status}"
    if refused.status in _LATER:
        return Transient(code, refused.retry_after, "canal")
    if refused.status in _THIS_REQUEST and not refused.at_handshake:
        return Permanent(code)
    return ChannelDown(code)


@cache
def profiles() -> Mapping[str, Mapping[str, Any]]:
    """The profiles of channels that come with this package, by name."""
    return profiles_in("profiles")


def profiles_in(folder: str) -> Mapping[str, Mapping[str, Any]]:
    """The documents in a folder of this package, by name."""
    return {path.stem: _read(path) for path in sorted((_HERE / folder).glob("*.json"))}


def _shared_codes(canal: object) -> Mapping[str, Any]:
    """The codes that every provider of the channel passes on; none for an unknown channel, which validation refuses."""
    known = next((each for each in Canal if each == canal), None)
    match known:
        case Canal.WHATSAPP:
            return _whatsapp_codes()
        case Canal.EMAIL | None:
            return {}
        case _:
            assert_never(known)


@cache
def _whatsapp_codes() -> Mapping[str, Any]:
    """Meta's error codes, which every WhatsApp provider passes on."""
    return _read(_HERE / "whatsapp_codes.json")


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def load_channel(document: Mapping[str, Any]) -> Channel:
    """The channel that a document describes, with its profile and the defaults filled in.

    Raises:
        Invalid: `canal_invalido`, with a pointer into the document for each error. No error quotes a value, because
            headers hold secrets.
    """
    return validated(Channel, _with_profile(document))


def validated(kind: type[E], document: Mapping[str, Any]) -> E:
    """The endpoint that a whole document describes; raises as `load_channel`."""
    try:
        return kind.model_validate(document)
    except BadTemplate as error:
        errors = [FieldError(error.pointer, error.code, error.detail)]
    except ValidationError as error:
        errors = [
            FieldError(_pointer(each["loc"]), each["type"], allowed(each["msg"], each.get("ctx", {})))
            for each in error.errors(include_url=False, include_input=False)
        ]
    raise Invalid("canal_invalido", tuple(errors))


def _pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer from pydantic's location; in it, `[key]` marks an error in a name instead of its value."""
    return "".join(f"/{escape_pointer(str(step))}" for step in location if step != "[key]")


def _with_profile(document: Mapping[str, Any]) -> dict[str, Any]:
    merged = on_profile(document, profiles(), _MERGED_BY_NAME)
    if isinstance(merged["codigos"], dict):
        merged["codigos"] = {**_shared_codes(merged.get("canal")), **merged["codigos"]}
    return merged


def on_profile(
    document: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], merged_by_name: Sequence[str]
) -> dict[str, Any]:
    """The document on top of the profile that it names.

    Raises:
        Invalid: `canal_invalido`, there is no such profile.
    """
    name = document.get("perfil")
    if name is not None and (not isinstance(name, str) or name not in known):
        raise Invalid("canal_invalido", (FieldError("/perfil", "perfil_desconhecido", ", ".join(known)),))
    base = {} if name is None else known[name]
    merged = {**base, **document}
    for part in merged_by_name:
        own = document.get(part, {})
        if isinstance(own, Mapping):
            merged[part] = without_nulls(base.get(part, {}), own)
    return merged


def without_nulls(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Both merged by name: null removes a name that `base` has."""
    removed = {name for name in base if own.get(name, base) is None}
    return {name: value for name, value in {**base, **own}.items() if name not in removed}
