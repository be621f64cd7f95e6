"""A calendar as a channel (`canais.calendario`): the tools that make, move and remove the event of an agendamento.

It is a document like that of any other channel (`document`), with three tools in the place of one. Two facts about the
server decide what may be repeated: whether a second call with the same key makes no second event (`idempotente`), and
which codes say that the event is there already (`codigos_de_existente`) or not there any more (`codigos_de_ausente`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.adapters.calls import Answer, CallResult
from chalicelib.dispatch.channels.answers import DocumentPart, DocumentPath, Reading, ResultReader
from chalicelib.dispatch.channels.arguments import Vocabulary, compile_with
from chalicelib.dispatch.channels.document import (
    McpEndpoint,
    misfits,
    on_profile,
    profiles_in,
    validated,
    without_nulls,
)
from chalicelib.dispatch.outcomes import Outcome
from chalicelib.errors import FieldError
from chalicelib.tenants.config import ZoneName

KIND = "calendario"
"""The name of this kind of channel in the configuration of a tenant."""
_MERGED_BY_NAME = ("headers", "codigos")
_TOOLS = ("criar", "mover", "cancelar", "ocupados")
_CODE = r"^[A-Za-z0-9_.:-]{1,64}$"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]{5,18}(Z|[+-]\d\d:\d\d)?")
# Two months of a busy calendar, each event with all that its server tells of it.
_MOST_EVENTS = 2_500
_LONGEST_LIST = 2_000_000


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """The event of one version of an agendamento, as the arguments of a tool may name it.

    `evento_id` is the event's id at the calendar, or the one that we propose. `chave` is the same for every call about
    this agendamento, whatever the version.
    """

    agendamento_id: str
    evento_id: str
    versao: int
    titulo: str
    descricao: str
    local: str
    inicio: datetime
    fim: datetime
    fuso: str
    responsavel: str
    responsavel_email: str | None = None
    lead_email: str | None = None
    calendario_id: str = field(default="", kw_only=True)

    @property
    def chave(self) -> str:
        """The key with which a server recognises a call that is repeated."""
        return self.agendamento_id


@dataclass(frozen=True, slots=True)
class BusyQuestion:
    """What a calendar is asked about the time of one responsável."""

    responsavel: str
    responsavel_email: str | None
    de: datetime
    ate: datetime
    fuso: str
    calendario_id: str = field(default="", kw_only=True)


class BusySpan(DocumentPart):
    """A span of time that an event of a calendar takes; `evento_id` is that event."""

    evento_id: str | None
    inicio: datetime
    fim: datetime


def _offset(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def _wall(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="seconds")


_CALENDAR_ID: Vocabulary[CalendarEvent | BusyQuestion] = Vocabulary(
    {"responsavel.nome": lambda e: e.responsavel, "responsavel.email": lambda e: e.responsavel_email}
)
_EVENT: Vocabulary[CalendarEvent] = Vocabulary(
    {
        "agendamento_id": lambda e: e.agendamento_id,
        "chave": lambda e: e.chave,
        "versao": lambda e: e.versao,
        "calendario.id": lambda e: e.calendario_id,
        "evento.id": lambda e: e.evento_id,
        "evento.titulo": lambda e: e.titulo,
        "evento.descricao": lambda e: e.descricao,
        "evento.local": lambda e: e.local,
        "evento.inicio": lambda e: _offset(e.inicio, e.fuso),
        "evento.fim": lambda e: _offset(e.fim, e.fuso),
        "evento.inicio_local": lambda e: _wall(e.inicio, e.fuso),
        "evento.fim_local": lambda e: _wall(e.fim, e.fuso),
        "fuso": lambda e: e.fuso,
        "responsavel.nome": lambda e: e.responsavel,
        "responsavel.email": lambda e: e.responsavel_email,
        "lead.email": lambda e: e.lead_email,
    },
    {"convidados": lambda e: [each for each in (e.lead_email,) if each]},
)
_QUESTION: Vocabulary[BusyQuestion] = Vocabulary(
    {
        "calendario.id": lambda q: q.calendario_id,
        "de": lambda q: _offset(q.de, q.fuso),
        "ate": lambda q: _offset(q.ate, q.fuso),
        "de_local": lambda q: _wall(q.de, q.fuso),
        "ate_local": lambda q: _wall(q.ate, q.fuso),
        "fuso": lambda q: q.fuso,
        "responsavel.nome": lambda q: q.responsavel,
        "responsavel.email": lambda q: q.responsavel_email,
    }
)


class CalendarTool(DocumentPart):
    """One tool of the server: its arguments, and how to read its answer. `message_id` is where the event's id is."""

    tool: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    arguments: dict[str, Any]
    resultado: ResultReader = ResultReader()


