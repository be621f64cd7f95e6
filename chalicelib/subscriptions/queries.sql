-- Subscriptions and their deliveries. Requests: as the API's login. Fan-out and delivery: workers' login.

-- name: count_assinaturas
SELECT count(*) AS total FROM assinaturas WHERE tenant_id = :tenant_id;

-- name: insert_assinatura
INSERT INTO assinaturas (tenant_id, assinatura_id, url, eventos, descricao, criado_em, criado_por, atualizado_em,
                         atualizado_por)
VALUES (:tenant_id, :assinatura_id, :url, CAST(:eventos AS text[]), CAST(:descricao AS text), :agora, :por, :agora, :por);

-- name: assinatura_by_id
SELECT assinatura_id, url, eventos, descricao, status, codigo, desligada_em, falhando_desde, criado_em, criado_por,
       atualizado_em, atualizado_por
  FROM assinaturas
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id;

-- name: list_assinaturas
-- Newest first: ids are in the order of time.
SELECT assinatura_id, url, eventos, descricao, status, codigo, desligada_em, falhando_desde, criado_em, criado_por,
       atualizado_em, atualizado_por
  FROM assinaturas
 WHERE tenant_id = :tenant_id AND (CAST(:depois AS uuid) IS NULL OR assinatura_id < CAST(:depois AS uuid))
 ORDER BY assinatura_id DESC
 LIMIT :limite OFFSET :pular;

-- name: lock_assinatura
SELECT url, eventos, descricao, status, segredo_versao
  FROM assinaturas
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id
   FOR UPDATE;

-- name: update_assinatura
UPDATE assinaturas
   SET url = :url, eventos = CAST(:eventos AS text[]), descricao = CAST(:descricao AS text), atualizado_em = :agora,
       atualizado_por = :por
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id;

-- name: switch_assinatura_on
UPDATE assinaturas
   SET status = 'ativa', codigo = NULL, desligada_em = NULL, falhas = 0, falhando_desde = NULL, espera_ate = NULL
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id;

-- name: switch_assinatura_off
UPDATE assinaturas
   SET status = 'desligada', codigo = CAST(:codigo AS text), desligada_em = :agora
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id AND status = 'ativa';

-- name: cancel_entregas
UPDATE assinatura_entregas
   SET status = 'cancelada', proxima_em = NULL
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id AND status = 'pendente';

-- name: delete_assinatura
-- Its deliveries go with it.
DELETE FROM assinaturas WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id;

-- name: mark_segredo_rotated
UPDATE assinaturas
   SET segredo_versao = :versao, atualizado_em = :agora, atualizado_por = :por
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id;

-- name: share_assinatura
-- Whoever switches it off waits, and then cancels what was added meanwhile.
SELECT status FROM assinaturas WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id FOR SHARE;

-- name: list_entregas
-- The newest events first: ids are in the order of time.
SELECT n.evento_id, e.tipo, n.status, n.tentativas, n.proxima_em, n.http_status, n.codigo, n.duracao_ms, n.tentada_em,
       n.criado_em, e.criado_em AS evento_em
  FROM assinatura_entregas n
  JOIN eventos e ON e.tenant_id = n.tenant_id AND e.evento_id = n.evento_id
 WHERE n.tenant_id = :tenant_id AND n.assinatura_id = :assinatura_id
   AND (CAST(:depois AS uuid) IS NULL OR n.evento_id < CAST(:depois AS uuid))
   AND (CAST(:status AS text) IS NULL OR n.status = CAST(:status AS text))
 ORDER BY n.evento_id DESC
 LIMIT :limite OFFSET :pular;

-- name: entrega_by_id
SELECT n.evento_id, e.tipo, n.status, n.tentativas, n.proxima_em, n.http_status, n.codigo, n.duracao_ms, n.tentada_em,
       n.criado_em, e.criado_em AS evento_em
  FROM assinatura_entregas n
  JOIN eventos e ON e.tenant_id = n.tenant_id AND e.evento_id = n.evento_id
 WHERE n.tenant_id = :tenant_id AND n.assinatura_id = :assinatura_id AND n.evento_id = :evento_id;

-- name: insert_entrega
INSERT INTO assinatura_entregas (tenant_id, assinatura_id, evento_id, proxima_em, criado_em)
VALUES (:tenant_id, :assinatura_id, :evento_id, :agora, :agora);

-- name: replay_entrega
-- One that waits is tried now.
UPDATE assinatura_entregas
   SET status = 'pendente', tentativas = 0, proxima_em = :agora, http_status = NULL, codigo = NULL, duracao_ms = NULL,
       tentada_em = NULL
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id AND evento_id = :evento_id;

