-- Agendamentos: callbacks and meetings with a lead.

-- name: insert_agendamento
INSERT INTO agendamentos (tenant_id, agendamento_id, lead_id, tipo, canal, data_agendada, duracao_minutos, ocupado_de,
                          ocupado_ate, responsavel, observacoes, local, link, avisar_lead, confirmar_ate,
                          avisos_planejados_em, avisos, criado_em,
                          atualizado_em)
VALUES (:tenant_id, :agendamento_id, :lead_id, :tipo, :canal, :data_agendada, :duracao_minutos, :ocupado_de,
        :ocupado_ate, :responsavel, :observacoes, :local, :link, :avisar_lead, :confirmar_ate, :agora,
        CAST(:avisos AS jsonb), :agora, :agora);

-- name: surroundings_of_agendamento
-- Where the lead is, by their principal phone, and where else they are to be at that time.
SELECT (SELECT t.telefone FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = :lead_id AND t.principal) AS telefone,
       (SELECT a.agendamento_id FROM agendamentos a
         WHERE a.tenant_id = :tenant_id AND a.lead_id = :lead_id AND a.status IN ('pendente', 'confirmado')
           AND a.agendamento_id <> CAST(:agendamento_id AS uuid)
           AND a.data_agendada < :fim AND a.data_agendada + a.duracao_minutos * interval '1 minute' > :inicio
         ORDER BY a.data_agendada
         LIMIT 1) AS outro;

-- name: agendamento_by_id
SELECT a.agendamento_id, a.lead_id, a.tipo, a.canal, a.data_agendada, a.duracao_minutos, a.responsavel, a.observacoes,
       a.local, a.link, a.status, a.versao, a.reagendamentos, a.confirmar_ate, a.avisar_lead, a.avisado_em, a.avisos,
       a.cancelado_por, a.motivo_cancelamento, a.criado_em, a.atualizado_em,
       (SELECT left(l.nome, 120) FROM leads l
         WHERE l.tenant_id = :tenant_id AND l.lead_id = a.lead_id) AS lead_nome
  FROM agendamentos a
 WHERE a.tenant_id = :tenant_id AND a.agendamento_id = :agendamento_id;

-- name: horarios_of_agendamento
-- Every time that it had, the present one last.
SELECT versao, data_agendada, duracao_minutos, em, por, motivo
  FROM agendamento_horarios
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id
 ORDER BY versao;

-- name: mensagens_of_agendamento
-- What was or will be said of it.
SELECT versao, tipo, quando, status, motivo, disparo_id
  FROM agendamento_avisos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id
 ORDER BY versao, quando, tipo;

