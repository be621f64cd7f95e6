-- Segments, and the leads that they find. As the API's login, within one tenant. The filter of a segment is written into
-- the hole `filtro`, over a lead `l`.

-- name: list_types_of_campos
SELECT campo, array_agg(tipo ORDER BY tipo) AS tipos FROM tenant_campos WHERE tenant_id = :tenant_id GROUP BY campo;

-- name: count_segment
-- How many there are, by which channels they can be reached (with a contact that is fit for sending), and the newest ones:
-- all leads are read once. Contacts are in the order of their leads, so joining them takes a quarter of the time of looking
-- them up lead by lead.
WITH achados AS MATERIALIZED (
    SELECT l.lead_id, t.lead_id IS NOT NULL AS whatsapp, e.lead_id IS NOT NULL AS email
      FROM leads l
      LEFT JOIN (SELECT DISTINCT lead_id FROM lead_telefones WHERE tenant_id = :tenant_id AND valido_para_disparo) t
        ON t.lead_id = l.lead_id
      LEFT JOIN (SELECT DISTINCT lead_id FROM lead_emails WHERE tenant_id = :tenant_id AND valido_para_disparo) e
        ON e.lead_id = l.lead_id
     WHERE l.tenant_id = :tenant_id AND /*{filtro}*/ true
)
SELECT count(*) AS total,
       count(*) FILTER (WHERE whatsapp) AS whatsapp,
       count(*) FILTER (WHERE email) AS email,
       count(*) FILTER (WHERE whatsapp AND email) AS ambos,
       count(*) FILTER (WHERE NOT whatsapp AND NOT email) AS nenhum,
       ARRAY(SELECT lead_id FROM achados ORDER BY lead_id DESC LIMIT :limite) AS amostra
  FROM achados;

-- name: leads_of_sample
SELECT l.lead_id, left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome, l.status, l.campos
  FROM leads l
 WHERE l.tenant_id = :tenant_id AND l.lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY l.lead_id DESC;

-- name: sample_segment
-- The newest ones: a few, from the end of the leads.
SELECT l.lead_id
  FROM leads l
 WHERE l.tenant_id = :tenant_id AND /*{filtro}*/ true
 ORDER BY l.lead_id DESC
 LIMIT :limite;

-- name: insert_segmento
INSERT INTO segmentos (tenant_id, segmento_id, nome, filtro, criado_em, criado_por, atualizado_em, atualizado_por)
VALUES (:tenant_id, :segmento_id, :nome, CAST(:filtro AS jsonb), :agora, :por, :agora, :por);

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
