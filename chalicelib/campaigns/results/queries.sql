-- The results of campaigns. As the API's login, within one tenant. A recipient that goes on by another contact has one
-- disparo for each of them: the last one is the recipient, and only that one is found here.

-- name: find_recipients
-- In the order of their ids, from the index of the section: by status, or by a fact that few have. The values are known when
-- the statement is planned, so a filter that is not given costs nothing. Only a failure may go on by another contact.
SELECT d.disparo_id, d.lead_id, d.etapa
  FROM disparos d
 WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid) AND d.disparo_id > CAST(:depois AS uuid)
   AND (CAST(:status AS text) IS NULL OR d.status = CAST(:status AS text))
   AND (CAST(:fato AS text) IS DISTINCT FROM 'lido' OR d.lido_em IS NOT NULL)
   AND (CAST(:fato AS text) IS DISTINCT FROM 'respondido' OR d.respondido_em IS NOT NULL)
   AND (CAST(:etapa AS smallint) IS NULL OR d.etapa = CAST(:etapa AS smallint))
   AND (CAST(:variante AS text) IS NULL OR d.variante = CAST(:variante AS text))
   AND (CAST(:canal AS text) IS NULL OR d.canal = CAST(:canal AS text))
   AND (CAST(:motivo AS text) IS NULL OR coalesce(d.espera, d.erro_codigo) = CAST(:motivo AS text))
   AND (CAST(:lead_id AS uuid) IS NULL OR d.disparo_id = ANY (ARRAY(
        SELECT o.disparo_id FROM disparos o WHERE o.tenant_id = :tenant_id AND o.lead_id = CAST(:lead_id AS uuid))))
   AND (CAST(:lead_ids AS uuid[]) IS NULL OR d.disparo_id = ANY (ARRAY(
        SELECT o.disparo_id FROM disparos o
         WHERE o.tenant_id = :tenant_id AND o.lead_id = ANY (CAST(:lead_ids AS uuid[]))
           AND o.campanha_id = CAST(:campanha_id AS uuid))))
   AND (CAST(:q AS text) IS NULL OR EXISTS (
        SELECT FROM leads l
         WHERE l.tenant_id = :tenant_id AND l.lead_id = d.lead_id
           AND strpos(lower(unaccent(l.nome)), (SELECT lower(unaccent(CAST(:q AS text))))) > 0))
   AND (d.status <> 'erro' OR NOT EXISTS (
        SELECT FROM disparos n WHERE n.tenant_id = :tenant_id AND n.alternativa_de = d.disparo_id))
 ORDER BY d.disparo_id
 LIMIT :limite;

-- name: find_left_out
-- In the order of the leads, from the primary key.
SELECT x.lead_id, x.etapa
  FROM campanha_excluidos x
 WHERE x.tenant_id = :tenant_id AND x.campanha_id = CAST(:campanha_id AS uuid)
   AND (x.lead_id, x.etapa) > (CAST(:depois AS uuid), CAST(:depois_etapa AS smallint))
   AND (CAST(:etapa AS smallint) IS NULL OR x.etapa = CAST(:etapa AS smallint))
   AND (CAST(:variante AS text) IS NULL OR x.variante = CAST(:variante AS text))
   AND (CAST(:motivo AS text) IS NULL OR x.motivo = CAST(:motivo AS text))
   AND (CAST(:lead_id AS uuid) IS NULL OR x.lead_id = CAST(:lead_id AS uuid))
   AND (CAST(:lead_ids AS uuid[]) IS NULL OR x.lead_id = ANY (CAST(:lead_ids AS uuid[])))
   AND (CAST(:q AS text) IS NULL OR EXISTS (
        SELECT FROM leads l
         WHERE l.tenant_id = :tenant_id AND l.lead_id = x.lead_id
           AND strpos(lower(unaccent(l.nome)), (SELECT lower(unaccent(CAST(:q AS text))))) > 0))
 ORDER BY x.lead_id, x.etapa
 LIMIT :limite;

