-- What a person should know of a lead before an agendamento begins.

-- name: agendamento_to_brief
SELECT a.agendamento_id, a.lead_id, a.tipo, a.canal, a.data_agendada, a.duracao_minutos, a.responsavel, a.observacoes, a.status,
       a.confirmar_ate
  FROM agendamentos a
 WHERE a.tenant_id = :tenant_id AND a.agendamento_id = :agendamento_id;

-- name: disparos_to_brief
-- The last ones, newest first; a test of a campaign is no message to the lead.
SELECT disparo_id, campanha_id, canal, template, status, criado_em, enviado_em, confirmado_em, lido_em, respondido_em,
       erro_codigo
  FROM disparos
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND teste_de IS NULL
 ORDER BY criado_em DESC, disparo_id DESC
 LIMIT :limite;

-- name: respostas_to_brief
-- The last ones, newest first, and whatever waits for a person; with those of the lead's contacts that nobody has assigned.
WITH do_lead AS (
    SELECT * FROM respostas WHERE tenant_id = :tenant_id AND lead_id = :lead_id
     UNION ALL
    SELECT r.*
      FROM (SELECT 'whatsapp' AS canal, telefone AS contato
              FROM lead_telefones WHERE tenant_id = :tenant_id AND lead_id = :lead_id
             UNION ALL
            SELECT 'email', email FROM lead_emails WHERE tenant_id = :tenant_id AND lead_id = :lead_id) c
      JOIN respostas r ON r.tenant_id = :tenant_id AND r.contato = c.contato AND r.canal = c.canal AND r.lead_id IS NULL
)
SELECT resposta_id, disparo_id, canal, left(texto, 500) AS texto, pedido, revisar, recebida_em
  FROM do_lead
 ORDER BY revisar DESC, recebida_em DESC, resposta_id DESC
 LIMIT :limite;

-- name: agendamentos_to_brief
-- The others of the lead, the last ones first.
SELECT agendamento_id, tipo, canal, data_agendada, duracao_minutos, responsavel, left(observacoes, 500) AS observacoes, status,
       motivo_cancelamento
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND agendamento_id <> :agendamento_id
 ORDER BY data_agendada DESC, agendamento_id DESC
 LIMIT :limite;

-- name: erros_to_brief
-- What the file said of the lead that could not be kept.
SELECT coluna, codigo, valor
  FROM ingest_erros
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND linha = :linha
 ORDER BY ordem
 LIMIT :limite;