class BusyTool(CalendarTool):
    """The tool that lists the events of a calendar; where they are in its answer, and what each of them has."""

    lista: DocumentPath
    id: DocumentPath | None = "id"
    inicio: DocumentPath = "start"
    fim: DocumentPath = "end"
    # An event that has this value there takes no time.
    livre: DocumentPath | None = None
    livre_igual: Annotated[str, StringConstraints(max_length=100)] = "transparent"
    # The zone of times that the answer gives without an offset; without it, such an event is of a whole day.
    fuso: ZoneName | None = None


class CalendarChannel(McpEndpoint):
    """How events are kept at a calendar. Its fields are those of the document (docs/channels.md)."""

    canal: Literal["calendario"] = "calendario"
    criar: CalendarTool
    mover: CalendarTool
    cancelar: CalendarTool
    ocupados: BusyTool | None = None
    # Whose calendar: an id, or a placeholder of the responsável.
    calendario_id: Annotated[str, StringConstraints(min_length=1, max_length=300)] = "primary"
    # Whether what `ocupados` lists takes time from the slots of the responsável whose calendar it is.
    bloqueia_horarios: bool = False
    idempotente: bool = False
    codigos_de_existente: tuple[Annotated[str, StringConstraints(pattern=_CODE)], ...] = ()
    codigos_de_ausente: tuple[Annotated[str, StringConstraints(pattern=_CODE)], ...] = ()
    timeout_s: Annotated[float, Field(gt=0, le=20)] = 10.0
    connect_timeout_s: Annotated[float, Field(gt=0, le=10)] = 3.0
    _calendar: Callable[[CalendarEvent | BusyQuestion], dict[str, Any]]
    _event: Mapping[str, Callable[[CalendarEvent], dict[str, Any]]]
    _question: Callable[[BusyQuestion], dict[str, Any]]

    @model_validator(mode="after")
    def _compile(self) -> CalendarChannel:
        self._calendar = compile_with(_CALENDAR_ID, {"calendario_id": self.calendario_id})
        self._event = {
            "criar": compile_with(_EVENT, self.criar.arguments, "/criar/arguments"),
            "mover": compile_with(_EVENT, self.mover.arguments, "/mover/arguments"),
            "cancelar": compile_with(_EVENT, self.cancelar.arguments, "/cancelar/arguments"),
        }
        busy = {} if self.ocupados is None else self.ocupados.arguments
        self._question = compile_with(_QUESTION, busy, "/ocupados/arguments")
        if self.bloqueia_horarios and self.ocupados is None:
            raise PydanticCustomError("ocupados_ausente", "which tool lists events?")
        return self

    @property
    def names_events(self) -> bool:
        """Whether the id of an event is ours: the tool that makes it takes the id that we propose."""
        return self._event["criar"](_BARE) != self._event["criar"](replace(_BARE, evento_id="b0000"))

    def tool_of(self, step: str) -> CalendarTool:
        """The tool for one of the steps `criar`, `mover` and `cancelar`."""
        tool: CalendarTool = getattr(self, step)
        return tool

    def calendar_of(self, subject: CalendarEvent | BusyQuestion) -> str | None:
        """Whose calendar it is; None if the responsável has not what names it."""
        return self._calendar(subject).get("calendario_id") or None

    def arguments_for(self, step: str, event: CalendarEvent) -> dict[str, Any]:
        """The arguments of that step's tool for an event."""
        return self._event[step](replace(event, calendario_id=self.calendar_of(event) or ""))

    def question_for(self, question: BusyQuestion) -> dict[str, Any]:
        """The arguments of the tool that lists events."""
        return self._question(replace(question, calendario_id=self.calendar_of(question) or ""))

    def verdict(self, step: str, result: CallResult) -> Outcome:
        """The verdict on a call of that step's tool; `Sent` means done, with the event's id if the answer has one."""
        return self.judged(result, self.tool_of(step).resultado)

    def busy_in(self, result: CallResult) -> list[BusySpan] | None:
        """The spans that an answer lists; None if it lists nothing that can be read.

        An event without a time of day is of a whole day: it says where somebody is, and takes no time. So does an
        event that is marked as free, or cancelled.
        """
        tool = self.ocupados
        if tool is None or not isinstance(result, Answer):
            return None
        reading = Reading.of(result, _LONGEST_LIST)
        found = reading.at(tool.lista) if tool.resultado.is_success(result, reading) else None
        if not isinstance(found, list):
            return None
        spans = [_span(Reading("", each), tool) for each in found[:_MOST_EVENTS]]
        return [each for each in spans if each is not None]

    def check_against(self, tools: Mapping[str, Mapping[str, Any]]) -> list[FieldError]:
        """What a server with these tools (name → input schema) would not accept; pointers into the document."""
        errors: list[FieldError] = []
        for step, build in self._event.items():
            found = misfits(self.tool_of(step).tool, build(_BARE), build(_FULL), tools)
            errors += [each._replace(pointer=f"/{step}{each.pointer}") for each in found]
        if self.ocupados is not None:
            arguments = self._question(_ASKED)
            found = misfits(self.ocupados.tool, arguments, arguments, tools)
            errors += [each._replace(pointer=f"/ocupados{each.pointer}") for each in found]
        return errors