-- name: find_everyone_by_lead
-- Each recipient once, whatever moves meanwhile: lead and step never change. `disparo_id` is the last one of its chain, NULL
-- for whoever was left out.
WITH RECURSIVE primeiros AS MATERIALIZED (
    SELECT d.lead_id, d.etapa, d.disparo_id
      FROM disparos d
     WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid) AND d.alternativa_de IS NULL
       AND (d.lead_id, d.etapa) > (CAST(:depois AS uuid), CAST(:depois_etapa AS smallint))
     ORDER BY d.lead_id, d.etapa
     LIMIT :limite
), fora AS MATERIALIZED (
    SELECT x.lead_id, x.etapa
      FROM campanha_excluidos x
     WHERE x.tenant_id = :tenant_id AND x.campanha_id = CAST(:campanha_id AS uuid)
       AND (x.lead_id, x.etapa) > (CAST(:depois AS uuid), CAST(:depois_etapa AS smallint))
     ORDER BY x.lead_id, x.etapa
     LIMIT :limite
), todos AS MATERIALIZED (
    SELECT lead_id, etapa, disparo_id FROM primeiros
     UNION ALL
    SELECT lead_id, etapa, NULL FROM fora
     ORDER BY lead_id, etapa
     LIMIT :limite
), cadeia AS (
    SELECT t.lead_id, t.etapa, t.disparo_id, 1 AS volta FROM todos t
     UNION ALL
    SELECT c.lead_id, c.etapa, n.disparo_id, c.volta + 1
      FROM cadeia c
     CROSS JOIN LATERAL (
           SELECT n.disparo_id FROM disparos n WHERE n.tenant_id = :tenant_id AND n.alternativa_de = c.disparo_id OFFSET 0) n
)
SELECT DISTINCT ON (lead_id, etapa) lead_id, etapa, disparo_id FROM cadeia ORDER BY lead_id, etapa, volta DESC;

-- name: describe_recipients
-- In the order in which they are asked for. OFFSET 0, here and below: each is looked up by its key. The planner takes every
-- tenant for a small one, and as a join it would read all disparos and leads of it.
SELECT d.disparo_id, d.lead_id, left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome,
       l.documento, d.etapa, d.variante, d.canal, d.destino, d.status, d.espera, d.erro_codigo, d.ultimo_codigo,
       CAST(NULL AS text) AS detalhe, d.alternativa_de, CASE WHEN d.espera IS NOT NULL THEN d.enviar_apos END AS enviar_apos,
       d.enviado_em, d.confirmado_em AS entregue_em, d.lido_em, d.respondido_em, d.atualizado_em,
       CASE WHEN d.respondido_em IS NOT NULL THEN (
            SELECT left(r.texto, :tamanho)
              FROM respostas r
             WHERE r.tenant_id = :tenant_id AND r.disparo_id = d.disparo_id AND r.texto IS NOT NULL
             ORDER BY r.resposta_id DESC
             LIMIT 1) END AS resposta
  FROM unnest(CAST(:disparo_ids AS uuid[])) WITH ORDINALITY AS p (disparo_id, vez)
 CROSS JOIN LATERAL (
       SELECT * FROM disparos d WHERE d.tenant_id = :tenant_id AND d.disparo_id = p.disparo_id OFFSET 0) d
  LEFT JOIN LATERAL (
       SELECT nome, documento FROM leads l WHERE l.tenant_id = :tenant_id AND l.lead_id = d.lead_id OFFSET 0) l ON true
 ORDER BY p.vez;

-- name: describe_left_out
-- As recipients are described. A lead that an undone job took away has no name any more.
SELECT CAST(NULL AS uuid) AS disparo_id, x.lead_id,
       left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome, l.documento, x.etapa, x.variante,
       CAST(NULL AS text) AS canal, CAST(NULL AS text) AS destino, 'excluido' AS status, CAST(NULL AS text) AS espera,
       x.motivo AS erro_codigo, CAST(NULL AS text) AS ultimo_codigo, x.detalhe, CAST(NULL AS uuid) AS alternativa_de,
       CAST(NULL AS timestamptz) AS enviar_apos, CAST(NULL AS timestamptz) AS enviado_em,
       CAST(NULL AS timestamptz) AS entregue_em, CAST(NULL AS timestamptz) AS lido_em,
       CAST(NULL AS timestamptz) AS respondido_em, CAST(NULL AS timestamptz) AS atualizado_em,
       CAST(NULL AS text) AS resposta
  FROM unnest(CAST(:lead_ids AS uuid[]), CAST(:etapas AS smallint[])) WITH ORDINALITY AS p (lead_id, etapa, vez)
 CROSS JOIN LATERAL (
       SELECT *
         FROM campanha_excluidos x
        WHERE x.tenant_id = :tenant_id AND x.campanha_id = CAST(:campanha_id AS uuid) AND x.lead_id = p.lead_id
          AND x.etapa = p.etapa
       OFFSET 0) x
  LEFT JOIN LATERAL (
       SELECT nome, documento FROM leads l WHERE l.tenant_id = :tenant_id AND l.lead_id = x.lead_id OFFSET 0) l ON true
 ORDER BY p.vez;

