-- Ingestion. Jobs are asked for by the API's login; claims and everything that makes leads run as the owner.

-- name: insert_job
-- The same notification, or the same idempotency key, makes no second job.
INSERT INTO ingest_jobs (tenant_id, job_id, bucket, chave, chave_recebida, evento_s3, nome_arquivo, tamanho_bytes, etag,
                         modo, deduplicar_por_documento, idempotency_key, idempotency_fingerprint, criado_em, atualizado_em)
VALUES (:tenant_id, :job_id, :bucket, :chave, :chave_recebida, :evento_s3, :nome_arquivo, :tamanho_bytes, :etag,
        :modo, :deduplicar_por_documento, :idempotency_key, :idempotency_fingerprint, :agora, :agora)
ON CONFLICT DO NOTHING;

-- name: mark_job_received
-- The file is there. Which of the two tells us first, our own upload or the bucket, makes no difference.
UPDATE ingest_jobs
   SET chave_recebida = true, tamanho_bytes = :tamanho_bytes, etag = :etag, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND NOT chave_recebida AND status = 'aceito'
RETURNING job_id;

-- name: job_by_id
SELECT * FROM ingest_jobs WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: job_by_idempotency_key
SELECT * FROM ingest_jobs WHERE tenant_id = :tenant_id AND idempotency_key = :idempotency_key;

-- name: list_jobs
-- Ids are time-ordered, so the primary key gives the newest first.
SELECT *
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes_de AS uuid) IS NULL OR job_id < CAST(:antes_de AS uuid))
 ORDER BY job_id DESC
 LIMIT :limite OFFSET :pular;

-- name: request_job_cancellation
-- Whoever works on it sees the wish at its next batch; with nobody at it, it ends here.
UPDATE ingest_jobs
   SET cancelamento_pedido = true,
       status = CASE WHEN lease_dono IS NULL THEN 'cancelado' ELSE status END,
       concluido_em = CASE WHEN lease_dono IS NULL THEN :agora ELSE concluido_em END,
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status IN ('aceito', 'processando')
RETURNING *;

-- name: claim_job
-- Open, its file there, and nobody at it. An attempt counts until a batch is committed.
UPDATE ingest_jobs
   SET status = 'processando', lease_dono = CAST(:worker AS uuid), lease_ate = :lease_ate,
       tentativas = tentativas + 1, iniciado_em = coalesce(iniciado_em, :agora), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id
   AND status IN ('aceito', 'processando') AND chave_recebida
   AND (lease_ate IS NULL OR lease_ate <= :agora)
RETURNING *;

-- name: describe_job
-- What the file has shown; the ETag pins the content that was read.
UPDATE ingest_jobs
   SET aba = :aba, colunas = CAST(:colunas AS text[]), linhas_estimadas = :linhas_estimadas,
       etag = :etag, tamanho_bytes = :tamanho_bytes
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND lease_dono = CAST(:worker AS uuid);

-- name: lock_claimed_job
-- The fence: a worker whose lease has passed to another finds no row, and may write nothing.
SELECT ultima_linha, cancelamento_pedido
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status = 'processando' AND lease_dono = CAST(:worker AS uuid)
   FOR UPDATE;

-- name: advance_job
UPDATE ingest_jobs
   SET ultima_linha = :ultima_linha,
       linhas_processadas = linhas_processadas + :linhas,
       leads_criados = leads_criados + :leads_criados,
       leads_atualizados = leads_atualizados + :leads_atualizados,
       duplicados = duplicados + :duplicados,
       linhas_rejeitadas = linhas_rejeitadas + :linhas_rejeitadas,
       telefones_criados = telefones_criados + :telefones_criados,
       emails_criados = emails_criados + :emails_criados,
       telefones_validos = telefones_validos + :telefones_validos,
       emails_validos = emails_validos + :emails_validos,
       tentativas = 0, lease_ate = :lease_ate, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: release_job
-- An attempt is given back where the file had no part in its end.
UPDATE ingest_jobs
   SET lease_dono = NULL, lease_ate = NULL, tentativas = greatest(0, tentativas - :devolvidas), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status = 'processando' AND lease_dono = CAST(:worker AS uuid);

