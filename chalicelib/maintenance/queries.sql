-- The sweep, the outbox and migrations. Workers' login: across tenants.

-- name: ping
SELECT 1 AS um;

-- name: list_migrations
SELECT nome, soma FROM schema_migrations;

-- name: insert_migration
INSERT INTO schema_migrations (nome, soma) VALUES (:nome, :soma);

-- name: list_roles
SELECT rolname::text AS nome FROM pg_roles WHERE rolname = ANY(CAST(:nomes AS text[]));

-- name: find_database
SELECT pg_get_userbyid(datdba)::text AS dono FROM pg_database WHERE datname = :nome;

-- name: insert_evento
-- In the transaction of what happened: no event without its cause, no cause without its event.
INSERT INTO eventos (tenant_id, evento_id, tipo, detalhe, criado_em)
VALUES (:tenant_id, :evento_id, :tipo, CAST(:detalhe AS jsonb), :criado_em);

-- name: take_search_seat
-- A free seat of the tenant, if there is one; the scan ends at the first lock that is got. Without parallel workers, a
-- search keeps one core busy and not all of them.
SELECT lugar
  FROM set_config('max_parallel_workers_per_gather', '0', true), generate_series(1, CAST(:lugares AS integer)) AS lugar
 WHERE pg_try_advisory_xact_lock(hashtextextended('busca/' || CAST(:tenant_id AS text), lugar))
 LIMIT 1;

-- name: wait_for_search_seat
-- The limit is set before the lock is asked for: FROM comes first.
SELECT pg_advisory_xact_lock(hashtextextended('busca/' || CAST(:tenant_id AS text), CAST(:lugar AS integer)))
  FROM set_config('lock_timeout', :espera, true);

-- name: claim_chave
-- To the end of the transaction. No row if another transaction has it: a request does not wait for its twin.
SELECT 1 AS livre
 WHERE pg_try_advisory_xact_lock(
    hashtextextended('chave/' || CAST(:tenant_id AS text) || '/' || encode(CAST(:chave AS bytea), 'hex'), 0));

-- name: find_chave
SELECT pedido, status, corpo, recurso_id
  FROM chaves_de_idempotencia
 WHERE tenant_id = :tenant_id AND chave = :chave AND criado_em > :depois_de;

-- name: keep_chave
-- In the transaction of the effect. The row of one that has begun, or that is too old, is written anew.
INSERT INTO chaves_de_idempotencia (tenant_id, chave, pedido, status, corpo, recurso_id, pessoas, criado_em)
VALUES (:tenant_id, :chave, :pedido, :status, :corpo, :recurso_id, CAST(:pessoas AS text[]), :agora)
ON CONFLICT (tenant_id, chave) DO UPDATE
   SET pedido = excluded.pedido, status = excluded.status, corpo = excluded.corpo, recurso_id = excluded.recurso_id,
       pessoas = excluded.pessoas, criado_em = excluded.criado_em;

