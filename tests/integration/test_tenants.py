"""A tenant's configuration: its administrators read and change it, workers read it, and nobody else sees it."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.errors import Conflict, Invalid
from chalicelib.identity import ADMIN, OPERATOR, READER, Identity
from chalicelib.tenants.config import ConfigPatch, Language, SendWindow, TenantConfig, config_of
from chalicelib.tenants.service import Tenants
from chalicelib.validation import invalid
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, insert
from tests.conftest import StoppedClock

ADMINISTRATOR = Identity(TENANT, "u-1", frozenset({ADMIN}))
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
    "canais": {"whatsapp": None, "email": None, "calendario": None},
    "limite_por_pessoa": {"por_dia": None, "por_semana": None},
    "tarifas": [],
    "retencao": {
        "textos_dias": 90,
        "recusas_dias": 90,
        "agendamentos_dias": 730,
        "eventos_dias": 30,
        "arquivos_dias": 30,
    },
    "agenda": {
        "lembretes_minutos": [1440, 60],
        "canais": ["whatsapp", "email"],
        "convite": True,
        "aviso_de_mudanca": True,
        "aviso_de_cancelamento": True,
        "aviso_ao_responsavel": False,
        "max_reagendamentos": 2,
    },
}


TARIFF = {"canal": "email", "desde": "2026-12-01", "valor": 0.02, "moeda": "BRL"}


def config(**changes: object) -> TenantConfig:
    return TenantConfig.model_validate_json(json.dumps(changes))


def change(services: Services, identity: Identity = ADMINISTRATOR, /, **changes: object) -> dict[str, Any]:
    """Send these changes as a merge patch."""
    return services.tenants.change(identity, ConfigPatch.model_validate_json(json.dumps(changes)))


def whole(**changes: object) -> TenantConfig:
    """A document that leaves nothing out."""
    return config(**{**DEFAULTS, **changes})


def test_tenant_that_has_configured_nothing_has_the_defaults(services: Services) -> None:
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == DEFAULTS


@pytest.mark.straight_path
def test_changed_fields_are_stored_and_read_back(services: Services, clock: StoppedClock) -> None:
    wanted = config(fuso="America/Manaus", fixo_valido_para_whatsapp=True, idioma="en")
    answered = change(services, fuso="America/Manaus", fixo_valido_para_whatsapp=True, idioma="en")
    assert answered == {**wanted.model_dump(mode="json"), "disparos_a_redatar": 0, "agendamentos_a_redatar": 0}
    assert services.tenants.config(ADMINISTRATOR) == wanted
    assert ask(services.owner_database, "SELECT criado_em, atualizado_em FROM tenants") == [[clock(), clock()]]


def test_change_leaves_every_other_field_as_it_is(services: Services, clock: StoppedClock) -> None:
    created = clock()
    change(services, fuso="America/Manaus", janela={"ligada": False, "fim": "20:00"})
    changed = clock.advance(days=1)
    change(services, limites={"email": {"por_dia": 10}})
    change(services)
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == {
        **DEFAULTS,
        "fuso": "America/Manaus",
        "janela": {**WINDOW, "ligada": False, "fim": "20:00"},
        "limites": {**LIMITS, "email": {**LIMITS["email"], "por_dia": 10}},
    }
    assert ask(services.owner_database, "SELECT criado_em, atualizado_em FROM tenants") == [[created, changed]]


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"fuso": None}, {"fuso": "America/Sao_Paulo"}),
        ({"janela": None}, {"janela": WINDOW}),
        ({"janela": {"inicio": None}}, {"janela": {**WINDOW, "dias": ["sab"]}}),
        ({"janela": {"dias": ["dom"]}}, {"janela": {**WINDOW, "dias": ["dom"], "inicio": "10:00"}}),
        ({"limites": {"whatsapp": {"por_dia": None}}}, {"limites": LIMITS}),
        ({"limites": {"whatsapp": None}}, {"limites": LIMITS}),
    ],
    ids=str,
)
def test_null_restores_the_default_and_a_list_is_replaced(
    services: Services, patch: dict[str, Any], expected: dict[str, Any]
) -> None:
    before: dict[str, Any] = {"fuso": "America/Manaus", "janela": {"dias": ["sab"], "inicio": "10:00"}}
    change(services, **before, limites={"whatsapp": {"por_dia": 7}})
    changed = change(services, **patch)
    assert {name: changed[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("patch", "errors"),
    [
        ({"janela": {"inicio": "19:00"}}, {"/janela/fim": "fim_antes_do_inicio"}),
        ({"janela": {"de": "08:00"}}, {"/janela/de": "extra_forbidden"}),
        ({"janela": {"de": None}}, {"/janela/de": "extra_forbidden"}),
        ({"canais": {"fax": None}}, {"/canais/fax": "extra_forbidden"}),
        ({"limites": {"email": {"por_minuto": 0}}}, {"/limites/email/por_minuto": "greater_than_equal"}),
        ({"limites": 3}, {"/limites": "model_type"}),
        ({"fuso": {"nome": "x"}, "idioma": "es"}, {"/fuso": "string_type", "/idioma": "enum"}),
        ({"canais": {"email": {"x": "y" * 20_000}}}, {"/canais/email": "canal_longo"}),
        ({"limite_por_pessoa": {"por_dia": 0}}, {"/limite_por_pessoa/por_dia": "greater_than_equal"}),
        ({"agenda": {"canais": []}}, {"/agenda/canais": "too_short"}),
        (
            {"agenda": {"lembretes_minutos": [4, 60], "max_reagendamentos": -1}},
            {"/agenda/lembretes_minutos/0": "greater_than_equal", "/agenda/max_reagendamentos": "greater_than_equal"},
        ),
        ({"tarifas": [TARIFF, TARIFF]}, {"/tarifas": "tarifa_repetida"}),
        (
            {"tarifas": [TARIFF | {"valor": -1, "moeda": "real"}]},
            {"/tarifas/0/valor": "greater_than_equal", "/tarifas/0/moeda": "string_pattern_mismatch"},
        ),
    ],
    ids=lambda each: str(each)[:60],
)
def test_change_is_checked_as_a_whole_and_stores_nothing_if_it_does_not_fit(
    services: Services, patch: dict[str, Any], errors: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as raised:
        change(services, **patch)
    assert {each.pointer: each.code for each in raised.value.errors} == errors
    assert ask(services.owner_database, "SELECT count(*) FROM tenants") == [[0]]


def test_document_of_a_channel_is_replaced_as_a_whole(services: Services, clock: StoppedClock) -> None:
    """Null means something in it: an argument of the profile that is left out."""
    checked: list[object] = []
    tenants = Tenants(database=services.database, check_channels=lambda *each: checked.append(each), clock=clock)
    for document in ({"perfil": "a", "url": "b"}, {"perfil": "a", "arguments": {"text": None}}):
        patch = ConfigPatch.model_validate({"canais": {"email": document}})
        assert tenants.change(ADMINISTRATOR, patch)["canais"]["email"] == document
        assert tenants.config(ADMINISTRATOR).canais.email == document
    removed = tenants.change(ADMINISTRATOR, ConfigPatch.model_validate({"canais": {"email": None}}))
    assert removed["canais"]["email"] is None
    assert len(checked) == 3


@pytest.mark.parametrize(("canal", "has_probe", "is_hurried"), [
    ("email", True, True), ("email", False, False), ("whatsapp", True, False),
])  # fmt: skip
def test_channel_that_is_configured_anew_is_probed_at_once_unless_a_person_paused_it(
    services: Services, clock: StoppedClock, canal: str, has_probe: bool, is_hurried: bool
) -> None:
    later = clock() + timedelta(minutes=5) if has_probe else None
    insert(
        services.owner_database, "canal_pausas", tenant_id=TENANT, canal=canal, codigo="190", desde=clock(),
        sondar_em=later,
    )  # fmt: skip
    tenants = Tenants(database=services.database, check_channels=lambda *_: None, clock=clock)
    tenants.change(ADMINISTRATOR, ConfigPatch(canais={"email": {"perfil": "a"}}))
    probed_at = clock() if is_hurried else later
    assert ask(services.owner_database, "SELECT sondar_em FROM canal_pausas") == [[probed_at]]


def test_tariffs_are_stored_by_channel_and_day(services: Services) -> None:
    given = [TARIFF, TARIFF | {"canal": "whatsapp"}, TARIFF | {"desde": "2026-01-01", "valor": 0.01}]
    change(services, tarifas=given, limite_por_pessoa={"por_semana": 3})
    stored = services.tenants.config(ADMINISTRATOR).model_dump(mode="json")
    assert stored["tarifas"] == [given[2], given[0], given[1]]
    assert stored["limite_por_pessoa"] == {"por_dia": None, "por_semana": 3}


def test_patch_has_the_fields_of_the_configuration() -> None:
    assert ConfigPatch.model_fields.keys() == TenantConfig.model_fields.keys()


def test_replacing_takes_the_whole_document_that_reading_gives(services: Services) -> None:
    change(services, fuso="America/Manaus", idioma="en")
    document = services.tenants.config(ADMINISTRATOR).model_dump(mode="json")
    services.tenants.replace(ADMINISTRATOR, config(**{**document, "fuso": "America/Belem"}))
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json") == {
        **DEFAULTS, "fuso": "America/Belem", "idioma": "en",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        ({}, [f"/{name}" for name in DEFAULTS]),
        ({name: DEFAULTS[name] for name in DEFAULTS if name != "fuso"}, ["/fuso"]),
        ({"limites": {"whatsapp": {"por_minuto": 5}}}, ["/fuso", "/janela", "/limites/email"]),
        ({**DEFAULTS, "janela": {"fim": "20:00"}}, ["/janela/ligada"]),
        ({**DEFAULTS, "limites": {**LIMITS, "email": {"por_minuto": 5}}}, ["/limites/email/por_dia"]),
    ],
    ids=lambda each: str(each)[:60],
)  # fmt: skip
def test_replacing_by_a_document_that_leaves_out_what_is_configured_is_refused(
    services: Services, document: dict[str, object], missing: list[str]
) -> None:
    change(services, fuso="America/Manaus", janela={"ligada": False}, limites={"email": {"por_dia": 7}})
    with pytest.raises(Invalid) as raised:
        services.tenants.replace(ADMINISTRATOR, config(**document))
    assert raised.value.code == "configuracao_incompleta"
    assert [(each.pointer, each.code) for each in raised.value.errors] == [(each, "missing") for each in missing]
    assert services.tenants.config(ADMINISTRATOR).fuso == "America/Manaus"


def test_replacing_may_leave_out_what_nobody_has_configured(services: Services) -> None:
    services.tenants.replace(ADMINISTRATOR, config(janela={"ligada": False}))
    services.tenants.replace(ADMINISTRATOR, config(janela={"ligada": False}, idioma="en"))
    stored = services.tenants.config(ADMINISTRATOR)
    assert (stored.janela.ligada, stored.idioma) == (False, Language.ENGLISH)


def test_change_that_another_one_overtakes_is_made_again_on_what_is_stored_then(
    services: Services, clock: StoppedClock
) -> None:
    def overtake(*_: object) -> None:
        if services.tenants.config(ADMINISTRATOR).idioma is Language.PORTUGUESE:
            change(services, idioma="en")

    tenants = Tenants(database=services.database, check_channels=overtake, clock=clock)
    tenants.change(ADMINISTRATOR, ConfigPatch(fuso="America/Manaus"))
    stored = services.tenants.config(ADMINISTRATOR)
    assert (stored.idioma, stored.fuso) == (Language.ENGLISH, "America/Manaus")


def test_change_that_is_always_overtaken_is_a_conflict(services: Services, clock: StoppedClock) -> None:
    hours = iter(range(10, 17))

    def overtake(*_: object) -> None:
        change(services, janela={"inicio": f"{next(hours)}:00"})

    tenants = Tenants(database=services.database, check_channels=overtake, clock=clock)
    with pytest.raises(Conflict) as raised:
        tenants.change(ADMINISTRATOR, ConfigPatch(fuso="America/Manaus"))
    assert raised.value.code == "configuracao_disputada"
    assert services.tenants.config(ADMINISTRATOR).fuso == "America/Sao_Paulo"


def test_tenants_do_not_see_or_change_each_other(services: Services) -> None:
    change(services, idioma="en")
    other = Identity("outra", "u-1", frozenset({ADMIN}))
    assert services.tenants.config(other).model_dump(mode="json") == DEFAULTS
    change(services, other, fuso="America/Manaus")
    assert services.tenants.config(ADMINISTRATOR).fuso == "America/Sao_Paulo"


def test_caller_is_told_who_it_is_and_the_zone_and_the_time(services: Services, clock: StoppedClock) -> None:
    change(services, fuso="America/Manaus", idioma="en")
    clock.advance(days=40)
    person = Identity(TENANT, "u-1", frozenset({READER, OPERATOR, "vendas"}))
    assert services.tenants.own_identity(person) == {
        "tenant_id": TENANT, "id": "u-1", "tipo": "pessoa", "grupo": "operador", "fuso": "America/Manaus",
        "idioma": "en", "agora": clock(),
    }  # fmt: skip
    key = Identity.of_key("outra", UUID(int=7), READER, None)
    assert services.tenants.own_identity(key) == {
        "tenant_id": "outra", "id": f"chave:{UUID(int=7)}", "tipo": "chave", "grupo": "leitor",
        "fuso": "America/Sao_Paulo", "idioma": "pt-BR", "agora": clock(),
    }  # fmt: skip


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
    change(services, fixo_valido_para_whatsapp=True, idioma="en")
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
    change(services, janela=wanted)
    ordered = {"dias": ["seg", "sab"], "feriados_extras": ["2026-12-24", "2026-12-31"]}
    assert services.tenants.config(ADMINISTRATOR).model_dump(mode="json")["janela"] == {**wanted, **ordered}


def test_field_left_out_of_a_window_has_its_default(services: Services) -> None:
    change(services, janela={"fim": "20:00"})
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
