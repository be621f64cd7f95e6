"""API keys: shown once, stored as a hash, valid until they expire or are revoked, and never in a log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.access.keys import Keys
from chalicelib.access.requests import MOST_ROUTES, NewKey
from chalicelib.adapters.database import Database, StatementFailed
from chalicelib.errors import Invalid, NotFound, Unauthenticated
from chalicelib.identity import ADMIN, READER, Identity
from chalicelib.pages import PageQuery
from chalicelib.permissions import FOR_PEOPLE_ALONE, LEAST
from chalicelib.wiring import Services
from tests.builders import TENANT, ask
from tests.conftest import DatabaseUrls, StoppedClock
from tests.integration.conftest import ContractClient

ANA = Identity(TENANT, "ana", frozenset({ADMIN}))
RUI = Identity("outra", "rui", frozenset({ADMIN}))
YEAR = timedelta(days=365)


@pytest.fixture
def keys(services: Services) -> Keys:
    return services.keys


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


def made(keys: Keys, identity: Identity = ANA, **fields: Any) -> dict[str, Any]:
    return keys.create(identity, NewKey(**{"nome": "Painel", "grupo": READER, **fields}))


def is_refused(keys: Keys, key: str) -> bool:
    try:
        keys.identify(key)
    except Unauthenticated as error:
        return error.code == "nao_autenticado"
    return False


def test_key_names_its_tenant_and_is_stored_as_a_hash_alone(keys: Keys, owner: Database) -> None:
    key = made(keys)["chave"]
    assert re.fullmatch(rf"da_live_{TENANT}_[0-9A-Za-z]{{43}}", key)
    [[row]] = ask(owner, "SELECT to_jsonb(chaves) FROM chaves")
    secret = key.rpartition("_")[2]
    assert secret not in json.dumps(row)
    assert row["final"] == secret[-4:]
    assert keys.identify(key) == Identity(TENANT, f"chave:{row['chave_id']}", frozenset({"leitor"}))


def test_keys_differ_and_have_all_of_their_random_bits(services: Services, clock: StoppedClock) -> None:
    def key_of(random: bytes) -> str:
        keys = Keys(database=services.database, clock=clock, random=lambda _: random)
        return str(made(keys)["chave"]).rpartition("_")[2]

    ends = [bytes(32), b"\x01" + bytes(31), bytes(31) + b"\x01", b"\xff" * 32]
    assert len({key_of(each) for each in ends}) == len(ends)


def test_key_is_not_shown_again(keys: Keys) -> None:
    first = made(keys)
    second = made(keys, nome="Integração", grupo=ADMIN, rotas=("GET /chaves", "GET /leads"))
    shown = keys.page(TENANT, PageQuery())["itens"]
    assert shown == [{name: each[name] for name in each if name != "chave"} for each in (second, first)]
    assert [each["rotas"] for each in shown] == [["GET /chaves", "GET /leads"], None]


def test_narrower_key_carries_its_routes(keys: Keys) -> None:
    key = made(keys, rotas=("GET /leads", "GET /campos"))["chave"]
    assert keys.identify(key).routes == frozenset({"GET /leads", "GET /campos"})


def test_key_ends_after_a_year_or_when_it_is_said(keys: Keys, clock: StoppedClock) -> None:
    usual, short = made(keys), made(keys, expira_em=clock() + timedelta(hours=1))
    assert usual["expira_em"] == clock() + YEAR
    clock.advance(minutes=59)
    assert keys.identify(short["chave"])
    clock.advance(minutes=1)
    assert is_refused(keys, short["chave"])
    assert keys.identify(usual["chave"])
    clock.advance(days=365)
    assert is_refused(keys, usual["chave"])


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(days=-1), 2 * YEAR + timedelta(seconds=1)])
def test_key_that_ends_too_early_or_too_late_is_refused(
    keys: Keys, clock: StoppedClock, owner: Database, lifetime: timedelta
) -> None:
    with pytest.raises(Invalid) as raised:
        made(keys, expira_em=clock() + lifetime)
    [error] = raised.value.errors
    assert (error.pointer, error.code) == ("/expira_em", "validade_invalida")
    assert ask(owner, "SELECT count(*) FROM chaves") == [[0]]


def test_key_may_last_two_years(keys: Keys, clock: StoppedClock) -> None:
    assert made(keys, expira_em=clock() + 2 * YEAR)["expira_em"] == clock() + 2 * YEAR


def test_revoked_key_is_refused_at_once_and_the_first_revocation_stays(keys: Keys, clock: StoppedClock) -> None:
    key, other = made(keys), made(keys)
    keys.revoke(ANA, key["chave_id"])
    assert is_refused(keys, key["chave"])
    assert keys.identify(other["chave"])
    since = clock()
    clock.advance(hours=1)
    keys.revoke(Identity(TENANT, "bia", frozenset({ADMIN})), key["chave_id"])
    [_, shown] = keys.page(TENANT, PageQuery())["itens"]
    assert (shown["revogada_em"], shown["revogada_por"]) == (since, "ana")


def test_key_of_another_tenant_is_neither_seen_nor_revoked(keys: Keys) -> None:
    key = made(keys)
    with pytest.raises(NotFound):
        keys.revoke(RUI, key["chave_id"])
    with pytest.raises(NotFound):
        keys.revoke(ANA, UUID(int=1))
    assert keys.page("outra", PageQuery()) == {"itens": [], "proximo": None}
    assert keys.identify(key["chave"])


def test_key_does_not_work_under_the_name_of_another_tenant(keys: Keys) -> None:
    key = made(keys)["chave"]
    made(keys, RUI)
    assert is_refused(keys, key.replace(f"_{TENANT}_", "_outra_"))


@pytest.mark.parametrize(
    "change",
    [
        lambda key: "",
        lambda key: "da_live_",
        lambda key: key[:-1],
        lambda key: key + "0",
        lambda key: key + "\n",
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: key[:-1] + "é",
        lambda key: key.replace("da_live_", "da_test_"),
        lambda key: key.replace(f"_{TENANT}_", "__"),
        lambda key: key.replace(f"_{TENANT}_", f"_{TENANT.upper()}_"),
        lambda key: key + key,
        lambda key: key.replace(f"_{TENANT}_", "_' OR true--_"),
    ],
)
def test_changed_key_is_refused(keys: Keys, change: Callable[[str], str]) -> None:
    assert is_refused(keys, change(made(keys)["chave"]))


@given(st.text(max_size=200), st.booleans())
def test_no_text_is_a_key_and_none_makes_an_error(text: str, begins_well: bool) -> None:
    def no_database() -> str:
        raise AssertionError("a malformed key costs no statement")

    keys = Keys(database=Database(no_database), clock=StoppedClock())
    assert is_refused(keys, f"da_live_{text}" if begins_well else text)


def test_use_is_noted_to_the_hour(keys: Keys, clock: StoppedClock) -> None:
    key = made(keys)["chave"]

    def used() -> datetime | None:
        keys.identify(key)
        noted: datetime | None = keys.page(TENANT, PageQuery())["itens"][0]["usada_em"]
        return noted

    assert keys.page(TENANT, PageQuery())["itens"][0]["usada_em"] is None
    first = clock()
    assert used() == first
    clock.advance(minutes=59)
    assert used() == first
    later = clock.advance(minutes=1)
    assert used() == later


def test_refused_key_is_not_noted_as_used(keys: Keys) -> None:
    key = made(keys)
    keys.revoke(ANA, key["chave_id"])
    assert is_refused(keys, key["chave"])
    assert keys.page(TENANT, PageQuery())["itens"][0]["usada_em"] is None


def test_keys_are_listed_by_page(keys: Keys) -> None:
    ids = [made(keys)["chave_id"] for _ in range(3)]
    first = keys.page(TENANT, PageQuery(limit=2))
    rest = keys.page(TENANT, PageQuery(limit=2, cursor=first["proximo"]))
    assert [each["chave_id"] for each in first["itens"] + rest["itens"]] == ids[::-1]
    assert rest["proximo"] is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"grupo": "chefe"}, "enum"),
        ({"grupo": "chefe", "rotas": ["GET /leads"]}, "enum"),
        ({"nome": " "}, "string_too_short"),
        ({"nome": "\u200b"}, "string_too_short"),
        ({"rotas": []}, "too_short"),
        ({"rotas": ["GET /nada"]}, "rota_desconhecida"),
        ({"rotas": ["get /leads"]}, "rota_desconhecida"),
        ({"grupo": "admin", "rotas": ["POST /chaves"]}, "rota_desconhecida"),
        ({"rotas": ["GET /leads", "POST /leads"]}, "rota_de_outro_grupo"),
        ({"grupo": "operador", "rotas": ["GET /chaves"]}, "rota_de_outro_grupo"),
        ({"rotas": ["GET /leads"] * (MOST_ROUTES + 1)}, "too_long"),
    ],
)
def test_request_that_makes_no_sense_is_refused(fields: dict[str, Any], code: str) -> None:
    document = json.dumps({"nome": "Painel", "grupo": "leitor", **fields})
    with pytest.raises(ValidationError) as raised:
        NewKey.model_validate_json(document, strict=True)
    assert raised.value.errors()[0]["type"] == code


def test_the_most_routes_fit_into_what_api_gateway_hands_on() -> None:
    longest = sorted(LEAST.keys() - FOR_PEOPLE_ALONE, key=len)[-MOST_ROUTES:]
    key = Identity.of_key("a" * 63, UUID(int=1), "admin", frozenset(longest))
    assert len(json.dumps(key.as_context())) < 6_000  # of 8 KB, with the policy


def test_login_of_the_api_changes_nothing_of_a_key_but_its_use_and_its_end(
    keys: Keys, database_urls: DatabaseUrls
) -> None:
    made(keys)
    database = Database(lambda: database_urls.api)
    changes = ("grupo = 'admin'", "expira_em = now()", "rotas = NULL", "resumo = resumo")
    try:
        for statement in ("DELETE FROM chaves", *(f"UPDATE chaves SET {change}" for change in changes)):
            with pytest.raises(StatementFailed, match="42501"), database.transaction(TENANT) as rows:
                rows.execute(statement)
    finally:
        database.close()


# Over HTTP


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """Everything that is logged, by whatever logger."""
    found: list[logging.LogRecord] = []

    class Recorder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record)

    recorder, root = Recorder(), logging.getLogger()
    level = root.level
    root.addHandler(recorder)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(recorder)
    root.setLevel(level)


def test_key_opens_what_it_is_for_until_it_is_revoked_and_no_log_has_it(
    api: ContractClient, records: list[logging.LogRecord]
) -> None:
    token = api.token(TENANT, ADMIN)
    body = json.dumps({"nome": "Painel", "grupo": "leitor"}).encode()
    status, made, _ = api.ask("POST", "/chaves", token=token, body=body, Content_Type="application/json")
    assert status == 201
    key = made["chave"]
    assert api.ask("GET", "/leads", token=f"Bearer {key}")[0] == 200
    assert api.ask("GET", "/chaves", token=key)[1]["code"] == "grupo_exigido"
    assert api.ask("GET", "/leads", token=f"{key}x")[0] == 401
    assert api.ask("DELETE", f"/chaves/{made['chave_id']}", token=token)[0] == 204
    status, document, headers = api.ask("GET", "/leads", token=key)
    assert (status, document["code"], headers["WWW-Authenticate"]) == (401, "nao_autenticado", "Bearer")
    assert [each for each in records if each.name == "disparo-agenda"]
    assert [each for each in records if key.rpartition("_")[2] in str(vars(each))] == []


def test_what_a_key_does_is_said_to_be_its_own(api: ContractClient) -> None:
    body = json.dumps({"nome": "CRM", "grupo": "operador"}).encode()
    made = api.ask("POST", "/chaves", token=api.token(TENANT, ADMIN), body=body, Content_Type="application/json")[1]
    lead = api.ask(
        "POST", "/leads", token=made["chave"], body=b'{"nome":"Ana","emails":["ana@example.com"]}',
        Content_Type="application/json",
    )[1]  # fmt: skip
    note = api.ask(
        "POST", f"/leads/{lead['lead_id']}/notas", token=made["chave"], body=b'{"texto":"Veio do CRM"}',
        Content_Type="application/json",
    )[1]  # fmt: skip
    assert note["por"] == f"chave:{made['chave_id']}"
