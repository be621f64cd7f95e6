"""Rows with good defaults, put into a database as its owner: `a_lead(database, telefones=["+5571999990000"])`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database
from chalicelib.ids import new_id

TENANT = "acme"
CREATED_AT = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def run(database: Database, sql: str) -> None:
    """One statement without parameters, as the owner."""
    with database.across_tenants() as rows:
        rows.execute(sql)


def ask(database: Database, sql: str) -> list[list[Any]]:
    """The rows of a query that no service has."""
    with database.across_tenants() as rows:
        return list(rows._connection.run(sql) or [])


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
    """One row of a table."""
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
    return lead_id


def a_template(database: Database, *, tenant_id: str = TENANT, nome: str = "oi", canal: str = "whatsapp") -> str:
    """A template in use, with the one variable `nome`; its name."""
    insert(
        database, "templates", tenant_id=tenant_id, nome=nome, versao=1, canal=canal, idioma="pt_BR",
        assunto="Para {{nome}}" if canal == "email" else None, texto="Olá, {{nome}}!", variaveis=["nome"],
        criado_em=CREATED_AT,
    )  # fmt: skip
    return nome
