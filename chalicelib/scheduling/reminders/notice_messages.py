"""Makes disparos of what is to be said of an agendamento: to whom, in which words, until when.

They are disparos like others, so limits, opt-outs, windows and history apply to them. The database keeps one for each
version and message, however many workers wake up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.adapters.database import Row, Rows
from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical
from chalicelib.dispatch.rules.default_templates import DEFAULT_TEMPLATES, default_name
from chalicelib.dispatch.rules.demands import as_json, frozen, lead_values
from chalicelib.dispatch.rules.rendering import render_message, words_of
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import Invalid
from chalicelib.ids import new_id
from chalicelib.leads.states import CLOSED, LeadStatus
from chalicelib.messages import ENGLISH, PORTUGUESE
from chalicelib.scheduling.booking.announcing import preferred
from chalicelib.scheduling.rules.meeting_words import message_of, words_of_meeting, zone_of_lead
from chalicelib.scheduling.rules.notices import NO_TIME, SAME_TIME, NoticeKind, is_reminder
from chalicelib.scheduling.states import LIVE, AgendamentoStatus
from chalicelib.tenants.config import TenantConfig, config_of

LeadLink = Callable[[str, UUID, int], str | None]
"""The page on which the lead of a tenant's agendamento answers to this version; None: there is none."""
NO_CONTACT, SUPPRESSED, NO_EMAIL = "sem_contato_valido", "contato_suprimido", "responsavel_sem_email"
CHANGED, ENDED, OTHER_CHANNEL = "agendamento_mudou", "agendamento_encerrado", "template_de_outro_canal"
CLOSED_LEAD = "lead_encerrado"
# Of a message that has a disparo already, nobody is told why there is no other one.
MAY_ARRIVE = "pode_ter_chegado"
_FAILED = frozenset({DisparoStatus.ERRO, DisparoStatus.SUPRIMIDO})
_STAFF = NoticeKind.RESPONSAVEL
# A closed lead gets no new disparo. Who expects a meeting is told all the same that there is none.
_TO_CLOSED_LEADS = frozenset({NoticeKind.RESPONSAVEL, NoticeKind.CANCELADO})


class NoMessage(Exception):
    """Nothing is said; its text is the code of why."""


