-- Reports of providers, and the disparos that they are about.

-- name: lock_disparos_of_entregas
-- By the provider's id of the message, or by our own reference where no id is stored yet. Locked in the order of the
-- claim, so that no two transactions wait for each other in a circle.
SELECT disparo_id, lead_id, canal, status, provider_message_id, usar_alternativos, enviado_em, campanha_id,
       teste_de IS NOT NULL OR agendamento_id IS NOT NULL AS moves_no_lead
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
                               alternativo, lido, recebido_em, olhar_em)
SELECT :tenant_id, :canal, a.message_id, a.situacao, a.disparo_id, a.codigo, a.suprimir, a.alternativo, a.lido,
       CAST(:agora AS timestamptz), CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:avisos AS jsonb))
       AS a (message_id text, situacao text, disparo_id uuid, codigo text, suprimir boolean,
            alternativo boolean, lido boolean)
 ORDER BY a.message_id, a.situacao
    ON CONFLICT ON CONSTRAINT avisos_de_entrega_pkey DO UPDATE SET lido = avisos_de_entrega.lido OR excluded.lido;

-- name: lock_due_avisos
-- Across tenants, so each row names its tenant. SKIP LOCKED: two sweeps do not look at the same report.
SELECT tenant_id, canal, provider_message_id, situacao, disparo_id, codigo, suprimir, alternativo, lido, recebido_em
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

-- name: list_leads_of_contatos
-- Every lead with one of these numbers or addresses: a switchboard may belong to several leads.
SELECT telefone AS contato, lead_id FROM lead_telefones
 WHERE tenant_id = :tenant_id AND telefone = ANY (CAST(:contatos AS text[])) AND CAST(:canal AS text) = 'whatsapp'
 UNION
SELECT email, lead_id FROM lead_emails
 WHERE tenant_id = :tenant_id AND email = ANY (CAST(:contatos AS text[])) AND CAST(:canal AS text) = 'email'
 ORDER BY lead_id;

-- name: list_quoted_disparos
-- A test of a campaign went to the team, and some messages to a responsável: who answers them is not the lead.
SELECT provider_message_id, disparo_id, lead_id, destino
  FROM disparos
 WHERE tenant_id = :tenant_id AND canal = :canal AND provider_message_id = ANY (CAST(:message_ids AS text[]))
   AND teste_de IS NULL AND agendamento_tipo IS DISTINCT FROM 'responsavel'
 ORDER BY disparo_id;

-- name: list_last_disparos
-- The last one that was sent to each of these contacts of these leads. Found by the lead: `destino` has no index.
SELECT DISTINCT ON (destino, lead_id) destino, lead_id, disparo_id, enviado_em
  FROM disparos
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
   AND canal = :canal AND destino = ANY (CAST(:contatos AS text[])) AND enviado_em IS NOT NULL AND teste_de IS NULL
   AND agendamento_tipo IS DISTINCT FROM 'responsavel'
 ORDER BY destino, lead_id, enviado_em DESC, disparo_id DESC;

-- name: list_provedor_usuarios
SELECT usuario, contato, lead_id
  FROM provedor_usuarios
 WHERE tenant_id = :tenant_id AND canal = :canal AND usuario = ANY (CAST(:usuarios AS text[]));

-- name: upsert_usuarios
-- The lead that a person chose stays, as long as the contact does.
INSERT INTO provedor_usuarios (tenant_id, canal, usuario, contato, lead_id, visto_em)
SELECT :tenant_id, :canal, v.usuario, v.contato, v.lead_id, CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:vistos AS jsonb)) AS v (usuario text, contato text, lead_id uuid)
 ORDER BY v.usuario COLLATE "C"
    ON CONFLICT ON CONSTRAINT provedor_usuarios_pkey DO UPDATE
   SET contato = EXCLUDED.contato, visto_em = EXCLUDED.visto_em,
       lead_id = coalesce(EXCLUDED.lead_id, CASE WHEN provedor_usuarios.contato = EXCLUDED.contato
                                                 THEN provedor_usuarios.lead_id END);

