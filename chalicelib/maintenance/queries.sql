-- Queries of the sweeps and of what keeps the database itself in order. Workers' login: across tenants.

-- name: ping
SELECT 1 AS um;

-- name: list_migrations
SELECT nome, soma FROM schema_migrations;

-- name: insert_migration
INSERT INTO schema_migrations (nome, soma) VALUES (:nome, :soma);

-- name: insert_evento
-- In the transaction of what happened: no event without its cause, no cause without its event.
INSERT INTO eventos (tenant_id, evento_id, tipo, detalhe, criado_em)
VALUES (:tenant_id, :evento_id, :tipo, CAST(:detalhe AS jsonb), :criado_em);

-- name: lock_unpublished_eventos
-- SKIP LOCKED: what another publisher is telling is not told twice.
SELECT tenant_id, evento_id, tipo, detalhe, criado_em
  FROM eventos
 WHERE publicado_em IS NULL
 ORDER BY evento_id
 LIMIT :limite
   FOR UPDATE SKIP LOCKED;

-- name: mark_eventos_published
UPDATE eventos SET publicado_em = :agora WHERE evento_id = ANY(CAST(:ids AS uuid[])) AND publicado_em IS NULL;

-- name: wake_lost_jobs
-- Open, and nobody is at it: its first wake-up was lost, or its worker is silent for longer than its lease.
UPDATE ingest_jobs SET acordado_em = :agora
 WHERE (tenant_id, job_id) IN (
       SELECT tenant_id, job_id
         FROM ingest_jobs
        WHERE status IN ('aceito', 'processando')
          AND chave_recebida
          AND atualizado_em <= :vencido
          AND (lease_ate IS NULL OR lease_ate <= :agora)
          AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
        ORDER BY atualizado_em
        LIMIT :limite
          FOR UPDATE SKIP LOCKED)
RETURNING tenant_id, job_id;

-- name: wake_lost_disparos
-- Due and unsent, or left behind by a worker whose lease has lapsed: each out of its own small index, the longest lost
-- first. An OR of both would read every disparo there ever was.
WITH atrasados AS (
    SELECT tenant_id, disparo_id
      FROM disparos
     WHERE status = 'pendente' AND enviar_apos <= :vencido
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY enviar_apos
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
), abandonados AS (
    SELECT tenant_id, disparo_id
      FROM disparos
     WHERE status = 'enviando' AND lease_ate <= :agora
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY lease_ate
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
), perdidos AS (
    SELECT * FROM atrasados UNION ALL SELECT * FROM abandonados
)
UPDATE disparos d SET acordado_em = :agora
  FROM perdidos p
 WHERE d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
RETURNING d.tenant_id, d.disparo_id;

-- name: wake_lost_agendamentos
-- Its time has come and the operator has not been told.
UPDATE agendamentos SET acordado_em = :agora
 WHERE (tenant_id, agendamento_id) IN (
       SELECT tenant_id, agendamento_id
         FROM agendamentos
        WHERE avisado_em IS NULL
          AND status IN ('pendente', 'confirmado')
          AND data_agendada <= :vencido
          AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
        ORDER BY data_agendada
        LIMIT :limite
          FOR UPDATE SKIP LOCKED)
RETURNING tenant_id, agendamento_id;
