"""A channel is configuration, not code: which tool of which MCP server is called, with what, and how it answers.

A document names a profile (`profiles/*.json`) and what differs from it; `headers`, `arguments` and `codigos` are added
to the profile's by name (null takes one of them away), everything else takes the place of the profile's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.adapters.calls import BAD_ARGUMENTS, TOOL_MISSING, Answer, CallResult, NotWritten, Refused
from chalicelib.dispatch.channels.answers import DocumentPart, Reading, ResultReader
from chalicelib.dispatch.channels.arguments import BadTemplate, compile_arguments
from chalicelib.dispatch.channels.inquiries import Inquiry
from chalicelib.dispatch.outcomes import (
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

_HERE = Path(__file__).parent
_ADDED_BY_NAME = ("headers", "arguments", "codigos")

# What an answer is filed under when it says that it failed and nothing that we can read says why.
NO_CODE = "erro_sem_codigo"

# HTTP statuses that turn one call away and may take it later (RFC 9110, RFC 6585, RFC 8470). 503 is only ever here
# with a Retry-After: without one, a gateway may be speaking of a request that it had already passed on.
_LATER = frozenset({408, 425, 429, 503})
# Those that are about this one request and not about who asks or where.
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
    """What to do about one code; `espera_s` is the least wait before another attempt, whatever the backoff says."""

    classe: CodeClass
    escopo: RefusalScope | None = None
    espera_s: Annotated[float, Field(ge=0, le=7 * 86_400)] | None = None
    suprimir: bool = False
    alternativo: bool = False

    @model_validator(mode="after")
    def _fit(self) -> CodeRule:
        if self.classe is not CodeClass.TRANSITORIO and (self.escopo or self.espera_s is not None):
            raise PydanticCustomError("regra_contraditoria", "escopo and espera_s belong to transitorio")
        if self.classe is not CodeClass.PERMANENTE and (self.suprimir or self.alternativo):
            raise PydanticCustomError("regra_contraditoria", "suprimir and alternativo belong to permanente")
        return self

    def outcome(self, code: str, wait_s: float | None) -> Outcome:
        """The verdict for that code; `wait_s` is what the provider itself asked for."""
        if self.classe is CodeClass.TRANSITORIO:
            waits = [wait for wait in (self.espera_s, wait_s) if wait is not None]
            return Transient(code, max(waits, default=None), self.escopo)
        if self.classe is CodeClass.PERMANENTE:
            return Permanent(code, self.suprimir, self.alternativo)
        return Unknown(code) if self.classe is CodeClass.INCERTO else ChannelDown(code)


def _spelled_out(value: object) -> object:
    """A bare class is short for a rule of nothing else."""
    return {"classe": value} if isinstance(value, str) else value


ShortCodeRule = Annotated[CodeRule, BeforeValidator(_spelled_out)]


class Channel(DocumentPart):
    """One way out for messages of one kind; see the module for what its document looks like."""

    perfil: str | None = None
    descricao: str | None = None
    canal: Literal["whatsapp", "email"]
    url: Annotated[str, StringConstraints(max_length=2_000)] = Field(repr=False)
    headers: dict[Annotated[str, StringConstraints(pattern=_HEADER_NAME)], SecretStr] = Field(default={}, repr=False)
    tool: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    arguments: dict[str, Any]
    idempotency_argument: Annotated[str, StringConstraints(min_length=1)] | None = None
    resultado: ResultReader = ResultReader()
    codigos: dict[str, ShortCodeRule] = Field(default={})
    # A failure with a code that nobody has classified: it was not sent, and why is for a person to see. Repeating it
    # could only annoy a provider that has said no.
    codigo_desconhecido: ShortCodeRule = CodeRule(classe=CodeClass.PERMANENTE)
    # A failure without a readable code may be a time-out between the tool and its provider: nobody knows.
    sem_codigo: ShortCodeRule = CodeRule(classe=CodeClass.INCERTO)
    # Who knows what became of a message in doubt; without one, only a person does.
    consulta: Inquiry | None = None
    in_flight: Annotated[int, Field(ge=1, le=1_000)] = 50
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    connect_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    _build: Callable[[OutgoingMessage], dict[str, Any]]

    @field_validator("url")
    @classmethod
    def _be_an_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or not url.isascii() or not url.isprintable() or " " in url:
            raise PydanticCustomError("url_invalida", "not an http or https URL")
        if parts.username or parts.password:
            raise PydanticCustomError("url_com_senha", "credentials belong in headers")
        return url

    @field_validator("headers")
    @classmethod
    def _be_sendable(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            text = value.get_secret_value()
            if name.lower() in _HOP_HEADERS or name.lower().startswith("mcp-"):
                raise PydanticCustomError("header_reservado", "set by the protocol itself")
            if not text.isascii() or not text.isprintable() or text != text.strip():
                raise PydanticCustomError("header_invalido", "printable ASCII only, no spaces around it")
        return headers

    @model_validator(mode="after")
    def _compile(self) -> Channel:
        template = dict(self.arguments)
        if self.idempotency_argument is not None:
            template.setdefault(self.idempotency_argument, "{{chave}}")
        self._build = compile_arguments(template, "/arguments")
        return self

    @property
    def is_idempotent(self) -> bool:
        """Whether a message may be sent again under its own key when nobody knows what became of it."""
        return self.idempotency_argument is not None

    def header_values(self) -> dict[str, str]:
        """The headers in clear, for the wire only."""
        return {name: value.get_secret_value() for name, value in self.headers.items()}

    def arguments_for(self, mensagem: OutgoingMessage) -> dict[str, Any]:
        """The tool's arguments for one message."""
        return self._build(mensagem)

    def verdict(self, result: CallResult) -> Outcome:
        """What a call came to. Total: every answer has a verdict, and doubt is `Unknown`, never `Sent` or a retry."""
        match result:
            case Answer():
                return self._verdict_of_answer(result)
            case Refused():
                return _verdict_of_refusal(result)
            case NotWritten(reason=reason) if reason == TOOL_MISSING:
                return ChannelDown(reason)
            case NotWritten(reason=reason) if reason == BAD_ARGUMENTS:
                return Permanent(reason)
            case NotWritten():
                return Transient(result.reason, result.retry_after, "canal")
        return Unknown(result.reason)

    def _verdict_of_answer(self, answer: Answer) -> Outcome:
        reading = Reading.of(answer)
        if self.resultado.is_success(answer, reading):
            return Sent(self.resultado.message_id_in(reading))
        code = self.resultado.code_in(reading)
        rule = self.sem_codigo if code is None else self.codigos.get(code, self.codigo_desconhecido)
        return rule.outcome(code or NO_CODE, self.resultado.wait_in(reading))

    def check_against(self, tools: Mapping[str, Mapping[str, Any]]) -> list[FieldError]:
        """What stands between this channel and a server that offers these tools (name → input schema).

        Pointers are into the channel's document; an empty list means that calls will be understood.
        """
        errors = _unfit(self.tool, self._build, tools, self.canal)
        if self.consulta is None:
            return errors
        asking = _unfit(self.consulta.tool, self.consulta.arguments_for, tools, self.canal)
        return errors + [each._replace(pointer=f"/consulta{each.pointer}") for each in asking]


