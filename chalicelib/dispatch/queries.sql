-- Disparos and the templates that they are made of.

-- name: lock_template_name
-- Two new versions of one name come one after the other; there may be no row yet that could be locked.
SELECT pg_advisory_xact_lock(hashtextextended(CAST(:tenant_id AS text) || '/' || CAST(:nome AS text), 0));

-- name: list_templates
SELECT nome, versao, canal, idioma, assunto, texto, html, variaveis, criado_em
  FROM templates
 WHERE tenant_id = :tenant_id AND ativo
 ORDER BY nome;

-- name: find_template
SELECT nome, versao, canal, idioma, assunto, texto, html, variaveis, criado_em
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = :nome AND ativo;

-- name: retire_template
-- Its words stay for the disparos that were made with them.
UPDATE templates SET ativo = false WHERE tenant_id = :tenant_id AND nome = :nome AND ativo;

-- name: insert_template
-- Counted over every version there ever was, so that a retired name goes on and does not begin again.
INSERT INTO templates (tenant_id, nome, versao, canal, idioma, assunto, texto, html, variaveis, criado_em)
SELECT :tenant_id, :nome, coalesce(max(versao), 0) + 1, :canal, :idioma, :assunto, :texto, :html,
       CAST(:variaveis AS text[]), CAST(:agora AS timestamptz)
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = :nome
RETURNING nome, versao, canal, idioma, assunto, texto, html, variaveis, criado_em;

-- name: list_destinos
-- Where a lead can be written to by one channel, in the order in which one would try.
SELECT contato_id(lead_id, valor) AS contato_id, valor AS destino, valido_para_disparo
  FROM (SELECT lead_id, telefone AS valor, ordem, principal, valido_para_disparo
          FROM lead_telefones
         WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND CAST(:canal AS text) = 'whatsapp'
         UNION ALL
        SELECT lead_id, email, ordem, principal, valido_para_disparo
          FROM lead_emails
         WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND CAST(:canal AS text) = 'email') contatos
 ORDER BY principal DESC, ordem;

-- name: insert_disparo
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      agendar_para, enviar_apos, max_tentativas, idempotency_key, idempotency_fingerprint, criado_em,
                      atualizado_em)
VALUES (:tenant_id, :disparo_id, :lead_id, :canal, :contato_id, :destino, :template, :template_versao,
        CAST(:variaveis AS jsonb), :agendar_para, :enviar_apos, :max_tentativas, :idempotency_key,
        :idempotency_fingerprint, :agora, :agora);

-- name: disparo_by_id
SELECT disparo_id, lead_id, canal, contato_id, destino, template, template_versao, status, agendar_para, enviar_apos,
       tentativas, max_tentativas, provider_message_id, ultimo_codigo, erro_codigo, criado_em, atualizado_em, enviado_em
  FROM disparos
 WHERE tenant_id = :tenant_id AND disparo_id = :disparo_id;

-- name: disparo_by_idempotency_key
SELECT disparo_id, idempotency_fingerprint
  FROM disparos
 WHERE tenant_id = :tenant_id AND idempotency_key = :idempotency_key;

