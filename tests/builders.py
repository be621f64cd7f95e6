"""Rows with good defaults, inserted as the owner: `a_lead(database, emails=[])`; and what tests read of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pg8000.native import Connection

from chalicelib.adapters.database import Database, Rows, named_queries
from chalicelib.campaigns.rules.script import lines_of
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from tests.conftest import STARTED_AT

TENANT = "acme"
ANA = Identity(TENANT, "ana", frozenset())
"""A member of the tenant, of no group."""
CREATED_AT = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def run(database: Database, sql: str) -> None:
    """Run statements without parameters, as the owner."""
    with database.across_tenants() as rows:
        rows.execute(sql)


def ask(database: Database, sql: str) -> list[list[Any]]:
    """The rows of a query that no service has, read as the owner."""
    with database.across_tenants() as rows:
        return list(_connection_of(rows).run(sql) or [])


def explain(database: Database, tenant_id: str, query: str, **params: object) -> str:
    """The plan that PostgreSQL makes for a named query with these parameters."""
    with database.transaction(tenant_id) as rows:
        return explained(rows, query, **params)


def explained(rows: Rows, query: str, **params: object) -> str:
    """As `explain`, in an open transaction."""
    statement = named_queries()[query]
    text, values = statement.filled({"tenant_id": rows.tenant_id, **params})
    context = _connection_of(rows).execute_unnamed(f"EXPLAIN {text}", values)
    return "\n".join(line for (line,) in context.rows or ())


def vacuum(database: Database, *tables: str) -> None:
    """VACUUM ANALYZE some tables; it cannot run inside of a transaction.

    Its commits wait for the log, and one comes before. Else VACUUM may or may not mark pages as visible to all, because
    those of a commit that is not in the log yet are not; and plans differ with that.
    """
    written = "SET synchronous_commit = on", "SELECT pg_logical_emit_message(true, 'vacuum', '')", "COMMIT"
    with database.across_tenants() as rows:
        for sql in (*written, f"VACUUM ANALYZE {', '.join(tables)}", "RESET synchronous_commit", "BEGIN"):
            _connection_of(rows).run(sql)


def wait_for_locks(database: Database, count: int, *waiting: Future[Any]) -> None:
    """Return once that many transactions wait for a lock; fails if one of these calls ends instead."""
    while ask(database, "SELECT count(*) FROM pg_locks WHERE NOT granted") != [[count]]:
        assert not any(each.done() for each in waiting)


def _connection_of(rows: Rows) -> Connection:
    """The driver's connection, for SQL that no service has."""
    return rows._exchange.connection


def literal(value: object) -> str:
    """A value as SQL; for test data only."""
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value)
        case list():
            return f"ARRAY[{', '.join(map(literal, value))}]::text[]"
        case dict():
            return literal(json.dumps(value)) + "::jsonb"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def insert(database: Database, table: str, **columns: object) -> None:
    """Insert one row into a table."""
    names, values = ", ".join(columns), ", ".join(map(literal, columns.values()))
    run(database, f"INSERT INTO {table} ({names}) VALUES ({values})")


def a_lead(
    database: Database,
    *,
    tenant_id: str = TENANT,
    nome: str | None = "Maria da Silva",
    documento: str | None = None,
    status: str = "novo",
    telefones: Sequence[str] = ("+5571999990001",),
    emails: Sequence[str] = ("maria@example.com",),
    criado_em: datetime = CREATED_AT,
    **columns: object,
) -> UUID:
    """A lead with its contacts, the first of each kind principal; phones are mobiles, fit for sending."""
    lead_id = new_id(criado_em)
    given = {
        "tenant_id": tenant_id,
        "lead_id": lead_id,
        "lead_id_externo": f"leads.xlsx:{lead_id.hex[-12:]}",
        "nome": nome,
        "documento": documento,
        "status": status,
        "origem_arquivo": "leads.xlsx",
        "origem_aba": "Leads",
        "linha_planilha": 2,
        "job_id": UUID(int=0),
        "criado_em": criado_em,
        "atualizado_em": criado_em,
    }
    insert(database, "leads", **(given | columns))
    for ordem, telefone in enumerate(telefones, 1):
        insert(
            database, "lead_telefones", tenant_id=tenant_id, lead_id=lead_id, telefone=telefone, ordem=ordem,
            principal=ordem == 1, tipo_origem="movel", valido_para_disparo=True,
        )  # fmt: skip
    for ordem, email in enumerate(emails, 1):
        insert(
            database, "lead_emails", tenant_id=tenant_id, lead_id=lead_id, email=email, ordem=ordem,
            principal=ordem == 1,
        )  # fmt: skip
    # No job made it whose leads searches would look at. A database of an older version has no such table.
    run(
        database,
        f"""DO $$ BEGIN IF to_regclass('buscas_a_refazer') IS NOT NULL THEN
                INSERT INTO buscas_a_refazer VALUES ('{tenant_id}', '{lead_id}');
            END IF; END $$""",
    )
    return lead_id


