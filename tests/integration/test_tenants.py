"""A tenant's configuration: its administrators see and set it, ingestion reads it, nobody else knows of it."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.errors import Forbidden
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.requests import TenantConfig
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, insert
from tests.conftest import StoppedClock

ADMINISTRATOR = Identity(TENANT, "u-1", frozenset({ADMIN}))
MEMBER = Identity(TENANT, "u-2", frozenset({"vendas"}))
DEFAULTS = {"fuso": "America/Sao_Paulo", "fixo_valido_para_whatsapp": False, "idioma": "pt-BR"}


def config(**changes: object) -> TenantConfig:
    return TenantConfig.model_validate_json(json.dumps(changes))


def test_a_tenant_that_has_configured_nothing_has_the_defaults(services: Services) -> None:
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == DEFAULTS


def test_what_is_configured_stays(services: Services, clock: StoppedClock) -> None:
    wanted = config(fuso="America/Manaus", fixo_valido_para_whatsapp=True, idioma="en")
    assert services.tenants.configure(ADMINISTRATOR, wanted) == wanted
    assert services.tenants.config(ADMINISTRATOR) == wanted
    assert ask(services.owner_database, "SELECT criado_em, atualizado_em FROM tenants") == [[clock(), clock()]]


def test_configuring_again_puts_the_whole_in_the_place_of_what_was(services: Services, clock: StoppedClock) -> None:
    created = clock()
    services.tenants.configure(ADMINISTRATOR, config(fuso="America/Manaus", idioma="en"))
    changed = clock.advance(days=1)
    services.tenants.configure(ADMINISTRATOR, config(idioma="en"))
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == {**DEFAULTS, "idioma": "en"}
    assert ask(services.owner_database, "SELECT criado_em, atualizado_em FROM tenants") == [[created, changed]]


def test_only_an_administrator_sees_and_sets_it(services: Services) -> None:
    with pytest.raises(Forbidden):
        services.tenants.config(MEMBER)
    with pytest.raises(Forbidden):
        services.tenants.configure(MEMBER, config(idioma="en"))
    assert ask(services.owner_database, "SELECT count(*) FROM tenants") == [[0]]


def test_tenants_do_not_see_or_change_each_other(services: Services) -> None:
    services.tenants.configure(ADMINISTRATOR, config(idioma="en"))
    other = Identity("outra", "u-1", frozenset({ADMIN}))
    assert services.tenants.config(other).model_dump(mode="json") == DEFAULTS
    services.tenants.configure(other, config(fuso="America/Manaus"))
    assert services.tenants.config(ADMINISTRATOR).fuso == "America/Sao_Paulo"


def test_what_another_version_wrote_beside_it_is_left_out(services: Services) -> None:
    insert(services.owner_database, "tenants", tenant_id=TENANT, config={"idioma": "en", "janela": {"de": "08:00"}})
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == {**DEFAULTS, "idioma": "en"}


def test_ingestion_reads_it_as_it_is_stored(services: Services) -> None:
    with services.owner_database.transaction(TENANT) as rows:
        assert rows.one("tenant_config", tenant_id=TENANT) is None
    services.tenants.configure(ADMINISTRATOR, config(fixo_valido_para_whatsapp=True))
    with services.owner_database.transaction(TENANT) as rows:
        row = rows.one("tenant_config", tenant_id=TENANT)
    assert row is not None
    assert row["config"]["fixo_valido_para_whatsapp"] is True


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"fuso": "Brasil/Salvador"}, "fuso", "fuso_desconhecido"),
        ({"fuso": "America"}, "fuso", "fuso_desconhecido"),
        ({"fuso": "../../etc/passwd"}, "fuso", "fuso_desconhecido"),
        ({"fuso": ""}, "fuso", "fuso_desconhecido"),
        ({"fuso": "a" * 65}, "fuso", "string_too_long"),
        ({"idioma": "es"}, "idioma", "enum"),
        ({"fixo_valido_para_whatsapp": "talvez"}, "fixo_valido_para_whatsapp", "bool_parsing"),
        ({"limites": {}}, "limites", "extra_forbidden"),
    ],
)
def test_a_configuration_that_means_nothing_is_refused(body: dict[str, object], field: str, code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        config(**body)
    assert [(each["loc"][0], each["type"]) for each in raised.value.errors()] == [(field, code)]


@given(st.text(max_size=40))
def test_a_zone_that_is_taken_is_one_that_python_knows(name: str) -> None:
    try:
        taken = TenantConfig(fuso=name)
    except ValidationError:
        return
    assert ZoneInfo(taken.fuso)