class NoticeMessages:
    """Makes the messages of one tenant's agendamento within an open transaction."""

    def __init__(self, rows: Rows, tenant_id: str, *, lead_link: LeadLink, max_tentativas: int, now: datetime) -> None:
        self._rows = rows
        self._tenant_id = tenant_id
        self._lead_link = lead_link
        self._max_tentativas = max_tentativas
        self._now = now

    def make(self, agendamento: Row) -> list[UUID]:
        """Make what is due of a locked agendamento; the ids of the disparos."""
        agendamento_id = agendamento["agendamento_id"]
        due = self._rows.all("lock_due_avisos_de_agendamento", agendamento_id=agendamento_id, agora=self._now)
        reminders = [each for each in due if is_reminder(each["tipo"])]
        made: list[UUID] = []
        for notice in due:
            names = {"agendamento_id": agendamento_id, "versao": notice["versao"], "tipo": notice["tipo"]}
            before = self._rows.all("lock_disparos_of_aviso", **names)
            try:
                # Of reminders that are late, the last one says it all.
                if notice in reminders[:-1]:
                    raise NoMessage(SAME_TIME)
                disparo_id = self._make(agendamento, notice, before)
            except NoMessage as reason:
                if before:
                    # It was said, or tried in vain: its disparo tells that.
                    self._close(agendamento_id, notice, "disparado", disparo_id=before[-1]["disparo_id"])
                else:
                    self._close(agendamento_id, notice, "dispensado", motivo=str(reason))
            else:
                self._close(agendamento_id, notice, "disparado", disparo_id=disparo_id)
                made.append(disparo_id)
        return made

    def _make(self, agendamento: Row, notice: Row, before: Sequence[Row]) -> UUID:
        """Make the disparo; after those of `before`, whose contacts were at fault, by one that was not tried."""
        _check(agendamento, notice, self._now)
        if any(each["status"] not in _FAILED for each in before):
            raise NoMessage(MAY_ARRIVE)
        config = config_of(self._rows)
        is_for_staff = notice["tipo"] == _STAFF
        contact = self._staff(agendamento) if is_for_staff else self._lead(agendamento, config, before)
        template = self._template(message_of(notice["tipo"]), Canal(contact["canal"]))
        values = self._values(agendamento, notice, contact, config, template)
        disparo_id = new_id(self._now)
        self._rows.run(
            "insert_disparo_de_agendamento",
            disparo_id=disparo_id,
            lead_id=agendamento["lead_id"],
            canal=contact["canal"],
            destino=contact["destino"],
            template=template["nome"],
            template_versao=template["versao"],
            variaveis=values,
            expira_em=_expires(agendamento, notice),
            ignorar_janela=is_for_staff,
            usar_alternativos=not is_for_staff,
            alternativa_de=before[-1]["disparo_id"] if before else None,
            max_tentativas=self._max_tentativas,
            agendamento_id=agendamento["agendamento_id"],
            agendamento_versao=notice["versao"],
            agendamento_tipo=notice["tipo"],
            agora=self._now,
        )
        return disparo_id

    def _lead(self, agendamento: Row, config: TenantConfig, before: Sequence[Row]) -> Row:
        """The contact of the lead that it goes to."""
        tried = {each["destino"] for each in before}
        found = self._rows.all("contacts_for_notices", lead_id=agendamento["lead_id"])
        contacts = [each for each in found if each["destino"] not in tried]
        contact = preferred(contacts, config)
        if contact is None:
            wanted = [each for each in contacts if each["canal"] in config.agenda.canais]
            raise NoMessage(SUPPRESSED if wanted else NO_CONTACT)
        return contact

    def _staff(self, agendamento: Row) -> Row:
        """The e-mail of the responsável."""
        found = self._rows.one("email_of_responsavel", responsavel=agendamento["responsavel"])
        email = canonical(Canal.EMAIL, found["email"]) if found and found["email"] else None
        if email is None:
            raise NoMessage(NO_EMAIL)
        return {"canal": Canal.EMAIL.value, "destino": email}

    def _template(self, message: str, canal: Canal) -> Row:
        """The version in use, which may be the words that ship with the product."""
        name = default_name(message, canal)
        if (found := self._usable(name)) is None:
            # Two workers make one version: the second one finds it.
            self._rows.one("lock_template_name", nome=name)
            found = self._usable(name) or self._shipped(name)
        if found["canal"] != canal:
            raise NoMessage(OTHER_CHANNEL)
        return found

    def _usable(self, name: str) -> Row | None:
        """The version in use: the tenant's own, or the shipped words as they are now."""
        found = self._rows.one("find_agenda_template", nome=name)
        return found if found is not None and (not found["padrao"] or _is_current(found)) else None

    def _shipped(self, name: str) -> Row:
        """A version with the words that ship with the product: a disparo keeps its words by their version."""
        self._rows.run("retire_template", nome=name)
        [made] = self._rows.all("insert_template", **DEFAULT_TEMPLATES[name], padrao=True, agora=self._now)
        return made

    def _values(self, agendamento: Row, notice: Row, contact: Row, config: TenantConfig, template: Row) -> str:
        """The values of the message's variables, as JSON."""
        main = self._rows.one("main_phone_of_lead", lead_id=agendamento["lead_id"])
        phone: str | None = main["telefone"] if main else None
        if contact["canal"] == Canal.WHATSAPP:
            phone = contact["destino"]
        is_for_staff = notice["tipo"] == _STAFF
        tenant_zone = ZoneInfo(config.fuso)
        link = None
        if not is_for_staff:
            link = self._lead_link(self._tenant_id, agendamento["agendamento_id"], notice["versao"])
        given = words_of_meeting(
            agendamento,
            here=tenant_zone if is_for_staff else zone_of_lead(phone, config.fuso),
            tenant_zone=tenant_zone,
            link_da_agenda=link,
            language=ENGLISH if template["idioma"].startswith(ENGLISH) else PORTUGUESE,
        )
        lead = self._rows.one("values_of_lead", lead_id=agendamento["lead_id"])
        words = words_of(template)
        values = frozen(words, lead_values(lead or {}), given)
        try:
            render_message(words, values)
        except Invalid as error:
            raise NoMessage(error.code) from None
        return as_json(values)

    def _close(
        self,
        agendamento_id: UUID,
        notice: Row,
        status: str,
        *,
        motivo: str | None = None,
        disparo_id: UUID | None = None,
    ) -> None:
        self._rows.run(
            "close_aviso_de_agendamento", agendamento_id=agendamento_id, versao=notice["versao"], tipo=notice["tipo"],
            status=status, motivo=motivo, disparo_id=disparo_id, agora=self._now,
        )  # fmt: skip


def _check(agendamento: Row, notice: Row, now: datetime) -> None:
    """Check that the message still speaks of what is so, and that there is time for it.

    A move or an end withdraws what is `pendente` in its own transaction, but for one that the version before makes.
    """
    if notice["versao"] != agendamento["versao"]:
        raise NoMessage(CHANGED)
    status = AgendamentoStatus(agendamento["status"])
    is_true = status is AgendamentoStatus.CANCELADO if notice["tipo"] == NoticeKind.CANCELADO else status in LIVE
    if not is_true:
        raise NoMessage(ENDED)
    if LeadStatus(agendamento["lead_status"]) in CLOSED and notice["tipo"] not in _TO_CLOSED_LEADS:
        raise NoMessage(CLOSED_LEAD)
    if _expires(agendamento, notice) <= now:
        raise NoMessage(NO_TIME)


def _expires(agendamento: Row, notice: Row) -> datetime:
    """From then on it is of no use: the lead is told before, the responsável until it is over."""
    begins: datetime = agendamento["data_agendada"]
    return begins + timedelta(minutes=agendamento["duracao_minutos"]) if notice["tipo"] == _STAFF else begins


def _is_current(version: Mapping[str, Any]) -> bool:
    return all(version[name] == value for name, value in DEFAULT_TEMPLATES[version["nome"]].items())
