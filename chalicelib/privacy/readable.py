"""The readable form of an export: a Markdown document that a person without our words understands. Pure.

Markdown in a value is shown as it is written: a name cannot make a heading or a link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import messages
from chalicelib.markdown import escaped

_WORDS = ("titular_documento", "titular_gerado", "titular_cadastro")
# The headings by the names of the parts; their words are in the catalogue.
_OF_A_LEAD: Mapping[str, str] = {
    "telefones": "titular_parte_telefones",
    "emails": "titular_parte_emails",
    "disparos": "titular_parte_disparos",
    "passos": "titular_parte_passos",
    "respostas": "titular_parte_respostas",
    "agendamentos": "titular_parte_agendamentos",
    "horarios": "titular_parte_horarios",
    "eventos": "titular_parte_eventos",
    "notas": "titular_parte_notas",
    "mesclas": "titular_parte_mesclas",
    "exclusoes": "titular_parte_exclusoes",
    "supressao": "titular_parte_supressao",
}
_OF_NOBODY: Mapping[str, str] = {
    "respostas_sem_lead": "titular_parte_respostas",
    "supressoes": "titular_parte_supressao",
    "consentimentos": "titular_parte_consentimentos",
    "usuarios": "titular_parte_usuarios",
    "linhas_recusadas": "titular_parte_recusadas",
}


def document_of(known: Mapping[str, Any], language: str, now: datetime) -> str:
    """The document: a heading for each lead, below it what is known of it, then what belongs to no lead."""
    title, made, record = (_heading(code, language) for code in _WORDS)
    lines = [f"# {title}", "", messages.text("titular_direitos", language), ""]
    lines += [f"{made}: {now:%d/%m/%Y %H:%M} UTC", ""]
    leads: Sequence[Mapping[str, Any]] = known["leads"]
    if not leads:
        lines += [messages.text("titular_sem_leads", language), ""]
    for number, lead in enumerate(leads, 1):
        lines += [f"## {record} {number}", ""]
        lines += _fields({name: value for name, value in lead.items() if name not in _OF_A_LEAD})
        lines += _parts(lead, _OF_A_LEAD, language, "###")
    lines += _parts(known, _OF_NOBODY, language, "##")
    if short := known["incompletos"]:
        lines += [messages.text("titular_incompleto", language, partes=", ".join(short)), ""]
    return "\n".join(lines)


def _parts(known: Mapping[str, Any], headings: Mapping[str, str], language: str, mark: str) -> Iterator[str]:
    for name, code in headings.items():
        if rows := known[name]:
            yield f"{mark} {_heading(code, language)}"
            yield ""
            for row in rows:
                yield from _fields(row)


def _heading(code: str, language: str) -> str:
    return messages.text(code, language).rstrip(".")


def _fields(row: Mapping[str, Any]) -> Iterator[str]:
    """A list of what is there; a field without a value is left out."""
    for name, value in row.items():
        if value not in (None, "", [], {}):
            yield f"- **{name}**: {_shown(value)}"
    yield ""


def _shown(value: object) -> str:
    match value:
        case bool():
            return "sim" if value else "não"
        case datetime():
            return f"{value:%d/%m/%Y %H:%M} UTC"
        case Mapping():
            return "; ".join(f"{escaped(str(name))}: {_shown(each)}" for name, each in value.items())
        case list() | tuple():
            return ", ".join(map(_shown, value))
        case _:
            return escaped(str(value))
