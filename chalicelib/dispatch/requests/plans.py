"""From the request for a disparo to its row: to which contact, with which words, when.

Every mistake is reported before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never
from uuid import UUID

from chalicelib.adapters.database import Row
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import NewDisparo
from chalicelib.dispatch.rules.demands import as_json, check_given, frozen
from chalicelib.dispatch.rules.formats import Scalar
from chalicelib.dispatch.rules.rendering import render_message, words_of
from chalicelib.dispatch.states import WaitReason
from chalicelib.errors import Conflict, FieldError, Invalid

# Clocks differ, and people take a moment to press the button.
_LATE = timedelta(minutes=5)
_FARTHEST = timedelta(days=366)


class Plan(NamedTuple):
    """The columns of a disparo that follow from the request for it."""

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


def plan(
    request: NewDisparo, template: Row, lead: Mapping[str, Scalar], contacts: Sequence[Row], now: datetime
) -> Plan:
    """The columns of the disparo; `contacts` are the lead's contacts of that channel, the preferred ones first.

    `lead` are the values of the lead (`lead_values`); those of the request win.

    Raises:
        Invalid: the template is of another channel, variables are missing, unknown, too long, blank or not of their
            format, the contact is not one of these or not fit for sending, a time is past, too far off, or leaves
            none for sending.
        Conflict: `sem_contato_valido`; no contact was asked for, and none is fit for sending.
    """
    values = _values(request, template, lead)
    agendar_para = _time(request.agendar_para, now)
    contact = _contact(request, contacts)
    return Plan(
        canal=request.canal.value,
        contato_id=contact["contato_id"],
        destino=contact["destino"],
        template=template["nome"],
        template_versao=template["versao"],
        variaveis=as_json(values),
        agendar_para=agendar_para,
        enviar_apos=agendar_para or now,
        espera=WaitReason.AGENDADO.value if agendar_para else None,
        expira_em=_end(request.expira_em, agendar_para or now),
        ignorar_janela=request.ignorar_janela,
        usar_alternativos=request.usar_alternativos,
    )


def _values(request: NewDisparo, template: Row, lead: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The raw values of the message, which can be rendered with them."""
    if template["canal"] != request.canal:
        raise _invalid("template_de_outro_canal", "/template", request.template)
    words = words_of(template)
    given = request.payload.variaveis
    values = frozen(words, lead, given)
    render_message(words, values)
    check_given(words, given)
    return values


def _time(agendar_para: datetime | None, now: datetime) -> datetime | None:
    """The time that was asked for; None for now, which a time just past means too."""
    if agendar_para is None:
        return None
    if agendar_para < now - _LATE:
        raise _invalid("agendar_para_no_passado", "/agendar_para", "agendar_para")
    if agendar_para > now + _FARTHEST:
        raise _invalid("agendar_para_distante", "/agendar_para", "agendar_para")
    return agendar_para if agendar_para > now else None


def _end(expira_em: datetime | None, enviar_apos: datetime) -> datetime | None:
    """When it is not wanted any more; that must leave some time for sending."""
    if expira_em is not None and expira_em <= enviar_apos:
        raise _invalid("expira_antes_do_envio", "/expira_em", "expira_em")
    if expira_em is not None and expira_em > enviar_apos + _FARTHEST:
        raise _invalid("expira_em_distante", "/expira_em", "expira_em")
    return expira_em


def _contact(request: NewDisparo, contacts: Sequence[Row]) -> Row:
    field, wanted = _wanted(request)
    if wanted is None:
        fit = next((each for each in contacts if each["valido_para_disparo"]), None)
        if fit is None:
            raise Conflict("sem_contato_valido")
        return fit
    pointer = f"/{field}"
    found = next((each for each in contacts if each["contato_id"] == wanted), None)
    if found is None:
        raise _invalid("contato_desconhecido", pointer, str(wanted))
    if not found["valido_para_disparo"]:
        raise _invalid("contato_invalido", pointer, str(wanted))
    return found


class _ContactChoice(NamedTuple):
    """The field of a request that names a contact of one channel, and its value."""

    field: str
    contato_id: UUID | None


def _wanted(request: NewDisparo) -> _ContactChoice:
    """The contact that was asked for; the id of another channel's contact is an error."""
    for canal in Canal:
        field, contato_id = _choice(request, canal)
        if canal is not request.canal and contato_id is not None:
            raise _invalid("contato_de_outro_canal", f"/{field}", field)
    return _choice(request, request.canal)


def _choice(request: NewDisparo, canal: Canal) -> _ContactChoice:
    match canal:
        case Canal.WHATSAPP:
            return _ContactChoice("telefone_id", request.telefone_id)
        case Canal.EMAIL:
            return _ContactChoice("email_id", request.email_id)
        case _:
            assert_never(canal)


def _invalid(code: str, pointer: str, detail: str) -> Invalid:
    return Invalid(code, (FieldError(pointer, code, detail),))
