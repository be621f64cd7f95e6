-- Segments, and the leads that they find. As the API's login, within one tenant. The filter of a segment is written into
-- the hole `filtro`, over a lead `l`.

-- name: list_types_of_campos
SELECT campo, array_agg(tipo ORDER BY tipo) AS tipos FROM tenant_campos WHERE tenant_id = :tenant_id GROUP BY campo;

-- name: count_segment
-- By which channels the leads can be reached: with a contact that is fit for sending.
SELECT count(*) AS total,
       count(*) FILTER (WHERE a.whatsapp) AS whatsapp,
       count(*) FILTER (WHERE a.email) AS email,
       count(*) FILTER (WHERE a.whatsapp AND a.email) AS ambos,
       count(*) FILTER (WHERE NOT a.whatsapp AND NOT a.email) AS nenhum
  FROM (SELECT EXISTS (SELECT FROM lead_telefones t
                        WHERE t.tenant_id = :tenant_id AND t.lead_id = l.lead_id AND t.valido_para_disparo) AS whatsapp,
               EXISTS (SELECT FROM lead_emails e
                        WHERE e.tenant_id = :tenant_id AND e.lead_id = l.lead_id AND e.valido_para_disparo) AS email
          FROM leads l
         WHERE l.tenant_id = :tenant_id AND /*{filtro}*/ true) a;

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
