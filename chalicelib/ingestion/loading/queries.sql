-- Loading batches of leads: run as the owner of the tables, within one tenant.

-- name: lock_tenant_for_ingestion
-- One writer of leads per tenant, until the end of the transaction. So what the look-ups find stays true.
SELECT pg_advisory_xact_lock(hashtextextended(:tenant_id, 1953));

-- name: find_leads_by_externo
-- The keys come sorted. As the answer of a sub-query they are an array whose size the planner does not know, so it searches
-- the index from left to right. A planner that sees ten thousand keys may prefer to read all leads of the tenant.
SELECT lead_id_externo, lead_id, left(nome, :letras) AS nome, documento
  FROM leads
 WHERE tenant_id = :tenant_id AND origem = :origem
   AND lead_id_externo = ANY(CAST((SELECT CAST(:externos AS text[])) AS text[]));

-- name: contacts_of_leads
-- All contacts of each of these leads, phones and e-mails.
SELECT c.lead_id, array_agg(c.contato) AS contatos
  FROM (SELECT lead_id, telefone AS contato
          FROM lead_telefones
         WHERE tenant_id = :tenant_id
           AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
         UNION ALL
        SELECT lead_id, email
          FROM lead_emails
         WHERE tenant_id = :tenant_id
           AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))) c
 GROUP BY c.lead_id;

-- name: find_leads_by_documento
-- The oldest lead of each document, for a job without de-duplication may leave a million of them. PostgreSQL 15 has no
-- min(uuid); the text of an id sorts as the id does.
SELECT documento, min(CAST(lead_id AS text)) AS lead_id
  FROM leads
 WHERE tenant_id = :tenant_id
   AND documento = ANY(CAST((SELECT CAST(:documentos AS text[])) AS text[]))
 GROUP BY documento;

-- name: find_leads_by_contato
-- At most `mais` leads of each contact, with the first letters of their names.
SELECT c.contato, l.lead_id, left(l.nome, :letras) AS nome, l.documento
  FROM (SELECT t.telefone AS contato, t.lead_id
          FROM jsonb_array_elements_text(CAST(:telefones AS jsonb)) AS c (telefone)
         CROSS JOIN LATERAL (
               SELECT telefone, lead_id FROM lead_telefones
                WHERE tenant_id = :tenant_id AND telefone = c.telefone
                LIMIT :mais) t
         UNION ALL
        SELECT e.email, e.lead_id
          FROM jsonb_array_elements_text(CAST(:emails AS jsonb)) AS c (email)
         CROSS JOIN LATERAL (
               SELECT email, lead_id FROM lead_emails
                WHERE tenant_id = :tenant_id AND email = c.email
                LIMIT :mais) e) c
 CROSS JOIN LATERAL (
       SELECT lead_id, nome, documento FROM leads
        WHERE tenant_id = :tenant_id AND lead_id = c.lead_id
        LIMIT 1) l;

-- name: find_heavy_leads
-- These leads without the lightest ones, of which as many as fit into `room` are left out. The length of a text is known
-- without reading it.
SELECT lead_id
  FROM (SELECT lead_id, sum(peso) OVER (ORDER BY peso, lead_id ROWS UNBOUNDED PRECEDING) AS peso_ate
          FROM (SELECT lead_id,
                       octet_length(coalesce(nome, '')) + octet_length(coalesce(contato, ''))
                     + octet_length(coalesce(telefone_raw, '')) + octet_length(coalesce(email_raw, ''))
                     + pg_column_size(campos)
                     + :peso_de_contato * ((SELECT count(*) FROM lead_telefones t
                                             WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id)
                                         + (SELECT count(*) FROM lead_emails e
                                             WHERE e.tenant_id = l.tenant_id AND e.lead_id = l.lead_id)) AS peso
                  FROM leads l
                 WHERE tenant_id = :tenant_id
                   AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))) pesos
       ) somas
 WHERE peso_ate > CAST(:room AS bigint);

-- name: lock_leads_to_merge
SELECT lead_id, nome, contato, documento, telefone_raw, email_raw, CAST(campos AS text) AS campos, tags
  FROM leads
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
 ORDER BY lead_id
   FOR UPDATE;

