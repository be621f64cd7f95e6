-- Reminders: what is announced when its time has come.

-- name: mark_agendamento_announced
-- Once: its time has come, it is still live, and it was not announced yet. A second worker finds no row.
UPDATE agendamentos
   SET avisado_em = :agora, atualizado_em = :agora
 WHERE tenant_id = :tenant_id
   AND agendamento_id = :agendamento_id
   AND avisado_em IS NULL
   AND status IN ('pendente', 'confirmado')
   AND data_agendada <= :agora
RETURNING lead_id, canal, data_agendada;