def a_job(
    database: Database,
    nome_arquivo: str,
    *,
    began: datetime = CREATED_AT,
    ended: datetime | None = CREATED_AT,
    tenant_id: str = TENANT,
    **columns: object,
) -> UUID:
    """An ingestion of a file that made one lead; without an end, one that is under way."""
    job_id = new_id(began)
    given = {
        "tenant_id": tenant_id,
        "job_id": job_id,
        "bucket": "bucket",
        "chave": f"leads/{tenant_id}/{nome_arquivo}",
        "nome_arquivo": nome_arquivo,
        "status": "processando" if ended is None else "concluido",
        "linhas_processadas": 1,
        "leads_criados": 1,
        "criado_em": began,
        "atualizado_em": ended or began,
        "concluido_em": ended,
    }
    insert(database, "ingest_jobs", **(given | columns))
    return job_id


def an_agendamento(
    database: Database, lead_id: UUID, *, tenant_id: str = TENANT, at: datetime = CREATED_AT, **columns: object
) -> UUID:
    """A callback of one hour with Ana at that time, `pendente` and not announced."""
    agendamento_id = new_id(CREATED_AT)
    given = {
        "tenant_id": tenant_id,
        "agendamento_id": agendamento_id,
        "lead_id": lead_id,
        "tipo": "callback",
        "canal": "telefone",
        "data_agendada": at,
        "ocupado_ate": at + timedelta(hours=1),
        "responsavel": "Ana",
        "criado_em": CREATED_AT,
        "atualizado_em": CREATED_AT,
    }
    insert(database, "agendamentos", **(given | columns))
    return agendamento_id


def lead_status(database: Database, lead_id: UUID) -> str:
    """The status of a lead as it is stored."""
    ((status,),) = ask(database, f"SELECT status FROM leads WHERE lead_id = {literal(lead_id)}")
    return str(status)


def a_template(database: Database, *, tenant_id: str = TENANT, nome: str = "oi", canal: str = "whatsapp") -> str:
    """A template in use, with the one variable `nome`; its name."""
    insert(
        database, "templates", tenant_id=tenant_id, nome=nome, versao=1, canal=canal, idioma="pt_BR",
        assunto="Para {{nome}}" if canal == "email" else None, texto="Olá, {{nome}}!", variaveis=["nome"],
        criado_em=CREATED_AT,
    )  # fmt: skip
    return nome


# The columns that a status demands, and those of every other status (migrations 004 and 017).
_COLUMNS_OF_STATUS: dict[str, dict[str, object]] = {
    "enviando": {
        "lease_dono": UUID(int=7),
        "lease_ate": STARTED_AT + timedelta(minutes=3),
        "iniciado_em": STARTED_AT,
        "tentativas": 1,
    },
    "enviado": {"enviado_em": STARTED_AT, "tentativas": 1},
    "confirmado": {"enviado_em": STARTED_AT, "confirmado_em": STARTED_AT, "tentativas": 1},
    "erro": {"erro_codigo": "131026", "ultimo_codigo": "131026", "tentativas": 1},
    "incerto": {"erro_codigo": "x", "ultimo_codigo": "x", "em_duvida": True, "tentativas": 1},
    "simulado": {"erro_codigo": "envio_desligado"},
}
_EMPTY: dict[str, object] = {
    "lease_dono": None,
    "lease_ate": None,
    "iniciado_em": None,
    "enviado_em": None,
    "confirmado_em": None,
    "erro_codigo": None,
    "ultimo_codigo": None,
    "em_duvida": False,
    "tentativas": 0,
}


def columns_of(status: str) -> dict[str, object]:
    """A status with the columns that it demands."""
    return {**_EMPTY, **_COLUMNS_OF_STATUS.get(status, {}), "status": status}


def a_disparo(
    database: Database,
    lead_id: UUID,
    *,
    tenant_id: str = TENANT,
    status: str = "pendente",
    criado_em: datetime = STARTED_AT,
    **columns: object,
) -> UUID:
    """A disparo by WhatsApp with the template `oi`, due since its creation; a column that is None is not named."""
    disparo_id = new_id(criado_em)
    given = {
        "tenant_id": tenant_id,
        "disparo_id": disparo_id,
        "lead_id": lead_id,
        "canal": "whatsapp",
        "contato_id": UUID(int=1),
        "destino": "+5571999990001",
        "template": "oi",
        "template_versao": 1,
        "variaveis": {"nome": "Maria"},
        "enviar_apos": criado_em,
        "criado_em": criado_em,
        "atualizado_em": criado_em,
    }
    values = given | columns_of(status) | columns
    insert(database, "disparos", **{name: value for name, value in values.items() if value is not None})
    return disparo_id