-- name: replay_entregas
-- The oldest first. One that waits already is left alone, and so is an event that the outbox has not handed out yet.
WITH pedidas AS MATERIALIZED (
    SELECT e.evento_id
      FROM assinaturas a
      JOIN eventos e ON e.tenant_id = a.tenant_id AND e.evento_id >= :de AND e.evento_id < :ate
      LEFT JOIN assinatura_entregas n
        ON n.tenant_id = a.tenant_id AND n.assinatura_id = a.assinatura_id AND n.evento_id = e.evento_id
     WHERE a.tenant_id = :tenant_id AND a.assinatura_id = :assinatura_id
       AND e.publicado_em IS NOT NULL AND e.tipo <> 'assinatura.teste'
       AND (a.eventos = '{}' OR e.tipo = ANY(a.eventos))
       AND (n.status IS NULL OR n.status IN ('falhou', 'cancelada')
            OR (n.status = 'entregue' AND CAST(:entregues AS boolean)))
     ORDER BY e.evento_id
     LIMIT CAST(:limite AS integer) + 1
), refeitas AS (
    INSERT INTO assinatura_entregas AS n (tenant_id, assinatura_id, evento_id, proxima_em, criado_em)
    SELECT CAST(:tenant_id AS text), :assinatura_id, p.evento_id, :agora, :agora
      FROM (SELECT evento_id FROM pedidas ORDER BY evento_id LIMIT CAST(:limite AS integer)) p
        ON CONFLICT ON CONSTRAINT assinatura_entregas_pkey DO UPDATE
       SET status = 'pendente', tentativas = 0, proxima_em = :agora, http_status = NULL, codigo = NULL,
           duracao_ms = NULL, tentada_em = NULL
     WHERE n.status <> 'pendente'
    RETURNING n.evento_id
)
SELECT (SELECT count(*) FROM refeitas) AS reenviadas,
       (SELECT evento_id FROM pedidas ORDER BY evento_id OFFSET CAST(:limite AS integer)) AS proximo;

-- name: insert_entregas
-- One for each active subscription that wants the event. Whoever switches one off waits, and cancels these then.
WITH assinadas AS MATERIALIZED (
    SELECT a.tenant_id, a.assinatura_id, e.evento_id
      FROM unnest(CAST(:tenant_ids AS text[]), CAST(:evento_ids AS uuid[])) AS n (tenant_id, evento_id)
      JOIN eventos e ON e.tenant_id = n.tenant_id AND e.evento_id = n.evento_id
      JOIN assinaturas a ON a.tenant_id = e.tenant_id AND (a.eventos = '{}' OR e.tipo = ANY(a.eventos))
     WHERE a.status = 'ativa' AND e.tipo <> 'assinatura.teste'
       FOR SHARE OF a
), novas AS (
    INSERT INTO assinatura_entregas (tenant_id, assinatura_id, evento_id, proxima_em, criado_em)
    SELECT tenant_id, assinatura_id, evento_id, :agora, :agora FROM assinadas
        ON CONFLICT DO NOTHING
    RETURNING tenant_id, assinatura_id
)
SELECT DISTINCT tenant_id, assinatura_id FROM novas ORDER BY tenant_id, assinatura_id;

-- name: claim_assinatura
-- One worker at a time, and none while the receiver is left alone.
UPDATE assinaturas
   SET lease_dono = :dono, lease_ate = :lease_ate, acordado_em = NULL
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id
   AND status = 'ativa'
   AND (lease_ate IS NULL OR lease_ate <= :agora)
   AND (espera_ate IS NULL OR espera_ate <= :agora)
RETURNING url, segredo_versao, falhas, falhando_desde;

-- name: list_due_entregas
SELECT n.evento_id, n.tentativas, e.tipo, e.criado_em, e.detalhe
  FROM assinatura_entregas n
  JOIN eventos e ON e.tenant_id = n.tenant_id AND e.evento_id = n.evento_id
 WHERE n.tenant_id = :tenant_id AND n.assinatura_id = :assinatura_id AND n.status = 'pendente'
   AND n.proxima_em <= :agora
 ORDER BY n.proxima_em, n.evento_id
 LIMIT :limite;

-- name: renew_assinatura
-- The fence: a worker that has lost the lease records nothing. It learns what people have changed meanwhile.
UPDATE assinaturas
   SET lease_ate = :lease_ate, falhas = :falhas, falhando_desde = CAST(:falhando_desde AS timestamptz),
       espera_ate = CAST(:espera_ate AS timestamptz)
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id AND lease_dono = :dono
RETURNING url, segredo_versao, status;

-- name: record_entregas
UPDATE assinatura_entregas e
   SET status = n.status, tentativas = n.tentativas, proxima_em = n.proxima_em, http_status = n.http_status,
       codigo = n.codigo, duracao_ms = n.duracao_ms, tentada_em = :agora
  FROM unnest(CAST(:evento_ids AS uuid[]), CAST(:status AS text[]), CAST(:tentativas AS smallint[]),
              CAST(:proximas AS timestamptz[]), CAST(:http_status AS smallint[]), CAST(:codigos AS text[]),
              CAST(:duracoes AS integer[]))
       AS n (evento_id, status, tentativas, proxima_em, http_status, codigo, duracao_ms)
 WHERE e.tenant_id = :tenant_id AND e.assinatura_id = :assinatura_id AND e.evento_id = n.evento_id
   AND e.status = 'pendente';

-- name: release_assinatura
UPDATE assinaturas
   SET lease_dono = NULL, lease_ate = NULL
 WHERE tenant_id = :tenant_id AND assinatura_id = :assinatura_id AND lease_dono = :dono;

-- name: next_entrega
-- When there is something to do again.
SELECT greatest(a.espera_ate, n.proxima_em) AS quando
  FROM assinaturas a
  JOIN assinatura_entregas n
    ON n.tenant_id = a.tenant_id AND n.assinatura_id = a.assinatura_id AND n.status = 'pendente'
 WHERE a.tenant_id = :tenant_id AND a.assinatura_id = :assinatura_id AND a.status = 'ativa'
 ORDER BY n.proxima_em
 LIMIT 1;
