"""What is open about a lead: only what its rows say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import messages
from chalicelib.campos import CampoType
from chalicelib.codes import explained
from chalicelib.contacts.refusals import refusal_sentence
from chalicelib.leads.briefing.values import in_words

Row = Mapping[str, Any]
_LIVE = frozenset({"pendente", "confirmado"})
_FAILED = frozenset({"erro", "expirado"})
_DUE = ("venc", "due")
"""How the names of campos begin, at any of their words, that say until when somebody has to pay."""


class Known(NamedTuple):
    """What is known of a lead and of the agendamento; `campos` are as the briefing shows them."""

    agendamento: Row
    telefones: Sequence[Row]
    emails: Sequence[Row]
    supressao: Row | None
    campos: Sequence[Row]
    mensagens: Sequence[Row]
    respostas: Sequence[Row]
    outros: Sequence[Row]
    erros: Sequence[Row]


def open_points(known: Known, now: datetime, today: date, language: str) -> list[dict[str, Any]]:
    """What somebody should look at before the agendamento; `today` is that of the tenant."""

    def point(code: str, ref: tuple[str, Any] | None = None, **params: object) -> dict[str, Any]:
        names = ("resposta_id", "disparo_id", "agendamento_id", "supressao_id")
        refs = dict.fromkeys(names) | dict([ref] if ref else [])
        return {"codigo": code, "mensagem": messages.text(code, language, **params), **refs}

    def points() -> Iterator[dict[str, Any]]:
        for reply in known.respostas:
            if reply["revisar"]:
                yield point("ponto_resposta_a_revisar", ("resposta_id", reply["resposta_id"]), canal=reply["canal"])
        if known.supressao is not None:
            yield point("ponto_pessoa_suprimida")
        for canal, contacts in (("whatsapp", known.telefones), ("email", known.emails)):
            yield from _of_contacts(canal, contacts)
        for error in known.erros:
            why = refusal_sentence(error["codigo"], error["valor"], language)
            yield point("ponto_erro_no_arquivo", coluna=error["coluna"], motivo=why.rstrip("."))
        for message in known.mensagens:
            if message["status"] in _FAILED:
                yield point(
                    "ponto_disparo_falhou", ("disparo_id", message["disparo_id"]), template=message["template"],
                    motivo=_why(message["erro_codigo"] or message["status"], language),
                )  # fmt: skip
        until = known.agendamento["confirmar_ate"]
        if until is not None and until < now and known.agendamento["status"] == "pendente":
            yield point("ponto_confirmacao_atrasada", ("agendamento_id", known.agendamento["agendamento_id"]))
        for each in (known.agendamento, *known.outros):
            if each["status"] in _LIVE and _end(each) <= now:
                yield point("ponto_agendamento_sem_desfecho", ("agendamento_id", each["agendamento_id"]))
        yield from _overdue()

    def _of_contacts(canal: str, contacts: Sequence[Row]) -> Iterator[dict[str, Any]]:
        if not contacts:
            yield point("ponto_sem_contato", canal=canal)
        elif not any(each["valido_para_disparo"] for each in contacts):
            yield point("ponto_contatos_nao_enviaveis", canal=canal)
        for each in contacts:
            if each["supressao"] is not None:
                yield point("ponto_contato_suprimido", ("supressao_id", each["supressao"]["supressao_id"]), canal=canal)

    def _overdue() -> Iterator[dict[str, Any]]:
        amounts = ", ".join(each["texto"] for each in known.campos if each["tipo"] is CampoType.MOEDA)
        for each in _due(known.campos):
            if date.fromisoformat(each["valor"][:10]) < today and amounts:
                day = in_words(each["valor"][:10], CampoType.DATA, language)
                yield point("ponto_valor_vencido", campo=each["campo"], dia=day, valores=amounts)

    return list(points())


def _why(code: str, language: str) -> str:
    """The sentence of a code, as the end of another sentence."""
    return explained(code, language).rstrip(".")


def _due(campos: Iterable[Row]) -> Iterator[Row]:
    for each in campos:
        words = each["campo"].split("_")
        if each["tipo"] in {CampoType.DATA, CampoType.DATA_HORA} and any(word.startswith(_DUE) for word in words):
            yield each


def _end(agendamento: Row) -> datetime:
    end: datetime = agendamento["data_agendada"] + timedelta(minutes=agendamento["duracao_minutos"])
    return end