-- name: list_agendamentos
-- In the order of the calendar, one row for all: the texts of JSON objects, one a line, and what is read of each.
-- Most of it is only passed on: to read 500 rows and to write them again would take half of the request.
-- The names of leads are looked up for the page alone.
SELECT coalesce(string_agg(o.linha, chr(10)), '') AS linhas, coalesce(json_agg(o.lido), '[]') AS lidos
  FROM (SELECT CAST(row_to_json(r) AS text) AS linha, json_build_array(p.data_agendada, p.agendamento_id, p.avisos) AS lido
          FROM (SELECT *
                  FROM agendamentos
                 WHERE tenant_id = :tenant_id
                   AND (CAST(:depois_data AS timestamptz) IS NULL
                        OR (data_agendada, agendamento_id) > (CAST(:depois_data AS timestamptz), CAST(:depois_id AS uuid)))
                   AND (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
                   AND (CAST(:tipo AS text) IS NULL OR tipo = CAST(:tipo AS text))
                   AND (CAST(:canal AS text) IS NULL OR canal = CAST(:canal AS text))
                   AND (CAST(:confirmacao_vencida AS boolean) IS NULL
                        OR (status = 'pendente' AND confirmar_ate IS NOT NULL AND confirmar_ate <= :agora)
                           = CAST(:confirmacao_vencida AS boolean))
                   AND (CAST(:responsavel AS text) IS NULL OR lower(responsavel) = lower(CAST(:responsavel AS text)))
                   AND (CAST(:lead_id AS uuid) IS NULL OR lead_id = CAST(:lead_id AS uuid))
                   AND (CAST(:de AS timestamptz) IS NULL OR data_agendada >= CAST(:de AS timestamptz))
                   AND (CAST(:ate AS timestamptz) IS NULL OR data_agendada < CAST(:ate AS timestamptz))
                 ORDER BY data_agendada, agendamento_id
                 LIMIT :limite OFFSET :pular) p
          LEFT JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = p.lead_id
         CROSS JOIN LATERAL (SELECT p.agendamento_id, p.lead_id, p.tipo, p.canal, p.data_agendada, p.duracao_minutos, p.responsavel,
                                    p.observacoes, p.local, p.link, p.status, p.versao, p.reagendamentos, p.confirmar_ate,
                                    p.avisar_lead, p.avisado_em, p.cancelado_por, p.motivo_cancelamento, p.criado_em,
                                    p.atualizado_em, left(l.nome, 120) AS lead_nome,
                                    p.status = 'pendente' AND coalesce(p.confirmar_ate <= :agora, false) AS confirmacao_vencida) r
         ORDER BY p.data_agendada, p.agendamento_id) o;

-- name: lock_agendamento
SELECT agendamento_id, lead_id, tipo, canal, responsavel, local, link, status, data_agendada, duracao_minutos, versao,
       reagendamentos, avisar_lead, criado_em
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id
   FOR NO KEY UPDATE;

-- name: move_agendamento
-- A cancellation is a version of its own (SEQUENCE of RFC 5545): what its lead is told of it is no message of before.
UPDATE agendamentos
   SET status = :para, cancelado_por = :por, motivo_cancelamento = :motivo, atualizado_em = :agora,
       versao = versao + CASE WHEN CAST(:para AS text) = 'cancelado' THEN 1 ELSE 0 END
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id
RETURNING versao;

-- name: reschedule_agendamento
-- The same row at another time: it is to be confirmed, reminded of and announced anew.
UPDATE agendamentos
   SET data_agendada = :data_agendada, duracao_minutos = :duracao_minutos, ocupado_de = :ocupado_de,
       ocupado_ate = :ocupado_ate, local = :local, link = :link, avisar_lead = :avisar_lead, status = 'pendente',
       versao = versao + 1, reagendamentos = reagendamentos + 1, confirmar_ate = :confirmar_ate, avisado_em = NULL,
       acordado_em = NULL, avisos_planejados_em = :agora, avisos = CAST(:avisos AS jsonb), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id
RETURNING versao;

-- name: insert_horario
-- The time of before is there already, unless the version before this one made the row.
INSERT INTO agendamento_horarios (tenant_id, agendamento_id, versao, data_agendada, duracao_minutos, em, por, motivo)
VALUES (:tenant_id, :agendamento_id, :versao, :data_agendada, :duracao_minutos, :em, :por, :motivo)
    ON CONFLICT ON CONSTRAINT agendamento_horarios_pkey DO NOTHING;

-- name: occupying_agendamento
-- The first live one of a responsável that leaves no room for another at that time.
SELECT agendamento_id, data_agendada, duracao_minutos
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND lower(responsavel) = lower(CAST(:responsavel AS text))
   AND status IN ('pendente', 'confirmado')
   AND tstzrange(ocupado_de, ocupado_ate) && tstzrange(CAST(:ocupado_de AS timestamptz), CAST(:ocupado_ate AS timestamptz))
   AND agendamento_id <> CAST(:agendamento_id AS uuid)
 ORDER BY data_agendada
 LIMIT 1;

-- name: contacts_for_notices
-- Where a lead can be written to, in the order in which one would try; and their principal phone, which says where they are.
SELECT k.canal, contato_id(CAST(:lead_id AS uuid), k.valor) AS contato_id, k.valor AS destino,
       EXISTS (SELECT FROM supressoes x
                WHERE x.tenant_id = :tenant_id AND x.canal = k.canal AND x.contato = k.valor)
       OR EXISTS (SELECT FROM leads_suprimidos x
                   WHERE x.tenant_id = :tenant_id AND x.lead_id = CAST(:lead_id AS uuid)) AS suprimido
  FROM (SELECT 'whatsapp' AS canal, telefone AS valor, ordem, principal
          FROM lead_telefones
         WHERE tenant_id = :tenant_id AND lead_id = CAST(:lead_id AS uuid) AND valido_para_disparo
         UNION ALL
        SELECT 'email', email, ordem, principal
          FROM lead_emails
         WHERE tenant_id = :tenant_id AND lead_id = CAST(:lead_id AS uuid) AND valido_para_disparo) k
 ORDER BY k.principal DESC, k.ordem;

-- name: main_phone_of_lead
SELECT telefone FROM lead_telefones WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND principal;

-- name: insert_avisos_de_agendamento
INSERT INTO agendamento_avisos (tenant_id, agendamento_id, versao, tipo, quando, status, motivo, criado_em, atualizado_em)
SELECT :tenant_id, :agendamento_id, :versao, a.tipo, a.quando,
       CASE WHEN a.motivo IS NULL THEN 'pendente' ELSE 'dispensado' END, a.motivo,
       CAST(:agora AS timestamptz), CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:avisos AS jsonb)) AS a (tipo text, quando timestamptz, motivo text)
 ORDER BY a.tipo
    ON CONFLICT ON CONSTRAINT agendamento_avisos_pkey DO NOTHING;

