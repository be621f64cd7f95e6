"""Inserts a large tenant as a collections team has it: contacts, campos, half a campaign, replies, opt-outs.

Ids are in the order of time, as the product makes them. A third of the leads came with one file, the rest with another.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from chalicelib.adapters.database import connect

CAMPAIGN = UUID(int=1)
JOB = UUID(int=1)


def _id(instant: str, number: str) -> str:
    """SQL for an id of this time (RFC 9562, version 7) that ends with a number."""
    millis = f"CAST(extract(epoch FROM {instant}) * 1000 AS bigint)"
    return f"CAST(lpad(to_hex({millis}), 12, '0') || '70008' || lpad(to_hex({number}), 15, '0') AS uuid)"


_CAMPOS = """
INSERT INTO tenant_campos (tenant_id, campo, tipo, titulo, visto_em)
SELECT :tenant, campo, tipo, campo, now()
  FROM (VALUES ('valor', 'moeda'), ('vencimento', 'data'), ('parcelas', 'numero'), ('cidade', 'texto'),
               ('ativo', 'logico')) AS c (campo, tipo)"""
# The first third of the leads came with one file, the others with the next.
_JOBS = """
INSERT INTO ingest_jobs (tenant_id, job_id, bucket, chave, nome_arquivo, status, linhas_processadas, leads_criados,
                         criado_em, iniciado_em, atualizado_em, concluido_em)
SELECT :tenant, CAST(job_id AS uuid), 'bench', arquivo, arquivo, 'concluido', linhas, linhas, de, de, ate, ate
  FROM (SELECT CAST(:leads AS integer) AS leads, CAST(:leads AS integer) / 3 AS terco,
               CAST(:agora AS timestamptz) AS agora) k,
       LATERAL (VALUES (CAST(:other_job AS text), 'carteira.xlsx', terco, agora - leads * interval '3 seconds',
                        agora - (leads - terco) * interval '3 seconds' - interval '1 second'),
                       (CAST(:job AS text), 'bench.xlsx', leads - terco,
                        agora - (leads - terco) * interval '3 seconds', agora))
            AS j (job_id, arquivo, linhas, de, ate)"""
_LEADS = f"""
INSERT INTO leads (tenant_id, lead_id, lead_id_externo, nome, documento, telefone_raw, email_raw, tags, origem_arquivo,
                   origem_aba, linha_planilha, job_id, campos, criado_em, atualizado_em)
