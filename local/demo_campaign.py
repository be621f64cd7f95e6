"""The campaign of the demo: a segment, a template for each channel, the preflight, the start, and what came of it.

The words fit the columns of the sheet: with an amount and a due date they speak of them, otherwise of the name alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import httpx2
from rich.console import Console

from local.rest import Rest
from local.stack import Stack

CHANNELS = ("whatsapp", "email")
MOST = 600
"""Of a larger audience only so many get a message, as the pilot of the campaign; then it is cancelled."""
_WAIT_S = 120.0
_POLL_S = 0.5
_PAGE = 500

# Two in ten attempts fail with an error that is retried. Some numbers have no WhatsApp (131026), so their leads get the
# e-mail. The answers to two messages are lost: nobody knows whether they arrived.
_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "whatsapp": {
        "latencia_ms": 20,
        "falhas": [
            {"conexao": "depois", "taxa": 0.02, "limite": 2},
            {"codigo": "131016", "taxa": 0.2},
            {"codigo": "131026", "taxa": 0.03},
        ],
    },
    "email": {"latencia_ms": 20, "falhas": [{"codigo": "429", "taxa": 0.2}]},
}

# The demo sends at any hour and as fast as it can. The default is office hours and a hundred messages a minute.
_CONFIG: Mapping[str, Any] = {
    "janela": {"ligada": False},
    "limites": {"whatsapp": {"por_minuto": 6_000}, "email": {"por_minuto": 6_000}},
    "tarifas": [{"canal": "whatsapp", "desde": "2026-01-01", "valor": 0.35, "moeda": "BRL"}],
}

Document = dict[str, Any]


class DemoFailed(Exception):
    """The demo did not come to its end, or the counts of the two ends do not agree; the text says where."""


class Debt(NamedTuple):
    """The campos of a sheet that hold an amount and the day on which it is due."""

    valor: str
    vencimento: str


def debt_of(campos: Sequence[Mapping[str, Any]]) -> Debt | None:
    """The campos `valor…` and `vencimento…` of a sheet; None if it lacks one of them."""
    valor, vencimento = (
        next((each["campo"] for each in campos if each["campo"].startswith(name) and each["tipo"] in kinds), None)
        for name, kinds in (("valor", {"moeda", "numero"}), ("vencimento", {"data"}))
    )
    return Debt(valor, vencimento) if valor and vencimento else None


def templates_for(debt: Debt | None) -> dict[str, Document]:
    """A template for each channel."""
    if debt is None:
        says = "Podemos conversar sobre a sua proposta?"
        subject = 'Sua proposta, {{nome|titulo|padrao:"cliente"}}'
    else:
        says = f"Sua parcela de {{{{{debt.valor}|moeda}}}} venceu em {{{{{debt.vencimento}|data}}}}. Podemos ajudar?"
        subject = f"Sua parcela de {{{{{debt.valor}|moeda}}}}"
    common = {"idioma": "pt_BR"}
    return {
        "whatsapp": {
            **common,
            "canal": "whatsapp",
            "texto": f'Olá, {{{{nome|titulo|padrao:"cliente"}}}}! {says}',
        },
        "email": {
            **common,
            "canal": "email",
            "assunto": subject,
            "texto": f'Olá, {{{{nome|titulo|padrao:"cliente"}}}}!\n\n{says}',
        },
    }


def filter_for(debt: Debt | None) -> Document:
    """Who gets it: what is overdue and more than 100, or else every lead."""
    if debt is None:
        return {"todos": []}
    overdue = {"campo": {"nome": debt.vencimento, "op": "<", "valor": "hoje"}}
    return {"todos": [overdue, {"campo": {"nome": debt.valor, "op": ">", "valor": 100}}]}


def run_campaign(stack: Stack, rest: Rest, campos: Sequence[Mapping[str, Any]], console: Console) -> Document:
    """Plan, check, start and watch the campaign; return what was foretold and what came of it."""
    for channel, faults in _FAULTS.items():
        httpx2.put(f"{stack.url(channel)}/admin/falhas", json=faults).raise_for_status()
    rest.ask("PATCH", "/tenant/config", json=_CONFIG)
    debt = debt_of(campos)
    segment = filter_for(debt)
    counted = rest.ask("POST", "/segmentos/contar", json={"filtro": segment})
    if debt is not None and not counted["total"]:
        debt, segment = None, filter_for(None)
        counted = rest.ask("POST", "/segmentos/contar", json={"filtro": segment})
    templates = templates_for(debt)
    for channel, template in templates.items():
        rest.ask("PUT", f"/templates/demo-{channel}", json=template)
    campaign_id = _created(rest, segment, counted["total"])
    preflight = rest.ask("POST", f"/campanhas/{campaign_id}/conferir")
    rest.ask("POST", f"/campanhas/{campaign_id}/agendar", json={})
    whom = f"{debt.vencimento} < hoje e {debt.valor} > 100" if debt else "every lead"
    console.print(f"sending to {preflight['elegiveis']} of {preflight['publico']} leads: {whom}", highlight=False)
    if counted["total"] > MOST:
        console.print(f"only the first {MOST} of them, as a pilot; the others are cancelled", highlight=False)
    campaign = _ended(rest, campaign_id, console)
    results = rest.ask("GET", f"/campanhas/{campaign_id}/resultados.csv")
    disparos = [each for status in _ENDS for each in _pages(rest, "/disparos", status=status)]
    return {
        "segmento": {"filtro": segment, "total": counted["total"], "por_canal": counted["por_canal"]},
        "templates": templates,
        "conferir": {name: preflight[name] for name in _FORETOLD},
        "campanha": {name: campaign[name] for name in ("status", "contadores", "motivos")},
        "resultados": results["destinatarios"],
        "exemplos": list(_examples(rest, disparos)),
        "disparos": disparos,
    }


_ENDS = ("enviado", "confirmado", "erro", "incerto", "suprimido", "expirado", "simulado")
_FORETOLD = ("publico", "elegiveis", "por_mensagem", "excluidos", "previsao", "custo")


def _created(rest: Rest, segment: Document, audience: int) -> str:
    messages = [{"canal": channel, "template": f"demo-{channel}"} for channel in CHANNELS]
    campaign = {
        "nome": "Demonstração",
        "filtro": segment,
        "etapas": [{"variantes": [{"mensagens": messages}]}],
        "piloto": {"primeiros": MOST, "decisao": "pessoa"} if audience > MOST else None,
    }
    campaign_id: str = rest.ask("POST", "/campanhas", json=campaign)["campanha_id"]
    return campaign_id


def _ended(rest: Rest, campaign_id: str, console: Console) -> Document:
    """The campaign, once nothing of it is to be sent any more; what waits behind a pilot is cancelled."""
    deadline = time.monotonic() + _WAIT_S
    with console.status("sending") as status:
        while True:
            campaign: Document = rest.ask("GET", f"/campanhas/{campaign_id}")
            counted = campaign["contadores"]
            eligible = counted["planejados"] - counted["excluidos"]
            ended = eligible - counted["aguardando"] - counted["em_voo"]
            if campaign["planejada_em"] is not None and ended >= min(eligible, MOST):
                return campaign if ended == eligible else _cancelled(rest, campaign_id)
            if time.monotonic() > deadline:
                raise DemoFailed(f"{eligible - ended} of {eligible} messages had not ended after {_WAIT_S:.0f} s.")
            status.update(f"sending: {ended} of {eligible}")
            time.sleep(_POLL_S)


def _cancelled(rest: Rest, campaign_id: str) -> Document:
    rest.ask("POST", f"/campanhas/{campaign_id}/cancelar", json={"motivo": "demonstração"})
    campaign: Document = rest.ask("GET", f"/campanhas/{campaign_id}")
    return campaign


def _examples(rest: Rest, disparos: Sequence[Mapping[str, Any]]) -> Iterator[Document]:
    """The very text of one sent message of each channel."""
    for channel in CHANNELS:
        sent = next((each for each in disparos if (each["canal"], each["status"]) == (channel, "enviado")), None)
        if sent is not None:
            message = rest.ask("GET", f"/disparos/{sent['disparo_id']}")["mensagem"]
            yield {
                "canal": channel,
                "destino": sent["destino"],
                "assunto": message["assunto"],
                "texto": message["texto"],
            }


def _pages(rest: Rest, path: str, **filters: str) -> Iterator[Document]:
    """Yield every item of a paginated route."""
    cursor = None
    while True:
        page = rest.ask("GET", path, params={"limit": _PAGE, **filters} | ({"cursor": cursor} if cursor else {}))
        yield from page["itens"]
        cursor = page.get("proximo")
        if not cursor:
            return
