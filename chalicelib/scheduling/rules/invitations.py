"""What the calendars of a lead and of a responsável show of an agendamento. Pure.

The lead's says nothing that was noted about them; the responsável's has what is needed to reach the lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.dispatch.outcomes import CalendarPart
from chalicelib.messages import label
from chalicelib.scheduling.rules.calendar_file import (
    CalendarEntry,
    CalendarMethod,
    CalendarPerson,
    Conference,
    calendar_text,
)
from chalicelib.scheduling.states import AgendamentoStatus

# Not the host of the API: an appointment keeps its identity when that changes.
_DOMAIN = "agendamentos.disparo-agenda"
_ALARM = timedelta(minutes=15)
_REFRESH = timedelta(hours=1)
_ACCEPTED = frozenset({AgendamentoStatus.CONFIRMADO, AgendamentoStatus.REALIZADO})


@dataclass(frozen=True, slots=True)
class InvitedMeeting:
    """An agendamento as a calendar needs it; `versao` rises with each move and with the cancellation.

    `email` and `telefone` are the lead's, `organizador` is the address that answers go to, `fuso` the zone of the
    responsável.
    """

    agendamento_id: UUID
    tipo: str
    canal: str
    data_agendada: datetime
    duracao_minutos: int
    responsavel: str
    status: AgendamentoStatus
    versao: int
    criado_em: datetime
    atualizado_em: datetime
    fuso: str
    nome: str | None = None
    email: str | None = None
    telefone: str | None = None
    observacoes: str | None = None
    local: str | None = None
    link: str | None = None
    organizador: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any], fuso: str, organizador: str | None) -> InvitedMeeting:
        """That of a row; the zone and the organizer of the tenant count where the responsável has none of their own."""
        given = {**row, "status": AgendamentoStatus(row["status"])}
        given["fuso"], given["organizador"] = row.get("fuso") or fuso, row.get("organizador") or organizador
        return cls(**given)

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status is AgendamentoStatus.CANCELADO


def method_of(meeting: InvitedMeeting) -> CalendarMethod:
    """How the lead's file is to be taken: with nobody to invite or to answer to, it only informs (RFC 5546 §3.2)."""
    if meeting.organizador is None or meeting.email is None:
        return CalendarMethod.PUBLISH
    return CalendarMethod.CANCEL if meeting.is_cancelled else CalendarMethod.REQUEST


def invitation_text(meeting: InvitedMeeting, language: str) -> str:
    """The file of one agendamento for its lead."""
    method = method_of(meeting)
    person = None
    if method is not CalendarMethod.PUBLISH and meeting.email is not None:
        person = CalendarPerson(meeting.email, meeting.nome)
    subject = label(f"convite_{meeting.tipo}", language, nome=meeting.responsavel)
    place = _place(meeting, language)
    conference = None
    if meeting.link is not None:
        conference = Conference(meeting.link, "AUDIO,VIDEO", label("entrar_na_reuniao", language))
    description = "\n".join([label(f"por_{meeting.canal}", language), *filter(None, (meeting.local, meeting.link))])
    entry = _entry(meeting, subject, description, place, conference, person)
    return calendar_text([entry], method, meeting.fuso)


def calendar_part(meeting: InvitedMeeting, language: str) -> CalendarPart | None:
    """The invitation or the cancellation for the lead's e-mail; None if there is nobody to answer to."""
    method = method_of(meeting)
    if method is CalendarMethod.PUBLISH:
        return None
    return CalendarPart(method.value, invitation_text(meeting, language))


def feed_text(meetings: Iterable[InvitedMeeting], responsavel: str, zone: str, language: str) -> str:
    """The file that the calendar of a responsável subscribes to."""
    entries = [entry_of_responsavel(each, language) for each in meetings]
    name = label("agenda_de", language, nome=responsavel)
    return calendar_text(entries, CalendarMethod.PUBLISH, zone, name=name, refresh=_REFRESH)


def entry_of_responsavel(meeting: InvitedMeeting, language: str) -> CalendarEntry:
    """The event of one agendamento in the calendar of its responsável: with what is needed to reach the lead."""
    subject = label(f"agenda_{meeting.tipo}", language, nome=meeting.nome or label("lead_sem_nome", language))
    contact = [each for each in (meeting.telefone, meeting.email, meeting.link) if each]
    notes = [meeting.observacoes] if meeting.observacoes else []
    description = "\n\n".join(["\n".join(contact), *notes] if contact else notes)
    return _entry(meeting, subject, description, _place(meeting, language), _way_to_the_lead(meeting, language), None)


def _entry(
    meeting: InvitedMeeting,
    subject: str,
    description: str,
    place: str,
    conference: Conference | None,
    attendee: CalendarPerson | None,
) -> CalendarEntry:
    organizer = None
    if meeting.organizador is not None:
        organizer = CalendarPerson(meeting.organizador, meeting.responsavel)
    return CalendarEntry(
        uid=f"{meeting.agendamento_id}@{_DOMAIN}",
        sequence=meeting.versao,
        begins=meeting.data_agendada,
        ends=meeting.data_agendada + timedelta(minutes=meeting.duracao_minutos),
        created=meeting.criado_em,
        changed=meeting.atualizado_em,
        summary=subject,
        description=description,
        location=place,
        url=meeting.link,
        conference=conference,
        organizer=organizer,
        attendee=attendee,
        has_accepted=meeting.status in _ACCEPTED,
        is_cancelled=meeting.is_cancelled,
        alarm=_ALARM,
    )


def _place(meeting: InvitedMeeting, language: str) -> str:
    """The address, or by what they meet; a link is no place, but readers show none other."""
    return meeting.local or meeting.link or label(f"por_{meeting.canal}", language)


def _way_to_the_lead(meeting: InvitedMeeting, language: str) -> Conference | None:
    """What the responsável opens at the time: the link, the lead's phone, or the chat with it."""
    if meeting.link is not None:
        return Conference(meeting.link, "AUDIO,VIDEO", label("entrar_na_reuniao", language))
    if meeting.telefone is None:
        return None
    match meeting.canal:
        case "telefone":
            return Conference(f"tel:{meeting.telefone}", "PHONE", label("ligar", language))
        case "whatsapp":
            digits = meeting.telefone.removeprefix("+")
            return Conference(f"https://wa.me/{digits}", "CHAT", label("abrir_conversa", language))
        case _:
            return None
