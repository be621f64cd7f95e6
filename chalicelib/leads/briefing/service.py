"""What a person should know before an agendamento begins, from the rows of its lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campos import CampoType
from chalicelib.leads.briefing.page import BriefingPage
from chalicelib.leads.briefing.points import Known, open_points
from chalicelib.leads.briefing.values import in_words, type_of
from chalicelib.leads.history.shown import known
from chalicelib.markdown import Markdown
from chalicelib.tenants.config import TenantConfig, config_of

_LAST = 10
_NOTES = 20
_OF_LEAD = ("lead_id", "nome", "contato", "documento", "status", "tags")


class Briefings:
    """The briefings of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def show(self, tenant_id: str, agendamento_id: UUID, *, in_markdown: bool) -> Mapping[str, Any] | Markdown:
        """What is to be known before an agendamento, as fields or as Markdown.

        Raises:
            NotFound: the tenant has no such agendamento.
        """

        def work(rows: Rows) -> Mapping[str, Any] | Markdown:
            config = config_of(rows)
            briefing = self._briefing(rows, agendamento_id, config)
            return BriefingPage(config.fuso, config.idioma).written(briefing) if in_markdown else briefing

        return self._database.run(tenant_id, work)

    def _briefing(self, rows: Rows, agendamento_id: UUID, config: TenantConfig) -> dict[str, Any]:
        agendamento = known(rows.one("agendamento_to_brief", agendamento_id=agendamento_id))
        of_lead = {"lead_id": agendamento["lead_id"]}
        lead = known(rows.one("lead_by_id", **of_lead))
        found = Known(
            agendamento=agendamento,
            telefones=rows.all("telefones_of_lead", **of_lead),
            emails=rows.all("emails_of_lead", **of_lead),
            supressao=rows.one("supressao_of_lead", **of_lead),
            campos=_campos(lead["campos"], rows.all("titles_of_campos") if lead["campos"] else [], config.idioma),
            mensagens=rows.all("disparos_to_brief", **of_lead, limite=_LAST),
            respostas=rows.all("respostas_to_brief", **of_lead, limite=_LAST),
            outros=rows.all("agendamentos_to_brief", **of_lead, agendamento_id=agendamento_id, limite=_LAST),
            erros=rows.all("erros_to_brief", job_id=lead["job_id"], linha=lead["linha_planilha"], limite=_LAST),
        )
        now = self._clock()
        today = now.astimezone(ZoneInfo(config.fuso)).date()
        return {
            "agendamento": agendamento,
            "lead": {name: lead[name] for name in _OF_LEAD},
            "telefones": found.telefones,
            "emails": found.emails,
            "supressao": found.supressao,
            "campos": found.campos,
            "mensagens": found.mensagens,
            "respostas": found.respostas,
            "outros_agendamentos": found.outros,
            "notas": rows.all("list_lead_notas", **of_lead, antes_em=None, antes_id=None, limite=_NOTES),
            "pontos": open_points(found, now, today, config.idioma),
        }


def _campos(campos: Mapping[str, Any], titles: list[Row], language: str) -> list[Row]:
    """The campos of a lead by name, each under the title of the column that it was read from last."""
    shown = []
    for name, value in sorted(campos.items()):
        of_campo = [row for row in titles if row["campo"] == name]
        kind = type_of(value, [CampoType(row["tipo"]) for row in of_campo])
        title = of_campo[0]["titulo"] if of_campo else name
        text = in_words(value, kind, language)
        shown.append({"campo": name, "titulo": title, "tipo": kind, "valor": value, "texto": text})
    return shown
