-- Leads: lists, one lead, and moves. As the API's login or the owner's, within one tenant.

-- name: list_leads
-- Newest first: ids are time-ordered. The values are known when an unnamed statement is planned, so a filter that is
-- not given costs nothing. Documents and contacts have indexes of their own and are looked up first, as arrays. With
-- an OR around an EXISTS, PostgreSQL would look into every lead of the tenant; so it would with a LIMIT before the
-- first ANALYZE. Long texts are cut: a cell may hold 130,000 characters, and Lambda's answers 6 MB.
SELECT l.lead_id, l.lead_id_externo,
       left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome,
       left(l.contato, 200) || CASE WHEN length(l.contato) > 200 THEN '…' ELSE '' END AS contato,
       l.documento, l.status, l.tags, l.origem_arquivo, l.origem_aba, l.linha_planilha, l.job_id, l.criado_em,
       l.atualizado_em
  FROM leads l
 WHERE l.tenant_id = :tenant_id
   AND (CAST(:depois AS uuid) IS NULL OR l.lead_id < CAST(:depois AS uuid))
   AND (CAST(:status AS text) IS NULL OR l.status = CAST(:status AS text))
   AND (CAST(:documento AS text) IS NULL OR l.lead_id = ANY (ARRAY(
        SELECT o.lead_id FROM leads o WHERE o.tenant_id = :tenant_id AND o.documento = CAST(:documento AS text))))
   AND (CAST(:email AS text) IS NULL OR l.lead_id = ANY (ARRAY(
        SELECT e.lead_id FROM lead_emails e WHERE e.tenant_id = :tenant_id AND e.email = CAST(:email AS text))))
   AND (CAST(:telefones AS text[]) IS NULL OR l.lead_id = ANY (ARRAY(
        SELECT t.lead_id FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.telefone = ANY (CAST(:telefones AS text[])))))
   AND (CAST(:tag AS text) IS NULL OR (l.tags <> '{}' AND l.tags @> ARRAY[CAST(:tag AS text)]))
   AND (CAST(:origem_arquivo AS text) IS NULL OR l.origem_arquivo = CAST(:origem_arquivo AS text))
   AND (CAST(:criado_de AS timestamptz) IS NULL OR l.criado_em >= CAST(:criado_de AS timestamptz))
   AND (CAST(:criado_ate AS timestamptz) IS NULL OR l.criado_em < CAST(:criado_ate AS timestamptz))
   AND (CAST(:q AS text) IS NULL OR strpos(lower(unaccent(l.nome)), (SELECT lower(unaccent(CAST(:q AS text))))) > 0)
 ORDER BY l.lead_id DESC
 LIMIT :limite OFFSET :pular;

-- name: count_leads
-- How many leads the same filters find, counted up to `teto`: an exact count of a million costs half a second.
SELECT count(*) AS total
  FROM (SELECT
          FROM leads l
         WHERE l.tenant_id = :tenant_id
           AND (CAST(:status AS text) IS NULL OR l.status = CAST(:status AS text))
           AND (CAST(:documento AS text) IS NULL OR l.lead_id = ANY (ARRAY(
                SELECT o.lead_id FROM leads o WHERE o.tenant_id = :tenant_id AND o.documento = CAST(:documento AS text))))
           AND (CAST(:email AS text) IS NULL OR l.lead_id = ANY (ARRAY(
                SELECT e.lead_id FROM lead_emails e WHERE e.tenant_id = :tenant_id AND e.email = CAST(:email AS text))))
           AND (CAST(:telefones AS text[]) IS NULL OR l.lead_id = ANY (ARRAY(
                SELECT t.lead_id FROM lead_telefones t
                 WHERE t.tenant_id = :tenant_id AND t.telefone = ANY (CAST(:telefones AS text[])))))
           AND (CAST(:tag AS text) IS NULL OR (l.tags <> '{}' AND l.tags @> ARRAY[CAST(:tag AS text)]))
           AND (CAST(:origem_arquivo AS text) IS NULL OR l.origem_arquivo = CAST(:origem_arquivo AS text))
           AND (CAST(:criado_de AS timestamptz) IS NULL OR l.criado_em >= CAST(:criado_de AS timestamptz))
           AND (CAST(:criado_ate AS timestamptz) IS NULL OR l.criado_em < CAST(:criado_ate AS timestamptz))
           AND (CAST(:q AS text) IS NULL
                OR strpos(lower(unaccent(l.nome)), (SELECT lower(unaccent(CAST(:q AS text))))) > 0)
         LIMIT :teto) found;

