"""A briefing as Markdown, in the language of the tenant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib import messages
from chalicelib.leads.briefing.values import moment_in_words
from chalicelib.markdown import Markdown, escaped, quoted

Briefing = Mapping[str, Any]


class BriefingPage:
    """Writes a briefing; `zone` is the time zone of the tenant."""

    def __init__(self, zone: str, language: str) -> None:
        self._zone = zone
        self._language = language

    def written(self, briefing: Briefing) -> Markdown:
        """The whole document. Every text of a lead, a file or a person is escaped."""
        lines = [
            f"# {self._heading('briefing')}: {escaped(briefing['lead']['nome'] or '—')}",
            "",
            *self._of_agendamento(briefing),
            *self._section("pontos_em_aberto", (f"- {escaped(each['mensagem'])}" for each in briefing["pontos"])),
            *self._section("contatos", self._contacts(briefing)),
            *self._section("dados", self._data(briefing)),
            *self._section("mensagens", map(self._message, briefing["mensagens"])),
            *self._section("respostas", self._texts(briefing["respostas"], "recebida_em", "canal")),
            *self._section("agendamentos", map(self._other, briefing["outros_agendamentos"])),
            *self._section("notas", self._texts(briefing["notas"], "criado_em", "por")),
        ]
        return Markdown("\n".join(lines).rstrip() + "\n")

    def _of_agendamento(self, briefing: Briefing) -> Iterator[str]:
        agendamento = briefing["agendamento"]
        yield self._field("quando", f"{self._at(agendamento['data_agendada'])} ({agendamento['duracao_minutos']} min)")
        for name in ("tipo", "canal", "responsavel", "status"):
            yield self._field(name, agendamento[name])
        if agendamento["observacoes"]:
            yield from (self._field("observacoes", ""), "", *quoted(agendamento["observacoes"]))

    def _contacts(self, briefing: Briefing) -> Iterator[str]:
        for name, contacts in (("telefone", briefing["telefones"]), ("email", briefing["emails"])):
            for each in contacts:
                marks = [self._heading("principal")] if each["principal"] else []
                marks += [] if each["valido_para_disparo"] else [self._heading("nao_enviavel")]
                marks += [self._heading("suprimido")] if each["supressao"] else []
                yield f"- {escaped(each[name])}" + (f" ({', '.join(marks)})" if marks else "")

    def _data(self, briefing: Briefing) -> Iterator[str]:
        lead = briefing["lead"]
        for name in ("contato", "documento", "status"):
            if lead[name]:
                yield self._field(name, lead[name])
        if lead["tags"]:
            yield self._field("tags", ", ".join(lead["tags"]))
        for each in briefing["campos"]:
            yield f"- **{escaped(each['titulo'])}:** {escaped(each['texto'])}"

    def _message(self, message: Briefing) -> str:
        said = [message["template"], message["canal"], message["status"]]
        return f"- {self._at(message['criado_em'])}: {escaped(', '.join(said))}"

    def _other(self, agendamento: Briefing) -> str:
        said = [agendamento["tipo"], agendamento["canal"], agendamento["responsavel"], agendamento["status"]]
        return f"- {self._at(agendamento['data_agendada'])}: {escaped(', '.join(said))}"

    def _texts(self, found: Iterable[Briefing], em: str, by: str) -> Iterator[str]:
        for each in found:
            yield from (f"{self._at(each[em])}, {escaped(each[by])}:", "", *quoted(each["texto"] or "—"), "")

    def _section(self, name: str, lines: Iterable[str]) -> Iterator[str]:
        """A heading with its lines; nothing where there are none."""
        if written := list(lines):
            yield from ("", f"## {self._heading(name)}", "", *written)

    def _field(self, name: str, value: str) -> str:
        return f"- **{self._heading(name)}:** {escaped(value)}"

    def _heading(self, name: str) -> str:
        return messages.heading(name, self._language)

    def _at(self, moment: datetime) -> str:
        return moment_in_words(moment, self._zone, self._language)