def _span(event: Reading, tool: BusyTool) -> BusySpan | None:
    begins, ends = _moment(event.at(tool.inicio), tool.fuso), _moment(event.at(tool.fim), tool.fuso)
    is_free = tool.livre is not None and event.at(tool.livre) == tool.livre_igual
    if begins is None or ends is None or ends <= begins or is_free or event.at("status") == "cancelled":
        return None
    found = None if tool.id is None else event.at(tool.id)
    return BusySpan(evento_id=found if isinstance(found, str) else None, inicio=begins, fim=ends)


def _moment(value: object, zone: str | None) -> datetime | None:
    """An instant of ISO 8601, in `zone` if it has no offset; None of anything else, such as a date alone."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None if zone is None else moment.replace(tzinfo=ZoneInfo(zone))
    return moment


_BEGINS = datetime.fromisoformat("2026-12-01T09:00:00-03:00")
_ENDS = datetime.fromisoformat("2026-12-01T10:00:00-03:00")
_BARE = CalendarEvent(
    "0", "a0000", 0, "título", "", "", _BEGINS, _ENDS, "America/Sao_Paulo", "Ana", calendario_id="primary"
)
_FULL = replace(_BARE, descricao="x", local="x", responsavel_email="a@example.com", lead_email="b@example.com")
_ASKED = BusyQuestion("Ana", "a@example.com", _BEGINS, _ENDS, "America/Sao_Paulo", calendario_id="primary")


@cache
def calendar_profiles() -> Mapping[str, Mapping[str, Any]]:
    """The profiles of calendars that come with this package, by name."""
    return profiles_in("calendar_profiles")


def load_calendar(document: Mapping[str, Any]) -> CalendarChannel:
    """The calendar that a document describes, with its profile and the defaults filled in.

    A tool is merged with the profile's, and its `arguments` by name. So `{"mover": {"arguments": {"x": 1}}}` adds one.

    Raises:
        Invalid: `canal_invalido`, with a pointer into the document for each error.
    """
    merged = on_profile(document, calendar_profiles(), _MERGED_BY_NAME)
    base = calendar_profiles().get(str(document.get("perfil")), {})
    for name in _TOOLS:
        own = document.get(name)
        if isinstance(own, Mapping) and isinstance(own.get("arguments", {}), Mapping):
            of_profile = base.get(name, {})
            arguments = without_nulls(of_profile.get("arguments", {}), own.get("arguments", {}))
            merged[name] = {**of_profile, **own, "arguments": arguments}
    return validated(CalendarChannel, merged)