-- name: upsert_usuarios_of_disparos
INSERT INTO provedor_usuarios (tenant_id, canal, usuario, contato, visto_em)
SELECT DISTINCT ON (v.user_id COLLATE "C") d.tenant_id, d.canal, v.user_id, d.destino, CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:vistos AS jsonb)) AS v (message_id text, user_id text)
  JOIN disparos d ON d.tenant_id = :tenant_id AND d.canal = :canal AND d.provider_message_id = v.message_id
 ORDER BY v.user_id COLLATE "C", d.disparo_id DESC
    ON CONFLICT ON CONSTRAINT provedor_usuarios_pkey DO UPDATE
   SET contato = EXCLUDED.contato, visto_em = EXCLUDED.visto_em,
       lead_id = CASE WHEN provedor_usuarios.contato = EXCLUDED.contato THEN provedor_usuarios.lead_id END;

-- name: insert_respostas
-- One that is there already is left alone, and not returned: its notification came again.
INSERT INTO respostas (tenant_id, resposta_id, canal, provider_message_id, remetente, usuario, contato, em_resposta_a,
                       disparo_id, campanha_id, lead_id, texto, enviada_em, recebida_em, pedido, revisar)
SELECT :tenant_id, r.resposta_id, :canal, r.provider_message_id, r.remetente, r.usuario, r.contato, r.em_resposta_a,
       r.disparo_id,
       (SELECT d.campanha_id FROM disparos d WHERE d.tenant_id = :tenant_id AND d.disparo_id = r.disparo_id),
       r.lead_id, r.texto, r.enviada_em, CAST(:agora AS timestamptz), r.pedido, r.revisar
  FROM jsonb_to_recordset(CAST(:respostas AS jsonb))
       AS r (resposta_id uuid, provider_message_id text, remetente text, usuario text, contato text, em_resposta_a text,
            disparo_id uuid, lead_id uuid, texto text, enviada_em timestamptz, pedido text, revisar boolean)
 ORDER BY r.provider_message_id COLLATE "C", r.resposta_id
    ON CONFLICT (tenant_id, canal, provider_message_id) WHERE provider_message_id IS NOT NULL DO NOTHING
RETURNING resposta_id;

-- name: mark_disparos_answered
-- The first answer counts.
UPDATE disparos SET respondido_em = :agora
 WHERE tenant_id = :tenant_id AND disparo_id = ANY (CAST(:disparo_ids AS uuid[])) AND respondido_em IS NULL;

-- name: mark_disparos_read
UPDATE disparos SET lido_em = :agora
 WHERE tenant_id = :tenant_id AND disparo_id = ANY (CAST(:disparo_ids AS uuid[])) AND lido_em IS NULL;

-- name: list_respostas
-- Newest first: ids are in the order of time. Long texts are cut: five hundred of them would not fit into an answer. The
-- values are known when the statement is planned, so a filter that is not given costs nothing, and one for what waits is
-- read from its own small index.
SELECT resposta_id, canal, remetente, usuario, contato, em_resposta_a, disparo_id, campanha_id, lead_id,
       left(texto, :tamanho) AS texto, coalesce(length(texto) > :tamanho, false) AS texto_cortado, enviada_em,
       recebida_em, pedido, revisar, atribuida_em, atribuida_por, decisao, resolvida_em, resolvida_por
  FROM respostas
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes AS uuid) IS NULL OR resposta_id < CAST(:antes AS uuid))
   AND (CAST(:canal AS text) IS NULL OR canal = CAST(:canal AS text))
   AND (CAST(:lead_id AS uuid) IS NULL OR lead_id = CAST(:lead_id AS uuid))
   AND (CAST(:disparo_id AS uuid) IS NULL OR disparo_id = CAST(:disparo_id AS uuid))
   AND (CAST(:campanha_id AS uuid) IS NULL OR campanha_id = CAST(:campanha_id AS uuid))
   AND (CAST(:contatos AS text[]) IS NULL OR contato = ANY (CAST(:contatos AS text[])))
   AND (CAST(:pedido AS text) IS NULL OR pedido = CAST(:pedido AS text))
   AND (CAST(:sem_lead AS boolean) IS DISTINCT FROM true OR lead_id IS NULL)
   AND (CAST(:sem_lead AS boolean) IS DISTINCT FROM false OR lead_id IS NOT NULL)
   AND (CAST(:revisar AS boolean) IS DISTINCT FROM true OR revisar)
   AND (CAST(:revisar AS boolean) IS DISTINCT FROM false OR NOT revisar)
   AND (CAST(:resolvida AS boolean) IS NULL OR (decisao IS NOT NULL) = CAST(:resolvida AS boolean))
 ORDER BY resposta_id DESC
 LIMIT :limite OFFSET :pular;

