-- Segments, and the leads that they find. As the API's login, within one tenant. The filter of a segment is written into
-- the hole `filtro`, over a lead `l`.

-- name: list_types_of_campos
SELECT campo, array_agg(tipo ORDER BY tipo) AS tipos FROM tenant_campos WHERE tenant_id = :tenant_id GROUP BY campo;

-- name: count_segment
-- By which channels the leads can be reached: with a contact that is fit for sending. Contacts are in the order of their
-- leads, so joining them takes a quarter of the time of looking them up lead by lead.
SELECT count(*) AS total,
       count(t.lead_id) AS whatsapp,
       count(e.lead_id) AS email,
       count(*) FILTER (WHERE t.lead_id IS NOT NULL AND e.lead_id IS NOT NULL) AS ambos,
       count(*) FILTER (WHERE t.lead_id IS NULL AND e.lead_id IS NULL) AS nenhum
  FROM leads l
  LEFT JOIN (SELECT DISTINCT lead_id FROM lead_telefones WHERE tenant_id = :tenant_id AND valido_para_disparo) t
    ON t.lead_id = l.lead_id
  LEFT JOIN (SELECT DISTINCT lead_id FROM lead_emails WHERE tenant_id = :tenant_id AND valido_para_disparo) e
    ON e.lead_id = l.lead_id
 WHERE l.tenant_id = :tenant_id AND /*{filtro}*/ true;

-- name: sample_segment
-- The newest ones.
SELECT l.lead_id, left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome, l.status, l.campos
  FROM leads l
 WHERE l.tenant_id = :tenant_id AND /*{filtro}*/ true
 ORDER BY l.lead_id DESC
 LIMIT :limite;

-- name: insert_segmento
INSERT INTO segmentos (tenant_id, segmento_id, nome, filtro, criado_em, criado_por, atualizado_em, atualizado_por,
                       idempotency_key, idempotency_fingerprint)
VALUES (:tenant_id, :segmento_id, :nome, CAST(:filtro AS jsonb), :agora, :por, :agora, :por,
        CAST(:idempotency_key AS text), CAST(:idempotency_fingerprint AS text));

-- name: segmento_by_key
SELECT segmento_id, idempotency_fingerprint
  FROM segmentos
 WHERE tenant_id = :tenant_id AND idempotency_key = :idempotency_key;

-- name: segmento_by_id
SELECT segmento_id, nome, filtro, criado_em, criado_por, atualizado_em, atualizado_por
  FROM segmentos
 WHERE tenant_id = :tenant_id AND segmento_id = :segmento_id;

-- name: list_segmentos
-- Newest first: ids are in the order of time.
SELECT segmento_id, nome, filtro, criado_em, criado_por, atualizado_em, atualizado_por
  FROM segmentos
 WHERE tenant_id = :tenant_id AND (CAST(:depois AS uuid) IS NULL OR segmento_id < CAST(:depois AS uuid))
 ORDER BY segmento_id DESC
 LIMIT :limite OFFSET :pular;

-- name: update_segmento
UPDATE segmentos
   SET nome = :nome, filtro = CAST(:filtro AS jsonb), atualizado_em = :agora, atualizado_por = :por
 WHERE tenant_id = :tenant_id AND segmento_id = :segmento_id;

-- name: delete_segmento
DELETE FROM segmentos WHERE tenant_id = :tenant_id AND segmento_id = :segmento_id;
