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

-- name: agendamento_to_speak_of
-- Locked, so that it does not move while something is said of it.
SELECT a.agendamento_id, a.lead_id, a.canal, a.data_agendada, a.duracao_minutos, a.responsavel, a.local, a.link, a.status,
       a.versao,
       (SELECT l.status FROM leads l WHERE l.tenant_id = :tenant_id AND l.lead_id = a.lead_id) AS lead_status
  FROM agendamentos a
 WHERE a.tenant_id = :tenant_id AND a.agendamento_id = :agendamento_id
   FOR NO KEY UPDATE;

-- name: lock_due_avisos_de_agendamento
-- The earliest first.
SELECT versao, tipo, quando
  FROM agendamento_avisos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id AND status = 'pendente' AND quando <= :agora
 ORDER BY quando, tipo
   FOR UPDATE;

-- name: close_aviso_de_agendamento
UPDATE agendamento_avisos
   SET status = :status, motivo = :motivo, disparo_id = :disparo_id, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id AND versao = :versao AND tipo = :tipo;

-- name: find_agenda_template
SELECT nome, versao, canal, idioma, assunto, texto, html, variaveis, regras, padrao
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = :nome AND ativo;

-- name: email_of_responsavel
-- None for a name without a row.
SELECT email FROM responsaveis WHERE tenant_id = :tenant_id AND lower(nome) = lower(CAST(:responsavel AS text));

-- name: lock_disparos_of_aviso
-- What has carried a message already, the last one last: its contacts were at fault.
SELECT disparo_id, destino, status
  FROM disparos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id AND agendamento_versao = :versao
   AND agendamento_tipo = :tipo
 ORDER BY criado_em, disparo_id
   FOR UPDATE;

-- name: insert_disparo_de_agendamento
-- It is due at once, and expires with what it speaks of. `alternativa_de` is the one whose contact was at fault before.
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      enviar_apos, expira_em, ignorar_janela, usar_alternativos, alternativa_de, max_tentativas,
                      agendamento_id, agendamento_versao, agendamento_tipo, criado_em, atualizado_em)
VALUES (:tenant_id, :disparo_id, :lead_id, :canal, contato_id(CAST(:lead_id AS uuid), CAST(:destino AS text)), :destino,
        :template, :template_versao, CAST(:variaveis AS jsonb), :agora, :expira_em, :ignorar_janela, :usar_alternativos,
        CAST(:alternativa_de AS uuid), :max_tentativas, :agendamento_id, :agendamento_versao, :agendamento_tipo, :agora, :agora);

-- name: lock_unplanned_agendamentos
-- Across tenants. SKIP LOCKED: one that somebody moves is planned by them.
SELECT tenant_id, agendamento_id, lead_id, data_agendada, versao, avisar_lead
  FROM agendamentos
 WHERE avisos_planejados_em IS NULL AND status IN ('pendente', 'confirmado') AND data_agendada > :agora
 ORDER BY tenant_id, data_agendada
 LIMIT :limite
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: list_tenants_with_reminders_to_redate
-- Across tenants.
SELECT tenant_id, lembretes_redatar_desde AS desde
  FROM tenants
 WHERE lembretes_redatar_desde IS NOT NULL
 ORDER BY lembretes_redatar_desde
 LIMIT :limite;

-- name: lock_agendamentos_to_redate
-- The next ones first. SKIP LOCKED: one that somebody moves, or speaks of, is found by the next sweep if it is live then.
SELECT agendamento_id, lead_id, data_agendada, versao, avisar_lead
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND status IN ('pendente', 'confirmado') AND avisos_planejados_em < :antes
   AND data_agendada > CAST(:agora AS timestamptz)
   AND (data_agendada, agendamento_id) > (CAST(:depois_data AS timestamptz), CAST(:depois_id AS uuid))
 ORDER BY data_agendada, agendamento_id
 LIMIT :limite
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: dated_avisos_of_agendamentos
-- What is said of the present version before it begins, or when it does. Of agendamentos that are locked.
SELECT v.agendamento_id, v.tipo, v.quando, v.status, v.motivo
  FROM agendamento_avisos v
  JOIN agendamentos a USING (tenant_id, agendamento_id, versao)
 WHERE v.tenant_id = :tenant_id AND v.agendamento_id = ANY (CAST(:agendamento_ids AS uuid[]))
   AND (v.tipo = 'responsavel' OR v.tipo LIKE 'lembrete%')
 ORDER BY v.agendamento_id;

-- name: drop_avisos
-- As if it had been booked with the configuration of now.
DELETE FROM agendamento_avisos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id AND versao = :versao
   AND tipo = ANY (CAST(:tipos AS text[])) AND status <> 'disparado';

-- name: redate_avisos
INSERT INTO agendamento_avisos (tenant_id, agendamento_id, versao, tipo, quando, status, motivo, criado_em, atualizado_em)
SELECT :tenant_id, :agendamento_id, :versao, a.tipo, a.quando,
       CASE WHEN a.motivo IS NULL THEN 'pendente' ELSE 'dispensado' END, a.motivo,
       CAST(:agora AS timestamptz), CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:avisos AS jsonb)) AS a (tipo text, quando timestamptz, motivo text)
 ORDER BY a.tipo
    ON CONFLICT ON CONSTRAINT agendamento_avisos_pkey DO UPDATE
   SET quando = excluded.quando, status = excluded.status, motivo = excluded.motivo, acordado_em = NULL,
       atualizado_em = excluded.atualizado_em
 WHERE agendamento_avisos.status <> 'disparado';

-- name: mark_agendamentos_planned
UPDATE agendamentos
   SET avisos_planejados_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = ANY (CAST(:agendamento_ids AS uuid[]));

-- name: end_redating_of_reminders
-- Unless it was asked for again, or some may still be dated by the configuration of before.
UPDATE tenants t
   SET lembretes_redatar_desde = NULL
 WHERE t.tenant_id = :tenant_id AND t.lembretes_redatar_desde = :desde AND CAST(:agora AS timestamptz) >= :antes
   AND NOT EXISTS (SELECT FROM agendamentos a
                    WHERE a.tenant_id = t.tenant_id AND a.status IN ('pendente', 'confirmado')
                      AND a.data_agendada > CAST(:agora AS timestamptz) AND a.avisos_planejados_em < :antes);
