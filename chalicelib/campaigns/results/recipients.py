"""The recipients of a campaign: found page by page, and described with the reason in words and the way there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.requests.shown import found_campaign, reason_sentence
from chalicelib.campaigns.results.requests import RecipientQuery
from chalicelib.campaigns.results.sections import FACTS, RecipientState, Section, may_have, sections_of, state_of
from chalicelib.campaigns.states import CANCELLED, CampaignStatus
from chalicelib.dispatch.requests.reasons import sentence, waiting_for
from chalicelib.pages import cursor_of
from chalicelib.searches import take_seat
from chalicelib.tenants.config import TenantConfig, config_of

NOBODY = UUID(int=0)
"""Before every lead and every disparo."""
_REPLY_SHOWN = 200
_FEW = 2_000
"""Leads of a name that are looked up one by one among the recipients."""
"""Characters of a reply that stand beside its recipient."""


_Key = UUID | tuple[UUID, int]


class FoundRecipient(NamedTuple):
    """Where a recipient is: a disparo, or for whoever was left out (`disparo_id` is None) a lead and a step."""

    section: Section
    lead_id: UUID
    etapa: int
    disparo_id: UUID | None = None

    @property
    def key(self) -> _Key:
        """What tells it from all others."""
        return self.disparo_id or (self.lead_id, self.etapa)

    @property
    def place(self) -> tuple[str, UUID, int]:
        """What a cursor keeps: in each section, the order of its index."""
        return self.section, self.disparo_id or self.lead_id, self.etapa


class Recipients:
    """The recipients of a tenant's campaigns; `database` is the API's login."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(self, tenant_id: str, campanha_id: UUID, query: RecipientQuery) -> dict[str, Any]:
        """A page of recipients: by state, then in the order in which they were planned.

        Raises:
            NotFound: the tenant has no such campaign.
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """

        def work(rows: Rows) -> dict[str, Any]:
            campaign = found_campaign(rows, campanha_id)
            if query.reads_much():
                take_seat(rows)
            found = _find(rows, campaign, query)
            return {
                "itens": _described(rows, campaign, found[: query.limit]),
                "proximo": cursor_of(found[query.limit - 1].place) if len(found) > query.limit else None,
            }

        return self._database.run(tenant_id, work)


def _find(rows: Rows, campaign: Row, query: RecipientQuery) -> list[FoundRecipient]:
    """The recipients of the page, and one more if there is one."""
    sections: Sequence[Section] = sections_of(query.situacao, CampaignStatus(campaign["status"]))
    if query.motivo is not None:
        sections = [each for each in sections if may_have(each, query.motivo)]
    after, etapa = NOBODY, 0
    if (begin := query.after(tuple[Section, UUID, int])) is not None:
        section, after, etapa = begin
        sections = [*dropwhile(lambda each: each is not section, sections)]
    filters = {
        "campanha_id": campaign["campanha_id"],
        **query.model_dump(mode="json", include={"motivo", "etapa", "variante", "canal", "lead_id", "q"}),
        "lead_ids": _named(rows, query.q),
    }
    found: list[FoundRecipient] = []
    for section in sections:
        if len(found) > query.limit:
            break
        place = {"depois": after, "depois_etapa": etapa, "limite": query.limit + 1 - len(found)}
        found += _found_in(rows, section, {**filters, **place})
        after, etapa = NOBODY, 0
    return found


def _named(rows: Rows, text: str | None) -> list[str] | None:
    """The leads that may have a text in their names; None if all or many may, so that recipients are looked through."""
    if text is None:
        return None
    found = rows.shown("leads_by_text", procurado=text, antes=None, quantos=_FEW + 1)
    return None if len(found) > _FEW else [row["lead_id"] for row in found]