SELECT :tenant, {_id("em", "n")}, 'bench.xlsx:' || n,
       (ARRAY['João', 'Maria', 'Ana', 'José', 'Antônia'])[1 + n % 5] || ' ' ||
       (ARRAY['da Silva', 'Souza', 'Pereira', 'Gonçalves', 'Araújo', 'Lima', 'Conceição'])[1 + n % 7] || ' ' || n,
       CASE WHEN n % 10 < 6 THEN lpad(CAST(n AS text), 11, '0') WHEN n % 10 < 8 THEN lpad(CAST(n AS text), 14, '0') END,
       '(71) 9 ' || 10000000 + n || ' | (71) 9 ' || 20000000 + n, 'lead' || n || '@example.com',
       CASE n % 20 WHEN 1 THEN '{{vip}}' WHEN 2 THEN '{{frio,retorno}}' ELSE '{{}}' END::text[],
       j.nome_arquivo, 'Leads', 1 + n, j.job_id,
       jsonb_strip_nulls(jsonb_build_object(
           'valor', CASE WHEN n % 10 > 0 THEN round((n % 1000000 * 7919::bigint % 1000000) / 100.0, 2) END,
           'vencimento', CAST(now() AS date) + (n * 31 % 120 - 90),
           'parcelas', 1 + n % 24,
           'cidade', (ARRAY['São Paulo', 'Salvador', 'Feira de Santana', 'Rio de Janeiro', 'Recife'])[1 + n * 13 % 5],
           'ativo', n % 4 > 0)),
       em, em
  FROM generate_series(1, CAST(:leads AS integer)) AS n,
       LATERAL (SELECT CAST(:agora AS timestamptz) - (CAST(:leads AS integer) - n) * interval '3 seconds' AS em) AS t
  JOIN ingest_jobs j ON t.em BETWEEN j.criado_em AND j.concluido_em AND j.tenant_id = :tenant"""
# Two phones, of which the second is a landline for some; one or two e-mails. Some leads have neither that is fit.
_PHONES = """
INSERT INTO lead_telefones (tenant_id, lead_id, telefone, ordem, principal, tipo_origem, valido_para_disparo)
SELECT l.tenant_id, l.lead_id,
       '+55' || (ARRAY['71', '11', '21', '75', '81', '31'])[1 + l.linha_planilha % 6]
             || CASE o WHEN 1 THEN '9' ELSE '8' END || 10000000 + l.linha_planilha,
       o, o = 1, CASE WHEN l.linha_planilha % 10 = 0 THEN 'fixo' ELSE 'movel' END, l.linha_planilha % 10 > 0
  FROM leads l, generate_series(1, 2) AS o
 WHERE l.tenant_id = :tenant
 ORDER BY l.lead_id, o"""
_EMAILS = """
INSERT INTO lead_emails (tenant_id, lead_id, email, ordem, principal)
SELECT l.tenant_id, l.lead_id, CASE o WHEN 1 THEN 'lead' ELSE 'outro' END || l.linha_planilha || '@example.com', o,
       o = 1
  FROM leads l,
       generate_series(1, CASE WHEN l.linha_planilha % 10 < 2 THEN 0 WHEN l.linha_planilha % 10 < 9 THEN 2
                               ELSE 1 END) o
 WHERE l.tenant_id = :tenant
 ORDER BY l.lead_id, o"""
_TEMPLATES = """
INSERT INTO templates (tenant_id, nome, versao, canal, idioma, assunto, texto, variaveis, criado_em)
VALUES (:tenant, 'vencida', 1, 'whatsapp', 'pt_BR', NULL,
        'Olá, {{nome}}! {{valor|moeda}} venceu em {{vencimento|data}}.', '{nome,valor,vencimento}', now()),
       (:tenant, 'vencida-email', 1, 'email', 'pt_BR', 'Parcela', 'Olá, {{nome|padrao:"cliente"}}!', '{nome}', now())"""
_CAMPANHA = """
INSERT INTO campanhas (tenant_id, campanha_id, nome, status, filtro, etapas, publico_em, publico_ate, planejada_em,
                       pausa_codigo, criado_por, criado_em, atualizado_em)
VALUES (:tenant, CAST(:campanha AS uuid), 'Vencidas', 'pausada', '{"todos": []}', '[]', now(),
        CAST(:campanha AS uuid), now(), 'pausada_por_pessoa', 'bench', now(), now())"""
# Two of three disparos are the campaign's, of every fifth lead; the others are older. None is due.
_DISPAROS = f"""
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      status, enviar_apos, espera, erro_codigo, provider_message_id, enviado_em, confirmado_em, lido_em,
                      respondido_em, campanha_id, etapa, variante, criado_em, atualizado_em)
