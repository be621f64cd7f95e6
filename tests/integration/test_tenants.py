"""A tenant's configuration: its administrators read and change it, workers read it, and nobody else sees it."""

from __future__ import annotations

import json
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.api.calls import invalid
from chalicelib.errors import Forbidden
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.config import Language, SendWindow, TenantConfig, config_of
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, insert
from tests.conftest import StoppedClock

ADMINISTRATOR = Identity(TENANT, "u-1", frozenset({ADMIN}))
MEMBER = Identity(TENANT, "u-2", frozenset({"vendas"}))
WINDOW = {
    "ligada": True,
    "dias": ["seg", "ter", "qua", "qui", "sex"],
    "inicio": "08:00",
    "fim": "18:00",
    "respeita_feriados": True,
    "feriados_extras": [],
}
LIMITS = {
    "whatsapp": {"por_minuto": 100, "por_segundo": 80, "rajada": None, "por_dia": None},
    "email": {"por_minuto": 100, "por_segundo": 50, "rajada": None, "por_dia": None},
}
NO_ZONES = ("localtime", "Factory", "posixrules", "/etc/localtime", "posix/UTC", "right/UTC", "utc", "UTC\u200b")
DEFAULTS = {
    "fuso": "America/Sao_Paulo",
    "fixo_valido_para_whatsapp": False,
    "idioma": "pt-BR",
    "janela": WINDOW,
    "limites": LIMITS,
    "canais": {"whatsapp": None, "email": None},
}


def config(**changes: object) -> TenantConfig:
    return TenantConfig.model_validate_json(json.dumps(changes))


def test_tenant_that_has_configured_nothing_has_the_defaults(services: Services) -> None:
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == DEFAULTS


@pytest.mark.straight_path
def test_configuration_is_stored_and_read_back(services: Services, clock: StoppedClock) -> None:
    wanted = config(fuso="America/Manaus", fixo_valido_para_whatsapp=True, idioma="en")
    assert services.tenants.configure(ADMINISTRATOR, wanted) == wanted
    assert services.tenants.config(ADMINISTRATOR) == wanted
    assert ask(services.owner_database, "SELECT criado_em, atualizado_em FROM tenants") == [[clock(), clock()]]


def test_configuring_again_replaces_the_whole_configuration(services: Services, clock: StoppedClock) -> None:
    created = clock()
    services.tenants.configure(ADMINISTRATOR, config(fuso="America/Manaus", idioma="en"))
    changed = clock.advance(days=1)
    services.tenants.configure(ADMINISTRATOR, config(idioma="en"))
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == {**DEFAULTS, "idioma": "en"}
    assert ask(services.owner_database, "SELECT criado_em, atualizado_em FROM tenants") == [[created, changed]]


def test_only_an_administrator_may_read_and_change_it(services: Services) -> None:
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


def test_fields_of_another_version_are_left_out(services: Services) -> None:
    insert(services.owner_database, "tenants", tenant_id=TENANT, config={"idioma": "en", "do_futuro": {"de": "08:00"}})
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == {**DEFAULTS, "idioma": "en"}


def test_field_that_this_version_would_refuse_has_its_default(services: Services) -> None:
    stored = {"idioma": "es", "fuso": "America/Manaus"}
    insert(services.owner_database, "tenants", tenant_id=TENANT, config=stored)
    read = services.tenants.config(ADMINISTRATOR)
    assert (read.idioma, read.fuso) == (Language.PORTUGUESE, "America/Manaus")