-- name: count_leads_by_jobs
-- A job creates leads and counts them in one transaction, and undoing it counts what it removes. Dry runs create none.
SELECT coalesce(sum(leads_criados - leads_removidos), 0)::bigint AS total
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id AND NOT validar_apenas;

-- name: list_leads_ready
-- Leads that a new disparo would help (docs/decisions.md): none is waiting or being sent, none waits for an answer, and
-- there is a contact that is fit for sending. OFFSET 0 keeps the planner from a join, which would read and sort every disparo
-- of the tenant: leads are taken newest first (see `avoid_sorting`) and looked into one by one, until the page is full.
SELECT l.lead_id, left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome, l.status,
       CASE WHEN t.telefone IS NULL THEN 'email' WHEN e.email IS NULL THEN 'telefone' ELSE 'ambos' END AS tipo_contato,
       contato_id(l.lead_id, t.telefone) AS telefone_id, t.telefone,
       contato_id(l.lead_id, e.email) AS email_id, e.email
  FROM leads l
  LEFT JOIN LATERAL (
       SELECT telefone FROM lead_telefones
        WHERE tenant_id = l.tenant_id AND lead_id = l.lead_id AND valido_para_disparo
        ORDER BY principal DESC, ordem LIMIT 1) t ON true
  LEFT JOIN LATERAL (
       SELECT email FROM lead_emails
        WHERE tenant_id = l.tenant_id AND lead_id = l.lead_id AND valido_para_disparo
        ORDER BY principal DESC, ordem LIMIT 1) e ON true
 WHERE l.tenant_id = :tenant_id
   AND (CAST(:depois AS uuid) IS NULL OR l.lead_id < CAST(:depois AS uuid))
   AND l.status IN ('novo', 'em_disparo', 'sem_sucesso')
   AND NOT EXISTS (
       SELECT FROM disparos d
        WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id
          AND (d.status IN ('pendente', 'enviando')
               OR (l.status = 'em_disparo' AND d.status IN ('enviado', 'confirmado', 'incerto')))
       OFFSET 0)
   AND CASE CAST(:tipo_contato AS text)
       WHEN 'ambos' THEN t.telefone IS NOT NULL AND e.email IS NOT NULL
       WHEN 'telefone' THEN t.telefone IS NOT NULL AND e.email IS NULL
       WHEN 'email' THEN t.telefone IS NULL AND e.email IS NOT NULL
       ELSE t.telefone IS NOT NULL OR e.email IS NOT NULL
       END
 ORDER BY l.lead_id DESC
 LIMIT :limite OFFSET :pular;

-- name: list_shared_contacts
-- Of these contacts, those that several leads have.
SELECT c.contato
  FROM jsonb_array_elements_text(CAST(:contatos AS jsonb)) AS c (contato)
 WHERE 1 < (SELECT count(*)
              FROM (SELECT FROM lead_telefones
                     WHERE tenant_id = :tenant_id AND telefone = c.contato LIMIT 2) t)
    OR 1 < (SELECT count(*)
              FROM (SELECT FROM lead_emails
                     WHERE tenant_id = :tenant_id AND email = c.contato LIMIT 2) e);

-- name: lead_by_id
SELECT lead_id, lead_id_externo, nome, contato, documento, telefone_raw, email_raw, status, tags, origem_arquivo,
       origem_aba, linha_planilha, job_id, criado_em, atualizado_em
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: telefones_of_lead
SELECT contato_id(t.lead_id, t.telefone) AS telefone_id, t.telefone, t.ordem, t.principal, t.tipo_origem,
       t.valido_para_disparo,
       CASE WHEN s.contato IS NOT NULL THEN
            jsonb_build_object('supressao_id', s.supressao_id, 'motivo', s.motivo, 'por', s.por, 'nota', s.nota,
                               'criado_em', s.criado_em) END AS supressao
  FROM lead_telefones t
  LEFT JOIN supressoes s ON s.tenant_id = t.tenant_id AND s.canal = 'whatsapp' AND s.contato = t.telefone
 WHERE t.tenant_id = :tenant_id AND t.lead_id = :lead_id
 ORDER BY t.ordem;

