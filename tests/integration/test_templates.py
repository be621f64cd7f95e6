"""Each change of a template is a new version; one version is in use, and only in its own tenant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.campaigns.segments.requests import NewSegment
from chalicelib.dispatch.requests.models import NewTemplate, PreviewRequest, TemplateQuery, VersionQuery
from chalicelib.errors import ConstraintViolation, Invalid, InvalidTemplate, NotFound
from chalicelib.identity import Identity
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, ask, insert, run
from tests.conftest import StoppedClock

WORDS: dict[str, Any] = {"canal": "whatsapp", "idioma": "pt_BR", "texto": "Olá, {{nome}}: {{valor}}"}
EMAIL: dict[str, Any] = {**WORDS, "canal": "email", "assunto": "Para {{nome}}"}


def put(services: Services, nome: str = "oi", tenant_id: str = TENANT, **changes: Any) -> dict[str, Any]:
    return services.templates.put(tenant_id, nome, NewTemplate.model_validate({**WORDS, **changes}))


def listed(services: Services, tenant_id: str = TENANT) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = services.templates.page(tenant_id, TemplateQuery())["itens"]
    return found


def versions(database: Database) -> list[list[Any]]:
    return ask(database, "SELECT versao, texto, ativo FROM templates ORDER BY versao")


def test_new_template_is_in_use_with_its_variables_in_order_of_appearance(
    services: Services, clock: StoppedClock
) -> None:
    made = put(services)
    assert made == {
        "nome": "oi",
        "versao": 1,
        **WORDS,
        "assunto": None,
        "html": None,
        "variaveis": ["nome", "valor"],
        "padrao": False,
        "criado_em": clock(),
    }
    assert services.templates.get(TENANT, "oi") == made
    shown = {name: value for name, value in made.items() if name not in {"html", "padrao"}}
    assert listed(services) == [{**shown, "tem_html": False}]
    formats = services.templates.page(TENANT, TemplateQuery())["formatos"]
    assert {"nome": "moeda", "exemplo": "{{variavel|moeda}}", "valor": "1234.56", "resultado": "R$ 1.234,56"} in formats


def test_list_leaves_the_html_out_and_shows_the_beginning_of_a_long_text(services: Services) -> None:
    put(services, **{**EMAIL, "texto": "x" * 501}, html="<p>y</p>")
    [shown] = listed(services)
    assert (shown["texto"], shown["tem_html"]) == ("x" * 500 + "…", True)
    assert "html" not in shown


def test_list_goes_by_name_in_pages(services: Services) -> None:
    for nome in ("c", "A", "b"):
        put(services, nome)
    first = services.templates.page(TENANT, TemplateQuery(limit=2))
    rest = services.templates.page(TENANT, TemplateQuery(limit=2, cursor=first["proximo"]))
    assert [[each["nome"] for each in page["itens"]] for page in (first, rest)] == [["A", "b"], ["c"]]
    assert rest["proximo"] is None


def test_changed_words_make_a_new_version_and_keep_the_old_one(services: Services) -> None:
    put(services)
    assert put(services, texto="Oi, {{nome}}")["versao"] == 2
    assert versions(services.owner_database) == [
        [1, "Olá, {{nome}}: {{valor}}", False],
        [2, "Oi, {{nome}}", True],
    ]


def test_same_words_again_make_no_new_version(services: Services) -> None:
    assert put(services) == put(services)
    assert len(versions(services.owner_database)) == 1


def test_order_of_the_variables_is_part_of_a_version(services: Services) -> None:
    put(services)
    assert put(services, variaveis=["valor", "nome"])["variaveis"] == ["valor", "nome"]
    assert len(versions(services.owner_database)) == 2


def test_email_has_a_subject_and_may_have_html(services: Services) -> None:
    made = put(services, **EMAIL, html="<p>{{link}}</p>")
    assert (made["assunto"], made["html"]) == ("Para {{nome}}", "<p>{{link}}</p>")
    assert made["variaveis"] == ["nome", "valor", "link"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({**EMAIL, "assunto": None}, "assunto_obrigatorio", "/assunto"),
        ({"assunto": "Oi"}, "campo_so_de_email", "/assunto"),
        ({"html": "<p>Oi</p>"}, "campo_so_de_email", "/html"),
        ({"texto": " "}, "template_vazio", "/texto"),
        ({"texto": "{{nome"}, "chaves_desequilibradas", "/texto"),
        ({"texto": "Oi {nome}"}, "chaves_simples", "/texto"),
        ({"texto": "{{nome|upper}}"}, "formato_desconhecido", "/texto"),
        ({"texto": "x" * 1_025}, "template_longo", "/texto"),
        ({"texto": '{{nome|padrao:""}}'}, "padrao_em_branco", "/texto"),
        ({"idioma": "pt-BR"}, "idioma_da_meta", "/idioma"),
        ({"idioma": "pt_br"}, "idioma_da_meta", "/idioma"),
        ({"variaveis": ["nome"]}, "variaveis_diferentes", "/variaveis"),
        ({"variaveis": ["nome", "valor", "outra"]}, "variaveis_diferentes", "/variaveis"),
        ({"variaveis": ["nome", "valor", "valor"]}, "variaveis_diferentes", "/variaveis"),
    ],
)
def test_words_that_cannot_be_used_are_refused_with_a_pointer(
    services: Services, changes: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        put(services, **changes)
    assert (refused.value.code, [each.pointer for each in refused.value.errors]) == (code, [pointer])
    assert listed(services) == []


@pytest.mark.parametrize("nome", ["", "a b", "a/b", "oi\n", "á", "-a", "a" * 101])
def test_name_that_does_not_fit_into_a_path_is_refused(services: Services, nome: str) -> None:
    with pytest.raises(Invalid, match="nome_de_template_invalido"):
        put(services, nome)


def test_every_version_stays_readable_newest_first(services: Services) -> None:
    put(services)
    put(services, texto="Oi, {{nome}}")
    put(services, texto="Oi" * 300)
    services.templates.delete(TENANT, "oi")
    first = services.templates.versions(TENANT, "oi", VersionQuery(limit=2))
    rest = services.templates.versions(TENANT, "oi", VersionQuery(limit=2, cursor=first["proximo"]))
    assert [each["versao"] for each in first["itens"] + rest["itens"]] == [3, 2, 1]
    assert first["itens"][0]["texto"] == "Oi" * 250 + "…"
    assert services.templates.versions(TENANT, "oi", VersionQuery(offset=3))["itens"] == []
    second = services.templates.version(TENANT, "oi", "2")
    assert (second["texto"], second["variaveis"], second["ativo"]) == ("Oi, {{nome}}", ["nome"], False)


@pytest.mark.parametrize("versao", ["0", "2", "01", "x", "1.0", "9" * 30])
def test_version_that_never_was_is_not_found(services: Services, versao: str) -> None:
    put(services)
    with pytest.raises(NotFound):
        services.templates.version(TENANT, "oi", versao)


def test_template_that_never_was_has_no_versions(services: Services) -> None:
    with pytest.raises(NotFound):
        services.templates.versions(TENANT, "oi", VersionQuery())


def test_version_of_before_shows_dates_as_before(services: Services) -> None:
    """Migration 030 marks them; the same words again change nothing."""
    put(services, texto="{{dia}}")
    run(services.owner_database, "ALTER TABLE templates DISABLE TRIGGER templates_versions_are_final")
    run(services.owner_database, "UPDATE templates SET regras = 1")
    a_lead(services.owner_database)
    given = {"dia": "2026-12-05"}
    assert previewed(services, variaveis=given) == ["2026-12-05"]
    put(services, texto="{{dia}}!")
    assert previewed(services, variaveis=given) == ["05/12/2026!"]
    assert previewed(services, variaveis=given, versao=1) == ["2026-12-05"]


# Previews


def previewed(services: Services, **body: Any) -> list[Any]:
    """The text that each lead would get, or the codes of what is wrong, with the variables."""
    answer = services.templates.preview(TENANT, "oi", PreviewRequest.model_validate(body))
    return [
        each["mensagem"]["texto"] if each["mensagem"] else [(e["codigo"], e["variavel"]) for e in each["erros"]]
        for each in answer["itens"]
    ]


def test_preview_is_the_message_of_a_lead_or_what_it_lacks(services: Services) -> None:
    put(services)
    lead_id = a_lead(services.owner_database, nome="Ana")
    assert previewed(services, lead_id=lead_id) == [[("variavel_ausente", "valor")]]
    assert previewed(services, lead_id=lead_id, variaveis={"valor": 7.5}) == ["Olá, Ana: 7,5"]
    put(services, texto="{{nome|data}} {{valor|moeda}}")
    answer = services.templates.preview(TENANT, "oi", PreviewRequest(lead_id=lead_id, variaveis={"valor": "?"}))
    assert answer == {
        "nome": "oi",
        "versao": 2,
        "canal": "whatsapp",
        "itens": [
            {
                "lead_id": lead_id,
                "nome": "Ana",
                "mensagem": None,
                "erros": [
                    {
                        "codigo": "valor_fora_do_formato",
                        "variavel": name,
                        "mensagem": f"O valor não é do tipo que o formato do template lê: {name}.",
                    }
                    for name in ("nome", "valor")
                ],
            }
        ],
    }


def test_preview_without_a_lead_is_that_of_the_three_newest(services: Services, clock: StoppedClock) -> None:
    put(services, texto="Oi, {{nome}}")
    assert previewed(services) == []
    for day, nome in enumerate("DCBA"):
        a_lead(services.owner_database, nome=nome, criado_em=clock() - timedelta(days=day))
    a_lead(services.owner_database, nome=None, tenant_id="outra", criado_em=clock())
    assert previewed(services) == ["Oi, D", "Oi, C", "Oi, B"]


def test_preview_for_a_segment_is_that_of_its_three_newest_leads(services: Services, clock: StoppedClock) -> None:
    put(services, texto="Oi, {{nome}}")
    for day, nome in enumerate("EDCBA"):
        tags = [] if nome == "D" else ["vip"]
        a_lead(services.owner_database, nome=nome, tags=tags, criado_em=clock() - timedelta(days=day))
    request = NewSegment.model_validate_json('{"nome": "Vip", "filtro": {"tags": {"algum": ["vip"]}}}')
    segmento_id = services.segments.create(Identity(TENANT, "ana", frozenset()), request)["segmento_id"]
    assert previewed(services, segmento_id=segmento_id) == ["Oi, E", "Oi, C", "Oi, B"]
    run(services.owner_database, "UPDATE leads SET tags = '{}'")
    assert previewed(services, segmento_id=segmento_id) == []


def test_preview_is_for_one_lead_or_for_one_segment_that_exists(services: Services) -> None:
    put(services)
    with pytest.raises(ValidationError, match="lead_id and segmento_id"):
        previewed(services, lead_id=UUID(int=1), segmento_id=UUID(int=2))
    with pytest.raises(Invalid, match="segmento_desconhecido") as refused:
        previewed(services, segmento_id=UUID(int=9))
    assert [each.pointer for each in refused.value.errors] == ["/segmento_id"]


def test_preview_of_an_email_shows_all_of_its_texts(services: Services) -> None:
    put(services, **EMAIL, html='<p>{{link|padrao:"<x>"}}</p>')
    a_lead(services.owner_database, nome="Zé\n& Cia")
    [item] = services.templates.preview(TENANT, "oi", PreviewRequest(variaveis={"valor": True}))["itens"]
    assert item["mensagem"] == {
        "assunto": "Para Zé & Cia",
        "texto": "Olá, Zé\n& Cia: sim",
        "html": "<p>&lt;x&gt;</p>",
        "parametros": [],
        "cortada": False,
    }


def test_message_that_would_be_too_long_is_an_error_of_no_variable(services: Services) -> None:
    put(services, canal="email", assunto="Oi", texto="{{a}}" * 200)
    a_lead(services.owner_database)
    assert previewed(services, variaveis={"a": "x" * 4_000}) == [[("mensagem_longa", None)]]


def test_preview_of_what_does_not_exist_is_refused(services: Services) -> None:
    with pytest.raises(NotFound):
        previewed(services)
    put(services)
    with pytest.raises(NotFound):
        previewed(services, versao=2)
    with pytest.raises(Invalid, match="lead_desconhecido"):
        previewed(services, lead_id=UUID(int=9))
    with pytest.raises(Invalid, match="variavel_desconhecida") as refused:
        previewed(services, variaveis={"x": "1"})
    assert [each.pointer for each in refused.value.errors] == ["/variaveis/x"]


def test_deleted_template_is_not_found_and_its_name_keeps_counting_versions(services: Services) -> None:
    put(services)
    services.templates.delete(TENANT, "oi")
    for operation in (services.templates.get, services.templates.delete):
        with pytest.raises(NotFound):
            operation(TENANT, "oi")
    assert listed(services) == []
    assert put(services)["versao"] == 2


def test_versions_made_at_once_get_consecutive_numbers(services: Services) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: put(services, texto=f"Oi {n}")["versao"], range(8)))
    assert sorted(made) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [ativo for _, _, ativo in versions(services.owner_database)].count(True) == 1


def test_templates_of_another_tenant_are_not_found(services: Services) -> None:
    put(services)
    assert listed(services, "outra") == []
    for operation in (services.templates.get, services.templates.delete):
        with pytest.raises(NotFound):
            operation("outra", "oi")
    assert put(services, tenant_id="outra", texto="Oi")["versao"] == 1
    assert services.templates.get(TENANT, "oi")["texto"] == WORDS["texto"]


@pytest.mark.parametrize(
    "change", ["texto = 'outro'", "variaveis = '{}'", "versao = 9", "regras = 1", "criado_em = now()"]
)
def test_database_refuses_a_change_of_a_version(services: Services, change: str) -> None:
    put(services)
    with pytest.raises(ConstraintViolation, match="templates_versions_are_final"):
        run(services.owner_database, f"UPDATE templates SET {change}")


# What every tenant has


def shipped(services: Services) -> dict[str, bool]:
    """The names of the templates that ship with the product, and whether their words are in use."""
    return {each["nome"]: each["em_uso"] for each in services.templates.page(TENANT, TemplateQuery())["padroes"]}


def test_tenant_has_the_words_of_the_product_until_it_puts_its_own(services: Services) -> None:
    assert shipped(services)["agenda_lembrete"] is True
    ours = services.templates.get(TENANT, "agenda_lembrete")
    assert (ours["versao"], ours["padrao"], ours["criado_em"]) == (0, True, None)
    own = put(services, "agenda_lembrete", texto="Até {{data}}", variaveis=None)
    assert (own["versao"], own["padrao"]) == (1, False)
    assert services.templates.get(TENANT, "agenda_lembrete") == own
    assert shipped(services)["agenda_lembrete"] is False
    services.templates.delete(TENANT, "agenda_lembrete")
    assert services.templates.get(TENANT, "agenda_lembrete") == ours
    with pytest.raises(NotFound):
        services.templates.delete(TENANT, "agenda_lembrete")


def test_words_of_the_product_belong_to_their_channel(services: Services) -> None:
    with pytest.raises(Invalid) as raised:
        put(services, "agenda_lembrete_email", texto="Oi", variaveis=None)
    assert raised.value.code == "canal_do_template_padrao"


def test_row_with_the_words_of_the_product_is_no_template_of_the_tenant(
    services: Services, clock: StoppedClock
) -> None:
    """The reminders write one: a disparo keeps its words by their version."""
    insert(
        services.owner_database, "templates", tenant_id=TENANT, nome="agenda_lembrete", versao=1, canal="whatsapp",
        idioma="pt_BR", texto="Words of an earlier version", variaveis=[], padrao=True, criado_em=clock(),
    )  # fmt: skip
    assert services.templates.page(TENANT, TemplateQuery())["itens"] == []
    assert "earlier" not in services.templates.get(TENANT, "agenda_lembrete")["texto"]
    assert put(services, "agenda_lembrete", texto="Até {{data}}", variaveis=None)["versao"] == 2