def _found_in(rows: Rows, section: Section, params: dict[str, Any]) -> Iterator[FoundRecipient]:
    if section is Section.EXCLUIDO:
        if params["canal"] is None:
            for row in rows.all("find_left_out", **params):
                yield FoundRecipient(section, row["lead_id"], row["etapa"])
        return
    fact = section.value if section in FACTS else None
    status = None if section in FACTS else section.value
    for row in rows.all("find_recipients", **params, status=status, fato=fact):
        yield FoundRecipient(section, row["lead_id"], row["etapa"], row["disparo_id"])


def _described(rows: Rows, campaign: Row, found: Sequence[FoundRecipient]) -> list[dict[str, Any]]:
    """These recipients, in their order."""
    config, status = config_of(rows), CampaignStatus(campaign["status"])
    known = {_key(row): row for row in _rows_of(rows, campaign, found)}
    ways = _ways(rows, [row for row in known.values() if row["alternativa_de"] is not None], config)
    return [
        {
            **{name: row[name] for name in _SHOWN},
            **in_words(row, status, config),
            "caminho": ways.get(row["disparo_id"], []),
        }
        for each in found
        if (row := known.get(each.key)) is not None
    ]


def _key(row: Row) -> _Key:
    return row["disparo_id"] or (row["lead_id"], row["etapa"])


def _rows_of(rows: Rows, campaign: Row, found: Sequence[FoundRecipient]) -> Iterator[Row]:
    """What the database knows of them; the queries that nobody needs are not asked."""
    params = keys_of(campaign, found)
    if params["disparo_ids"]:
        yield from rows.all("describe_recipients", **params)
    if params["lead_ids"]:
        yield from rows.all("describe_left_out", **params)


def keys_of(campaign: Row, found: Sequence[FoundRecipient]) -> dict[str, Any]:
    """The parameters of the queries that describe recipients."""
    left_out = [each for each in found if each.disparo_id is None]
    return {
        "campanha_id": campaign["campanha_id"],
        "disparo_ids": [each.disparo_id for each in found if each.disparo_id is not None],
        "lead_ids": [each.lead_id for each in left_out],
        "etapas": [each.etapa for each in left_out],
        "tamanho": _REPLY_SHOWN,
    }


def _ways(rows: Rows, continued: Iterable[Row], config: TenantConfig) -> dict[UUID, list[dict[str, Any]]]:
    """By the last disparo of a recipient: the failures that it goes on from."""
    ids = [row["disparo_id"] for row in continued]
    ways: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows.all("ways_of_recipients", disparo_ids=ids) if ids else ():
        said = sentence(row["motivo"], row.pop("ultimo_codigo"), config.idioma)
        ways.setdefault(row.pop("fim"), []).append({**row, "mensagem": said})
    return ways


_SHOWN = (
    "lead_id", "nome", "documento", "disparo_id", "etapa", "variante", "canal", "destino", "detalhe", "enviar_apos",
    "enviado_em", "entregue_em", "lido_em", "respondido_em", "atualizado_em", "resposta",
)  # fmt: skip


def in_words(row: Row, campaign: CampaignStatus, config: TenantConfig) -> dict[str, Any]:
    """How far a recipient came, and why it waits, ended, or was left out."""
    state = state_of(
        row["status"], campaign, is_read=row["lido_em"] is not None, is_answered=row["respondido_em"] is not None
    )
    if state is RecipientState.CANCELADO and row["status"] == Section.PENDENTE:
        return {**_said(state, CANCELLED, sentence(CANCELLED, None, config.idioma)), "enviar_apos": None}
    if row["espera"] is not None:
        return _said(state, row["espera"], waiting_for(row["espera"], config.idioma))
    code = row["erro_codigo"]
    if state is RecipientState.EXCLUIDO:
        return _said(state, code, reason_sentence(code, config))
    return _said(state, code, sentence(code, row["ultimo_codigo"], config.idioma))


def _said(state: RecipientState, code: str | None, words: str | None) -> dict[str, Any]:
    return {"situacao": state.value, "motivo": code, "mensagem": words}
