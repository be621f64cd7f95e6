"""Keeps the templates of a tenant: a change is a new version, so that a disparo keeps the words it was made with."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import NOME_DE_TEMPLATE, NewTemplate
from chalicelib.dispatch.rules.rendering import check
from chalicelib.errors import Invalid, InvalidTemplate, NotFound

_WORDS = ("canal", "idioma", "assunto", "texto", "html", "variaveis")


class Templates:
    """The templates in use; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, tenant_id: str) -> dict[str, Any]:
        """Every template in use, by name."""
        with self._database.transaction(tenant_id) as rows:
            return {"itens": rows.all("list_templates", tenant_id=tenant_id)}

    def get(self, tenant_id: str, nome: str) -> Row:
        """One template.

        Raises:
            NotFound: none of that name is in use.
        """
        with self._database.transaction(tenant_id) as rows:
            found = rows.one("find_template", tenant_id=tenant_id, nome=nome)
        if found is None:
            raise NotFound("nao_encontrado")
        return found

    def put(self, tenant_id: str, nome: str, novo: NewTemplate) -> Row:
        """A new template or a new version of it; what is there word for word stays as it is.

        Raises:
            Invalid: `nome_de_template_invalido`.
            TemplateInvalido: the words cannot be used, or the variables that are named are not those of the words.
        """
        if not re.fullmatch(NOME_DE_TEMPLATE, nome):
            raise Invalid("nome_de_template_invalido")
        words = _words(novo)
        with self._database.transaction(tenant_id) as rows:
            rows.one("lock_template_name", tenant_id=tenant_id, nome=nome)
            current = rows.one("find_template", tenant_id=tenant_id, nome=nome)
            if current is not None and {name: current[name] for name in _WORDS} == words:
                return current
            rows.run("retire_template", tenant_id=tenant_id, nome=nome)
            made = rows.all("insert_template", tenant_id=tenant_id, nome=nome, agora=self._clock(), **words)
        return made[0]

    def delete(self, tenant_id: str, nome: str) -> None:
        """Take a template out of use; disparos that were made with it keep its words.

        Raises:
            NotFound: none of that name is in use.
        """
        with self._database.transaction(tenant_id) as rows:
            if not rows.run("retire_template", tenant_id=tenant_id, nome=nome):
                raise NotFound("nao_encontrado")


def _words(novo: NewTemplate) -> dict[str, Any]:
    """What a version consists of, checked."""
    if novo.canal is Canal.EMAIL and novo.assunto is None:
        raise InvalidTemplate("assunto_obrigatorio", "assunto")
    for campo in ("assunto", "html"):
        if novo.canal is not Canal.EMAIL and getattr(novo, campo) is not None:
            raise InvalidTemplate("campo_so_de_email", campo)
    found = check(assunto=novo.assunto, texto=novo.texto, html=novo.html)
    return {
        "canal": novo.canal.value,
        "idioma": novo.idioma,
        "assunto": novo.assunto,
        "texto": novo.texto,
        "html": novo.html,
        "variaveis": [*_in_order(novo, found)],
    }


def _in_order(novo: NewTemplate, found: tuple[str, ...]) -> tuple[str, ...]:
    """The variables as a provider numbers them: as given, if those are the ones that appear, each once."""
    if novo.variaveis is None:
        return found
    if sorted(novo.variaveis) != sorted(found):
        raise InvalidTemplate("variaveis_diferentes", "variaveis", nomes=", ".join(found))
    return novo.variaveis
