-- Agendamentos: callbacks and meetings with a lead.

-- name: insert_agendamento
INSERT INTO agendamentos (tenant_id, agendamento_id, lead_id, tipo, canal, data_agendada, duracao_minutos, ocupado_ate,
                          responsavel, observacoes, avisos, idempotency_key, idempotency_fingerprint, criado_em,
                          atualizado_em)
VALUES (:tenant_id, :agendamento_id, :lead_id, :tipo, :canal, :data_agendada, :duracao_minutos, :ocupado_ate,
        :responsavel, :observacoes, CAST(:avisos AS jsonb), :idempotency_key, :idempotency_fingerprint, :agora, :agora);

-- name: surroundings_of_agendamento
-- Where the lead is, by their principal phone, and where else they are to be at that time.
SELECT (SELECT t.telefone FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = :lead_id AND t.principal) AS telefone,
       (SELECT a.agendamento_id FROM agendamentos a
         WHERE a.tenant_id = :tenant_id AND a.lead_id = :lead_id AND a.status IN ('pendente', 'confirmado')
           AND a.data_agendada < :fim AND a.data_agendada + a.duracao_minutos * interval '1 minute' > :inicio
         ORDER BY a.data_agendada
         LIMIT 1) AS outro;

-- name: agendamento_by_id
SELECT agendamento_id, lead_id, tipo, canal, data_agendada, duracao_minutos, responsavel, observacoes, status,
       avisado_em, avisos, cancelado_por, motivo_cancelamento, criado_em, atualizado_em
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id;

-- name: agendamento_by_idempotency_key
SELECT agendamento_id, idempotency_fingerprint
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND idempotency_key = :idempotency_key;

-- name: list_agendamentos
-- In the order of the calendar.
SELECT agendamento_id, lead_id, tipo, canal, data_agendada, duracao_minutos, responsavel, observacoes, status,
       avisado_em, avisos, cancelado_por, motivo_cancelamento, criado_em, atualizado_em
  FROM agendamentos
 WHERE tenant_id = :tenant_id
   AND (CAST(:depois_data AS timestamptz) IS NULL
        OR (data_agendada, agendamento_id) > (CAST(:depois_data AS timestamptz), CAST(:depois_id AS uuid)))
   AND (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
   AND (CAST(:responsavel AS text) IS NULL OR lower(responsavel) = lower(CAST(:responsavel AS text)))
   AND (CAST(:lead_id AS uuid) IS NULL OR lead_id = CAST(:lead_id AS uuid))
   AND (CAST(:de AS timestamptz) IS NULL OR data_agendada >= CAST(:de AS timestamptz))
   AND (CAST(:ate AS timestamptz) IS NULL OR data_agendada < CAST(:ate AS timestamptz))
 ORDER BY data_agendada, agendamento_id
 LIMIT :limite OFFSET :pular;

-- name: lock_agendamento
SELECT agendamento_id, lead_id, status, data_agendada
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id
   FOR NO KEY UPDATE;

-- name: move_agendamento
UPDATE agendamentos
   SET status = :para, cancelado_por = :por, motivo_cancelamento = :motivo, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id;
