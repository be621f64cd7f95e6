"""A segment finds the leads that a plain reading of its filter finds, counts them, and is kept under a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from unicodedata import combining, normalize
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from chalicelib.adapters.database import Database, Rows
from chalicelib.campaigns.segments.compiler import for_counting
from chalicelib.campaigns.segments.context import compiled
from chalicelib.campaigns.segments.model import SegmentFilter
from chalicelib.campaigns.segments.requests import NewSegment, SegmentCount
from chalicelib.campaigns.segments.service import Segments
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, NotFound, TooManyRequests
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.leads.states import LeadStatus
from chalicelib.pages import PageQuery
from chalicelib.searches import SEATS, take_seat
from local.postgres import Postgres
from tests.builders import TENANT, a_disparo, a_lead, a_template, insert, run
from tests.conftest import DatabaseUrls, StoppedClock
from tests.filters import CAMPAIGNS, CAMPOS, CIDADES, DAYS, FILES, JOBS, PLACES, TAGS, filters
from tests.keys import a_key, as_answered, replayed

ANA = Identity(TENANT, "sub-da-ana", frozenset())
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
TODAY = NOW.astimezone(ZONE).date()
UF_OF_DDD = dict(PLACES)
EVERYBODY: dict[str, Any] = {"todos": []}


def read(document: Any) -> SegmentFilter:
    return SegmentFilter.model_validate_json(json.dumps(document))


def known_campos(owner: Database, tenant_id: str = TENANT) -> None:
    """Campos of every type, as files have brought them."""
    for nome, types in CAMPOS.items():
        for each in types:
            insert(
                owner, "tenant_campos", tenant_id=tenant_id, campo=nome, tipo=each.value, titulo=nome,
                visto_em=NOW,
            )  # fmt: skip


# The same leads, in the database and as plain values.


def some_lead(owner: Database, random: Random, number: int) -> dict[str, Any]:
    """A lead with a bit of everything, inserted; what it is, for the plain reading."""
    campos = {
        "valor": random.choice([0, 99.9, 100, 1234.56, "100"]),
        "vencimento": random.choice([*DAYS, "2026-12-01", "indefinido"]),
        "visita": random.choice(["2026-11-24T14:30:00", "2026-12-05T00:00:00"]),
        "hora": random.choice(["08:00:00", "14:30:00", "9h"]),
        "cidade": random.choice(CIDADES),
        "ativo": random.choice([True, False]),
        "misto": random.choice(["2026-11-24", "Sem data"]),
    }
    criado_em = NOW - timedelta(hours=random.randrange(200))
    ddd = random.choice(PLACES)[0]
    lead: dict[str, Any] = {
        "campos": {name: value for name, value in campos.items() if random.random() < 0.7},
        "status": random.choice([*LeadStatus]).value,
        "tags": random.sample(TAGS, random.randrange(3)),
        "nome": random.choice(["João da Silva", "JOAO", "Ana", None]),
        "documento": random.choice([None, f"{number:011}", f"{number:014}"]),
        "origem_arquivo": random.choice(FILES),
        "origem": random.choice(["", "crm"]),
        "job_id": random.choice(JOBS),
        "criado_em": criado_em,
    }
    lead_id = a_lead(owner, telefones=(), emails=(), **lead)
    phones = [f"+55{ddd}9{number:06}{n:02}" for n in range(random.randrange(3))]
    if random.random() < 0.2:
        phones.insert(0, f"+1202555{number:04}")
    emails = [f"p{number}.{n}@example.com" for n in range(random.randrange(3))]
    for n, phone in enumerate(phones):
        insert(
            owner, "lead_telefones", tenant_id=TENANT, lead_id=lead_id, telefone=phone, ordem=n + 1, principal=n == 0,
            tipo_origem="movel", valido_para_disparo=(valid := random.random() < 0.7),
        )  # fmt: skip
        lead["whatsapp"] = lead.get("whatsapp", False) or valid
    for n, address in enumerate(emails):
        insert(
            owner, "lead_emails", tenant_id=TENANT, lead_id=lead_id, email=address, ordem=n + 1, principal=n == 0,
            valido_para_disparo=(valid := random.random() < 0.7),
        )  # fmt: skip
        lead["email"] = lead.get("email", False) or valid
    principal = phones[0] if phones else ""
    lead |= {"lead_id": lead_id, "ddd": principal[3:5] if principal.startswith("+55") else None}
    lead["suprimido"] = suppress(owner, random, lead_id, phones, emails)
    lead["sent"], lead["campanhas"] = send(owner, random, lead_id, number)
    lead["replied"] = reply(owner, random, lead_id, phones, emails)
    return lead


def suppress(owner: Database, random: Random, lead_id: UUID, phones: list[str], emails: list[str]) -> bool:
    entry = {"supressao_id": new_id(NOW), "tenant_id": TENANT, "criado_em": NOW}
    match random.randrange(8), phones, emails:
        case 0, _, _:
            insert(owner, "leads_suprimidos", tenant_id=TENANT, lead_id=lead_id, por="ana", criado_em=NOW)
        case 1, [*_, phone], _:
            insert(owner, "supressoes", canal="whatsapp", contato=phone, motivo="resposta", **entry)
        case 2, _, [*_, address]:
            insert(owner, "supressoes", canal="email", contato=address, motivo="manual", **entry)
        case _:
            return False
    return True


def send(owner: Database, random: Random, lead_id: UUID, number: int) -> tuple[list[datetime], set[tuple[UUID, str]]]:
    """When messages left for the lead, or may have; and its campaigns with all results that it has there."""
    sent: list[datetime] = []
    results: set[tuple[UUID, str]] = set()
    for campaign in (None, *CAMPAIGNS):
        if random.random() < 0.4:
            continue
        status = random.choice(["pendente", "enviado", "confirmado", "erro", "incerto", "suprimido", "cancelado"])
        left_at = NOW - timedelta(days=random.randrange(12), hours=5)
        times: dict[str, Any] = {"enviado_em": left_at} if status in {"enviado", "confirmado"} else {}
        if status == "confirmado":
            times |= {"confirmado_em": left_at, "lido_em": left_at, "respondido_em": random.choice([None, left_at])}
        columns: dict[str, Any] = {} if campaign is None else {"campanha_id": campaign, "etapa": 1, "variante": "a"}
        if status == "cancelado":
            times["erro_codigo"] = random.choice([None, "campanha_cancelada"])
        destino = f"+55719{number:08}"
        disparo_id = a_disparo(
            owner, lead_id, status=status, criado_em=NOW, destino=destino, **times, **columns, atualizado_em=left_at
        )
        if status in {"enviado", "confirmado", "incerto"}:
            sent.append(left_at)
        if campaign is None:
            continue
        results |= {(campaign, "qualquer"), (campaign, status)}
        if status == "erro" and random.random() < 0.5:
            a_disparo(
                owner, lead_id, status="enviado", criado_em=NOW, destino=destino, alternativa_de=disparo_id,
                enviado_em=left_at, **columns,
            )  # fmt: skip
            sent.append(left_at)
            results |= {(campaign, "enviado")}
            results -= {(campaign, "erro")}
        results |= {(campaign, "falhou")} if (campaign, "erro") in results else set()
        if status == "pendente" or times.get("erro_codigo"):
            results |= {(campaign, "nao_alcancado")}
        results |= {(campaign, "enviado")} if status == "confirmado" else set()
        results |= {(campaign, "lido")} if times.get("lido_em") else set()
        results |= {(campaign, "respondeu")} if times.get("respondido_em") else set()
    if random.random() < 0.2:
        insert(
            owner, "campanha_excluidos", tenant_id=TENANT, campanha_id=CAMPAIGNS[0], lead_id=lead_id, etapa=1,
            variante="a", motivo="sem_contato",
        )  # fmt: skip
        results.add((CAMPAIGNS[0], "excluido"))
    return sent, results


def reply(owner: Database, random: Random, lead_id: UUID, phones: list[str], emails: list[str]) -> list[datetime]:
    at = NOW - timedelta(days=random.randrange(10), hours=2)
    row = {"tenant_id": TENANT, "resposta_id": new_id(NOW), "remetente": "x", "recebida_em": at}
    match random.randrange(6), phones, emails:
        case 0, _, _:
            insert(owner, "respostas", canal="whatsapp", lead_id=lead_id, **row)
        case 1, [phone, *_], _:
            insert(owner, "respostas", canal="whatsapp", contato=phone, **row)
        case 2, _, [address, *_]:
            insert(owner, "respostas", canal="email", contato=address, **row)
        case _:
            return []
    return [at]


# A plain reading of a filter.


def holds(document: dict[str, Any], lead: dict[str, Any]) -> bool:  # noqa: PLR0911, PLR0912 - one case a key
    [(key, value)] = document.items()
    match key:
        case "todos":
            return all(holds(each, lead) for each in value)
        case "algum":
            return any(holds(each, lead) for each in value)
        case "nao":
            return not holds(value, lead)
        case "tags":
            [(kind, tags)] = value.items()
            found = set(tags) & set(lead["tags"])
            return {"algum": bool(found), "todos": found == set(tags), "nenhum": not found}[kind]
        case "campo":
            return campo_holds(value["op"], lead["campos"].get(value["nome"]), value.get("valor"), value["nome"])
        case "nome":
            return folded(value) in folded(lead["nome"] or "")
        case "uf":
            return UF_OF_DDD.get(lead["ddd"]) in value
        case "pessoa":
            return {0: "sem_documento", 11: "fisica", 14: "juridica"}[len(lead["documento"] or "")] in value
        case "tem":
            return bool(lead.get(value))
        case "suprimido":
            return lead["suprimido"] is value
        case "job_id":
            return str(lead["job_id"]) in value
        case "criado_em":
            return created_holds(lead["criado_em"], **value)
        case "ultimo_disparo":
            [(kind, bound)] = value.items()
            last = max(lead["sent"], default=None)
            if kind == "nunca":
                return last is None
            return last is not None and (last >= midnight(bound)) == (kind == "desde")
        case "respondeu":
            since = midnight(value["desde"]) if value else datetime.min.replace(tzinfo=UTC)
            return any(at >= since for at in lead["replied"])
        case "campanha":
            return (UUID(value["campanha_id"]), value.get("resultado", "qualquer")) in lead["campanhas"]
        case _:
            return lead[key] in value


def campo_holds(op: str, actual: Any, wanted: Any, nome: str) -> bool:
    if op in {"vazio", "nao_vazio"}:
        return (actual is None) == (op == "vazio")
    if op == "contem":
        return isinstance(actual, str) and folded(wanted) in folded(actual)
    if nome in {"vencimento", "visita", "misto"} and (nome != "misto" or wanted[:2] == "20"):
        if not isinstance(actual, str) or not actual.startswith("20"):
            return False
        actual, wanted = actual[:10], day(wanted).isoformat()
    elif nome == "hora":
        if not isinstance(actual, str) or len(actual) != 8:
            return False
        wanted = wanted if len(wanted) == 8 else f"{wanted}:00"
    elif isinstance(wanted, str) and isinstance(actual, str):
        actual, wanted = folded(actual), folded(wanted)
    elif actual is None or isinstance(actual, str):
        return False
    compared: dict[str, bool] = {
        "=": actual == wanted,
        "!=": actual != wanted,
        "<": actual < wanted,
        "<=": actual <= wanted,
        ">": actual > wanted,
        ">=": actual >= wanted,
    }
    return compared[op]  # fmt: skip


def folded(text: str) -> str:
    return "".join(each for each in normalize("NFKD", text) if not combining(each)).lower()


def day(text: str) -> date:
    if not text.startswith("hoje"):
        return date.fromisoformat(text)
    return TODAY + timedelta(days=int(text.removeprefix("hoje") or 0))


def midnight(text: str) -> datetime:
    return datetime.combine(day(text), time.min, ZONE)


def created_holds(created: datetime, de: str | None = None, ate: str | None = None) -> bool:
    if de is not None and created < midnight(de):
        return False
    if ate is None:
        return True
    return created < (datetime.fromisoformat(ate) if "T" in ate else midnight(ate) + timedelta(days=1))


@pytest.fixture(scope="module")
def population(postgres: Postgres, template_database: str) -> Iterator[tuple[Database, list[dict[str, Any]]]]:
    """Leads of a tenant beside those of another, as the login of the API sees them."""
    postgres.create_database("segments", template=template_database)
    owner = Database(lambda: postgres.owner_url("segments"))
    api = Database(lambda: postgres.api_url("segments"))
    a_template(owner)
    known_campos(owner)
    random = Random(11)
    leads = [some_lead(owner, random, number) for number in range(80)]
    a_lead(owner, tenant_id="outra")
    yield api, leads
    owner.close()
    api.close()
    postgres.drop_database("segments")


@settings(max_examples=300)
@given(document=filters())
def test_segment_finds_what_a_plain_reading_of_its_filter_finds(
    population: tuple[Database, list[dict[str, Any]]], document: dict[str, Any]
) -> None:
    database, leads = population

    def found(rows: Rows) -> set[UUID]:
        condition = compiled(rows, read(document), NOW)
        sample = rows.all("sample_segment", filtro=condition, limite=1_000)
        [counts] = rows.all("count_segment", filtro=for_counting(condition), limite=1_000)
        assert (counts["total"], counts["amostra"]) == (len(sample), [each["lead_id"] for each in sample])
        return {each["lead_id"] for each in sample}

    expected = {lead["lead_id"] for lead in leads if holds(document, lead)}
    assert database.run(TENANT, found) == expected


def test_leads_are_counted_by_the_channels_that_reach_them(population: tuple[Database, list[dict[str, Any]]]) -> None:
    database, leads = population
    answer = Segments(database=database, clock=lambda: NOW).count(TENANT, SegmentCount(filtro=read(EVERYBODY)))
    reach = [(bool(lead.get("whatsapp")), bool(lead.get("email"))) for lead in leads]
    assert answer["total"] == len(leads)
    assert answer["por_canal"] == {
        "whatsapp": sum(whatsapp for whatsapp, _ in reach),
        "email": sum(email for _, email in reach),
        "ambos": reach.count((True, True)),
        "nenhum": reach.count((False, False)),
    }
    newest = sorted((lead["lead_id"] for lead in leads), reverse=True)
    assert [each["lead_id"] for each in answer["amostra"]] == newest[:5]


# Saved segments


@pytest.fixture
def segments(database_urls: DatabaseUrls, owner: Database, clock: StoppedClock) -> Iterator[Segments]:
    """As the login of the API, with campos of every type."""
    known_campos(owner)
    database = Database(lambda: database_urls.api)
    yield Segments(database=database, clock=clock)
    database.close()


def a_request(nome: str = "Vencidos", filtro: Any = None) -> NewSegment:
    overdue = {"campo": {"nome": "vencimento", "op": "<", "valor": "hoje"}}
    return NewSegment(nome=nome, filtro=read(overdue if filtro is None else filtro))


def test_segment_is_kept_as_it_was_written_with_who_wrote_it(segments: Segments, clock: StoppedClock) -> None:
    made = segments.create(ANA, a_request(nome="  Vencidos "))
    assert segments.get(TENANT, made["segmento_id"]) == made
    assert made["nome"] == "Vencidos"
    assert made["filtro"] == {"campo": {"nome": "vencimento", "op": "<", "valor": "hoje"}}
    assert (made["criado_por"], made["criado_em"]) == ("sub-da-ana", clock.now)
    later = clock.advance(hours=1)
    changed = segments.replace(Identity(TENANT, "rui", frozenset()), made["segmento_id"], a_request("Todos", EVERYBODY))
    assert (changed["nome"], changed["filtro"], changed["criado_por"]) == ("Todos", EVERYBODY, "sub-da-ana")
    assert (changed["atualizado_por"], changed["atualizado_em"]) == ("rui", later)


def test_relative_day_of_a_saved_segment_moves_with_the_clock(
    segments: Segments, owner: Database, clock: StoppedClock
) -> None:
    a_lead(owner, campos={"vencimento": "2026-11-24"})
    segmento_id = segments.create(ANA, a_request())["segmento_id"]
    counted = [segments.count(TENANT, SegmentCount(segmento_id=segmento_id))]
    clock.advance(days=1)
    counted.append(segments.count(TENANT, SegmentCount(segmento_id=segmento_id)))
    assert [each["total"] for each in counted] == [0, 1]
    assert counted[0]["amostra"] == []
    assert counted[1]["amostra"][0]["campos"] == {"vencimento": "2026-11-24"}


def test_day_begins_by_the_tenants_clock(segments: Segments, owner: Database, clock: StoppedClock) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"fuso": "Asia/Tokyo"})
    clock.now = datetime(2026, 11, 24, 16, tzinfo=UTC)
    a_lead(owner, campos={"vencimento": "2026-11-24"})
    assert segments.count(TENANT, SegmentCount(filtro=a_request().filtro))["total"] == 1


def test_name_is_used_once_whatever_its_case(segments: Segments) -> None:
    segments.create(ANA, a_request("Vencidos"))
    other = segments.create(ANA, a_request("Outros"))
    with pytest.raises(Conflict, match="nome_de_segmento_repetido"):
        segments.create(ANA, a_request("VENCIDOS"))
    with pytest.raises(Conflict, match="nome_de_segmento_repetido"):
        segments.replace(ANA, other["segmento_id"], a_request("vencidos"))
    assert segments.replace(ANA, other["segmento_id"], a_request("OUTROS"))["nome"] == "OUTROS"


def test_same_key_gets_the_same_segment(segments: Segments) -> None:
    made = segments.create(ANA, a_request(), a_key())
    assert replayed(segments.create, ANA, a_request(), a_key()) == as_answered(made)


def test_violation_of_another_constraint_is_a_failure_of_ours(segments: Segments, owner: Database) -> None:
    run(owner, "ALTER TABLE segmentos ADD CONSTRAINT sem_vencidos CHECK (nome <> 'Vencidos')")
    with pytest.raises(ConstraintViolation, match="sem_vencidos"):
        segments.create(ANA, a_request())


def test_filter_that_cannot_be_used_is_not_saved(segments: Segments) -> None:
    unknown = {"campo": {"nome": "saldo", "op": ">", "valor": 1}}
    with pytest.raises(Invalid):
        segments.create(ANA, a_request(filtro=unknown))
    made = segments.create(ANA, a_request())
    with pytest.raises(Invalid):
        segments.replace(ANA, made["segmento_id"], a_request(filtro=unknown))
    with pytest.raises(Invalid):
        segments.count(TENANT, SegmentCount(filtro=read(unknown)))
    assert segments.page(TENANT, PageQuery())["itens"] == [made]


def test_segments_are_listed_newest_first_in_pages(segments: Segments, clock: StoppedClock) -> None:
    made = []
    for nome in ("a", "b", "c"):
        made.append(segments.create(ANA, a_request(nome))["segmento_id"])
        clock.advance(seconds=1)
    first = segments.page(TENANT, PageQuery(limit=2))
    rest = segments.page(TENANT, PageQuery(limit=2, cursor=first["proximo"]))
    assert [each["segmento_id"] for each in (*first["itens"], *rest["itens"])] == made[::-1]


def test_segment_of_another_tenant_does_not_exist(segments: Segments) -> None:
    segmento_id = segments.create(ANA, a_request())["segmento_id"]
    stranger = Identity("outra", "eva", frozenset())
    with pytest.raises(NotFound):
        segments.get("outra", segmento_id)
    with pytest.raises(NotFound):
        segments.replace(stranger, segmento_id, a_request("Meu", EVERYBODY))
    with pytest.raises(NotFound):
        segments.delete("outra", segmento_id)
    with pytest.raises(NotFound):
        segments.count("outra", SegmentCount(segmento_id=segmento_id))
    assert segments.get(TENANT, segmento_id)["nome"] == "Vencidos"


def test_deleted_segment_is_gone_and_its_name_free(segments: Segments) -> None:
    segmento_id = segments.create(ANA, a_request())["segmento_id"]
    segments.delete(TENANT, segmento_id)
    with pytest.raises(NotFound):
        segments.delete(TENANT, segmento_id)
    assert segments.create(ANA, a_request())["nome"] == "Vencidos"


def test_count_waits_for_a_seat(segments: Segments, owner: Database) -> None:
    with owner.transaction(TENANT) as one, owner.transaction(TENANT) as two:
        for rows in (one, two)[:SEATS]:
            take_seat(rows)
        with pytest.raises(TooManyRequests, match="buscas_demais"):
            segments.count(TENANT, SegmentCount(filtro=read(EVERYBODY)))


def test_text_of_a_filter_is_never_sql(segments: Segments, owner: Database) -> None:
    text = "x') OR true OR ('' = '$1 :tenant_id /*{filtro}*/ true"
    a_lead(owner, nome=text, campos={"cidade": text})
    a_lead(owner, nome="Ana", campos={"cidade": "y"})
    for filtro in ({"nome": text}, {"campo": {"nome": "cidade", "op": "=", "valor": text}}, {"origem": [text]}):
        total = segments.count(TENANT, SegmentCount(filtro=read(filtro)))["total"]
        assert total == (0 if "origem" in filtro else 1)


def test_count_asks_for_one_of_filter_and_segment() -> None:
    for body in ({}, {"filtro": EVERYBODY, "segmento_id": str(UUID(int=1))}):
        with pytest.raises(ValueError, match="filtro_ou_segmento"):
            SegmentCount.model_validate_json(json.dumps(body))
