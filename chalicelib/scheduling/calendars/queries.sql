-- The event of each agendamento at the tenant's calendar, and what that calendar says is taken. The owner's login.

-- name: lock_evento
-- A worker that claims it, one that records, and whoever moves the agendamento wait for each other.
SELECT status, evento_id, iniciado, existe, versao, tentativas, quando, lease_ate
  FROM agendamento_eventos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id
   FOR UPDATE;

-- name: meeting_for_evento
-- Read after the lock: the present version, which may be another than the wake-up was about. `apagado_em`: its lead is
-- erased, so no event of it may stay, not even one of the past.
SELECT a.agendamento_id, a.tipo, a.canal, a.data_agendada, a.duracao_minutos, a.responsavel, a.status, a.versao,
       a.local, a.link, a.criado_em, a.atualizado_em, a.observacoes, l.nome, l.apagado_em,
       r.fuso, r.email AS organizador,
       (SELECT e.email FROM lead_emails e
         WHERE e.tenant_id = :tenant_id AND e.lead_id = a.lead_id AND e.principal) AS email,
       (SELECT t.telefone FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = a.lead_id AND t.principal) AS telefone
  FROM agendamentos a
  JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = a.lead_id
  LEFT JOIN responsaveis r ON r.tenant_id = :tenant_id AND lower(r.nome) = lower(a.responsavel)
 WHERE a.tenant_id = :tenant_id AND a.agendamento_id = :agendamento_id;

-- name: begin_evento
UPDATE agendamento_eventos
   SET lease_ate = :lease_ate, iniciado = iniciado OR CAST(:cria AS boolean), tentativas = tentativas + 1,
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id;

-- name: record_evento
UPDATE agendamento_eventos
   SET status = :status, evento_id = CAST(:evento_id AS text), iniciado = :iniciado, existe = :existe,
       versao = CAST(:versao AS integer), codigo = CAST(:codigo AS text), quando = CAST(:quando AS timestamptz),
       tentativas = :tentativas, lease_ate = CAST(:lease_ate AS timestamptz), acordado_em = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id;

-- name: plan_missing_eventos
-- Across tenants: live agendamentos to come, of tenants that have connected a calendar since they were booked.
INSERT INTO agendamento_eventos (tenant_id, agendamento_id, quando, atualizado_em)
SELECT a.tenant_id, a.agendamento_id, CAST(:agora AS timestamptz), CAST(:agora AS timestamptz)
  FROM tenants t
  JOIN agendamentos a ON a.tenant_id = t.tenant_id
 WHERE t.config #> '{canais,calendario}' IS NOT NULL AND t.config #> '{canais,calendario}' <> 'null'
   AND a.status IN ('pendente', 'confirmado') AND a.data_agendada > CAST(:agora AS timestamptz)
   AND NOT EXISTS (SELECT FROM agendamento_eventos e
                    WHERE e.tenant_id = a.tenant_id AND e.agendamento_id = a.agendamento_id)
 LIMIT :limite
    ON CONFLICT ON CONSTRAINT agendamento_eventos_pkey DO NOTHING;

-- name: list_unread_calendars
-- Across tenants: the responsáveis of tenants whose calendar blocks time, the longest unread first.
SELECT r.tenant_id, r.responsavel_id, r.nome AS responsavel, r.email AS responsavel_email, r.fuso, t.config
  FROM tenants t
  JOIN responsaveis r ON r.tenant_id = t.tenant_id
  LEFT JOIN calendario_leituras l ON l.tenant_id = r.tenant_id AND l.responsavel_id = r.responsavel_id
 WHERE t.config #> '{canais,calendario,bloqueia_horarios}' = 'true'
   AND (l.tentado_em IS NULL OR l.tentado_em <= :antes)
 ORDER BY l.tentado_em NULLS FIRST, r.tenant_id, r.responsavel_id
 LIMIT :limite;

-- name: note_reading
-- A reading that failed leaves what the last good one found. A responsável who was deleted meanwhile has none.
INSERT INTO calendario_leituras (tenant_id, responsavel_id, lido_em, tentado_em, codigo)
SELECT :tenant_id, r.responsavel_id, CASE WHEN CAST(:codigo AS text) IS NULL THEN CAST(:agora AS timestamptz) END,
       CAST(:agora AS timestamptz), CAST(:codigo AS text)
  FROM responsaveis r
 WHERE r.tenant_id = :tenant_id AND r.responsavel_id = :responsavel_id
    ON CONFLICT ON CONSTRAINT calendario_leituras_pkey DO UPDATE
   SET lido_em = coalesce(excluded.lido_em, calendario_leituras.lido_em), tentado_em = excluded.tentado_em,
       codigo = excluded.codigo
RETURNING responsavel_id;

-- name: forget_taken_times
DELETE FROM calendario_ocupados WHERE tenant_id = :tenant_id AND responsavel_id = :responsavel_id;

-- name: insert_taken_times
INSERT INTO calendario_ocupados (tenant_id, responsavel_id, inicio, fim, ordem, evento_id)
SELECT :tenant_id, :responsavel_id, o.inicio, o.fim, row_number() OVER (ORDER BY o.inicio, o.fim, o.evento_id),
       o.evento_id
  FROM jsonb_to_recordset(CAST(:ocupados AS jsonb)) AS o (inicio timestamptz, fim timestamptz, evento_id text);
