-- The configuration of a tenant.

-- name: tenant_config
SELECT config FROM tenants WHERE tenant_id = :tenant_id;

-- name: lock_tenant
-- One change comes after the other. A tenant that has configured nothing gets its row first: there must be one to lock.
INSERT INTO tenants (tenant_id, config, criado_em, atualizado_em)
VALUES (:tenant_id, '{}', :agora, :agora)
    ON CONFLICT ON CONSTRAINT tenants_pkey DO UPDATE SET tenant_id = excluded.tenant_id
RETURNING tenant_id;

-- name: update_tenant_config
UPDATE tenants SET config = CAST(:config AS jsonb), atualizado_em = :agora WHERE tenant_id = :tenant_id;

-- name: audit_configuracao
-- What a row stores may leave defaults out, so no trigger can tell what has changed.
SELECT audita_pedido('mudanca', 'configuracao', NULL, CAST(:mudancas AS jsonb));

-- name: hurry_probes
-- Channels that are configured anew and turned messages away before: the sweep sends a probe within a minute. A pause that
-- a person made stays as it is.
UPDATE canal_pausas SET sondar_em = :agora
 WHERE tenant_id = :tenant_id AND canal = ANY (CAST(:canais AS text[])) AND sondar_em > :agora;

-- name: ask_for_redating
-- The sweep dates anew what waits for these channels.
INSERT INTO canal_limites (tenant_id, canal, redatar_desde)
SELECT :tenant_id, canal, CAST(:agora AS timestamptz)
  FROM unnest(CAST(:canais AS text[])) AS c (canal)
 ORDER BY canal
    ON CONFLICT ON CONSTRAINT canal_limites_pkey DO UPDATE SET redatar_desde = excluded.redatar_desde;

-- name: count_disparos_to_redate
-- From the counters: a million of them is no more work than one.
SELECT CAST(coalesce(sum(quantos), 0) AS bigint) AS total
  FROM disparo_contagens
 WHERE tenant_id = :tenant_id AND canal = ANY (CAST(:canais AS text[])) AND status = 'pendente'
   AND quando = '-infinity' AND motivo IN ('janela', 'limite', 'orcamento_diario', 'canal_lento');

-- name: ask_for_redating_of_reminders
UPDATE tenants SET lembretes_redatar_desde = :agora WHERE tenant_id = :tenant_id;

-- name: count_agendamentos_to_redate
SELECT count(*) AS total
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND status IN ('pendente', 'confirmado') AND data_agendada > :agora;

-- name: ask_for_redating_of_campanhas
UPDATE campanhas
   SET redatar_desde = :agora, redatada_ate = NULL
 WHERE tenant_id = :tenant_id AND publico_em IS NOT NULL AND status IN ('agendada', 'em_andamento', 'pausada');

-- name: count_planned_disparos
SELECT CAST(coalesce(sum(quantos), 0) AS bigint) AS total
  FROM disparo_contagens
 WHERE tenant_id = :tenant_id AND status = 'pendente' AND quando = '-infinity' AND motivo = 'campanha';
