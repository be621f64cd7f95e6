-- The suppression list. The claim of disparos (dispatch) looks here before anything leaves.

-- name: insert_supressoes
-- A second time changes nothing, with one exception: an entry of a user's becomes the person's own once the person asks.
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, disparo_id, por, nota, criado_em)
SELECT :tenant_id, c.canal, c.contato, c.supressao_id, CAST(:motivo AS text), c.disparo_id, CAST(:por AS text),
       CAST(:nota AS text), CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:contatos AS jsonb))
       AS c (canal text, contato text, supressao_id uuid, disparo_id uuid)
 ORDER BY c.canal, c.contato COLLATE "C"
    ON CONFLICT ON CONSTRAINT supressoes_pkey DO UPDATE
   SET motivo = EXCLUDED.motivo, disparo_id = EXCLUDED.disparo_id
 WHERE supressoes.motivo = 'manual' AND EXCLUDED.motivo <> 'manual';

-- name: insert_supressoes_of_disparos
-- The contacts of these disparos, whose persons want no more messages; one new id for each disparo. Runs in the transaction
-- that records the outcome. Two disparos to one contact make one row. Unless the person asks just now (`agora_mesmo`), a
-- message from before a new consent says nothing: its report came again, or late.
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, disparo_id, criado_em)
SELECT DISTINCT ON (d.tenant_id, d.canal, d.destino COLLATE "C")
       d.tenant_id, d.canal, d.destino, c.supressao_id, CAST(:motivo AS text), d.disparo_id,
       CAST(:agora AS timestamptz)
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[]), CAST(:supressao_ids AS uuid[]))
       AS c (tenant_id, disparo_id, supressao_id)
  JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
 WHERE (CAST(:agora_mesmo AS boolean)
        OR NOT EXISTS (SELECT FROM consentimentos k
                        WHERE k.tenant_id = d.tenant_id AND k.canal = d.canal AND k.contato = d.destino
                          AND k.desde > coalesce(d.enviado_em, d.criado_em)))
   -- Of an erased person only a digest is left, and it is suppressed (privacy).
   AND d.destino <> 'apagado:' || d.disparo_id
 ORDER BY d.tenant_id, d.canal, d.destino COLLATE "C", d.disparo_id
    ON CONFLICT ON CONSTRAINT supressoes_pkey DO UPDATE
   SET motivo = EXCLUDED.motivo, disparo_id = EXCLUDED.disparo_id
 WHERE supressoes.motivo = 'manual' AND EXCLUDED.motivo <> 'manual';

-- name: list_consentimentos
SELECT contato, desde
  FROM consentimentos
 WHERE tenant_id = :tenant_id AND canal = :canal AND contato = ANY (CAST(:contatos AS text[]));

-- name: upsert_consentimentos
INSERT INTO consentimentos (tenant_id, canal, contato, desde, por)
SELECT :tenant_id, c.canal, c.contato, CAST(:agora AS timestamptz), CAST(:por AS text)
  FROM jsonb_to_recordset(CAST(:contatos AS jsonb)) AS c (canal text, contato text)
 ORDER BY c.canal, c.contato COLLATE "C"
    ON CONFLICT ON CONSTRAINT consentimentos_pkey DO UPDATE SET desde = EXCLUDED.desde, por = EXCLUDED.por;

-- name: supressao_by_contato
SELECT supressao_id, canal, contato, motivo, disparo_id, por, nota, criado_em
  FROM supressoes
 WHERE tenant_id = :tenant_id AND canal = :canal AND contato = :contato;

-- name: lock_supressao
SELECT supressao_id, canal, contato, motivo
  FROM supressoes
 WHERE tenant_id = :tenant_id AND supressao_id = :supressao_id
   FOR UPDATE;

-- name: list_supressoes
-- Newest first: ids are in the order of time.
SELECT supressao_id, canal, contato, motivo, disparo_id, por, nota, criado_em
  FROM supressoes
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes AS uuid) IS NULL OR supressao_id < CAST(:antes AS uuid))
   AND (CAST(:canal AS text) IS NULL OR canal = CAST(:canal AS text))
   AND (CAST(:motivo AS text) IS NULL OR motivo = CAST(:motivo AS text))
   AND (CAST(:contatos AS text[]) IS NULL OR contato = ANY (CAST(:contatos AS text[])))
 ORDER BY supressao_id DESC
 LIMIT :limite OFFSET :pular;

-- name: delete_supressao
DELETE FROM supressoes WHERE tenant_id = :tenant_id AND supressao_id = :supressao_id;

-- name: list_contatos_of_lead
-- What each channel would write to; a landline as well, for the tenant may say that messages reach it.
SELECT 'whatsapp' AS canal, telefone AS contato FROM lead_telefones WHERE tenant_id = :tenant_id AND lead_id = :lead_id
 UNION ALL
SELECT 'email', email FROM lead_emails WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: lock_supressoes_of_lead
-- The entries of all contacts of a lead, in the order of the key.
SELECT s.supressao_id, s.canal, s.contato, s.motivo, s.disparo_id, s.por, s.nota, s.criado_em
  FROM supressoes s
 WHERE s.tenant_id = :tenant_id
   AND (s.canal, s.contato) IN (
       SELECT 'whatsapp', telefone FROM lead_telefones WHERE tenant_id = :tenant_id AND lead_id = :lead_id
        UNION ALL
       SELECT 'email', email FROM lead_emails WHERE tenant_id = :tenant_id AND lead_id = :lead_id)
 ORDER BY s.canal, s.contato COLLATE "C"
   FOR UPDATE OF s;

-- name: lead_suprimido
SELECT lead_id, nota, por, criado_em FROM leads_suprimidos WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: insert_lead_suprimido
-- Whoever came first stays its author; a later note replaces the one before, with its author.
INSERT INTO leads_suprimidos (tenant_id, lead_id, nota, por, criado_em)
VALUES (:tenant_id, :lead_id, CAST(:nota AS text), :por, :agora)
    ON CONFLICT ON CONSTRAINT leads_suprimidos_pkey DO UPDATE SET nota = EXCLUDED.nota, por = EXCLUDED.por
 WHERE EXCLUDED.nota IS NOT NULL AND EXCLUDED.nota IS DISTINCT FROM leads_suprimidos.nota;

-- name: delete_lead_suprimido
DELETE FROM leads_suprimidos WHERE tenant_id = :tenant_id AND lead_id = :lead_id;
