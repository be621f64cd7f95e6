"""The people of a tenant, over real HTTP to moto: listed, invited, regrouped, disabled, and never another tenant's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chalicelib.access.people import People
from chalicelib.access.requests import NewPerson, PeopleQuery, PersonChange
from chalicelib.adapters.database import Database
from chalicelib.errors import Conflict, Invalid, NotFound, Unavailable, UnderWay
from chalicelib.identity import ADMIN, OPERATOR, READER, Group, Identity
from chalicelib.pages import cursor_of
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT, ask, run
from tests.conftest import ROOT
from tests.integration.conftest import ContractClient
from tests.keys import a_key, as_answered, replayed
from tests.people import FailingCognito, a_person, failing_cognito

THEIRS = "outra"
RUI = "rui@example.com"
SOMEBODY = "00000000-0000-4000-8000-000000000001"
AUDIT = "SELECT acao, objeto_id, mudancas FROM auditoria WHERE objeto = 'usuario' ORDER BY registro_id"


@pytest.fixture
def people(services: Services) -> People:
    return services.people


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def admin(aws: Aws, services: Services) -> Identity:
    """An administrator who has signed in."""
    return an_admin(aws, "chefe@example.com")


def an_admin(aws: Aws, email: str) -> Identity:
    return Identity(TENANT, a_person(aws, TENANT, ADMIN, email=email), frozenset({ADMIN}))


def listed(people: People, tenant_id: str = TENANT, **query: Any) -> dict[str, Any]:
    return {each["email"]: each["grupo"] for each in people.page(tenant_id, PeopleQuery(**query))["itens"]}


def invite(people: People, by: Identity, email: str = RUI, grupo: Group = READER) -> dict[str, Any]:
    return people.invite(by, NewPerson(email=email, grupo=grupo))


def change(people: People, by: Identity, usuario_id: str, **fields: Any) -> dict[str, Any]:
    return people.change(by, UUID(usuario_id), PersonChange(**fields))


def attributes(aws: Aws, services: Services, email: str) -> dict[str, str]:
    found = aws.client("cognito-idp").admin_get_user(UserPoolId=services._settings.user_pool_id, Username=email)
    return {each["Name"]: each["Value"] for each in found["UserAttributes"]}


# Lists


def test_list_has_the_people_of_the_tenant_with_their_groups(people: People, aws: Aws, admin: Identity) -> None:
    a_person(aws, TENANT, None, email="ninguem@example.com", signed_in=False)
    a_person(aws, THEIRS, ADMIN)
    assert listed(people) == {"chefe@example.com": ADMIN, "ninguem@example.com": None}
    assert listed(people, THEIRS) == {"maria@example.com": ADMIN}
    assert listed(people, "sem-ninguem") == {}
    shown = people.get(TENANT, UUID(admin.subject))
    assert (shown["ativo"], shown["entrou"], shown["usuario_id"]) == (True, True, admin.subject)


def test_pages_follow_one_another(people: People, aws: Aws, services: Services) -> None:
    emails = [f"p{number}@example.com" for number in range(5)]
    for email in emails:
        a_person(aws, TENANT, email=email)
    found, cursor = [], None
    while True:
        page = people.page(TENANT, PeopleQuery(limit=2, cursor=cursor))
        found += [each["email"] for each in page["itens"]]
        if (cursor := page["proximo"]) is None:
            break
    assert sorted(found) == emails


@pytest.mark.parametrize("cursor", [cursor_of("nada"), cursor_of("")])
def test_place_that_cognito_does_not_know_is_no_place(people: People, admin: Identity, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor_invalido"):
        people.page(TENANT, PeopleQuery(cursor=cursor))


def test_group_that_lists_people_gives_nobody_to_a_tenant(
    people: People, aws: Aws, services: Services, admin: Identity
) -> None:
    stranger = a_person(aws, THEIRS, ADMIN)
    aws.client("cognito-idp").admin_add_user_to_group(
        UserPoolId=services._settings.user_pool_id, Username="maria@example.com", GroupName=f"tenant:{TENANT}"
    )
    assert listed(people) == {"chefe@example.com": ADMIN}
    with pytest.raises(NotFound):
        people.get(TENANT, UUID(stranger))
    for fields in ({"grupo": READER}, {"ativo": False}):
        with pytest.raises(NotFound):
            change(people, admin, stranger, **fields)
    # Nor does it count as an administrator who stays.
    with pytest.raises(Conflict, match="ultimo_admin"):
        change(people, admin, admin.subject, ativo=False)
    assert listed(people, THEIRS) == {"maria@example.com": ADMIN}


def test_unknown_person_is_not_found(people: People, admin: Identity) -> None:
    with pytest.raises(NotFound):
        people.get(TENANT, uuid4())


# Invitations


def test_invited_person_belongs_to_the_tenant_and_has_one_group(
    people: People, aws: Aws, services: Services, admin: Identity, owner: Database
) -> None:
    made = invite(people, admin, " Rui@Example.com ", OPERATOR)
    assert (made["email"], made["grupo"], made["ativo"], made["entrou"]) == (RUI, OPERATOR, True, False)
    kept = attributes(aws, services, RUI)
    assert (kept["custom:tenant_id"], kept["email_verified"], kept["sub"]) == (TENANT, "true", made["usuario_id"])
    assert listed(people)[RUI] == OPERATOR
    expected = [{"campo": "grupo", "de": None, "para": "operador", "oculto": False}]
    assert ask(owner, AUDIT) == [["criacao", made["usuario_id"], expected]]


def test_person_who_has_not_followed_the_invitation_is_invited_again(
    people: People, admin: Identity, owner: Database
) -> None:
    first = invite(people, admin)
    again = invite(people, admin, grupo=OPERATOR)
    assert (again["usuario_id"], again["grupo"]) == (first["usuario_id"], OPERATOR)
    assert len(listed(people)) == 2
    assert [acao for acao, _, _ in ask(owner, AUDIT)] == ["criacao", "mudanca"]


@pytest.mark.parametrize("tenant_id", [TENANT, THEIRS])
def test_address_of_somebody_who_signs_in_is_taken_whoever_they_are(
    people: People, aws: Aws, admin: Identity, owner: Database, tenant_id: str
) -> None:
    a_person(aws, tenant_id, READER, email=RUI)
    with pytest.raises(Conflict, match="usuario_ja_existe"):
        invite(people, admin, grupo=ADMIN)
    assert listed(people, tenant_id)[RUI] == READER
    assert ask(owner, AUDIT) == []


def test_invitation_of_another_tenant_is_not_taken_over(people: People, aws: Aws, admin: Identity) -> None:
    a_person(aws, THEIRS, READER, email=RUI, signed_in=False)
    with pytest.raises(Conflict, match="usuario_ja_existe"):
        invite(people, admin)
    assert RUI not in listed(people)


def test_disabled_person_is_not_invited_but_enabled(people: People, admin: Identity) -> None:
    made = invite(people, admin)
    change(people, admin, made["usuario_id"], ativo=False)
    with pytest.raises(Conflict, match="usuario_ja_existe"):
        invite(people, admin)
    assert change(people, admin, made["usuario_id"], ativo=True)["ativo"] is True


@pytest.mark.parametrize("email", ["nada", "a@b", "a@x.com, b@x.com"])
def test_address_that_is_none_is_refused_with_a_pointer(people: People, admin: Identity, email: str) -> None:
    with pytest.raises(Invalid) as raised:
        invite(people, admin, email)
    assert [each.pointer for each in raised.value.errors] == ["/email"]


def test_same_key_invites_once(people: People, admin: Identity, owner: Database) -> None:
    request, key = NewPerson(email=RUI, grupo=READER), a_key()
    first = people.invite(admin, request, key)
    assert replayed(people.invite, admin, request, key) == as_answered(first)
    assert len(ask(owner, AUDIT)) == 1


# Changes


@pytest.mark.parametrize("before", list(Group))
@pytest.mark.parametrize("after", list(Group))
def test_group_that_is_given_is_the_one_that_counts(
    people: People, aws: Aws, admin: Identity, owner: Database, before: Group, after: Group
) -> None:
    usuario_id = a_person(aws, TENANT, before)
    assert change(people, admin, usuario_id, grupo=after)["grupo"] == after
    audited = ask(owner, AUDIT)
    if before is after:
        assert audited == []
    else:
        assert audited == [["mudanca", usuario_id, [{"campo": "grupo", "de": before, "para": after, "oculto": False}]]]
    lost = list(Group).index(after) < list(Group).index(before)
    assert ask(owner, "SELECT usuario_id FROM sessoes_encerradas") == ([[usuario_id]] if lost else [])


def test_person_of_several_groups_keeps_only_those_up_to_the_one_that_is_given(
    people: People, aws: Aws, services: Services, admin: Identity
) -> None:
    usuario_id = a_person(aws, TENANT, OPERATOR)
    change(people, admin, usuario_id, grupo=ADMIN)
    change(people, admin, usuario_id, grupo=READER)
    cognito, pool_id = aws.client("cognito-idp"), services._settings.user_pool_id
    found = cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username="maria@example.com")["Groups"]
    assert {each["GroupName"] for each in found} == {f"tenant:{TENANT}", "leitor"}


def test_both_fields_change_in_one_request(people: People, aws: Aws, admin: Identity, owner: Database) -> None:
    usuario_id = a_person(aws, TENANT, OPERATOR)
    changed = change(people, admin, usuario_id, grupo=READER, ativo=False)
    assert (changed["grupo"], changed["ativo"]) == (READER, False)
    assert [each[0]["campo"] for _, _, each in ask(owner, AUDIT)] == ["ativo", "grupo"]
    change(people, admin, usuario_id, grupo=READER, ativo=False)
    assert len(ask(owner, AUDIT)) == 2


@pytest.mark.parametrize("fields", [{"grupo": READER}, {"grupo": OPERATOR}, {"ativo": False}])
def test_last_administrator_stays(
    people: People, aws: Aws, admin: Identity, owner: Database, fields: dict[str, Any]
) -> None:
    a_person(aws, TENANT, ADMIN, email="convidada@example.com", signed_in=False)
    a_person(aws, THEIRS, ADMIN, email="de-outro@example.com")
    disabled = a_person(aws, TENANT, ADMIN, email="desligado@example.com")
    change(people, admin, disabled, ativo=False)
    audited = ask(owner, AUDIT)
    with pytest.raises(Conflict, match="ultimo_admin"):
        change(people, admin, admin.subject, **fields)
    shown = people.get(TENANT, UUID(admin.subject))
    assert (shown["grupo"], shown["ativo"]) == (ADMIN, True)
    assert ask(owner, AUDIT) == audited
    a_person(aws, TENANT, ADMIN, email="outra@example.com")
    change(people, admin, admin.subject, **fields)


def test_another_administrator_counts_on_whichever_page_they_are(people: People, aws: Aws, admin: Identity) -> None:
    for number in range(61):
        a_person(aws, TENANT, None, email=f"p{number}@example.com", signed_in=False)
    with pytest.raises(Conflict, match="ultimo_admin"):
        change(people, admin, admin.subject, ativo=False)
    a_person(aws, TENANT, ADMIN, email="outra@example.com")
    assert change(people, admin, admin.subject, ativo=False)["ativo"] is False


def test_of_two_administrators_who_disable_each_other_one_stays(people: People, aws: Aws, admin: Identity) -> None:
    other = an_admin(aws, "outra@example.com")
    change(people, admin, other.subject, ativo=False)
    with pytest.raises(Conflict, match="ultimo_admin"):
        change(people, other, admin.subject, ativo=False)


def test_change_that_comes_while_another_is_under_way_is_told_to_come_again(
    people: People, aws: Aws, admin: Identity, services: Services
) -> None:
    usuario_id = a_person(aws, TENANT)
    with services.database.transaction(TENANT) as rows:
        rows.one("lock_usuarios")
        with pytest.raises(UnderWay, match="requisicao_em_andamento"):
            change(people, admin, usuario_id, ativo=False)
        with pytest.raises(UnderWay, match="requisicao_em_andamento"):
            invite(people, admin)
        a_person(aws, THEIRS, ADMIN, email="chefe@example.org")
        assert listed(people, THEIRS) == {"chefe@example.org": ADMIN}
    assert change(people, admin, usuario_id, ativo=False)["ativo"] is False


# Cognito that fails


@pytest.fixture
def cognito(aws: Aws, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingCognito]:
    """What the services of a test take for Cognito."""
    with failing_cognito(aws) as cognito:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", cognito.url)
        yield cognito


STEPS: dict[str, Callable[[People, Identity, str], dict[str, Any]]] = {
    "invite": lambda people, admin, usuario_id: invite(people, admin, grupo=OPERATOR),
    "invite again": lambda people, admin, usuario_id: invite(people, admin, "convidada@example.com", OPERATOR),
    "regroup": lambda people, admin, usuario_id: change(people, admin, usuario_id, grupo=READER),
    "disable": lambda people, admin, usuario_id: change(people, admin, usuario_id, ativo=False),
    "both": lambda people, admin, usuario_id: change(people, admin, usuario_id, ativo=False, grupo=READER),
    "enable": lambda people, admin, usuario_id: change(people, admin, usuario_id, ativo=True, grupo=ADMIN),
}


def tried(cognito: FailingCognito, calls: int, step: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """What a step answers if Cognito takes so many calls and no more; None if it fails."""
    # The SDK makes no second try after this one, as it does when it is throttled.
    cognito.left, cognito.failure = calls, (400, b'{"__type":"NotAuthorizedException"}')
    try:
        return step()
    except Unavailable:
        return None


@pytest.mark.parametrize("step", STEPS)
def test_whichever_call_fails_the_same_request_finishes_it_and_the_audit_tells_it_once(
    cognito: FailingCognito, people: People, aws: Aws, admin: Identity, owner: Database, step: str
) -> None:
    usuario_id = a_person(aws, TENANT, OPERATOR if step == "enable" else ADMIN, is_enabled=step != "enable")
    a_person(aws, TENANT, READER, email="convidada@example.com", signed_in=False)
    failing = 0
    while (done := tried(cognito, failing, lambda: STEPS[step](people, admin, usuario_id))) is None:
        failing += 1
    assert failing > 3
    cognito.left = None
    assert people.get(TENANT, UUID(done["usuario_id"])) == done
    told = [(acao, each["campo"], each["para"]) for acao, _, changes in ask(owner, AUDIT) for each in changes]
    assert (
        told
        == {
            "invite": [("criacao", "grupo", "operador")],
            "invite again": [("mudanca", "grupo", "operador")],
            "regroup": [("mudanca", "grupo", "leitor")],
            "disable": [("mudanca", "ativo", False)],
            "both": [("mudanca", "ativo", False), ("mudanca", "grupo", "leitor")],
            "enable": [("mudanca", "grupo", "admin"), ("mudanca", "ativo", True)],
        }[step]
    )


@pytest.mark.parametrize(
    "failure",
    [(400, b'{"__type":"TooManyRequestsException"}'), (400, b'{"__type":"NotAuthorizedException"}'), (500, b"{}"),
     (503, b"nada"), (200, b"nada")],
)  # fmt: skip
def test_failure_of_cognito_is_a_503_that_says_when_to_come_again_and_names_nobody(
    cognito: FailingCognito, api: ContractClient, caplog: pytest.LogCaptureFixture, failure: tuple[int, bytes]
) -> None:
    token = api.token(TENANT, ADMIN)
    cognito.left, cognito.failure = 0, failure
    caplog.set_level(logging.DEBUG, "disparo-agenda")
    body = json.dumps({"email": RUI, "grupo": "leitor"}).encode()
    json_type = {"Content_Type": "application/json"}
    path = f"/usuarios/{uuid4()}"
    for answer in (
        api.ask("GET", "/usuarios", token=token),
        api.ask("GET", path, token=token),
        api.ask("POST", "/usuarios", token=token, body=body, **json_type),
        api.ask("PATCH", path, token=token, body=b'{"ativo":false}', **json_type),
    ):
        status, problem, headers = answer
        assert (status, problem["code"]) == (503, "aws_indisponivel")
        assert int(headers["Retry-After"]) >= 1
        assert "example.com" not in json.dumps(problem)
    assert "example.com" not in caplog.text


def test_address_that_cognito_refuses_is_pointed_at(
    cognito: FailingCognito, people: People, admin: Identity, owner: Database
) -> None:
    cognito.once["AdminCreateUser"] = (400, b'{"__type":"InvalidParameterException"}')
    with pytest.raises(Invalid) as raised:
        invite(people, admin)
    assert [(each.pointer, each.code) for each in raised.value.errors] == [("/email", "email_invalido")]
    assert ask(owner, AUDIT) == []


def test_person_who_goes_while_they_are_invited_is_a_conflict(
    cognito: FailingCognito, people: People, aws: Aws, admin: Identity
) -> None:
    a_person(aws, TENANT, email=RUI, signed_in=False)
    cognito.once["AdminGetUser"] = (400, b'{"__type":"UserNotFoundException"}')
    with pytest.raises(Conflict, match="usuario_ja_existe"):
        invite(people, admin)


def test_group_that_somebody_else_makes_at_the_same_time_is_joined(
    cognito: FailingCognito, people: People, admin: Identity
) -> None:
    cognito.once["AdminAddUserToGroup"] = (400, b'{"__type":"ResourceNotFoundException"}')
    assert invite(people, admin)["grupo"] == READER
    assert listed(people)[RUI] == READER
    assert "CreateGroup" in cognito.calls


def test_cognito_that_nobody_reaches_is_a_503(
    aws: Aws, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, people: People
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="aws_indisponivel"):
        people.page(TENANT, PeopleQuery())


def test_role_of_the_api_may_make_the_calls_that_are_made_and_no_other(
    cognito: FailingCognito, people: People, aws: Aws, admin: Identity
) -> None:
    for step in STEPS.values():
        usuario_id = a_person(aws, TENANT, ADMIN, email=f"{uuid4()}@example.com")
        if "convidada@example.com" not in listed(people):
            a_person(aws, TENANT, READER, email="convidada@example.com", signed_in=False)
        step(people, admin, usuario_id)
        change(people, admin, usuario_id, ativo=False)
        change(people, admin, usuario_id, ativo=True)
    with pytest.raises(NotFound):
        people.get(TENANT, uuid4())
    invite(people, Identity("nova", "x", frozenset({ADMIN})), "primeira@example.com")
    policy = json.loads((Path(ROOT) / ".chalice/policy-api.json").read_text())
    [allowed] = [each["Action"] for each in policy["Statement"] if each["Sid"] == "KeepPeople"]
    assert {f"cognito-idp:{call}" for call in cognito.calls} == set(allowed)


# Over HTTP


def ask_json(api: ContractClient, method: str, path: str, token: str, body: dict[str, Any]) -> Any:
    return api.ask(method, path, token=token, body=json.dumps(body).encode(), Content_Type="application/json")


def subject_of(api: ContractClient, token: str) -> str:
    """The person behind a token: the newest entry of the audit is theirs."""
    assert ask_json(api, "POST", "/segmentos", token, {"nome": str(uuid4()), "filtro": {"todos": []}})[0] == 201
    chief = api.token(TENANT, ADMIN)
    return str(api.ask("GET", "/auditoria?limit=1", token=chief)[1]["itens"][0]["quem"])


@pytest.mark.parametrize("body", [{"grupo": "leitor"}, {"ativo": False}])
def test_token_of_a_person_who_lost_rights_counts_no_more(
    api: ContractClient, services: Services, body: dict[str, Any]
) -> None:
    chief, token = api.token(TENANT, ADMIN), api.token(TENANT, OPERATOR)
    usuario_id = subject_of(api, token)
    assert ask_json(api, "PATCH", f"/usuarios/{usuario_id}", chief, body)[0] == 200
    status, problem, headers = api.ask("GET", "/leads", token=token)
    assert (status, problem["code"], headers["WWW-Authenticate"]) == (401, "nao_autenticado", "Bearer")
    assert api.ask("GET", "/leads", token=chief)[0] == 200
    assert ask_json(api, "PATCH", f"/usuarios/{usuario_id}", chief, {"grupo": "operador", "ativo": True})[0] == 200
    # As if the new token came some seconds later.
    run(services.owner_database, "UPDATE sessoes_encerradas SET antes_de = antes_de - interval '1 minute'")
    assert api.ask("GET", "/leads", token=api.token(TENANT, OPERATOR))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "/usuarios", {"email": "nada", "grupo": "leitor"}, "/email"),
        ("POST", "/usuarios", {"email": RUI, "grupo": "chefe"}, "/grupo"),
        ("POST", "/usuarios", {"email": RUI}, "/grupo"),
        ("POST", "/usuarios", {"email": RUI, "grupo": "leitor", "tenant_id": THEIRS}, "/tenant_id"),
        ("PATCH", f"/usuarios/{SOMEBODY}", {}, ""),
        ("PATCH", f"/usuarios/{SOMEBODY}", {"ativo": "sim"}, "/ativo"),
        ("GET", "/usuarios?limit=61", {}, "?/limit"),
        ("GET", "/usuarios?cursor=nada", {}, "?/cursor"),
        ("GET", "/usuarios?cursor=Im5hZGEi", {}, "?/cursor"),
        ("GET", "/usuarios?cursor=IiI", {}, "?/cursor"),
    ],
)
def test_what_is_wrong_is_pointed_at(
    api: ContractClient, method: str, path: str, body: dict[str, Any], pointer: str
) -> None:
    status, problem, _ = ask_json(api, method, path, api.token(TENANT, ADMIN), body)
    assert (status, [each["pointer"] for each in problem["errors"]]) == (422, [pointer])


def test_key_of_an_administrator_reads_people_and_changes_none(api: ContractClient) -> None:
    chief = api.token(TENANT, ADMIN)
    key = ask_json(api, "POST", "/chaves", chief, {"nome": "x", "grupo": "admin"})[1]["chave"]
    [shown] = api.ask("GET", "/usuarios", token=key)[1]["itens"]
    assert shown["grupo"] == "admin"
    for method, path, body in (
        ("POST", "/usuarios", {"email": RUI, "grupo": "admin"}),
        ("PATCH", f"/usuarios/{shown['usuario_id']}", {"grupo": "leitor"}),
    ):
        status, problem, _ = ask_json(api, method, path, key, body)
        assert (status, problem["code"]) == (403, "so_para_pessoas")


def test_address_is_in_no_entry_of_the_audit_and_in_no_log(
    api: ContractClient, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    chief = api.token(TENANT, ADMIN)
    status, made, _ = ask_json(api, "POST", "/usuarios", chief, {"email": RUI, "grupo": "leitor"})
    assert status == 201
    assert ask_json(api, "POST", "/usuarios", chief, {"email": RUI, "grupo": "operador"})[0] == 201
    assert ask_json(api, "PATCH", f"/usuarios/{made['usuario_id']}", chief, {"ativo": False})[0] == 200
    kept = json.dumps(ask(services.owner_database, "SELECT to_jsonb(a) FROM auditoria a"))
    assert made["usuario_id"] in kept
    assert "rui" not in kept.lower()
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith(("botocore", "urllib3"))]
    assert "rui@" not in " ".join(ours).lower()