-- name: count_respostas
-- What waits for a person. Both are few, and found in their own indexes.
SELECT (SELECT count(*) FROM respostas WHERE tenant_id = :tenant_id AND lead_id IS NULL AND decisao IS NULL)
           AS total_sem_lead,
       (SELECT count(*) FROM respostas WHERE tenant_id = :tenant_id AND revisar) AS total_a_revisar;

-- name: resposta_by_id
SELECT resposta_id, canal, remetente, usuario, contato, em_resposta_a, disparo_id, campanha_id, lead_id, texto,
       false AS texto_cortado, enviada_em, recebida_em, pedido, revisar, atribuida_em, atribuida_por, decisao,
       resolvida_em, resolvida_por
  FROM respostas
 WHERE tenant_id = :tenant_id AND resposta_id = :resposta_id;

-- name: lock_resposta
SELECT resposta_id, canal, usuario, contato, disparo_id, lead_id, pedido, revisar, decisao
  FROM respostas
 WHERE tenant_id = :tenant_id AND resposta_id = :resposta_id
   FOR UPDATE;

-- name: contato_of_lead
-- Where a lead most likely writes from: the contact that was written to last, else the principal one.
SELECT contato
  FROM (SELECT telefone AS contato, principal, ordem FROM lead_telefones
         WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND CAST(:canal AS text) = 'whatsapp'
         UNION ALL
        SELECT email, principal, ordem FROM lead_emails
         WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND CAST(:canal AS text) = 'email') c
 ORDER BY (SELECT max(d.enviado_em) FROM disparos d
            WHERE d.tenant_id = :tenant_id AND d.lead_id = :lead_id AND d.canal = CAST(:canal AS text)
              AND d.destino = c.contato) DESC NULLS LAST,
          principal DESC, ordem
 LIMIT 1;

-- name: assign_resposta
UPDATE respostas
   SET lead_id = :lead_id, contato = coalesce(contato, CAST(:contato AS text)), atribuida_em = :agora,
       atribuida_por = :por
 WHERE tenant_id = :tenant_id AND resposta_id = :resposta_id;

-- name: settle_resposta
UPDATE respostas
   SET decisao = :decisao, resolvida_em = :agora, resolvida_por = :por, revisar = false
 WHERE tenant_id = :tenant_id AND resposta_id = :resposta_id;

-- name: release_reviewed_disparos
-- What waited for a person to look is due now, unless another reply of that contact waits as well.
UPDATE disparos d
   SET espera = NULL, enviar_apos = :agora, atualizado_em = :agora
 WHERE d.tenant_id = :tenant_id AND d.espera = 'revisao' AND d.canal = :canal AND d.destino = CAST(:contato AS text)
   AND NOT EXISTS (SELECT FROM respostas r
                    WHERE r.tenant_id = :tenant_id AND r.canal = :canal AND r.contato = CAST(:contato AS text)
                      AND r.revisar);