-- name: emails_of_lead
SELECT contato_id(e.lead_id, e.email) AS email_id, e.email, e.ordem, e.principal, e.valido_para_disparo,
       CASE WHEN s.contato IS NOT NULL THEN
            jsonb_build_object('supressao_id', s.supressao_id, 'motivo', s.motivo, 'por', s.por, 'nota', s.nota,
                               'criado_em', s.criado_em) END AS supressao
  FROM lead_emails e
  LEFT JOIN supressoes s ON s.tenant_id = e.tenant_id AND s.canal = 'email' AND s.contato = e.email
 WHERE e.tenant_id = :tenant_id AND e.lead_id = :lead_id
 ORDER BY e.ordem;

-- name: supressao_of_lead
SELECT nota, por, criado_em FROM leads_suprimidos WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: timeline_of_lead
-- A reply that nobody has assigned is shown with every lead that has its contact.
SELECT quando, tipo, id, status, canal, marcado_para, texto
  FROM (SELECT criado_em AS quando, 'lead' AS tipo, lead_id AS id, NULL AS status, NULL AS canal,
               CAST(NULL AS timestamptz) AS marcado_para, NULL AS texto
          FROM leads WHERE tenant_id = :tenant_id AND lead_id = :lead_id
         UNION ALL
        SELECT criado_em, 'disparo', disparo_id, status, canal, agendar_para, NULL
          FROM disparos WHERE tenant_id = :tenant_id AND lead_id = :lead_id
         UNION ALL
        SELECT criado_em, 'agendamento', agendamento_id, status, canal, data_agendada, NULL
          FROM agendamentos WHERE tenant_id = :tenant_id AND lead_id = :lead_id
         UNION ALL
        SELECT recebida_em, 'resposta', resposta_id, pedido, canal, NULL, left(texto, 500)
          FROM respostas WHERE tenant_id = :tenant_id AND lead_id = :lead_id
         UNION ALL
        SELECT r.recebida_em, 'resposta', r.resposta_id, r.pedido, r.canal, NULL, left(r.texto, 500)
          FROM respostas r
         WHERE r.tenant_id = :tenant_id AND r.lead_id IS NULL
           AND (r.canal, r.contato) IN (
               SELECT 'whatsapp', telefone FROM lead_telefones WHERE tenant_id = :tenant_id AND lead_id = :lead_id
                UNION ALL
               SELECT 'email', email FROM lead_emails WHERE tenant_id = :tenant_id AND lead_id = :lead_id)) acontecido
 ORDER BY quando DESC, id DESC
 LIMIT :limite;

-- name: lock_lead
-- Held to the end of the transaction: what is decided by the status stays true until it is written.
SELECT lead_id, status FROM leads WHERE tenant_id = :tenant_id AND lead_id = :lead_id FOR NO KEY UPDATE;

-- name: change_lead
-- A person who moves a lead decides anew where it stands: it returns nowhere after that.
UPDATE leads
   SET status = coalesce(CAST(:status AS text), status),
       status_antes = CASE WHEN coalesce(CAST(:status AS text), status) = status THEN status_antes END,
       tags = coalesce(CAST(:tags AS text[]), tags),
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: lock_leads
-- Two last disparos of one lead that end at the same time must see each other: the second one waits here.
SELECT lead_id
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id
   FOR NO KEY UPDATE;

-- name: move_leads
-- What a fact does to leads (states.move_of). One that is booked keeps where it stood.
UPDATE leads
   SET status = :para,
       status_antes = CASE WHEN CAST(:para AS text) = 'agendado' THEN status END,
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
   AND status = ANY(CAST(:de AS text[]));

-- name: return_leads
-- Back to where they were booked from. One that a person moved to `agendado` stays: it was booked from nowhere.
UPDATE leads
   SET status = status_antes, status_antes = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
   AND status = 'agendado' AND status_antes IS NOT NULL;

-- name: list_exhausted_leads
-- Of these leads, those that no disparo can reach any more: none waits, is being sent, or may have arrived.
SELECT c.lead_id
  FROM unnest(CAST(:lead_ids AS uuid[])) AS c (lead_id)
 WHERE NOT EXISTS (
       SELECT FROM disparos d
        WHERE d.tenant_id = :tenant_id AND d.lead_id = c.lead_id
          AND d.status IN ('pendente', 'enviando', 'enviado', 'confirmado', 'incerto'));

-- name: list_unbooked_leads
-- Of these leads, those without a live agendamento.
SELECT c.lead_id
  FROM unnest(CAST(:lead_ids AS uuid[])) AS c (lead_id)
 WHERE NOT EXISTS (
       SELECT FROM agendamentos a
        WHERE a.tenant_id = :tenant_id AND a.lead_id = c.lead_id AND a.status IN ('pendente', 'confirmado'));
