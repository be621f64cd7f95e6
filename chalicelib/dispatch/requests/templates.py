"""Keeps the templates of a tenant. A change is a new version: a disparo keeps the words that it was made with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, assert_never
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import (
    NOME_DE_TEMPLATE,
    NewTemplate,
    PreviewRequest,
    TemplateQuery,
    VersionQuery,
)
from chalicelib.dispatch.requests.shown import shown_message
from chalicelib.dispatch.rules.default_templates import DEFAULT_TEMPLATES
from chalicelib.dispatch.rules.demands import check_given, frozen, lead_values
from chalicelib.dispatch.rules.formats import samples
from chalicelib.dispatch.rules.rendering import (
    NEW_RULES,
    TemplateWords,
    check,
    check_for_whatsapp,
    render_message,
    words_of,
)
from chalicelib.errors import FieldError, Invalid, InvalidTemplate, NotFound
from chalicelib.pages import page_of
from chalicelib.tenants.config import config_of

_WORDS = ("canal", "idioma", "assunto", "texto", "html", "variaveis")
_LANGUAGE_OF_META = r"[a-z]{2,3}(_[A-Z]{2})?"
_VERSION = r"[1-9][0-9]{0,8}"
_SAMPLES = 3
"""The leads of a preview that names none."""
_LONGEST_NAME = 200


NewestOfSegment: TypeAlias = Callable[[Rows, UUID, int], Sequence[UUID]]
"""The newest leads of a segment, so many at most. Segments are another service's, so `wiring.py` hands it in."""


class Templates:
    """The templates in use; `database` is the API's login."""

    def __init__(self, *, database: Database, newest_of_segment: NewestOfSegment, clock: Clock) -> None:
        self._database = database
        self._newest_of_segment = newest_of_segment
        self._clock = clock

    def page(self, tenant_id: str, query: TemplateQuery) -> dict[str, Any]:
        """A page of the templates in use, by name, without their HTML and with the beginning of a long text.

        Beside it stand the templates that every tenant has until it puts its own (`padroes`), and the formats that a
        template may use, each with an example.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {"depois": query.after(str), "limite": query.limit + 1, "pular": query.offset or 0}
        found, shipped = self._database.run(
            tenant_id, lambda rows: (rows.all("list_templates", **params), _shipped(rows))
        )
        page = page_of(found, query.limit, lambda row: row["nome"])
        return {**page, "padroes": shipped, "formatos": samples()}

    def get(self, tenant_id: str, nome: str) -> Row:
        """One template.

        Raises:
            NotFound: none of that name is in use.
        """
        return _shown(self._database.run(tenant_id, lambda rows: _version(rows, nome, None)))

    def versions(self, tenant_id: str, nome: str, query: VersionQuery) -> dict[str, Any]:
        """A page of all versions of a template, newest first, cut as in `page`; a retired template has its own, too.

        Raises:
            Invalid: `cursor_invalido`.
            NotFound: there never was one of that name.
        """
        before = query.after(int)
        params = {"antes": before, "limite": query.limit + 1, "pular": query.offset or 0}
        found = self._database.run(tenant_id, lambda rows: rows.all("list_template_versions", nome=nome, **params))
        if not found and before is None and not query.offset:
            raise NotFound("nao_encontrado")
        return page_of(found, query.limit, lambda row: row["versao"])

    def version(self, tenant_id: str, nome: str, versao: str) -> Row:
        """One version of a template, in use or not.

        Raises:
            NotFound: there is none of that name and number.
        """
        if not re.fullmatch(_VERSION, versao):
            raise NotFound("nao_encontrado")
        return _shown(self._database.run(tenant_id, lambda rows: _version(rows, nome, int(versao))))

    def preview(self, tenant_id: str, nome: str, request: PreviewRequest) -> dict[str, Any]:
        """The message that a lead would get, or what keeps it from one; without a lead, for the newest leads of all
        or of a segment.

        Raises:
            NotFound: there is no such template or version.
            Invalid: `lead_desconhecido`, `segmento_desconhecido`, or `variavel_desconhecida`; or the filter of the
                segment cannot be used any more.
            TooManyRequests: `buscas_demais`.
        """

        def work(rows: Rows) -> dict[str, Any]:
            version = _version(rows, nome, request.versao)
            words = words_of(version)
            check_given(words, request.variaveis, "/variaveis")
            language = config_of(rows).idioma
            itens = [_preview(words, lead, request, language) for lead in self._leads(rows, request)]
            return {**{name: version[name] for name in ("nome", "versao", "canal")}, "itens": itens}

        return self._database.run(tenant_id, work)

    def _leads(self, rows: Rows, request: PreviewRequest) -> list[Row]:
        if request.segmento_id is not None:
            return rows.all("values_of_leads", lead_ids=self._newest_of_segment(rows, request.segmento_id, _SAMPLES))
        if request.lead_id is None:
            return rows.all("values_of_newest_leads", limite=_SAMPLES)
        lead = rows.one("values_of_lead", lead_id=request.lead_id)
        if lead is None:
            detail = str(request.lead_id)
            raise Invalid("lead_desconhecido", (FieldError("/lead_id", "lead_desconhecido", detail),))
        return [lead]

    def put(self, tenant_id: str, nome: str, request: NewTemplate) -> Row:
        """Make a template, or a new version of one; the same words again change nothing.

        Raises:
            Invalid: `nome_de_template_invalido`; `canal_do_template_padrao`, the product sends these words by another
                channel.
            InvalidTemplate: the words cannot be used, or the named variables are not those of the words.
        """
        if not re.fullmatch(NOME_DE_TEMPLATE, nome):
            raise Invalid("nome_de_template_invalido")
        shipped = DEFAULT_TEMPLATES.get(nome)
        if shipped is not None and shipped["canal"] != request.canal:
            error = FieldError("/canal", "canal_do_template_padrao", shipped["canal"])
            raise Invalid("canal_do_template_padrao", (error,), canal=shipped["canal"])
        words = _words(request)
        now = self._clock()

        def work(rows: Rows) -> Row:
            rows.one("lock_template_name", nome=nome)
            current = rows.one("find_template", nome=nome)
            if current is not None and not current["padrao"] and {name: current[name] for name in _WORDS} == words:
                return _shown(current)
            rows.run("retire_template", nome=nome)
            [made] = rows.all("insert_template", nome=nome, padrao=False, agora=now, **words)
            return _shown(made)

        return self._database.run(tenant_id, work)

    def delete(self, tenant_id: str, nome: str) -> None:
        """Retire a template; disparos that were made with it keep its words.

        For a name of `padroes`, the words of the product count again.

        Raises:
            NotFound: none of that name is in use, or only the product's.
        """
        if not self._database.run(tenant_id, lambda rows: rows.run("retire_own_template", nome=nome)):
            raise NotFound("nao_encontrado")


def _version(rows: Rows, nome: str, versao: int | None) -> Row:
    """One version of a template; None for the one in use."""
    if versao is None:
        found = rows.one("find_template", nome=nome)
        # A row of the product's words may be of an earlier version of the product.
        if (found is None or found["padrao"]) and nome in DEFAULT_TEMPLATES:
            found = _default(nome)
    else:
        found = rows.one("find_template_version", nome=nome, versao=versao)
    if found is None:
        raise NotFound("nao_encontrado")
    return found


def _default(nome: str) -> Row:
    """A template that ships with the product, as a row; it has no version of the tenant's and no time."""
    return {**DEFAULT_TEMPLATES[nome], "versao": 0, "regras": NEW_RULES, "padrao": True, "criado_em": None}