-- name: export_recipients
-- For a file: times as a person in Brazil reads them, which the driver would take long to read.
SELECT CAST(disparo_id AS text) AS disparo_id, CAST(lead_id AS text) AS lead_id, nome, documento, etapa, variante, canal,
       destino, status, espera, erro_codigo, ultimo_codigo, detalhe, resposta,
       to_char(enviado_em AT TIME ZONE CAST(:fuso AS text), 'DD/MM/YYYY HH24:MI:SS') AS enviado_em,
       to_char(entregue_em AT TIME ZONE CAST(:fuso AS text), 'DD/MM/YYYY HH24:MI:SS') AS entregue_em,
       to_char(lido_em AT TIME ZONE CAST(:fuso AS text), 'DD/MM/YYYY HH24:MI:SS') AS lido_em,
       to_char(respondido_em AT TIME ZONE CAST(:fuso AS text), 'DD/MM/YYYY HH24:MI:SS') AS respondido_em
  FROM (SELECT * FROM (/*= describe_recipients */) d
         UNION ALL
        SELECT * FROM (/*= describe_left_out */) x) r;

-- name: ways_of_recipients
-- The failures that each of these disparos goes on from, the first one first.
WITH RECURSIVE caminho AS (
    SELECT d.disparo_id AS fim, d.alternativa_de AS anterior, 1 AS volta
      FROM unnest(CAST(:disparo_ids AS uuid[])) AS p (disparo_id)
     CROSS JOIN LATERAL (
           SELECT d.disparo_id, d.alternativa_de
             FROM disparos d
            WHERE d.tenant_id = :tenant_id AND d.disparo_id = p.disparo_id
           OFFSET 0) d
     UNION ALL
    SELECT c.fim, d.alternativa_de, c.volta + 1
      FROM caminho c
     CROSS JOIN LATERAL (
           SELECT d.alternativa_de
             FROM disparos d
            WHERE d.tenant_id = :tenant_id AND d.disparo_id = c.anterior AND d.alternativa_de IS NOT NULL
           OFFSET 0) d
)
SELECT c.fim, d.disparo_id, d.canal, d.destino, d.erro_codigo AS motivo, d.ultimo_codigo, d.enviado_em, d.atualizado_em
  FROM caminho c
 CROSS JOIN LATERAL (
       SELECT * FROM disparos d WHERE d.tenant_id = :tenant_id AND d.disparo_id = c.anterior OFFSET 0) d
 ORDER BY c.fim, c.volta DESC;

-- name: list_respostas_of_campanha
-- Newest first. Long texts are cut, as in `list_respostas`.
SELECT r.resposta_id, r.lead_id, left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome,
       r.disparo_id, d.etapa, d.variante, r.canal, r.contato, left(r.texto, :tamanho) AS texto,
       coalesce(length(r.texto) > :tamanho, false) AS texto_cortado, r.recebida_em, r.pedido, r.revisar, r.decisao,
       coalesce(coalesce(r.decisao, r.pedido) = 'descadastro', false) AS descadastro
  FROM respostas r
 CROSS JOIN LATERAL (
       SELECT etapa, variante FROM disparos d WHERE d.tenant_id = :tenant_id AND d.disparo_id = r.disparo_id OFFSET 0) d
  LEFT JOIN LATERAL (SELECT nome FROM leads l WHERE l.tenant_id = :tenant_id AND l.lead_id = r.lead_id OFFSET 0) l ON true
 WHERE r.tenant_id = :tenant_id AND r.campanha_id = CAST(:campanha_id AS uuid)
   AND (CAST(:antes AS uuid) IS NULL OR r.resposta_id < CAST(:antes AS uuid))
   AND (CAST(:descadastro AS boolean) IS NULL
        OR coalesce(coalesce(r.decisao, r.pedido) = 'descadastro', false) = CAST(:descadastro AS boolean))
 ORDER BY r.resposta_id DESC
 LIMIT :limite OFFSET :pular;

-- name: insert_campanha_again
-- A draft with the steps of another campaign, for those of its recipients that the filter names.
INSERT INTO campanhas (tenant_id, campanha_id, nome, filtro, etapas, iniciar_em, de_novo_de,
                       criado_por, criado_em, atualizado_em)
VALUES (:tenant_id, :campanha_id, :nome, CAST(:filtro AS jsonb), CAST(:etapas AS jsonb), CAST(:iniciar_em AS timestamptz),
        :de_novo_de, :por, :agora, :agora);
