"""From the wish for a disparo to its row: to whom, with which words, when. Everything wrong is said before anything is
written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Row
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import NewDisparo
from chalicelib.dispatch.rules.rendering import render_all
from chalicelib.dispatch.states import WaitReason
from chalicelib.errors import Conflict, FieldError, Invalid, escape_pointer

# Clocks differ, and a person takes a while to press the button.
_LATE = timedelta(minutes=5)
_FARTHEST = timedelta(days=366)

_CONTACT_FIELD: Mapping[Canal, str] = {Canal.WHATSAPP: "telefone_id", Canal.EMAIL: "email_id"}


class Plan(NamedTuple):
    """The columns of a disparo that follow from the wish for it."""

    canal: str
    contato_id: UUID
    destino: str
    template: str
    template_versao: int
    variaveis: str
    agendar_para: datetime | None
    enviar_apos: datetime
    espera: str | None
    expira_em: datetime | None
    ignorar_janela: bool
    usar_alternativos: bool


def plan(novo: NewDisparo, template: Row, destinos: Sequence[Row], now: datetime) -> Plan:
    """What to write for a wish; `destinos` are the lead's contacts of that channel in the order of preference.

    Raises:
        Invalid: the template is of another channel, variables are missing, unknown or too long, the contact is not one
            of these or not fit for sending, a time is past, too far off, or leaves none for sending.
        Conflict: `sem_contato_valido`; no contact was asked for, and none is fit for sending.
    """
    _check_words(novo, template)
    agendar_para = _time(novo.agendar_para, now)
    destino = _destino(novo, destinos)
    return Plan(
        canal=novo.canal.value,
        contato_id=destino["contato_id"],
        destino=destino["destino"],
        template=template["nome"],
        template_versao=template["versao"],
        variaveis=json.dumps(novo.payload.variaveis),
        agendar_para=agendar_para,
        enviar_apos=agendar_para or now,
        espera=WaitReason.AGENDADO.value if agendar_para else None,
        expira_em=_end(novo.expira_em, agendar_para or now),
        ignorar_janela=novo.ignorar_janela,
        usar_alternativos=novo.usar_alternativos,
    )


def _check_words(novo: NewDisparo, template: Row) -> None:
    if template["canal"] != novo.canal:
        raise _invalid("template_de_outro_canal", "/template", novo.template)
    variaveis = novo.payload.variaveis
    render_all(assunto=template["assunto"], texto=template["texto"], html=template["html"], values=variaveis)
    if unknown := sorted(variaveis.keys() - set(template["variaveis"])):
        code = "variavel_desconhecida"
        errors = tuple(FieldError(f"/payload/variaveis/{escape_pointer(name)}", code, name) for name in unknown)
        raise Invalid(code, errors, nomes=", ".join(unknown))


def _time(agendar_para: datetime | None, now: datetime) -> datetime | None:
    """When it was asked for; None for now, which a time just past is too."""
    if agendar_para is None:
        return None
    if agendar_para < now - _LATE:
        raise _invalid("agendar_para_no_passado", "/agendar_para", "agendar_para")
    if agendar_para > now + _FARTHEST:
        raise _invalid("agendar_para_distante", "/agendar_para", "agendar_para")
    return agendar_para if agendar_para > now else None


def _end(expira_em: datetime | None, enviar_apos: datetime) -> datetime | None:
    """From when on it is not wanted any more, which leaves some time for it before."""
    if expira_em is not None and expira_em <= enviar_apos:
        raise _invalid("expira_antes_do_envio", "/expira_em", "expira_em")
    if expira_em is not None and expira_em > enviar_apos + _FARTHEST:
        raise _invalid("expira_em_distante", "/expira_em", "expira_em")
    return expira_em


def _destino(novo: NewDisparo, destinos: Sequence[Row]) -> Row:
    wanted = _wanted(novo)
    if wanted is None:
        fit = next((each for each in destinos if each["valido_para_disparo"]), None)
        if fit is None:
            raise Conflict("sem_contato_valido")
        return fit
    pointer = f"/{_CONTACT_FIELD[novo.canal]}"
    found = next((each for each in destinos if each["contato_id"] == wanted), None)
    if found is None:
        raise _invalid("contato_desconhecido", pointer, str(wanted))
    if not found["valido_para_disparo"]:
        raise _invalid("contato_invalido", pointer, str(wanted))
    return found


def _wanted(novo: NewDisparo) -> UUID | None:
    """The contact that was asked for; one of another channel fits nothing."""
    for canal, name in _CONTACT_FIELD.items():
        if canal is not novo.canal and getattr(novo, name) is not None:
            raise _invalid("contato_de_outro_canal", f"/{name}", name)
    wanted: UUID | None = getattr(novo, _CONTACT_FIELD[novo.canal])
    return wanted


def _invalid(code: str, pointer: str, detail: str) -> Invalid:
    return Invalid(code, (FieldError(pointer, code, detail),))