-- name: finish_job
UPDATE ingest_jobs
   SET status = :status, erro_codigo = :erro_codigo, mensagem_erro = :mensagem_erro,
       lease_dono = NULL, lease_ate = NULL, concluido_em = :agora, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status = 'processando' AND lease_dono = CAST(:worker AS uuid)
RETURNING *;

-- name: expire_job_uploads
-- The file that was to be uploaded has not come; the address that was handed out for it is long void.
UPDATE ingest_jobs
   SET status = 'erro', erro_codigo = 'upload_nao_recebido', mensagem_erro = :mensagem_erro,
       concluido_em = :agora, atualizado_em = :agora
 WHERE status = 'aceito' AND NOT chave_recebida AND criado_em <= :antes_de
RETURNING tenant_id, job_id;

-- name: lock_tenant_for_ingestion
-- One writer of leads per tenant, until the end of the transaction; what the look-up says then stays true.
SELECT pg_advisory_xact_lock(hashtextextended(:tenant_id, 1953));

-- name: find_leads_by_externo
SELECT lead_id_externo, lead_id
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id_externo = ANY(CAST(:externos AS text[]));

-- name: find_leads_by_documento
-- The oldest, where a job without de-duplication has left several.
SELECT DISTINCT ON (documento) documento, lead_id
  FROM leads
 WHERE tenant_id = :tenant_id AND documento = ANY(CAST(:documentos AS text[]))
 ORDER BY documento, lead_id;

-- name: lock_leads_to_merge
SELECT lead_id, nome, contato, documento, telefone_raw, email_raw
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id
   FOR UPDATE;

-- name: telefones_of_leads
SELECT lead_id, telefone, tipo_origem, valido_para_disparo
  FROM lead_telefones
 WHERE tenant_id = :tenant_id AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id, ordem;

-- name: emails_of_leads
SELECT lead_id, email
  FROM lead_emails
 WHERE tenant_id = :tenant_id AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id, ordem;

-- name: create_changed_leads
CREATE TEMPORARY TABLE IF NOT EXISTS changed_leads (
    lead_id uuid, nome text, contato text, documento text, telefone_raw text, email_raw text, principal text
) ON COMMIT DELETE ROWS;

-- name: update_changed_leads
UPDATE leads l
   SET nome = c.nome, contato = c.contato, documento = c.documento, telefone_raw = c.telefone_raw,
       email_raw = c.email_raw, atualizado_em = now()
  FROM changed_leads c
 WHERE l.tenant_id = :tenant_id AND l.lead_id = c.lead_id;

-- name: update_changed_principals
-- A mobile that comes to a lead with landlines only becomes its principal phone.
UPDATE lead_telefones t
   SET principal = (t.telefone = c.principal)
  FROM changed_leads c
 WHERE t.tenant_id = :tenant_id AND t.lead_id = c.lead_id AND t.principal <> (t.telefone = c.principal);

-- name: count_batch
-- The ids of a batch follow each other, so its leads are a range; a contact in that range without a lead is an orphan.
SELECT (SELECT count(*) FROM leads
         WHERE tenant_id = :tenant_id AND lead_id BETWEEN CAST(:primeiro AS uuid) AND CAST(:ultimo AS uuid)) AS leads,
       (SELECT count(*) FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id BETWEEN CAST(:primeiro AS uuid) AND CAST(:ultimo AS uuid)
           AND NOT EXISTS (SELECT FROM leads l WHERE l.tenant_id = t.tenant_id AND l.lead_id = t.lead_id))
     + (SELECT count(*) FROM lead_emails e
         WHERE e.tenant_id = :tenant_id AND e.lead_id BETWEEN CAST(:primeiro AS uuid) AND CAST(:ultimo AS uuid)
           AND NOT EXISTS (SELECT FROM leads l WHERE l.tenant_id = e.tenant_id AND l.lead_id = e.lead_id)) AS orfaos;

-- name: list_erros
-- A page of the report, in the order of the sheet.
SELECT linha, ordem, alcance, lead_id_externo, coluna, codigo, valor, celulas
  FROM ingest_erros
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND (linha, ordem) > (:linha, :ordem)
 ORDER BY linha, ordem
 LIMIT :limite;
