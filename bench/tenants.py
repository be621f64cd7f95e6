"""Inserts tenants of any size with a few statements: leads, and what has come of them.

As in the project's own queries, the planner is not told which tenant it is (adapters/database.py).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from chalicelib.adapters.database import Database, connect
from chalicelib.leads.lists.findable import FindableLeads

_OF_TENANT = "tenant_id = (SELECT CAST(:tenant AS text))"
_JOBS = """
INSERT INTO ingest_jobs (tenant_id, job_id, bucket, chave, nome_arquivo, status, concluido_em, criado_em, atualizado_em)
SELECT :tenant, CAST(lpad(to_hex(n), 32, '0') AS uuid), 'bench', 'bench.xlsx', 'bench.xlsx', 'concluido', now(), now(),
       now()
  FROM generate_series(1, 200) AS n"""
_LEADS = """
INSERT INTO leads (tenant_id, lead_id, lead_id_externo, nome, documento, origem_arquivo, origem_aba, linha_planilha,
                   job_id, criado_em, atualizado_em)
SELECT :tenant, CAST(lpad(to_hex(n), 32, '0') AS uuid), 'bench.xlsx:' || n, 'Lead ' || n,
       CASE WHEN n % 5 < 3 THEN lpad(CAST(n AS text), 11, '0') END, 'bench.xlsx', NULL, n,
       CAST(lpad('1', 32, '0') AS uuid), now() - (CAST(:leads AS integer) - n) * interval '1 second', now()
  FROM generate_series(1, CAST(:leads AS integer)) AS n"""
# As ingestion leaves them: some have a landline only, some no e-mail.
_CONTACTS = (
    f"""
INSERT INTO lead_telefones (tenant_id, lead_id, telefone, ordem, principal, tipo_origem, valido_para_disparo)
SELECT tenant_id, lead_id, '+5571' || 900000000 + linha_planilha, 1, true,
       CASE WHEN linha_planilha % 10 = 0 THEN 'fixo' ELSE 'movel' END, linha_planilha % 10 > 0
  FROM leads
 WHERE {_OF_TENANT}""",
    f"""
INSERT INTO lead_emails (tenant_id, lead_id, email, ordem, principal)
SELECT tenant_id, lead_id, 'lead' || linha_planilha || '@example.com', 1, true
  FROM leads
 WHERE {_OF_TENANT} AND linha_planilha % 10 < 7""",
)
# No job of these says when it made them.
_CHANGED = f"INSERT INTO buscas_a_refazer (tenant_id, lead_id) SELECT tenant_id, lead_id FROM leads WHERE {_OF_TENANT}"
# Three of ten leads have a disparo, and so have the newest ones: they are not ready for another.
_WRITTEN_TO = f"""
  FROM (SELECT lead_id, row_number() OVER (ORDER BY lead_id DESC) AS n FROM leads WHERE {_OF_TENANT}) l
 WHERE (n <= 200 OR n % 10 IN (1, 5, 9))"""
_ACTIVITY = (
    """
INSERT INTO templates (tenant_id, nome, versao, canal, idioma, texto, variaveis, criado_em)
VALUES (:tenant, 'oi', 1, 'whatsapp', 'pt_BR', 'Oi', '{}', now())""",
    f"""
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, status,
                      enviar_apos, espera, erro_codigo, provider_message_id, enviado_em, criado_em, atualizado_em)
SELECT :tenant, lead_id, lead_id, CASE WHEN n % 4 = 3 THEN 'email' ELSE 'whatsapp' END, lead_id,
       '+5571' || 900000000 + n, 'oi', 1, status, now(), CASE WHEN status = 'pendente' THEN 'janela' END,
       CASE WHEN status = 'erro' THEN 'numero_invalido' END, 'wamid.' || n,
       CASE WHEN status = 'enviado' THEN now() END, now() - n * interval '1 second', now()
  FROM (SELECT lead_id, n,
               CASE WHEN n <= 200 OR n % 10 = 9 THEN 'pendente' WHEN n % 50 = 1 THEN 'erro' ELSE 'enviado' END AS status
        {_WRITTEN_TO}) d""",
    f"""
UPDATE leads l SET status = CASE WHEN d.status = 'erro' THEN 'sem_sucesso' ELSE 'em_disparo' END
  FROM disparos d
 WHERE l.{_OF_TENANT} AND d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id AND d.status <> 'pendente'""",
    f"""
UPDATE leads SET tags = ARRAY['vip'], status = 'concluido'
 WHERE {_OF_TENANT} AND lead_id = ANY(ARRAY(SELECT lead_id {_WRITTEN_TO} AND n % 100 = 55))""",
    f"""
INSERT INTO agendamentos (tenant_id, agendamento_id, lead_id, tipo, canal, data_agendada, ocupado_ate, responsavel,
                          status, criado_em, atualizado_em)
SELECT :tenant, lead_id, lead_id, 'callback', 'telefone', now() + n * interval '1 hour',
       now() + (n + 1) * interval '1 hour', 'Ana ' || n % 7,
       CASE WHEN n % 3 = 0 THEN 'pendente' ELSE 'realizado' END, now(), now()
       {_WRITTEN_TO} AND n % 100 IN (5, 11)""",
    f"""
INSERT INTO respostas (tenant_id, resposta_id, canal, provider_message_id, remetente, contato, disparo_id, lead_id,
                       texto, recebida_em, pedido, revisar)
SELECT :tenant, lead_id, 'whatsapp', 'wamid.r' || n, '5571' || 900000000 + n, '+5571' || 900000000 + n, lead_id,
       CASE WHEN n % 7 > 0 THEN lead_id END, 'Oi', now(), CASE WHEN n % 11 = 0 THEN 'duvida' END, n % 11 = 0
       {_WRITTEN_TO} AND n % 20 = 11""",
    f"""
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, criado_em)
SELECT :tenant, 'whatsapp', '+5571' || 900000000 + n, lead_id,
       CASE WHEN n % 20 = 5 THEN 'manual' ELSE 'provedor' END, now()
       {_WRITTEN_TO} AND n % 20 IN (5, 19)""",
)


def copy_for_searches(owner_url: str) -> float:
    """Copy all leads for the searches, as the sweep does behind the load; the seconds that it takes."""
    database = Database(lambda: owner_url)
    findable = FindableLeads(database=database, clock=lambda: datetime.now(UTC))
    began = time.perf_counter()
    while findable.copy():
        pass
    database.close()
    return time.perf_counter() - began


def insert_leads(owner_url: str, tenant_id: str, leads: int) -> None:
    """Insert a tenant with jobs and leads, with their contacts."""
    connection = connect(owner_url)
    connection.run(_JOBS, tenant=tenant_id)
    connection.run(_LEADS, tenant=tenant_id, leads=leads)
    for sql in (*_CONTACTS, _CHANGED):
        connection.run(sql, tenant=tenant_id)
    connection.close()
    copy_for_searches(owner_url)


def insert_activity(owner_url: str, tenant_id: str) -> None:
    """Insert what came of the leads of a tenant: disparos, agendamentos, replies, suppressed contacts."""
    connection = connect(owner_url)
    for sql in _ACTIVITY:
        connection.run(sql, tenant=tenant_id)
    connection.close()
