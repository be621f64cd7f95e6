"""Inserts thousands of due disparos with a few statements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import connect

# Nothing waits for a rate limit: only the measured work takes time.
NO_LIMIT: Mapping[str, Any] = {"por_minuto": 1_000_000, "por_segundo": 10_000, "por_dia": None}
_TENANT = "INSERT INTO tenants (tenant_id, config) VALUES (:tenant, CAST(:config AS jsonb))"
_TEMPLATE = (
    "INSERT INTO templates (tenant_id, nome, versao, canal, idioma, texto, variaveis, criado_em)"
    " VALUES (:tenant, 'oi', 1, 'whatsapp', 'pt_BR', 'Olá, {{nome}}!', ARRAY['nome'], now())"
)
_LEADS = """
INSERT INTO leads (tenant_id, lead_id, lead_id_externo, nome, status, origem_arquivo, origem_aba, linha_planilha,
                   job_id)
SELECT :tenant, CAST(lpad(to_hex(n), 32, '0') AS uuid), 'bench:' || n, 'Lead ' || n, 'em_disparo', 'bench', NULL, n,
       CAST(:job AS uuid)
  FROM generate_series(1, CAST(:disparos AS integer)) AS n"""
_DISPAROS = """
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      max_tentativas, enviar_apos, criado_em, atualizado_em)
SELECT :tenant, lead_id, lead_id, 'whatsapp', lead_id, '+55719' || (90000000 + linha_planilha), 'oi', 1,
       jsonb_build_object('nome', nome), :max_tentativas, now(), now(), now()
  FROM leads WHERE tenant_id = :tenant"""


def destination(number: int) -> str:
    """Return the destination of the n-th disparo, counted from 1."""
    return f"+55719{90_000_000 + number}"


def seed(
    owner_url: str,
    tenant_id: str,
    disparos: int,
    *,
    max_tentativas: int = 3,
    limit: Mapping[str, Any] = NO_LIMIT,
) -> list[str]:
    """Insert a tenant with due WhatsApp disparos, each of a lead of its own; return their ids, in order."""
    config = {"janela": {"ligada": False}, "limites": {"whatsapp": limit}}
    connection = connect(owner_url)
    connection.run(_TENANT, tenant=tenant_id, config=json.dumps(config))
    connection.run(_TEMPLATE, tenant=tenant_id)
    connection.run(_LEADS, tenant=tenant_id, job=str(UUID(int=0)), disparos=disparos)
    connection.run(_DISPAROS, tenant=tenant_id, max_tentativas=max_tentativas)
    found = connection.run("SELECT disparo_id FROM disparos WHERE tenant_id = :tenant ORDER BY 1", tenant=tenant_id)
    ids = [str(each) for (each,) in found]
    connection.close()
    return ids