-- name: forget_chaves
WITH velhas AS (
    SELECT tenant_id, chave
      FROM chaves_de_idempotencia
     WHERE criado_em <= :ate
     ORDER BY criado_em
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
DELETE FROM chaves_de_idempotencia c
 USING velhas v
 WHERE c.tenant_id = v.tenant_id AND c.chave = v.chave;

-- name: lock_unpublished_eventos
-- SKIP LOCKED: two publishers do not publish the same event. Whether a tenant has a subscription is looked up once for all.
SELECT tenant_id, evento_id, tipo, detalhe, criado_em,
       tenant_id IN (SELECT a.tenant_id FROM assinaturas a WHERE a.status = 'ativa') AS assinado
  FROM eventos
 WHERE publicado_em IS NULL
 ORDER BY evento_id
 LIMIT :limite
   FOR UPDATE SKIP LOCKED;

-- name: mark_eventos_published
UPDATE eventos SET publicado_em = :agora WHERE evento_id = ANY(CAST(:ids AS uuid[])) AND publicado_em IS NULL;

-- name: wake_lost_jobs
-- Open jobs without a worker: the first wake-up was lost, or the worker's lease lapsed. The rows are chosen in a CTE, as in
-- all that follow: inside an IN the choice may be made again for each row, and LIMIT then limits nothing.
WITH perdidos AS MATERIALIZED (
    SELECT tenant_id, job_id
      FROM ingest_jobs
     WHERE status IN ('aceito', 'processando')
       AND chave_recebida
       AND atualizado_em <= :vencido
       AND (lease_ate IS NULL OR lease_ate <= :agora)
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY atualizado_em
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
UPDATE ingest_jobs j SET acordado_em = :agora
  FROM perdidos p
 WHERE j.tenant_id = p.tenant_id AND j.job_id = p.job_id
RETURNING j.tenant_id, j.job_id;

-- name: wake_lost_undos
-- Undos that were asked for, are not finished, and have no worker.
WITH perdidos AS MATERIALIZED (
    SELECT tenant_id, job_id
      FROM ingest_jobs
     WHERE desfazer_pedido_em IS NOT NULL AND desfeito_em IS NULL
       AND atualizado_em <= :vencido
       AND (lease_ate IS NULL OR lease_ate <= :agora)
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY atualizado_em
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
UPDATE ingest_jobs j SET acordado_em = :agora
  FROM perdidos p
 WHERE j.tenant_id = p.tenant_id AND j.job_id = p.job_id
RETURNING j.tenant_id, j.job_id;

-- name: wake_lost_disparos
-- Disparos that are due and unsent, or whose lease lapsed: each found in its own small index, because an OR of both would
-- read every disparo there ever was. Of what is due, one of each tenant is enough: the worker claims the others with it
-- (`claim_disparos`), so one tenant's thousands do not come before another one's ten. Disparos that share one wake-up are
-- found just before their time, if that wake-up is lost. Those of campaigns are found by `wake_next_disparos`.
WITH RECURSIVE filas AS (
    (SELECT tenant_id FROM disparos
      WHERE status = 'pendente' AND (campanha_id IS NULL OR em_duvida) ORDER BY tenant_id LIMIT 1)
     UNION ALL
    SELECT (SELECT d.tenant_id FROM disparos d
             WHERE d.status = 'pendente' AND (d.campanha_id IS NULL OR d.em_duvida) AND d.tenant_id > f.tenant_id
             ORDER BY d.tenant_id
             LIMIT 1)
      FROM filas f
     WHERE f.tenant_id IS NOT NULL
), vencidos AS (
    SELECT v.tenant_id, v.disparo_id
      FROM filas f
     CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.disparo_id, d.enviar_apos
             FROM disparos d
            WHERE d.tenant_id = f.tenant_id AND d.status = 'pendente' AND (d.campanha_id IS NULL OR d.em_duvida)
              AND d.enviar_apos <= :adiante
              AND (d.acordado_em IS NULL OR d.acordado_em <= :acordado_antes)
              AND (d.enviar_apos <= :vencido OR d.espera NOT IN ('agendado', 'tentativa'))
            ORDER BY d.enviar_apos
            LIMIT 1) v
     ORDER BY v.enviar_apos
     LIMIT :limite
), atrasados AS (
    SELECT d.tenant_id, d.disparo_id, d.enviar_apos
      FROM vencidos v
      JOIN disparos d ON d.tenant_id = v.tenant_id AND d.disparo_id = v.disparo_id
     WHERE d.status = 'pendente'
       FOR UPDATE OF d SKIP LOCKED
), abandonados AS (
    SELECT tenant_id, disparo_id, lease_ate
      FROM disparos
     WHERE status = 'enviando' AND lease_ate <= :agora
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY lease_ate
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
), perdidos AS (
    SELECT * FROM atrasados UNION ALL SELECT * FROM abandonados
)
UPDATE disparos d SET acordado_em = greatest(:agora, p.enviar_apos)
  FROM perdidos p
 WHERE d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
RETURNING d.tenant_id, d.disparo_id, p.enviar_apos AS quando;

-- name: wake_lost_avisos
-- Agendamentos of which something is to be said by now.
WITH perdidos AS MATERIALIZED (
    SELECT tenant_id, agendamento_id, versao, tipo
      FROM agendamento_avisos
     WHERE status = 'pendente'
       AND quando <= :vencido
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY quando
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
UPDATE agendamento_avisos a SET acordado_em = :agora
  FROM perdidos p
 WHERE a.tenant_id = p.tenant_id AND a.agendamento_id = p.agendamento_id AND a.versao = p.versao AND a.tipo = p.tipo
RETURNING a.tenant_id, a.agendamento_id;

-- name: wake_lost_eventos
-- Events that a calendar does not have, or not at the right time, and that no worker has.
WITH perdidos AS MATERIALIZED (
    SELECT tenant_id, agendamento_id
      FROM agendamento_eventos
     WHERE status = 'pendente'
       AND quando <= :vencido
       AND (lease_ate IS NULL OR lease_ate <= :agora)
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY quando
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
UPDATE agendamento_eventos e SET acordado_em = :agora
  FROM perdidos p
 WHERE e.tenant_id = p.tenant_id AND e.agendamento_id = p.agendamento_id
RETURNING e.tenant_id, e.agendamento_id;

-- name: wake_lost_agendamentos
-- Agendamentos whose time has come and that were not announced.
WITH perdidos AS MATERIALIZED (
    SELECT tenant_id, agendamento_id
      FROM agendamentos
     WHERE avisado_em IS NULL
       AND status IN ('pendente', 'confirmado')
       AND data_agendada <= :vencido
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY data_agendada
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
UPDATE agendamentos a SET acordado_em = :agora
  FROM perdidos p
 WHERE a.tenant_id = p.tenant_id AND a.agendamento_id = p.agendamento_id
RETURNING a.tenant_id, a.agendamento_id;

-- name: wake_lost_assinaturas
-- Subscriptions with something due that no worker came for: a later attempt, or a wake-up that was lost.
WITH perdidas AS MATERIALIZED (
    SELECT a.tenant_id, a.assinatura_id
      FROM assinaturas a
     CROSS JOIN LATERAL (
           SELECT n.proxima_em
             FROM assinatura_entregas n
            WHERE n.tenant_id = a.tenant_id AND n.assinatura_id = a.assinatura_id AND n.status = 'pendente'
            ORDER BY n.proxima_em
            LIMIT 1) n
     WHERE a.status = 'ativa'
       AND greatest(n.proxima_em, a.espera_ate) <= :vencido
       AND (a.lease_ate IS NULL OR a.lease_ate <= :agora)
       AND (a.acordado_em IS NULL OR a.acordado_em <= :acordado_antes)
     ORDER BY n.proxima_em
     LIMIT :limite
       FOR UPDATE OF a SKIP LOCKED
)
UPDATE assinaturas a SET acordado_em = :agora
  FROM perdidas p
 WHERE a.tenant_id = p.tenant_id AND a.assinatura_id = p.assinatura_id
RETURNING a.tenant_id, a.assinatura_id;