-- name: list_disparos
-- Newest first: ids are in the order of time, so the primary key is the order of the list.
SELECT disparo_id, lead_id, canal, contato_id, destino, template, template_versao, status, agendar_para, enviar_apos,
       tentativas, max_tentativas, provider_message_id, ultimo_codigo, erro_codigo, criado_em, atualizado_em, enviado_em
  FROM disparos
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes AS uuid) IS NULL OR disparo_id < CAST(:antes AS uuid))
   AND (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
   AND (CAST(:canal AS text) IS NULL OR canal = CAST(:canal AS text))
   AND (CAST(:lead_id AS uuid) IS NULL OR lead_id = CAST(:lead_id AS uuid))
 ORDER BY disparo_id DESC
 LIMIT :limite OFFSET :pular;

-- name: cancel_disparo
-- Only what certainly has not left: an attempt in doubt may have reached the provider.
UPDATE disparos
   SET status = 'cancelado', atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND disparo_id = :disparo_id AND status = 'pendente' AND NOT em_duvida;

-- name: count_disparos
SELECT canal, status, count(*) AS total FROM disparos WHERE tenant_id = :tenant_id GROUP BY canal, status;

-- name: count_waiting_disparos
-- What is due now, what waits for its time, and since when the oldest of those that are due has been waiting.
SELECT count(*) FILTER (WHERE enviar_apos <= CAST(:agora AS timestamptz)) AS vencidos,
       count(*) FILTER (WHERE enviar_apos > CAST(:agora AS timestamptz)) AS futuros,
       min(enviar_apos) FILTER (WHERE enviar_apos <= CAST(:agora AS timestamptz)) AS vencido_desde
  FROM disparos
 WHERE tenant_id = :tenant_id AND status = 'pendente';

-- name: claim_disparos
-- Only what is due and unsent, or what a dead worker left behind: a lease that has lapsed puts it in doubt. SKIP LOCKED:
-- what another one is just claiming is not waited for. Locked in the order of the ids, as the recording does.
WITH chamados AS (
    SELECT tenant_id, disparo_id
      FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
), tomados AS (
    SELECT d.tenant_id, d.disparo_id, d.tentativas AS tentativas_antes, d.status = 'enviando' AS abandonado
      FROM chamados c
      JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
     WHERE (d.status = 'pendente' AND d.enviar_apos <= :agora)
        OR (d.status = 'enviando' AND d.lease_ate <= :agora)
     ORDER BY d.tenant_id, d.disparo_id
       FOR UPDATE OF d SKIP LOCKED
)
UPDATE disparos d
   SET status = 'enviando',
       lease_dono = :dono,
       lease_ate = :lease_ate,
       tentativas = least(t.tentativas_antes + 1, d.max_tentativas),
       em_duvida = d.em_duvida OR t.abandonado,
       ultimo_codigo = CASE WHEN t.abandonado THEN CAST(:lease_vencida AS text) ELSE d.ultimo_codigo END,
       atualizado_em = :agora
  FROM tomados t, templates te
 WHERE d.tenant_id = t.tenant_id AND d.disparo_id = t.disparo_id
   AND te.tenant_id = d.tenant_id AND te.nome = d.template AND te.versao = d.template_versao
RETURNING d.tenant_id, d.disparo_id, d.lead_id, d.canal, d.destino, d.variaveis, d.tentativas, t.tentativas_antes,
          d.max_tentativas, d.em_duvida, d.ultimo_codigo, d.template, te.idioma, te.assunto, te.texto, te.html,
          te.variaveis AS ordem;

-- name: list_unclaimed_disparos
-- Of those that were called and not claimed, the ones that still wait: woken too early, or locked by somebody else.
SELECT d.tenant_id, d.disparo_id, d.enviar_apos, d.tentativas
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
  JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
 WHERE d.status = 'pendente';

-- name: lock_claimed_disparos
-- In the order of the claim, so that recording and claiming never wait for each other in a circle.
SELECT d.disparo_id
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
  JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
 ORDER BY d.tenant_id, d.disparo_id
   FOR UPDATE OF d;

-- name: record_disparos
-- All outcomes of a batch. Only the holder of the lease is listened to: whoever lost it changes nothing.
-- `acordado_em` begins anew, so that the sweep does not take an old wake-up for that of the next attempt.
UPDATE disparos d
   SET status = r.status,
       tentativas = r.tentativas,
       em_duvida = r.em_duvida,
       enviar_apos = coalesce(r.enviar_apos, d.enviar_apos),
       lease_dono = NULL,
       lease_ate = NULL,
       acordado_em = NULL,
       provider_message_id = r.provider_message_id,
       ultimo_codigo = r.ultimo_codigo,
       erro_codigo = r.erro_codigo,
       enviado_em = CASE WHEN r.status = 'enviado' THEN CAST(:agora AS timestamptz) END,
       atualizado_em = :agora
  FROM jsonb_to_recordset(CAST(:registros AS jsonb)) AS r (
       tenant_id text, disparo_id uuid, status text, tentativas smallint, em_duvida boolean, enviar_apos timestamptz,
       provider_message_id text, ultimo_codigo text, erro_codigo text)
 WHERE d.tenant_id = r.tenant_id AND d.disparo_id = r.disparo_id
   AND d.status = 'enviando' AND d.lease_dono = :dono
RETURNING d.tenant_id, d.disparo_id;

-- name: lock_leads
-- Two last disparos of one lead that end at once must see each other: the second one waits here.
SELECT lead_id
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id
   FOR NO KEY UPDATE;

-- name: list_exhausted_leads
-- Of these leads, those that no disparo can reach any more: none waits, is on its way, or may have arrived.
SELECT c.lead_id
  FROM unnest(CAST(:lead_ids AS uuid[])) AS c (lead_id)
 WHERE NOT EXISTS (
       SELECT FROM disparos d
        WHERE d.tenant_id = :tenant_id AND d.lead_id = c.lead_id
          AND d.status IN ('pendente', 'enviando', 'enviado', 'confirmado', 'incerto'));