def test_workers_read_the_configuration_inside_their_own_transaction(services: Services) -> None:
    assert services.owner_database.run(TENANT, config_of) == TenantConfig()
    services.tenants.configure(ADMINISTRATOR, config(fixo_valido_para_whatsapp=True, idioma="en"))
    read = services.owner_database.run(TENANT, config_of)
    assert (read.fixo_valido_para_whatsapp, read.idioma) == (True, Language.ENGLISH)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"fuso": "Brasil/Salvador"}, "fuso", "fuso_desconhecido"),
        ({"fuso": "America"}, "fuso", "fuso_desconhecido"),
        *(({"fuso": each}, "fuso", "fuso_desconhecido") for each in NO_ZONES),
        ({"fuso": "../../etc/passwd"}, "fuso", "fuso_desconhecido"),
        ({"fuso": ""}, "fuso", "fuso_desconhecido"),
        ({"fuso": "a" * 65}, "fuso", "string_too_long"),
        ({"idioma": "es"}, "idioma", "enum"),
        ({"fixo_valido_para_whatsapp": "talvez"}, "fixo_valido_para_whatsapp", "bool_parsing"),
        ({"horario": {}}, "horario", "extra_forbidden"),
    ],
)
def test_invalid_configuration_is_refused_and_the_field_named(body: dict[str, object], field: str, code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        config(**body)
    assert [(each["loc"][0], each["type"]) for each in raised.value.errors()] == [(field, code)]


@pytest.mark.parametrize(
    ("window", "errors"),
    [
        (None, {"": "model_type"}),
        ({"ligada": "talvez"}, {"/ligada": "bool_parsing"}),
        ({"dias": []}, {"/dias": "too_short"}),
        ({"dias": "seg"}, {"/dias": "tuple_type"}),
        ({"dias": ["seg", "mon", 1]}, {"/dias/1": "enum", "/dias/2": "enum"}),
        ({"inicio": "8:00"}, {"/inicio": "hora_invalida"}),
        ({"inicio": "08:60"}, {"/inicio": "hora_invalida"}),
        ({"inicio": "08:00:00"}, {"/inicio": "hora_invalida"}),
        ({"inicio": 8}, {"/inicio": "string_type"}),
        ({"fim": "24:01"}, {"/fim": "hora_invalida"}),
        ({"inicio": "x", "fim": "y"}, {"/inicio": "hora_invalida", "/fim": "hora_invalida"}),
        ({"inicio": "09:00", "fim": "09:00"}, {"/fim": "fim_antes_do_inicio"}),
        ({"inicio": "22:00", "fim": "06:00"}, {"/fim": "fim_antes_do_inicio"}),
        ({"inicio": "18:00"}, {"/fim": "fim_antes_do_inicio"}),
        ({"respeita_feriados": 2}, {"/respeita_feriados": "bool_parsing"}),
        ({"feriados_extras": ["2026-02-29"]}, {"/feriados_extras/0": "date_from_datetime_parsing"}),
        ({"feriados_extras": ["2026-12-24", "24/12/2026"]}, {"/feriados_extras/1": "dia_invalido"}),
        ({"feriados_extras": ["2026-12-24T00:00:00Z", 20261224]}, dict.fromkeys(
            ("/feriados_extras/0", "/feriados_extras/1"), "dia_invalido")),
        ({"feriados_extras": ["2026-12-24"] * 367}, {"/feriados_extras": "too_long"}),
        ({"de": "08:00"}, {"/de": "extra_forbidden"}),
    ],
    ids=str,
)  # fmt: skip
def test_invalid_window_is_refused_and_its_fields_named(window: object, errors: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as raised:
        config(janela=window)
    assert {each.pointer: each.code for each in invalid(raised.value, "").errors} == {
        f"/janela{pointer}": code for pointer, code in errors.items()
    }


def test_window_is_stored_in_order_and_without_repeats(services: Services) -> None:
    wanted = {
        "ligada": False, "dias": ["sab", "seg", "seg"], "inicio": "00:00", "fim": "24:00", "respeita_feriados": False,
        "feriados_extras": ["2026-12-31", "2026-12-24", "2026-12-31"],
    }  # fmt: skip
    services.tenants.configure(ADMINISTRATOR, config(janela=wanted))
    ordered = {"dias": ["seg", "sab"], "feriados_extras": ["2026-12-24", "2026-12-31"]}
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json")["janela"] == {**wanted, **ordered}


def test_field_left_out_of_a_window_has_its_default(services: Services) -> None:
    services.tenants.configure(ADMINISTRATOR, config(janela={"fim": "20:00"}))
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json")["janela"] == {**WINDOW, "fim": "20:00"}


@given(st.times(), st.times())
def test_accepted_window_is_open_for_some_time_within_one_day(start: time, end: time) -> None:
    inicio, fim = f"{start:%H:%M}", f"{end:%H:%M}"
    try:
        window = SendWindow(inicio=inicio, fim=fim)
    except ValidationError:
        assert inicio >= fim
        return
    assert timedelta() <= window.start < window.end < timedelta(days=1)
    assert window.weekdays == {0, 1, 2, 3, 4}


@given(st.text(max_size=40))
def test_accepted_zone_is_known_to_python(name: str) -> None:
    try:
        accepted = TenantConfig(fuso=name)
    except ValidationError:
        return
    assert ZoneInfo(accepted.fuso)