# A message that says everything that one can say, and what each channel's barest does not.
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
)
_BARE: Mapping[str, OutgoingMessage] = {
    "whatsapp": replace(_FULL, assunto=None, html=None, variaveis=(), cabecalhos={}, descadastro_url=None),
    "email": replace(_FULL, html=None, variaveis=(), cabecalhos={}, descadastro_url=None),
}
# Alternatives within alternatives say nothing evident any more.
_DEEPEST_SCHEMA = 4
_JSON_TYPES: Mapping[type, frozenset[str]] = {
    str: frozenset({"string"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}


def _unfit(
    tool: str,
    build: Callable[[OutgoingMessage], dict[str, Any]],
    tools: Mapping[str, Mapping[str, Any]],
    canal: str,
) -> list[FieldError]:
    """What a tool would not understand of the arguments; pointers begin where `tool` and `arguments` stand."""
    schema = tools.get(tool)
    if schema is None:
        return [FieldError("/tool", TOOL_MISSING, tool)]
    return [*_left_out(build(_BARE[canal]), schema), *_strange(build(_FULL), schema)]


def _left_out(arguments: Mapping[str, object], schema: Mapping[str, Any]) -> Iterator[FieldError]:
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if str(name) not in arguments:
            yield FieldError(f"/arguments/{escape_pointer(str(name))}", "argumento_obrigatorio", str(name))


def _strange(arguments: Mapping[str, object], schema: Mapping[str, Any]) -> Iterator[FieldError]:
    properties = schema.get("properties")
    declared = properties if isinstance(properties, dict) else {}
    for name, value in arguments.items():
        pointer = f"/arguments/{escape_pointer(name)}"
        if name in declared:
            yield from _of_another_type(value, declared[name], pointer)
        elif not schema.get("additionalProperties"):
            yield FieldError(pointer, "argumento_desconhecido", name)


def _of_another_type(value: object, schema: object, pointer: str) -> Iterator[FieldError]:
    """Where a value is plainly not what its schema takes; into a list, for all of its elements are alike."""
    if (taken := _types_taken(schema)) and not taken & _JSON_TYPES[type(value)]:
        yield FieldError(pointer, "argumento_de_outro_tipo", ", ".join(sorted(taken)))
    elif isinstance(value, list) and isinstance(schema, dict):
        for number, each in enumerate(value):
            yield from _of_another_type(each, schema.get("items"), f"{pointer}/{number}")


def _types_taken(schema: object, depth: int = 0) -> frozenset[str]:
    """The JSON types that a property's schema takes; empty if it does not plainly say so.

    The schema is the server's, so nothing about it is taken for granted.
    """
    if not isinstance(schema, dict) or depth > _DEEPEST_SCHEMA:
        return frozenset()
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(alternatives, list):
        taken = [_types_taken(each, depth + 1) for each in alternatives]
        return frozenset().union(*taken) if all(taken) else frozenset()
    named = schema.get("type")
    return frozenset(each for each in (named if isinstance(named, list) else [named]) if isinstance(each, str))


def _verdict_of_refusal(refused: Refused) -> Outcome:
    """The verdict by HTTP status; whatever is neither for later nor about this request is about the channel."""
    code = f"http_{refused.status}"
    if refused.status in _LATER:
        return Transient(code, refused.retry_after, "canal")
    if refused.status in _THIS_REQUEST and not refused.at_handshake:
        return Permanent(code)
    return ChannelDown(code)


@cache
def profiles() -> Mapping[str, Mapping[str, Any]]:
    """The profiles that are shipped, by name."""
    return {path.stem: _read(path) for path in sorted((_HERE / "profiles").glob("*.json"))}


@cache
def _whatsapp_codes() -> Mapping[str, Any]:
    """Meta's codes, which reach us through whichever provider."""
    return _read(_HERE / "whatsapp_codes.json")


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def load_channel(document: Mapping[str, Any]) -> Channel:
    """The channel that a document describes, profile and defaults filled in.

    Raises:
        Invalid: `canal_invalido`, with a pointer into the document for each thing wrong; no value of it is quoted, for
            headers hold secrets.
    """
    try:
        return Channel.model_validate(_with_profile(document))
    except BadTemplate as error:
        errors = [FieldError(error.pointer, error.code, error.detail)]
    except ValidationError as error:
        errors = [
            FieldError(_pointer(each["loc"]), each["type"], each["msg"])
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise Invalid("canal_invalido", tuple(errors))


def _pointer(place: tuple[int | str, ...]) -> str:
    """A JSON pointer; pydantic marks what is wrong with a name, rather than with its value, by `[key]`."""
    return "".join(f"/{escape_pointer(str(step))}" for step in place if step != "[key]")


def _with_profile(document: Mapping[str, Any]) -> dict[str, Any]:
    name = document.get("perfil")
    if name is not None and (not isinstance(name, str) or name not in profiles()):
        raise Invalid("canal_invalido", (FieldError("/perfil", "perfil_desconhecido", ", ".join(profiles())),))
    base = {} if name is None else profiles()[name]
    merged = {**base, **document}
    for part in _ADDED_BY_NAME:
        own = document.get(part, {})
        if isinstance(own, Mapping):
            merged[part] = _added(base.get(part, {}), own)
    if merged.get("canal") == "whatsapp" and isinstance(merged["codigos"], dict):
        merged["codigos"] = {**_whatsapp_codes(), **merged["codigos"]}
    return merged


def _added(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    gone = {name for name in base if own.get(name, base) is None}
    return {name: value for name, value in {**base, **own}.items() if name not in gone}