def _shipped(rows: Rows) -> list[Row]:
    """The templates that every tenant has, and whether the tenant's own words take their place."""
    own = {row["nome"] for row in rows.all("own_templates", nomes=sorted(DEFAULT_TEMPLATES))}
    names = ("nome", "canal", "idioma", "assunto", "texto", "variaveis")
    return [
        {**{key: value[key] for key in names}, "em_uso": nome not in own}
        for nome, value in sorted(DEFAULT_TEMPLATES.items())
    ]


def _shown(version: Row) -> Row:
    return {name: value for name, value in version.items() if name != "regras"}


def _preview(words: TemplateWords, lead: Row, request: PreviewRequest, language: str) -> dict[str, Any]:
    """The message of one lead, or the errors that `POST /leads/{lead_id}/disparos` would answer with."""
    shown: dict[str, Any] = {"lead_id": lead["lead_id"], "nome": lead["nome"] and lead["nome"][:_LONGEST_NAME]}
    try:
        message = render_message(words, frozen(words, lead_values(lead), request.variaveis))
    except Invalid as error:
        return {**shown, "mensagem": None, "erros": _errors_in_words(error, language)}
    return {**shown, "mensagem": shown_message(words.canal, message), "erros": []}


def _errors_in_words(error: Invalid, language: str) -> list[dict[str, Any]]:
    """Each error with the variable that it is about; None for one about the whole message."""
    names: list[str | None] = [each.detail for each in error.errors]
    return [
        {
            "codigo": error.code,
            "variavel": name,
            "mensagem": messages.text(error.code, language, **{**error.params, "nomes": name}),
        }
        for name in names or [None]
    ]


def _words(request: NewTemplate) -> dict[str, Any]:
    """The columns of a version, checked."""
    _check_fields(request)
    found = check(assunto=request.assunto, texto=request.texto, html=request.html)
    if request.canal is Canal.WHATSAPP:
        check_for_whatsapp(request.texto)
    return {
        "canal": request.canal.value,
        "idioma": request.idioma,
        "assunto": request.assunto,
        "texto": request.texto,
        "html": request.html,
        "variaveis": [*_in_order(request, found)],
    }


def _check_fields(request: NewTemplate) -> None:
    """An e-mail needs a subject; only an e-mail has a subject or an HTML body."""
    match request.canal:
        case Canal.EMAIL:
            if request.assunto is None:
                raise InvalidTemplate("assunto_obrigatorio", "assunto")
        case Canal.WHATSAPP:
            for name, value in (("assunto", request.assunto), ("html", request.html)):
                if value is not None:
                    raise InvalidTemplate("campo_so_de_email", name)
            if not re.fullmatch(_LANGUAGE_OF_META, request.idioma):
                raise InvalidTemplate("idioma_da_meta", "idioma", idioma=request.idioma)
        case _:
            assert_never(request.canal)


def _in_order(request: NewTemplate, found: tuple[str, ...]) -> tuple[str, ...]:
    """The variables as a provider numbers them: in the given order, if they are those of the words, each once."""
    if request.variaveis is None:
        return found
    if sorted(request.variaveis) != sorted(found):
        raise InvalidTemplate("variaveis_diferentes", "variaveis", nomes=", ".join(found))
    return request.variaveis
