-- Reports of providers, and the disparos that they are about.

-- name: lock_disparos_of_entregas
-- By the provider's id of the message, or by our own reference where no id is stored yet. Locked in the order of the
-- claim, so that no two transactions wait for each other in a circle.
SELECT disparo_id, lead_id, canal, status, provider_message_id, usar_alternativos, enviado_em
  FROM disparos
 WHERE tenant_id = :tenant_id AND canal = :canal
   AND (provider_message_id = ANY (CAST(:message_ids AS text[]))
        OR (disparo_id = ANY (CAST(:disparo_ids AS uuid[])) AND provider_message_id IS NULL))
 ORDER BY disparo_id
   FOR UPDATE;

-- name: move_disparos_by_entregas
-- A report ends doubt. The time of sending is kept; where it was not known, it is now. Each move is a step of the
-- disparo's history.
WITH movidos AS (
    UPDATE disparos d
       SET status = m.status,
           em_duvida = false,
           passos = d.passos + 1,
           provider_message_id = m.message_id,
           enviado_em = coalesce(d.enviado_em, CAST(:agora AS timestamptz)),
           confirmado_em = CASE WHEN m.status = 'confirmado' THEN CAST(:agora AS timestamptz) END,
           ultimo_codigo = CASE WHEN m.status = 'erro' THEN m.codigo ELSE d.ultimo_codigo END,
           erro_codigo = CASE WHEN m.status = 'erro' THEN m.codigo END,
           atualizado_em = :agora
      FROM jsonb_to_recordset(CAST(:movimentos AS jsonb))
           AS m (disparo_id uuid, status text, message_id text, situacao text, codigo text)
     WHERE d.tenant_id = :tenant_id AND d.disparo_id = m.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.passos, m.situacao, m.codigo, m.message_id
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, codigo, provider_message_id)
SELECT tenant_id, disparo_id, passos, CAST(:agora AS timestamptz), situacao, codigo, message_id FROM movidos;

-- name: insert_avisos
INSERT INTO avisos_de_entrega (tenant_id, canal, provider_message_id, situacao, disparo_id, codigo, suprimir,
                               alternativo, recebido_em, olhar_em)
SELECT :tenant_id, :canal, a.message_id, a.situacao, a.disparo_id, a.codigo, a.suprimir, a.alternativo,
       CAST(:agora AS timestamptz), CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:avisos AS jsonb))
       AS a (message_id text, situacao text, disparo_id uuid, codigo text, suprimir boolean,
            alternativo boolean)
 ORDER BY a.message_id, a.situacao
    ON CONFLICT ON CONSTRAINT avisos_de_entrega_pkey DO NOTHING;

-- name: lock_due_avisos
-- Across tenants, so each row names its tenant. SKIP LOCKED: two sweeps do not look at the same report.
SELECT tenant_id, canal, provider_message_id, situacao, disparo_id, codigo, suprimir, alternativo, recebido_em
  FROM avisos_de_entrega
 WHERE olhar_em <= :agora
 ORDER BY olhar_em
 LIMIT :limite
   FOR UPDATE SKIP LOCKED;

-- name: delete_avisos
DELETE FROM avisos_de_entrega a
 USING jsonb_to_recordset(CAST(:avisos AS jsonb)) AS f (message_id text, situacao text)
 WHERE a.tenant_id = :tenant_id AND a.canal = :canal
   AND a.provider_message_id = f.message_id AND a.situacao = f.situacao;

-- name: put_off_avisos
UPDATE avisos_de_entrega a
   SET olhar_em = CAST(:agora AS timestamptz)
                  + greatest(CAST(:agora AS timestamptz) - a.recebido_em, interval '1 minute')
  FROM jsonb_to_recordset(CAST(:avisos AS jsonb)) AS f (message_id text, situacao text)
 WHERE a.tenant_id = :tenant_id AND a.canal = :canal
   AND a.provider_message_id = f.message_id AND a.situacao = f.situacao;

-- name: list_leads_of_contato
-- Every lead with that number or address: a switchboard may belong to several leads.
SELECT lead_id FROM lead_telefones
 WHERE tenant_id = :tenant_id AND telefone = :contato AND CAST(:canal AS text) = 'whatsapp'
 UNION
SELECT lead_id FROM lead_emails
 WHERE tenant_id = :tenant_id AND email = :contato AND CAST(:canal AS text) = 'email'
 ORDER BY lead_id;
