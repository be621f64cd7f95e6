"""An entry of the life of a lead as the API shows it: its kind, its words, and what it is about. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from chalicelib import messages
from chalicelib.codes import explained

_LONGEST = 200
"""Characters of an old or a new value; a campo may hold thousands."""


class LifeKind(StrEnum):
    """What happened to a lead."""

    INGESTAO = "ingestao"
    INGESTAO_ATUALIZOU = "ingestao_atualizou"
    CADASTRO = "cadastro"
    DISPARO = "disparo"
    DISPARO_ENVIADO = "disparo_enviado"
    DISPARO_ENTREGUE = "disparo_entregue"
    DISPARO_LIDO = "disparo_lido"
    DISPARO_FALHOU = "disparo_falhou"
    DISPARO_INCERTO = "disparo_incerto"
    DISPARO_CANCELADO = "disparo_cancelado"
    DISPARO_SUPRIMIDO = "disparo_suprimido"
    DISPARO_EXPIRADO = "disparo_expirado"
    DISPARO_SIMULADO = "disparo_simulado"
    DISPARO_REENVIADO = "disparo_reenviado"
    DISPARO_DISPENSADO = "disparo_dispensado"
    DISPARO_RESOLVIDO = "disparo_resolvido"
    RESPOSTA = "resposta"
    AGENDAMENTO = "agendamento"
    AGENDAMENTO_REAGENDADO = "agendamento_reagendado"
    AGENDAMENTO_REALIZADO = "agendamento_realizado"
    AGENDAMENTO_CANCELADO = "agendamento_cancelado"
    AGENDAMENTO_NAO_COMPARECEU = "agendamento_nao_compareceu"
    STATUS = "status"
    DADOS = "dados"
    CONTATO_INCLUIDO = "contato_incluido"
    CONTATO_REMOVIDO = "contato_removido"
    CONTATO_PRINCIPAL = "contato_principal"
    NOTA = "nota"
    NOTA_REMOVIDA = "nota_removida"
    SUPRESSAO = "supressao"
    SUPRESSAO_DA_PESSOA = "supressao_da_pessoa"


STEPS: Mapping[str, LifeKind] = {
    "enviado": LifeKind.DISPARO_ENVIADO,
    "aceito": LifeKind.DISPARO_ENVIADO,
    "consulta_enviado": LifeKind.DISPARO_ENVIADO,
    "entregue": LifeKind.DISPARO_ENTREGUE,
    "confirmado": LifeKind.DISPARO_ENTREGUE,
    "permanente": LifeKind.DISPARO_FALHOU,
    "falhou": LifeKind.DISPARO_FALHOU,
    "nao_montado": LifeKind.DISPARO_FALHOU,
    "desistiu": LifeKind.DISPARO_FALHOU,
    "incerto": LifeKind.DISPARO_INCERTO,
    "cancelado": LifeKind.DISPARO_CANCELADO,
    "suprimido": LifeKind.DISPARO_SUPRIMIDO,
    "expirado": LifeKind.DISPARO_EXPIRADO,
    "simulado": LifeKind.DISPARO_SIMULADO,
    "reenviado": LifeKind.DISPARO_REENVIADO,
    "dispensado": LifeKind.DISPARO_DISPENSADO,
    "resolvido": LifeKind.DISPARO_RESOLVIDO,
}
"""The steps of a disparo (`disparo_tentativas.classe`) that say what came of it; waiting and retrying say nothing."""

_WORDS: Mapping[LifeKind, str] = {
    LifeKind.INGESTAO: "vida_ingestao",
    LifeKind.INGESTAO_ATUALIZOU: "vida_ingestao_atualizou",
    LifeKind.CADASTRO: "vida_cadastro",
    LifeKind.DISPARO: "vida_disparo",
    LifeKind.DISPARO_ENVIADO: "passo_enviado",
    LifeKind.DISPARO_ENTREGUE: "passo_entregue",
    LifeKind.DISPARO_LIDO: "vida_disparo_lido",
    LifeKind.DISPARO_FALHOU: "vida_disparo_falhou",
    LifeKind.DISPARO_INCERTO: "passo_incerto",
    LifeKind.DISPARO_CANCELADO: "vida_disparo_cancelado",
    LifeKind.DISPARO_SUPRIMIDO: "vida_disparo_suprimido",
    LifeKind.DISPARO_EXPIRADO: "vida_disparo_expirado",
    LifeKind.DISPARO_SIMULADO: "vida_disparo_simulado",
    LifeKind.DISPARO_REENVIADO: "passo_reenviado",
    LifeKind.DISPARO_DISPENSADO: "vida_disparo_dispensado",
    LifeKind.DISPARO_RESOLVIDO: "vida_disparo_resolvido",
    LifeKind.RESPOSTA: "vida_resposta",
    LifeKind.AGENDAMENTO: "vida_agendamento",
    LifeKind.AGENDAMENTO_REAGENDADO: "vida_agendamento_reagendado",
    LifeKind.AGENDAMENTO_REALIZADO: "vida_agendamento_realizado",
    LifeKind.AGENDAMENTO_CANCELADO: "vida_agendamento_cancelado",
    LifeKind.AGENDAMENTO_NAO_COMPARECEU: "vida_agendamento_nao_compareceu",
    LifeKind.STATUS: "vida_status",
    LifeKind.DADOS: "vida_dados",
    LifeKind.CONTATO_INCLUIDO: "vida_contato_incluido",
    LifeKind.CONTATO_REMOVIDO: "vida_contato_removido",
    LifeKind.CONTATO_PRINCIPAL: "vida_contato_principal",
    LifeKind.NOTA: "vida_nota",
    LifeKind.NOTA_REMOVIDA: "vida_nota_removida",
    LifeKind.SUPRESSAO: "vida_supressao",
    LifeKind.SUPRESSAO_DA_PESSOA: "vida_supressao_da_pessoa",
}
FACT_WORDS: Mapping[str, str] = {
    "disparo_criado": "fato_disparo_criado",
    "disparo_confirmado": "fato_disparo_confirmado",
    "disparo_esgotado": "fato_disparo_esgotado",
    "agendamento_criado": "fato_agendamento_criado",
    "agendamento_realizado": "fato_agendamento_realizado",
    "agendamento_perdido": "fato_agendamento_perdido",
    "agendamento_cancelado": "fato_agendamento_cancelado",
}
"""Why a fact moved a lead; the keys are those of `LeadFact`."""
_SHOWN = (
    "de", "para", "fato", "motivo", "canal", "template", "situacao", "codigo", "marcado_para", "texto", "mudancas",
    "arquivo", "linha", "job_id", "disparo_id", "campanha_id", "resposta_id", "agendamento_id", "nota_id",
    "supressao_id",
)  # fmt: skip
_STEP_PREFIX = "disparo_"


def entry_of(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A row of `life_of_lead` as an entry, with its words."""
    kind, detail = _kind_of(row["tipo"]), row["detalhe"]
    shown = {name: detail.get(name) for name in _SHOWN}
    if shown["mudancas"] is not None:
        shown["mudancas"] = [_cut_change(each) for each in shown["mudancas"]]
    return {"em": row["em"], "tipo": kind.value, "por": row["por"], "mensagem": _words(kind, detail, language), **shown}


def _kind_of(text: str) -> LifeKind:
    """The kind of an entry; a step of a disparo comes by its own name."""
    return STEPS.get(text.removeprefix(_STEP_PREFIX)) or LifeKind(text)


def _words(kind: LifeKind, detail: Mapping[str, Any], language: str) -> str:
    """What happened, in one sentence, and why where a code or a fact says so. No word of it is personal data."""
    named = {name: str(detail.get(name) or "—") for name in ("canal", "template", "de", "para")}
    fields = ", ".join(each["campo"] for each in detail.get("mudancas") or ())
    said = [messages.text(_WORDS[kind], language, **named, campos=fields)]
    if (fact := detail.get("fato")) is not None:
        said.append(messages.text(FACT_WORDS[fact], language))
    if (code := detail.get("codigo")) is not None:
        said.append(explained(code, language))
    return " ".join(said)


def _cut_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """What was changed, from what to what; long values are cut."""
    return {"campo": change["campo"], "de": _cut(change["de"]), "para": _cut(change["para"])}


def _cut(value: Any) -> Any:
    return f"{value[:_LONGEST]}…" if isinstance(value, str) and len(value) > _LONGEST else value