SELECT :tenant, {_id("d.em", "d.n")}, l.lead_id, 'whatsapp', l.lead_id,
       '+55719' || 10000000 + l.linha_planilha, 'vencida', 1, '{{"nome": "Maria"}}', d.status, now() + interval '1 day',
       CASE WHEN d.status = 'pendente' THEN 'campanha' END, CASE WHEN d.status = 'erro' THEN '131026' END,
       'wamid.' || d.n,
       CASE WHEN d.status IN ('enviado', 'confirmado') THEN d.em END, CASE WHEN d.status = 'confirmado' THEN d.em END,
       CASE WHEN d.status = 'confirmado' AND d.n % 2 = 0 THEN d.em END,
       CASE WHEN d.status = 'confirmado' AND d.n % 20 = 6 THEN d.em END,
       CASE WHEN d.da_campanha THEN CAST(:campanha AS uuid) END, CASE WHEN d.da_campanha THEN 1 END,
       CASE WHEN d.da_campanha THEN 'a' END, d.em, d.em
  FROM (SELECT n, n <= k.todos * 2 / 3 AS da_campanha, now() - n * k.leads / k.todos % 60 * interval '1 day' AS em,
               CASE WHEN n <= k.todos * 2 / 3 AND n % 10 = 0 THEN 'pendente' WHEN n % 10 = 1 THEN 'erro'
                    WHEN n % 10 < 5 THEN 'enviado' ELSE 'confirmado' END AS status,
               CASE WHEN n <= k.todos * 2 / 3 THEN n * 5 ELSE (n - k.todos * 2 / 3) * 7 END AS lead
          FROM (SELECT CAST(:leads AS bigint) AS leads, CAST(:leads AS bigint) * 3 / 10 AS todos) k,
               generate_series(1, k.todos) AS n) d
  JOIN leads l ON l.tenant_id = :tenant AND l.linha_planilha = 1 + d.lead"""
_REST = (
    """
UPDATE leads l
   SET status = CASE d.status WHEN 'erro' THEN 'sem_sucesso' WHEN 'enviado' THEN 'em_disparo'
                              ELSE 'contato_efetuado' END
  FROM disparos d
 WHERE l.tenant_id = :tenant AND d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id AND d.status <> 'pendente'""",
    """
INSERT INTO campanha_excluidos (tenant_id, campanha_id, lead_id, etapa, variante, motivo)
SELECT :tenant, CAST(:campanha AS uuid), lead_id, 1, 'a', 'sem_contato' FROM leads
 WHERE tenant_id = :tenant AND linha_planilha % 50 = 7""",
    """
INSERT INTO respostas (tenant_id, resposta_id, canal, provider_message_id, remetente, contato, disparo_id, lead_id,
                       texto, recebida_em, revisar)
SELECT :tenant, disparo_id, 'whatsapp', 'wamid.r' || disparo_id, destino, destino, disparo_id,
       CASE WHEN enviado_em > now() - interval '50 days' THEN lead_id END, 'Oi', enviado_em, false
  FROM disparos WHERE tenant_id = :tenant AND respondido_em IS NOT NULL""",
    """
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, criado_em)
SELECT tenant_id, 'whatsapp', telefone, lead_id, 'resposta', now() FROM lead_telefones
 WHERE tenant_id = :tenant AND ordem = 1 AND lead_id IN (
       SELECT lead_id FROM leads WHERE tenant_id = :tenant AND linha_planilha % 100 = 13)""",
    """
INSERT INTO leads_suprimidos (tenant_id, lead_id, por, criado_em)
SELECT tenant_id, lead_id, 'bench', now() FROM leads WHERE tenant_id = :tenant AND linha_planilha % 500 = 17""",
)


def insert_portfolio(owner_url: str, tenant_id: str, leads: int) -> None:
    """Insert the tenant, and let the statistics see it as autovacuum would."""
    connection = connect(owner_url)
    given = {
        "tenant": tenant_id, "leads": leads, "agora": datetime.now(UTC), "job": str(JOB), "other_job": str(UUID(int=2)),
        "campanha": str(CAMPAIGN),
    }  # fmt: skip
    # Without statistics, the last ones would be joined row by row.
    for sql in (_CAMPOS, _TEMPLATES, _JOBS, _LEADS, _PHONES, _EMAILS, _CAMPANHA, _DISPAROS, "ANALYZE", *_REST):
        connection.run(sql, **{name: value for name, value in given.items() if f":{name}" in sql})
    connection.run("VACUUM (ANALYZE)")
    connection.close()
