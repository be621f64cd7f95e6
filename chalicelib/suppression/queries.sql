-- The suppression list. The claim of disparos (dispatch) looks here before anything leaves.

-- name: insert_supressao
-- A second time changes nothing, with one exception: an entry of a user's becomes the person's own once the person asks.
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, disparo_id, criado_em)
VALUES (:tenant_id, :canal, :contato, :supressao_id, :motivo, NULL, :agora)
    ON CONFLICT ON CONSTRAINT supressoes_pkey DO UPDATE
   SET motivo = EXCLUDED.motivo, disparo_id = EXCLUDED.disparo_id
 WHERE supressoes.motivo = 'manual' AND EXCLUDED.motivo <> 'manual';

-- name: insert_supressoes_of_disparos
-- The contacts of these disparos, whose persons want no more messages; one new id for each disparo. Runs in the transaction
-- that records the outcome. Two disparos to one contact make one row.
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, disparo_id, criado_em)
SELECT DISTINCT ON (d.tenant_id, d.canal, d.destino COLLATE "C")
       d.tenant_id, d.canal, d.destino, c.supressao_id, CAST(:motivo AS text), d.disparo_id,
       CAST(:agora AS timestamptz)
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[]), CAST(:supressao_ids AS uuid[]))
       AS c (tenant_id, disparo_id, supressao_id)
  JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
 ORDER BY d.tenant_id, d.canal, d.destino COLLATE "C", d.disparo_id
    ON CONFLICT ON CONSTRAINT supressoes_pkey DO UPDATE
   SET motivo = EXCLUDED.motivo, disparo_id = EXCLUDED.disparo_id
 WHERE supressoes.motivo = 'manual' AND EXCLUDED.motivo <> 'manual';

-- name: supressao_by_contato
SELECT supressao_id, canal, contato, motivo, disparo_id, criado_em
  FROM supressoes
 WHERE tenant_id = :tenant_id AND canal = :canal AND contato = :contato;

-- name: lock_supressao
SELECT supressao_id, canal, contato, motivo, disparo_id, criado_em
  FROM supressoes
 WHERE tenant_id = :tenant_id AND supressao_id = :supressao_id
   FOR UPDATE;

-- name: list_supressoes
-- Newest first: ids are in the order of time.
SELECT supressao_id, canal, contato, motivo, disparo_id, criado_em
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
