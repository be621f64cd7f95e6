"""Keeps the templates of a tenant. A change is a new version: a disparo keeps the words that it was made with."""

from __future__ import annotations

import re
from typing import Any, assert_never

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import NOME_DE_TEMPLATE, NewTemplate, TemplateQuery
from chalicelib.dispatch.rules.rendering import check
from chalicelib.errors import Invalid, InvalidTemplate, NotFound
from chalicelib.pages import page_of

_WORDS = ("canal", "idioma", "assunto", "texto", "html", "variaveis")


class Templates:
    """The templates in use; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(self, tenant_id: str, query: TemplateQuery) -> dict[str, Any]:
        """A page of the templates in use, by name, without their HTML and with the beginning of a long text.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {"depois": query.after(str), "limite": query.limit + 1, "pular": query.offset or 0}
        found = self._database.run(tenant_id, lambda rows: rows.all("list_templates", **params))
        return page_of(found, query.limit, lambda row: row["nome"])

    def get(self, tenant_id: str, nome: str) -> Row:
        """One template.

        Raises:
            NotFound: none of that name is in use.
        """
        found = self._database.run(tenant_id, lambda rows: rows.one("find_template", nome=nome))
        if found is None:
            raise NotFound("nao_encontrado")
        return found

    def put(self, tenant_id: str, nome: str, request: NewTemplate) -> Row:
        """Make a template, or a new version of one; the same words again change nothing.

        Raises:
            Invalid: `nome_de_template_invalido`.
            InvalidTemplate: the words cannot be used, or the named variables are not those of the words.
        """
        if not re.fullmatch(NOME_DE_TEMPLATE, nome):
            raise Invalid("nome_de_template_invalido")
        words = _words(request)
        now = self._clock()

        def work(rows: Rows) -> Row:
            rows.one("lock_template_name", nome=nome)
            current = rows.one("find_template", nome=nome)
            if current is not None and {name: current[name] for name in _WORDS} == words:
                return current
            rows.run("retire_template", nome=nome)
            [made] = rows.all("insert_template", nome=nome, agora=now, **words)
            return made

        return self._database.run(tenant_id, work)

    def delete(self, tenant_id: str, nome: str) -> None:
        """Retire a template; disparos that were made with it keep its words.

        Raises:
            NotFound: none of that name is in use.
        """
        if not self._database.run(tenant_id, lambda rows: rows.run("retire_template", nome=nome)):
            raise NotFound("nao_encontrado")


def _words(request: NewTemplate) -> dict[str, Any]:
    """The columns of a version, checked."""
    _check_fields(request)
    found = check(assunto=request.assunto, texto=request.texto, html=request.html)
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
        case _:
            assert_never(request.canal)


def _in_order(request: NewTemplate, found: tuple[str, ...]) -> tuple[str, ...]:
    """The variables as a provider numbers them: in the given order, if they are those of the words, each once."""
    if request.variaveis is None:
        return found
    if sorted(request.variaveis) != sorted(found):
        raise InvalidTemplate("variaveis_diferentes", "variaveis", nomes=", ".join(found))
    return request.variaveis