-- name: telefones_of_leads
SELECT lead_id, telefone, tipo_origem, valido_para_disparo
  FROM lead_telefones
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
 ORDER BY lead_id, ordem;

-- name: emails_of_leads
SELECT lead_id, email
  FROM lead_emails
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
 ORDER BY lead_id, ordem;

-- name: create_changed_leads
CREATE TEMPORARY TABLE IF NOT EXISTS changed_leads (
    lead_id uuid, nome text, contato text, documento text, telefone_raw text, email_raw text, principal text,
    campos jsonb, tags text[], antes jsonb, telefones text[], emails text[]
) ON COMMIT DELETE ROWS;

-- name: forget_changed_leads
-- A batch that writes its leads in portions has left the previous portion here.
DELETE FROM changed_leads;

-- name: note_merges
-- What undoing the job will take back, before the leads are changed. A lead that the job itself made needs no note: it is
-- removed. `mesclado_em` is lost if anybody else has changed the lead since the job last did.
INSERT INTO ingest_mesclas (lead_id, antes, telefones, emails, mesclado_em)
SELECT c.lead_id, c.antes || jsonb_build_object('atualizado_em', l.atualizado_em), c.telefones, c.emails, now()
  FROM changed_leads c
  JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = c.lead_id
 WHERE l.job_id <> CAST(current_setting('app.job_id') AS uuid)
    ON CONFLICT (tenant_id, job_id, lead_id) DO UPDATE
   SET antes = EXCLUDED.antes || ingest_mesclas.antes,
       telefones = ingest_mesclas.telefones || EXCLUDED.telefones,
       emails = ingest_mesclas.emails || EXCLUDED.emails,
       mesclado_em = CASE WHEN ingest_mesclas.mesclado_em = CAST(EXCLUDED.antes ->> 'atualizado_em' AS timestamptz)
                          THEN now() END;

-- name: update_changed_leads
-- `completado_em` moves along while only the job that created the lead changes it: undoing then sees it as untouched.
UPDATE leads l
   SET nome = c.nome, contato = c.contato, documento = c.documento, telefone_raw = c.telefone_raw,
       email_raw = c.email_raw, campos = c.campos, tags = c.tags, atualizado_em = now(),
       completado_em = CASE WHEN l.job_id = CAST(current_setting('app.job_id') AS uuid)
                             AND l.atualizado_em = coalesce(l.completado_em, l.criado_em)
                            THEN now() ELSE l.completado_em END
  FROM changed_leads c
 WHERE l.tenant_id = :tenant_id AND l.lead_id = c.lead_id;

-- name: update_changed_principals
-- A mobile becomes the principal phone of a lead that had only landlines.
UPDATE lead_telefones t
   SET principal = (t.telefone = c.principal)
  FROM changed_leads c
 WHERE t.tenant_id = :tenant_id AND t.lead_id = c.lead_id
   AND t.principal <> (t.telefone = c.principal);

-- name: count_batch
-- The ids of a batch follow each other without a gap. Two checks together prove that each contact in their range has its
-- lead: the range has as many leads as were made, and the unused ids (`vagos`) have neither a lead nor a contact. To look
-- up the lead of each contact would take three times as long.
WITH vagos AS MATERIALIZED (
    SELECT CAST(jsonb_array_elements_text(CAST(:vagos AS jsonb)) AS uuid) AS lead_id
)
SELECT (SELECT count(*) FROM leads
         WHERE tenant_id = :tenant_id
           AND lead_id BETWEEN CAST(:primeiro AS uuid) AND CAST(:ultimo AS uuid)) AS leads,
       (SELECT count(*) FROM leads
         WHERE tenant_id = :tenant_id
           AND lead_id = ANY(ARRAY(SELECT lead_id FROM vagos))) AS estranhos,
       (SELECT count(*) FROM lead_telefones
         WHERE tenant_id = :tenant_id
           AND lead_id = ANY(ARRAY(SELECT lead_id FROM vagos)))
     + (SELECT count(*) FROM lead_emails
         WHERE tenant_id = :tenant_id
           AND lead_id = ANY(ARRAY(SELECT lead_id FROM vagos))) AS orfaos;
