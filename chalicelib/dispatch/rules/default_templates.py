"""Templates that every tenant has: the words of messages about agendamentos, until the tenant puts its own. Pure.

A name belongs to one channel, as every template does: `agenda_lembrete` is for WhatsApp, `agenda_lembrete_email` for
e-mail. What the product sends itself needs words in both. Meta sends only templates that it has approved: a tenant
with a number of its own registers these words there, or puts its own ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.rendering import check

_LANGUAGE = "pt_BR"
_GREETING = 'Olá, {{primeiro_nome|padrao:"tudo bem"}}! '
_MEETING = (
    "{{data|dia_da_semana}}, {{data|data}}, às {{hora}}, {{onde}}, com {{responsavel}} ({{duracao}} minutos).\n\n"
)
_LINK = 'Para confirmar, mudar ou cancelar: {{link_da_agenda|padrao:"responda a esta mensagem"}}.'
_WORDS: Mapping[str, tuple[str, str]] = {
    "agenda_convite": (
        "Seu compromisso em {{data|data}}, às {{hora}}",
        _GREETING + "Seu compromisso está marcado: " + _MEETING + _LINK,
    ),
    "agenda_lembrete": (
        "Lembrete: seu compromisso em {{data|data}}, às {{hora}}",
        _GREETING + "Lembramos do seu compromisso: " + _MEETING + _LINK,
    ),
    "agenda_mudou": (
        "Mudou: seu compromisso agora é em {{data|data}}, às {{hora}}",
        _GREETING + "Seu compromisso mudou. Agora é: " + _MEETING + _LINK,
    ),
    "agenda_cancelado": (
        "Cancelado: seu compromisso de {{data|data}}, às {{hora}}",
        _GREETING
        + "Seu compromisso de {{data|dia_da_semana}}, {{data|data}}, às {{hora}}, com {{responsavel}} foi cancelado.",
    ),
}
# To the person who meets the lead; there is no WhatsApp to them.
_FOR_STAFF = {
    "agenda_responsavel": (
        'Agora: {{nome|padrao:"seu lead"}}, {{onde}}',
        'Está na hora do compromisso com {{nome|padrao:"seu lead"}}: {{data|data}}, às {{hora}}, {{onde}} '
        "({{duracao}} minutos).",
    ),
}
_EMAIL_SUFFIX = "_email"


def default_name(message: str, canal: Canal) -> str:
    """The name of the template with the words of a message, such as `agenda_lembrete`, for a channel."""
    return message + (_EMAIL_SUFFIX if canal is Canal.EMAIL else "")


def _version(message: str, subject: str, text: str, canal: Canal) -> dict[str, Any]:
    assunto = subject if canal is Canal.EMAIL else None
    return {
        "nome": default_name(message, canal),
        "canal": canal.value,
        "idioma": _LANGUAGE,
        "assunto": assunto,
        "texto": text,
        "html": None,
        "variaveis": list(check(assunto=assunto, texto=text, html=None)),
    }


def _all() -> dict[str, Mapping[str, Any]]:
    made = [_version(name, *words, canal) for name, words in _WORDS.items() for canal in Canal]
    made += [_version(name, *words, Canal.EMAIL) for name, words in _FOR_STAFF.items()]
    return {each["nome"]: each for each in made}


DEFAULT_TEMPLATES: Mapping[str, Mapping[str, Any]] = _all()
"""The columns of every default template that are words, by its name."""
