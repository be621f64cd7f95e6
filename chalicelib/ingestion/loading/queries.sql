-- Batches of leads. As the owner of the tables, within one tenant.

-- name: lock_tenant_for_ingestion
-- One writer of leads per tenant, until the end of the transaction; what the look-up says then stays true.
SELECT pg_advisory_xact_lock(hashtextextended(:tenant_id, 1953));

-- name: find_leads_by_externo
-- The keys come sorted, as one JSON text, and as an array whose size the planner does not know: it goes through the
-- index from left to right. Shown ten thousand of them, it may prefer to read all leads of the tenant.
SELECT lead_id_externo, lead_id
  FROM leads
 WHERE tenant_id = :tenant_id
   AND lead_id_externo = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:externos AS jsonb))));

-- name: find_leads_by_documento
-- Those that have a document, the oldest first, where a job without de-duplication has left several: there may be a
-- million. No more of them than the batch can have use for; as one text, for the driver takes an array apart letter by letter.
SELECT documento, string_agg(CAST(lead_id AS text), ' ' ORDER BY lead_id) AS lead_ids
  FROM (SELECT documento, lead_id, row_number() OVER (PARTITION BY documento ORDER BY lead_id) AS vez
          FROM leads
         WHERE tenant_id = :tenant_id
           AND documento = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:documentos AS jsonb))))) donos
 WHERE vez <= :donos
 GROUP BY documento;

-- name: find_heavy_leads
-- All of these leads but the lightest, as many of them as there is room for. What a text takes is known without reading it.
SELECT lead_id
  FROM (SELECT lead_id, sum(peso) OVER (ORDER BY peso, lead_id ROWS UNBOUNDED PRECEDING) AS peso_ate
          FROM (SELECT lead_id,
                       octet_length(coalesce(nome, '')) + octet_length(coalesce(contato, ''))
                     + octet_length(coalesce(telefone_raw, '')) + octet_length(coalesce(email_raw, ''))
                     + :peso_de_contato * ((SELECT count(*) FROM lead_telefones t
                                             WHERE t.tenant_id = :tenant_id AND t.lead_id = l.lead_id)
                                         + (SELECT count(*) FROM lead_emails e
                                             WHERE e.tenant_id = :tenant_id AND e.lead_id = l.lead_id)) AS peso
                  FROM leads l
                 WHERE tenant_id = :tenant_id
                   AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))) pesos
       ) somas
 WHERE peso_ate > CAST(:room AS bigint);

-- name: lock_leads_to_merge
SELECT lead_id, nome, contato, documento, telefone_raw, email_raw
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
 ORDER BY lead_id
   FOR UPDATE;

-- name: telefones_of_leads
SELECT lead_id, telefone, tipo_origem, valido_para_disparo
  FROM lead_telefones
 WHERE tenant_id = :tenant_id AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
 ORDER BY lead_id, ordem;

-- name: emails_of_leads
SELECT lead_id, email
  FROM lead_emails
 WHERE tenant_id = :tenant_id AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
 ORDER BY lead_id, ordem;

-- name: create_changed_leads
CREATE TEMPORARY TABLE IF NOT EXISTS changed_leads (
    lead_id uuid, nome text, contato text, documento text, telefone_raw text, email_raw text, principal text
) ON COMMIT DELETE ROWS;

-- name: forget_changed_leads
-- There are some where a batch writes its leads in portions.
DELETE FROM changed_leads;

-- name: update_changed_leads
-- What the job that created a lead adds to it, before anybody else touches it, is part of how the job left it.
UPDATE leads l
   SET nome = c.nome, contato = c.contato, documento = c.documento, telefone_raw = c.telefone_raw,
       email_raw = c.email_raw, atualizado_em = now(),
       completado_em = CASE WHEN l.job_id = CAST(current_setting('app.job_id') AS uuid)
                             AND l.atualizado_em = coalesce(l.completado_em, l.criado_em)
                            THEN now() ELSE l.completado_em END
  FROM changed_leads c
 WHERE l.tenant_id = :tenant_id AND l.lead_id = c.lead_id;

-- name: update_changed_principals
-- A mobile that comes to a lead with landlines only becomes its principal phone.
UPDATE lead_telefones t
   SET principal = (t.telefone = c.principal)
  FROM changed_leads c
 WHERE t.tenant_id = :tenant_id AND t.lead_id = c.lead_id AND t.principal <> (t.telefone = c.principal);

-- name: count_batch
-- The ids of a batch follow each other without a gap. If as many leads are among them as were made, and nothing stands
-- under those that no lead was made for, each contact in their range has its lead. (To look each contact's lead up would
-- take three times as long.)
WITH vagos AS MATERIALIZED (
    SELECT CAST(jsonb_array_elements_text(CAST(:vagos AS jsonb)) AS uuid) AS lead_id
)
SELECT (SELECT count(*) FROM leads
         WHERE tenant_id = :tenant_id AND lead_id BETWEEN CAST(:primeiro AS uuid) AND CAST(:ultimo AS uuid)) AS leads,
       (SELECT count(*) FROM leads
         WHERE tenant_id = :tenant_id AND lead_id = ANY(ARRAY(SELECT lead_id FROM vagos))) AS estranhos,
       (SELECT count(*) FROM lead_telefones
         WHERE tenant_id = :tenant_id AND lead_id = ANY(ARRAY(SELECT lead_id FROM vagos)))
     + (SELECT count(*) FROM lead_emails
         WHERE tenant_id = :tenant_id AND lead_id = ANY(ARRAY(SELECT lead_id FROM vagos))) AS orfaos;
