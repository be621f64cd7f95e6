"""The page on which a lead answers an invitation: what stands, and a button for each decision.

Its buttons do nothing by themselves: the script of the page (`convite.js`) posts the decision with the answer to the
page's challenge. There is no form and no link that a program could follow.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial, wraps
from hashlib import sha256
from html import escape
from importlib.resources import files

from chalice.app import Chalice, Response

from chalicelib import messages
from chalicelib.api.calls import AnonymousCall, current_request
from chalicelib.api.handlers import Handler, Operation, View
from chalicelib.api.http import answered, language_of
from chalicelib.api.text import HTML, PAGE_HEADERS
from chalicelib.dispatch.rules.formats import READING
from chalicelib.errors import DomainError
from chalicelib.scheduling.invitations.invitation import Invitation, InvitationState
from chalicelib.scheduling.invitations.requests import LeadDecisionKind

_STYLE = (
    ":root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:8vh auto;"
    "padding:0 1rem}h1{font-size:1.4rem}button{font:inherit;padding:.7rem 1.2rem;margin:.3rem .3rem .3rem 0;"
    "cursor:pointer}"
    "summary{padding:.7rem 0;cursor:pointer}[role=status]{font-weight:600;min-height:1.5em}"
)
_STATES: Mapping[InvitationState, str] = {
    InvitationState.A_CONFIRMAR: "convite_a_confirmar",
    InvitationState.CONFIRMADO: "convite_confirmado",
    InvitationState.PASSOU: "convite_passou",
    InvitationState.CANCELADO: "convite_cancelado",
}


@cache
def _script() -> str:
    return files("chalicelib.api").joinpath("convite.js").read_text(encoding="utf-8")


@cache
def _headers() -> dict[str, str]:
    """Those of our pages, with the script that may run: this one, and no other."""
    digest = b64encode(sha256(_script().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {**PAGE_HEADERS, "Content-Security-Policy": policy}


def invitation_page(app: Chalice) -> Callable[[Callable[..., Invitation]], View]:
    """Turn a handler into a view that shows the invitation that it returns, or a page with what is wrong."""

    def decorate(handler: Handler) -> View:
        operation = Operation(handler, AnonymousCall, media_type=HTML)

        @wraps(handler)
        def view(**_path: str) -> Response:
            request = current_request(app)
            language = language_of(request)

            def answer() -> Response:
                try:
                    invitation = operation.run(AnonymousCall(request))
                except DomainError as error:
                    sentence = messages.text(error.code, language, **error.params)
                    return _response(_paragraph(escape(sentence)), sentence, error.status, language)
                assert isinstance(invitation, Invitation)  # noqa: S101 - the type of the handler says so
                return _response(
                    "".join(_parts(invitation, language)), messages.text("convite_titulo", language), 200, language
                )

            return answered(answer, 200, language)

        return operation.carried_by(view)

    return decorate


def _parts(invitation: Invitation, language: str) -> Iterator[str]:
    words, said = invitation.words(language), partial(_said, language)
    challenge = escape(invitation.challenge)
    yield f'<main data-desafio="{challenge}" data-falha="{said("convite_falha")}"><h1>{said("convite_titulo")}</h1>'
    if invitation.is_outdated:
        yield _paragraph(said("convite_desatualizado_aviso"))
    when = f"{_day(words['data'], language)}, {words['hora']}"
    yield _paragraph(said("convite_resumo", quando=when, responsavel=words["responsavel"], onde=words["onde"]))
    yield f'<p id="resposta" role="status">{said(_state(invitation))}</p>'
    if invitation.decisions:
        yield from _buttons(invitation, language)
        without_script = said("convite_sem_script")
        yield f"<noscript>{_paragraph(without_script)}</noscript>"
    yield f"</main><script>{_script()}</script>"


def _state(invitation: Invitation) -> str:
    """The code of the sentence that says how it stands: a lead who has just moved it sees that this was done."""
    is_done = invitation.moved_by_lead and not invitation.is_outdated
    if is_done and invitation.state is InvitationState.A_CONFIRMAR:
        return "convite_mudado"
    return _STATES[invitation.state]


def _buttons(invitation: Invitation, language: str) -> Iterator[str]:
    decisions, said = invitation.decisions, partial(_said, language)
    if LeadDecisionKind.CONFIRMAR in decisions:
        yield _button(LeadDecisionKind.CONFIRMAR, said("convite_botao_confirmar"))
    if LeadDecisionKind.REAGENDAR in decisions:
        others = _offers(invitation, language) or _paragraph(said("convite_sem_horario"))
        yield _folded(said("convite_outro_horario"), others)
    cancel = _button(LeadDecisionKind.CANCELAR, said("convite_botao_cancelar"))
    yield _folded(said("convite_nao_posso"), cancel)


def _offers(invitation: Invitation, language: str) -> str:
    here = [(each, each.astimezone(invitation.zone)) for each in invitation.offers]
    return "".join(
        _button(
            LeadDecisionKind.REAGENDAR,
            escape(f"{_day(local.date().isoformat(), language)}, {local:%H:%M}"),
            each.isoformat(),
        )
        for each, local in here
    )


def _paragraph(html: str) -> str:
    return f"<p>{html}</p>"


def _folded(title: str, html: str) -> str:
    """A part of the page that a person opens."""
    return f"<details><summary>{title}</summary>{html}</details>"


def _day(iso: str, language: str) -> str:
    """A date with its day of the week, in Brazilian words; in another language, in figures."""
    if language != messages.PORTUGUESE:
        return iso
    weekday, date = (READING[name][1](iso) for name in ("dia_da_semana", "data_extenso"))
    return f"{weekday}, {date}"


def _button(kind: LeadDecisionKind, label: str, begins: str | None = None) -> str:
    at = f' data-inicio="{escape(begins)}"' if begins else ""
    return f'<button type="button" data-acao="{kind}"{at} disabled>{label}</button>'


def _said(language: str, code: str, **params: object) -> str:
    """A sentence of the catalogue, as HTML."""
    return escape(messages.text(code, language, **params))


def _response(body: str, title: str, status: int, language: str) -> Response:
    document = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    return Response(body=document, status_code=status, headers=dict(_headers()))
