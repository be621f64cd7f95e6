"""Answers which times are free, which are not and why, and proposes three."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import compress
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.encoding import WrittenJson
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.scheduling.rules.slots import (
    FARTHEST_DAYS,
    NO_BLOQUEIO,
    PLAIN,
    GridDay,
    Proposal,
    RefusedSlot,
    SlotRefusal,
    by_reason,
    grid,
    proposals,
    refusal,
)
from chalicelib.scheduling.rules.wall_clock import micros
from chalicelib.scheduling.staff.availability import Person, Span, everybody, people, span_around
from chalicelib.scheduling.staff.requests import MOST_DAYS, SlotQuery
from chalicelib.tenants.config import TenantConfig, config_of

_ONE_DAY = timedelta(days=1)
_USUAL_DAYS = 14
# Calendars are read every five minutes (`scheduling.calendars.busy`): this is after three that failed.
_STALE = timedelta(minutes=20)
_USUAL_MINUTES = 60
_MOST_PERSON_DAYS = 50 * MOST_DAYS
"""Of one answer; Lambda answers with 6 MB at most."""
SENTENCES: Mapping[SlotRefusal, str] = {
    SlotRefusal.NO_PASSADO: "horario_no_passado",
    SlotRefusal.ANTECEDENCIA_MINIMA: "horario_antecedencia_minima",
    SlotRefusal.HORIZONTE: "horario_horizonte",
    SlotRefusal.FERIADO: "horario_feriado",
    SlotRefusal.INTERVALO: "horario_intervalo",
    SlotRefusal.FORA_DO_EXPEDIENTE: "horario_fora_do_expediente",
    SlotRefusal.BLOQUEADO: "horario_bloqueado",
    SlotRefusal.OCUPADO: "horario_ocupado",
    SlotRefusal.LIMITE_DO_DIA: "horario_limite_do_dia",
}


class _Asked(NamedTuple):
    """A request with what it left out."""

    names: list[str]
    since: datetime
    until: datetime
    minutes: int
    now: datetime


class FreeTimes:
    """The free slots of a tenant's responsáveis; `database` is the API's login.

    `buffer_min` are the minutes after an agendamento where a responsável has no others.
    """

    def __init__(self, *, database: Database, buffer_min: int, clock: Clock) -> None:
        self._database = database
        self._buffer_min = buffer_min
        self._clock = clock

    def show(self, tenant_id: str, query: SlotQuery) -> dict[str, Any]:
        """Three proposals, and for each responsável the days with their free times and why others are not free.

        Raises:
            NotFound: the tenant has no such agendamento.
            Invalid: `periodo_longo`, `data_no_passado`, `data_distante`, or `horarios_demais`.
        """
        return self._database.run(tenant_id, lambda rows: self._show(rows, query))

    def _show(self, rows: Rows, query: SlotQuery) -> dict[str, Any]:
        asked = _completed(rows, query, self._clock())
        config = config_of(rows)
        language = config.idioma
        now, since, until = micros(asked.now), micros(asked.since), micros(asked.until)
        grids = [
            (each, list(grid(each.agenda, each.booked, asked.minutes, now, since, until)))
            for each in self._people(rows, asked, query, Span(asked.since, asked.until), config)
        ]
        stale = _stale(rows, [person for person, _ in grids], config, asked.now)
        # Each reason is put into words once, and written once.
        reason_of = cache(partial(_reason, language=language))
        written = cache(lambda refused: json.dumps(reason_of(refused), ensure_ascii=False, separators=(",", ":")))
        judged: Sequence[Row | None] = [None] * len(grids)
        if query.em is not None:
            of_time = self._people(rows, asked, query, span_around(query.em, asked.now), config)
            judged = [_judged(refusal(each.agenda, each.booked, micros(query.em), asked.minutes, now), reason_of)
                      for each in of_time]  # fmt: skip
        return {
            "de": asked.since,
            "ate": asked.until,
            "duracao_minutos": asked.minutes,
            "propostas": [_proposed(each, asked) for each in proposals((person.nome, days) for person, days in grids)],
            "responsaveis": [
                {
                    "responsavel_id": person.responsavel_id,
                    "responsavel": person.nome,
                    "fuso": person.agenda.zone.key,
                    "em": of_person,
                    "avisos": stale.get(person.responsavel_id, []),
                    "dias": WrittenJson(f"[{','.join(_day(each, written) for each in days)}]"),
                }
                for (person, days), of_person in zip(grids, judged, strict=True)
            ],
        }

    def _people(self, rows: Rows, asked: _Asked, query: SlotQuery, span: Span, config: TenantConfig) -> list[Person]:
        most = _MOST_PERSON_DAYS // max(1, -((asked.since - asked.until) // _ONE_DAY))
        if asked.names:
            found = people(
                rows, asked.names, span, buffer_min=self._buffer_min, ignoring=query.agendamento_id, config=config
            )
        else:
            found = everybody(
                rows, span, buffer_min=self._buffer_min, ignoring=query.agendamento_id, config=config, most=most + 1
            )
        if len(found) > most:
            raise _refused("ate", "horarios_demais", maximo=_MOST_PERSON_DAYS)
        return found


def _completed(rows: Rows, query: SlotQuery, now: datetime) -> _Asked:
    """What is asked for, with the usual values for what was left out."""
    names, minutes = list(dict.fromkeys(query.responsavel)), query.duracao
    if query.agendamento_id is not None:
        moved = rows.one("agendamento_to_move", agendamento_id=query.agendamento_id)
        if moved is None:
            raise NotFound("nao_encontrado")
        names = names or [moved["responsavel"]]
        minutes = minutes or moved["duracao_minutos"]
    since = query.de or now
    if since > now + FARTHEST_DAYS * _ONE_DAY:
        raise _refused("de", "data_distante", dias=FARTHEST_DAYS)
    until = query.ate or since + _USUAL_DAYS * _ONE_DAY
    if until <= max(since, now):
        raise _refused("ate", "data_no_passado")
    if until - since > MOST_DAYS * _ONE_DAY:
        raise _refused("ate", "periodo_longo", valor=MOST_DAYS)
    return _Asked(names, since, until, minutes or _USUAL_MINUTES, now)


def _stale(rows: Rows, found: Sequence[Person], config: TenantConfig, now: datetime) -> dict[UUID | None, list[Row]]:
    """The warnings for those whose calendar should take time away, and has not been read for a while."""
    calendar = config.canais.calendario
    if calendar is None or calendar.get("bloqueia_horarios") is not True:
        return {}
    ids = [each.responsavel_id for each in found if each.responsavel_id is not None]
    return {
        row["responsavel_id"]: [
            {
                "codigo": "calendario_indisponivel",
                "mensagem": messages.text("aviso_calendario_indisponivel", config.idioma),
                "lido_em": row["lido_em"],
            }
        ]
        for row in rows.all("list_stale_calendars", responsaveis=ids, antes=now - _STALE)
    }


def _refused(parameter: str, code: str, **params: object) -> Invalid:
    return Invalid(code, (FieldError(f"?/{parameter}", code, str(params.get("valor", parameter))),), **params)


def _proposed(proposal: Proposal, asked: _Asked) -> Row:
    begins = datetime.fromisoformat(proposal.text)
    return {
        "responsavel": proposal.responsavel,
        "inicio": proposal.text,
        "fim": begins + timedelta(minutes=asked.minutes),
        "periodo": proposal.period,
    }


def _judged(refused: RefusedSlot | None, reason_of: Callable[[RefusedSlot], Row]) -> Row:
    return {"livre": refused is None, "recusa": None if refused is None else reason_of(refused)}


def _day(day: GridDay, written: Callable[[RefusedSlot], str]) -> str:
    """One day as JSON: the free starts in order, and the others by why they are not free.

    An answer has thousands of days. To make an object of each, and JSON of it, would take half of the request.
    """
    closed = "null" if day.closed is None else written(PLAIN[day.closed])
    free, others = "[]", []
    for refused, are in by_reason(day.refusals):
        # ISO 8601 holds nothing that would have to be escaped.
        times = '["' + '","'.join(compress(day.texts, are)) + '"]'
        if refused is None:
            free = times
        else:
            others.append(f'{written(refused)[:-1]},"horarios":{times}}}')
    return f'{{"dia":"{day.day.isoformat()}","livres":{free},"fechado":{closed},"recusados":[{",".join(others)}]}}'


def _reason(refused: RefusedSlot, language: str) -> Row:
    return {
        "codigo": refused.code.value,
        "mensagem": messages.text(SENTENCES[refused.code], language),
        "bloqueio_id": None if refused.bloqueio_id in (None, NO_BLOQUEIO) else str(refused.bloqueio_id),
    }