def a_campaign(
    database: Database,
    *,
    tenant_id: str = TENANT,
    status: str = "em_andamento",
    channels: Sequence[tuple[str, str]] = (("whatsapp", "oi"),),
    steps: Sequence[int] = (),
    **columns: object,
) -> UUID:
    """A campaign that is planned: one variant, whose `channels` (name and template) are tried in their order.

    `steps` are the working days after which each later step follows.
    """
    campanha_id = new_id(CREATED_AT)
    given = {
        "tenant_id": tenant_id,
        "campanha_id": campanha_id,
        "nome": "Cobrança",
        "status": status,
        "filtro": {},
        "etapas": {},
        "publico_em": CREATED_AT,
        "planejada_em": CREATED_AT,
        "pausa_codigo": "pessoa" if status == "pausada" else None,
        "encerrada_em": CREATED_AT if status in {"concluida", "cancelada"} else None,
        "criado_por": "ana",
        "criado_em": CREATED_AT,
        "atualizado_em": CREATED_AT,
    }
    values = given | columns
    insert(database, "campanhas", **{name: value for name, value in values.items() if value is not None})
    for etapa, days in enumerate([None, *steps], 1):
        for ordem, (canal, template) in enumerate(channels, 1):
            message = {"etapa": etapa, "variante": "a", "ordem": ordem, "canal": canal, "template": template}
            days_after = {} if days is None else {"apos_dias_uteis": days}
            insert(
                database, "campanha_mensagens", tenant_id=tenant_id, campanha_id=campanha_id, template_versao=1, de=0,
                ate=100, **message, **days_after,
            )  # fmt: skip
    return campanha_id


def a_recipient(
    database: Database, campanha_id: UUID, lead_id: UUID, *, status: str = "pendente", **columns: Any
) -> UUID:
    """A disparo of the first step of a campaign; one that is `pendente` waits for its turn."""
    given: dict[str, Any] = {"campanha_id": campanha_id, "etapa": 1, "variante": "a"}
    waiting: dict[str, Any] = {"espera": "campanha"} if status == "pendente" else {}
    return a_disparo(database, lead_id, status=status, **(given | waiting | columns))


def an_answer(
    database: Database, disparo_id: UUID, lead_id: UUID | None, *, at: datetime = STARTED_AT, **columns: Any
) -> UUID:
    """A reply to a disparo, and to its campaign if it has one."""
    resposta_id = new_id(at)
    given = {
        "tenant_id": TENANT,
        "resposta_id": resposta_id,
        "canal": "whatsapp",
        "remetente": "x",
        "disparo_id": disparo_id,
        "campanha_id": disparo(database, disparo_id, "campanha_id")[0],
        "lead_id": lead_id,
        "texto": "Oi",
        "recebida_em": at,
    }
    insert(database, "respostas", **{name: value for name, value in (given | columns).items() if value is not None})
    return resposta_id


def disparo(database: Database, disparo_id: UUID, *columns: str) -> list[Any]:
    """Some columns of a disparo as they are stored."""
    (row,) = ask(database, f"SELECT {', '.join(columns)} FROM disparos WHERE disparo_id = {literal(disparo_id)}")
    return row


def event_of(*disparo_ids: UUID, tenant_id: str = TENANT) -> dict[str, Any]:
    """The SQS event with a wake-up for each of these disparos."""
    bodies = [{"tenant_id": tenant_id, "disparo_id": str(disparo_id)} for disparo_id in disparo_ids]
    return {"Records": [{"messageId": str(n), "body": json.dumps(body)} for n, body in enumerate(bodies)]}


def a_message(canal: str = "whatsapp", template: str = "oi", **more: object) -> dict[str, Any]:
    """A message of a campaign."""
    return {"canal": canal, "template": template, **more}


def one_step(*messages: dict[str, Any], apos_dias_uteis: int | None = None) -> dict[str, Any]:
    """A step of a campaign with one variant, as the database keeps it."""
    variant = {"nome": "a", "peso": 100, "mensagens": list(messages or [a_message()])}
    return {"variantes": [variant], "apos_dias_uteis": apos_dias_uteis}


def a_scheduled_campaign(
    database: Database,
    *steps: dict[str, Any],
    tenant_id: str = TENANT,
    status: str = "agendada",
    filtro: dict[str, Any] | None = None,
    at: datetime = STARTED_AT,
    **columns: object,
) -> UUID:
    """A campaign for all leads that are there now, scheduled and not yet planned; its templates in their version 1."""
    campanha_id = new_id(at)
    etapas = steps or (one_step(),)
    found = ask(
        database, f"SELECT lead_id FROM leads WHERE tenant_id = {literal(tenant_id)} ORDER BY lead_id DESC LIMIT 1"
    )
    given = {
        "tenant_id": tenant_id,
        "campanha_id": campanha_id,
        "nome": "Cobrança de novembro",
        "status": status,
        "filtro": filtro or {"todos": []},
        "etapas": json.dumps(etapas),
        "publico_em": at,
        "publico_ate": found[0][0] if found else UUID(int=0),
        "criado_por": "u-1",
        "criado_em": at,
        "atualizado_em": at,
    }
    insert(database, "campanhas", **(given | columns))
    for line in lines_of(etapas):
        message = {
            "tenant_id": tenant_id,
            "campanha_id": campanha_id,
            "etapa": line.etapa,
            "variante": line.variante,
            "ordem": line.ordem,
            "canal": line.canal.value,
            "template": line.template,
            "template_versao": 1,
            "variaveis": dict(line.constants),
            "de": line.de,
            "ate": line.ate,
            "apos_dias_uteis": line.apos_dias_uteis,
        }
        insert(database, "campanha_mensagens", **message)
    return campanha_id