-- name: dismiss_avisos
-- What was still to be said of it is not said any more.
UPDATE agendamento_avisos
   SET status = 'dispensado', motivo = :motivo, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id AND status = 'pendente'
RETURNING versao, tipo;

-- name: cancel_disparos_of_agendamento
-- Messages about it that have not left. SKIP LOCKED: what a worker is claiming is looked at again before it begins.
WITH presos AS MATERIALIZED (
    SELECT tenant_id, disparo_id
      FROM disparos
     WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id AND status = 'pendente' AND NOT em_duvida
     ORDER BY disparo_id
       FOR UPDATE SKIP LOCKED
), movidos AS (
    UPDATE disparos d
       SET status = 'cancelado', espera = NULL, erro_codigo = CAST(:codigo AS text), passos = passos + 1,
           atualizado_em = :agora
      FROM presos p
     WHERE d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, codigo)
SELECT tenant_id, disparo_id, passos, CAST(:agora AS timestamptz), 'dispensado', CAST(:codigo AS text) FROM movidos;

-- name: want_evento
-- A doubt stays one: nobody knows which event it would be about. A worker that has the row looks again when it records.
INSERT INTO agendamento_eventos (tenant_id, agendamento_id, quando, atualizado_em)
VALUES (:tenant_id, :agendamento_id, :agora, :agora)
    ON CONFLICT ON CONSTRAINT agendamento_eventos_pkey DO UPDATE
   SET status = 'pendente', quando = excluded.quando, tentativas = 0, codigo = NULL, acordado_em = NULL,
       atualizado_em = excluded.atualizado_em
 WHERE agendamento_eventos.status <> 'incerto';

-- name: evento_of_agendamento
SELECT status, evento_id, versao, codigo, atualizado_em
  FROM agendamento_eventos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id;

-- name: messages_of_agendamento_that_left
-- Whether its lead was to be told of it, and whether a message has left or may have. One that has begun may arrive.
SELECT EXISTS (SELECT FROM agendamento_avisos a
                WHERE a.tenant_id = :tenant_id AND a.agendamento_id = CAST(:agendamento_id AS uuid)
                  AND a.tipo IN ('convite', 'mudou')) AS convidado,
       EXISTS (SELECT FROM disparos d
                WHERE d.tenant_id = :tenant_id AND d.agendamento_id = CAST(:agendamento_id AS uuid)
                  AND d.agendamento_tipo <> 'responsavel'
                  AND (d.status IN ('enviado', 'confirmado', 'incerto', 'simulado') OR d.em_duvida
                       OR (d.status = 'enviando' AND d.iniciado_em IS NOT NULL))) AS saiu;

-- name: settle_evento
-- A person has looked: it is there by this id, or it is not there. Which version it shows is not known.
UPDATE agendamento_eventos
   SET status = 'pendente', evento_id = CAST(:evento_id AS text), iniciado = CAST(:evento_id AS text) IS NOT NULL,
       existe = CAST(:evento_id AS text) IS NOT NULL, versao = NULL, tentativas = 0, codigo = NULL,
       quando = CAST(:agora AS timestamptz), acordado_em = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id AND status = 'incerto';
