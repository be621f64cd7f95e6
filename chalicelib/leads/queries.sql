-- Leads: lists, one lead, and moves. As the API's login or the owner's, within one tenant.

-- name: list_leads
-- Newest first: ids are time-ordered. The values are known when an unnamed statement is planned, so a filter that is
-- not given costs nothing. Documents and contacts have indexes of their own and are looked up first, as arrays. With
-- an OR around an EXISTS, PostgreSQL would look into every lead of the tenant; so it would with a LIMIT before the
-- first ANALYZE. Long texts are cut: a cell may hold 130,000 characters, and Lambda's answers 6 MB. Texts of campos are
-- cut only where the lead has many or long ones.
WITH filtros AS MATERIALIZED (
    SELECT campo, lower(unaccent(texto)) AS texto, caminho
      FROM unnest(CAST(:campos AS text[]), CAST(:textos AS text[]), CAST(:caminhos AS jsonpath[]))
        AS f (campo, texto, caminho)
)
SELECT l.lead_id, l.lead_id_externo, l.origem,
       left(l.nome, 200) || CASE WHEN length(l.nome) > 200 THEN '…' ELSE '' END AS nome,
       left(l.contato, 200) || CASE WHEN length(l.contato) > 200 THEN '…' ELSE '' END AS contato,
       l.documento, l.status, l.tags,
       CASE WHEN octet_length(CAST(l.campos AS text)) <= 2000 THEN l.campos ELSE (
            SELECT jsonb_object_agg(key, CASE WHEN length(value #>> '{}') > 100 THEN to_jsonb(left(value #>> '{}', 100) || '…')
                                              ELSE value END)
              FROM jsonb_each(l.campos)) END AS campos,
       l.origem_arquivo, l.origem_aba, l.linha_planilha, l.job_id, l.criado_em, l.atualizado_em
  FROM leads l
 WHERE l.tenant_id = :tenant_id
   AND (CAST(:depois AS uuid) IS NULL OR l.lead_id < CAST(:depois AS uuid))
   AND l.lead_id BETWEEN CAST(:desde_id AS uuid) AND CAST(:ate_id AS uuid)
   AND (CAST(:lead_ids AS uuid[]) IS NULL OR l.lead_id = ANY (CAST(:lead_ids AS uuid[])))
   AND (CAST(:a_mao AS boolean) IS NULL OR l.lead_id = ANY (ARRAY(
        SELECT m.lead_id FROM leads_manuais m WHERE m.tenant_id = :tenant_id)))
   AND (CAST(:status AS text) IS NULL OR l.status = CAST(:status AS text))
   AND (CAST(:documento AS text) IS NULL OR l.lead_id = ANY (ARRAY(
        SELECT o.lead_id FROM leads o WHERE o.tenant_id = :tenant_id AND o.documento = CAST(:documento AS text))))
   AND (CAST(:fim_de_documento AS text) IS NULL
        OR right(l.documento, length(CAST(:fim_de_documento AS text))) = CAST(:fim_de_documento AS text))
   AND (CAST(:fim_de_telefone AS text) IS NULL OR EXISTS (
        SELECT FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = l.lead_id
           AND right(t.telefone, length(CAST(:fim_de_telefone AS text))) = CAST(:fim_de_telefone AS text)))
   AND (CAST(:email AS text) IS NULL OR l.lead_id = ANY (ARRAY(
        SELECT e.lead_id FROM lead_emails e WHERE e.tenant_id = :tenant_id AND e.email = CAST(:email AS text))))
   AND (CAST(:telefones AS text[]) IS NULL OR l.lead_id = ANY (ARRAY(
        SELECT t.lead_id FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.telefone = ANY (CAST(:telefones AS text[])))))
   AND (CAST(:tag AS text) IS NULL OR (l.tags <> '{}' AND l.tags @> ARRAY[CAST(:tag AS text)]))
   AND (CAST(:origem_arquivo AS text) IS NULL OR l.origem_arquivo = CAST(:origem_arquivo AS text))
   AND (CAST(:origem AS text) IS NULL OR l.origem = CAST(:origem AS text))
   AND (CAST(:criado_de AS timestamptz) IS NULL OR l.criado_em >= CAST(:criado_de AS timestamptz))
   AND (CAST(:criado_ate AS timestamptz) IS NULL OR l.criado_em < CAST(:criado_ate AS timestamptz))
   AND (CAST(:q AS text) IS NULL
        OR strpos(sem_acentos(concat_ws(E'\n', l.nome, l.contato)), (SELECT sem_acentos(CAST(:q AS text)))) > 0)
   AND (CAST(:campos AS text[]) IS NULL OR NOT EXISTS (
        SELECT FROM filtros f
         WHERE NOT coalesce(lower(unaccent(l.campos ->> f.campo)) = f.texto, false)
           AND NOT coalesce(l.campos @@ f.caminho, false)))
 ORDER BY l.lead_id DESC
 LIMIT :limite OFFSET :pular;

-- name: count_leads
-- How many leads the same filters find, counted up to `teto`: an exact count of a million costs half a second.
WITH filtros AS MATERIALIZED (
    SELECT campo, lower(unaccent(texto)) AS texto, caminho
      FROM unnest(CAST(:campos AS text[]), CAST(:textos AS text[]), CAST(:caminhos AS jsonpath[]))
        AS f (campo, texto, caminho)
)
SELECT count(*) AS total
  FROM (SELECT
          FROM leads l
         WHERE l.tenant_id = :tenant_id
           AND l.lead_id BETWEEN CAST(:desde_id AS uuid) AND CAST(:ate_id AS uuid)
           AND (CAST(:lead_ids AS uuid[]) IS NULL OR l.lead_id = ANY (CAST(:lead_ids AS uuid[])))
           AND (CAST(:a_mao AS boolean) IS NULL OR l.lead_id = ANY (ARRAY(
                SELECT m.lead_id FROM leads_manuais m WHERE m.tenant_id = :tenant_id)))
           AND (CAST(:status AS text) IS NULL OR l.status = CAST(:status AS text))
           AND (CAST(:documento AS text) IS NULL OR l.lead_id = ANY (ARRAY(
                SELECT o.lead_id FROM leads o WHERE o.tenant_id = :tenant_id AND o.documento = CAST(:documento AS text))))
           AND (CAST(:fim_de_documento AS text) IS NULL
                OR right(l.documento, length(CAST(:fim_de_documento AS text))) = CAST(:fim_de_documento AS text))
           AND (CAST(:fim_de_telefone AS text) IS NULL OR EXISTS (
                SELECT FROM lead_telefones t
                 WHERE t.tenant_id = :tenant_id AND t.lead_id = l.lead_id
                   AND right(t.telefone, length(CAST(:fim_de_telefone AS text))) = CAST(:fim_de_telefone AS text)))
           AND (CAST(:email AS text) IS NULL OR l.lead_id = ANY (ARRAY(
                SELECT e.lead_id FROM lead_emails e WHERE e.tenant_id = :tenant_id AND e.email = CAST(:email AS text))))
           AND (CAST(:telefones AS text[]) IS NULL OR l.lead_id = ANY (ARRAY(
                SELECT t.lead_id FROM lead_telefones t
                 WHERE t.tenant_id = :tenant_id AND t.telefone = ANY (CAST(:telefones AS text[])))))
           AND (CAST(:tag AS text) IS NULL OR (l.tags <> '{}' AND l.tags @> ARRAY[CAST(:tag AS text)]))
           AND (CAST(:origem_arquivo AS text) IS NULL OR l.origem_arquivo = CAST(:origem_arquivo AS text))
           AND (CAST(:origem AS text) IS NULL OR l.origem = CAST(:origem AS text))
           AND (CAST(:criado_de AS timestamptz) IS NULL OR l.criado_em >= CAST(:criado_de AS timestamptz))
           AND (CAST(:criado_ate AS timestamptz) IS NULL OR l.criado_em < CAST(:criado_ate AS timestamptz))
           AND (CAST(:q AS text) IS NULL
                OR strpos(sem_acentos(concat_ws(E'\n', l.nome, l.contato)), (SELECT sem_acentos(CAST(:q AS text)))) > 0)
           AND (CAST(:campos AS text[]) IS NULL OR NOT EXISTS (
                SELECT FROM filtros f
                 WHERE NOT coalesce(lower(unaccent(l.campos ->> f.campo)) = f.texto, false)
                   AND NOT coalesce(l.campos @@ f.caminho, false)))
         LIMIT :teto) found;

-- name: count_leads_by_jobs
-- A job creates leads and counts them in one transaction, and undoing it counts what it removes. Dry runs create none.
-- Leads that a person made have a row each.
SELECT coalesce(sum(leads_criados - leads_removidos), 0)::bigint
       + (SELECT count(*) FROM leads_manuais WHERE tenant_id = :tenant_id) AS total
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id AND NOT validar_apenas;

-- name: known_campos
-- Every campo that the tenant's leads may have, with its types.
SELECT campo, tipo FROM tenant_campos WHERE tenant_id = :tenant_id;

-- name: list_campos
SELECT campo, tipo, titulo, amostras, visto_em
  FROM tenant_campos
 WHERE tenant_id = :tenant_id
   AND (CAST(:depois_campo AS text) IS NULL
        OR (campo, tipo) > (CAST(:depois_campo AS text) COLLATE "C", CAST(:depois_tipo AS text)))
 ORDER BY campo, tipo
 LIMIT :limite OFFSET :pular;

-- name: titles_of_campos
-- What was read last comes first.
SELECT campo, tipo, titulo FROM tenant_campos WHERE tenant_id = :tenant_id ORDER BY visto_em DESC, campo, tipo;

-- name: leads_to_export
-- Contacts as JSON: the driver reads an array character by character.
SELECT lead_id_externo, origem, nome, contato, documento, telefone_raw, email_raw, campos,
       to_jsonb(ARRAY(SELECT t.telefone FROM lead_telefones t
                       WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id ORDER BY t.ordem)) AS telefones,
       to_jsonb(ARRAY(SELECT e.email FROM lead_emails e
                       WHERE e.tenant_id = l.tenant_id AND e.lead_id = l.lead_id ORDER BY e.ordem)) AS emails
  FROM leads l
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id DESC;

-- name: note_campos
-- Campos that a person gave a lead, by their types. What a sheet says about them stays.
INSERT INTO tenant_campos (tenant_id, campo, tipo, titulo, visto_em)
SELECT :tenant_id, campo, tipo, campo, :agora
  FROM unnest(CAST(:campos AS text[]), CAST(:tipos AS text[])) AS n (campo, tipo)
 ORDER BY campo, tipo
    ON CONFLICT DO NOTHING;

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
   AND (CAST(:lead_ids AS uuid[]) IS NULL OR l.lead_id = ANY (CAST(:lead_ids AS uuid[])))
   AND l.status IN ('novo', 'em_disparo', 'sem_sucesso')
   AND NOT EXISTS (
       SELECT FROM disparos d
        WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id AND d.teste_de IS NULL
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
SELECT lead_id, lead_id_externo, origem, nome, contato, documento, telefone_raw, email_raw, status, tags, campos,
       origem_arquivo, origem_aba, linha_planilha, job_id, criado_em, atualizado_em
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
-- A reply that nobody has assigned is shown with every lead that has its contact. A test of a campaign is no message to the
-- lead, nor is what goes to the responsável of an agendamento.
SELECT quando, tipo, id, status, canal, marcado_para, texto
  FROM (SELECT criado_em AS quando, 'lead' AS tipo, lead_id AS id, NULL AS status, NULL AS canal,
               CAST(NULL AS timestamptz) AS marcado_para, NULL AS texto
          FROM leads WHERE tenant_id = :tenant_id AND lead_id = :lead_id
         UNION ALL
       (SELECT criado_em, 'disparo', disparo_id, status, canal, agendar_para, NULL
          FROM disparos WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND teste_de IS NULL
           AND agendamento_tipo IS DISTINCT FROM 'responsavel'
         ORDER BY disparo_id DESC LIMIT :limite)
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
       nome = :nome, contato = :contato, documento = :documento,
       campos = (campos || CAST(:campos AS jsonb)) - CAST(:campos_removidos AS text[]),
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: lock_leads_to_tag
-- In the order in which everybody locks leads.
SELECT lead_id, tags
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND apagado_em IS NULL
 ORDER BY lead_id
   FOR NO KEY UPDATE;

-- name: tag_leads
-- With the entry in the timeline of each, and the event that tells of it.
WITH novas AS MATERIALIZED (
    SELECT lead_id, tags, mudancas, evento_id
      FROM jsonb_to_recordset(CAST(:leads AS jsonb)) AS n (lead_id uuid, tags text[], mudancas jsonb, evento_id uuid)
), marcados AS (
    UPDATE leads l
       SET tags = n.tags, atualizado_em = :agora
      FROM novas n
     WHERE l.tenant_id = :tenant_id AND l.lead_id = n.lead_id
), anotados AS (
    INSERT INTO lead_eventos (tenant_id, lead_id, em, tipo, por, mudancas)
    SELECT :tenant_id, lead_id, :agora, 'dados', :por, mudancas FROM novas
)
INSERT INTO eventos (tenant_id, evento_id, tipo, detalhe, criado_em)
SELECT :tenant_id, evento_id, 'lead.changed',
       jsonb_build_object('lead_id', lead_id, 'campos', jsonb_build_array('tags'), 'por', CAST(:por AS text)), :agora
  FROM novas;

-- name: other_lead_with_documento
-- The oldest one: ingestion takes a row with this document for it.
SELECT lead_id
  FROM leads
 WHERE tenant_id = :tenant_id AND documento = CAST(:documento AS text) AND lead_id <> :lead_id
 ORDER BY lead_id
 LIMIT 1;

-- name: touch_lead
-- A change of its contacts is a change of the lead: undoing a job leaves it in peace then.
UPDATE leads
   SET telefone_raw = CASE WHEN CAST(:canal AS text) = 'whatsapp' THEN CAST(:escritos AS text) ELSE telefone_raw END,
       email_raw = CASE WHEN CAST(:canal AS text) = 'email' THEN CAST(:escritos AS text) ELSE email_raw END,
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: insert_lead
INSERT INTO leads (tenant_id, lead_id, lead_id_externo, origem, nome, contato, documento, telefone_raw, email_raw, tags,
                   campos, origem_arquivo, origem_aba, linha_planilha, job_id, criado_em, atualizado_em)
VALUES (:tenant_id, :lead_id, :lead_id_externo, :origem, :nome, :contato, :documento, :telefone_raw, :email_raw,
        CAST(:tags AS text[]), CAST(:campos AS jsonb), :origem_arquivo, NULL, :linha_planilha, :job_id, :agora, :agora);

-- name: insert_lead_manual
INSERT INTO leads_manuais (tenant_id, lead_id, por, criado_em)
VALUES (:tenant_id, :lead_id, :por, :agora);

-- name: write_telefones
-- The phones that the lead has from now on, each at its place. Those that it had already keep their kind.
WITH novos AS (
    SELECT * FROM jsonb_to_recordset(CAST(:contatos AS jsonb))
        AS n (contato text, ordem smallint, principal boolean, tipo_origem text, valido_para_disparo boolean)
), removidos AS (
    DELETE FROM lead_telefones t
     WHERE t.tenant_id = :tenant_id AND t.lead_id = :lead_id AND NOT EXISTS (SELECT FROM novos n WHERE n.contato = t.telefone)
)
INSERT INTO lead_telefones (tenant_id, lead_id, telefone, ordem, principal, tipo_origem, valido_para_disparo)
SELECT :tenant_id, :lead_id, contato, ordem, principal, tipo_origem, valido_para_disparo FROM novos
    ON CONFLICT (tenant_id, lead_id, telefone) DO UPDATE
   SET ordem = EXCLUDED.ordem, principal = EXCLUDED.principal;

-- name: write_emails
-- As write_telefones.
WITH novos AS (
    SELECT * FROM jsonb_to_recordset(CAST(:contatos AS jsonb)) AS n (contato text, ordem smallint, principal boolean)
), removidos AS (
    DELETE FROM lead_emails e
     WHERE e.tenant_id = :tenant_id AND e.lead_id = :lead_id AND NOT EXISTS (SELECT FROM novos n WHERE n.contato = e.email)
)
INSERT INTO lead_emails (tenant_id, lead_id, email, ordem, principal)
SELECT :tenant_id, :lead_id, contato, ordem, principal FROM novos
    ON CONFLICT (tenant_id, lead_id, email) DO UPDATE
   SET ordem = EXCLUDED.ordem, principal = EXCLUDED.principal;

-- name: lock_open_disparos
SELECT disparo_id
  FROM disparos
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND status IN ('pendente', 'enviando')
 ORDER BY disparo_id
   FOR NO KEY UPDATE;

-- name: cancel_disparos_to_contato
-- As cancel_disparo: only what certainly has not left.
WITH movidos AS (
    UPDATE disparos
       SET status = 'cancelado', espera = NULL, passos = passos + 1, atualizado_em = :agora
     WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND canal = :canal AND destino = :contato
       AND status = 'pendente' AND NOT em_duvida
    RETURNING tenant_id, disparo_id, passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, por, motivo)
SELECT tenant_id, disparo_id, passos, :agora, 'cancelado', CAST(:por AS text), CAST(:motivo AS text) FROM movidos;

-- name: count_disparos_to_contato
-- What would still leave for this contact: what waits, and what a worker has or may send again.
SELECT count(*) FILTER (WHERE status = 'pendente' AND NOT em_duvida) AS esperam,
       count(*) FILTER (WHERE status = 'enviando' OR em_duvida) AS em_envio
  FROM disparos
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND canal = :canal AND destino = :contato
   AND status IN ('pendente', 'enviando');

-- name: lock_leads
-- Two last disparos of one lead that end at the same time must see each other: the second one waits here.
SELECT lead_id
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id
   FOR NO KEY UPDATE;

-- name: move_leads
-- What a fact does to leads (states.move_of). One that is booked keeps where it stood. Each move is an event: one statement for
-- all of them. The leads are locked (`lock_leads`), so that what they were is what is read here.
WITH movidos AS (
    UPDATE leads l
       SET status = :para,
           status_antes = CASE WHEN CAST(:para AS text) = 'agendado' THEN l.status END,
           atualizado_em = :agora
      FROM (SELECT lead_id, status FROM leads
             WHERE tenant_id = :tenant_id
               AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
               AND status = ANY(CAST(:de AS text[]))) antes
     WHERE l.tenant_id = :tenant_id AND l.lead_id = antes.lead_id
    RETURNING l.tenant_id, l.lead_id, antes.status
)
INSERT INTO lead_eventos (tenant_id, lead_id, em, tipo, de, para, fato)
SELECT tenant_id, lead_id, :agora, 'status', status, :para, CAST(:fato AS text) FROM movidos;

-- name: return_leads
-- Back to where they were booked from. One that a person moved to `agendado` stays: it was booked from nowhere.
WITH movidos AS (
    UPDATE leads
       SET status = status_antes, status_antes = NULL, atualizado_em = :agora
     WHERE tenant_id = :tenant_id
       AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
       AND status = 'agendado' AND status_antes IS NOT NULL
    RETURNING tenant_id, lead_id, status
)
INSERT INTO lead_eventos (tenant_id, lead_id, em, tipo, de, para, fato)
SELECT tenant_id, lead_id, :agora, 'status', 'agendado', status, CAST(:fato AS text) FROM movidos;

-- name: list_exhausted_leads
-- Of these leads, those that no disparo can reach any more: none waits, is being sent, or may have arrived. Tests go to the
-- team, and messages about an agendamento are no attempt to reach somebody.
SELECT c.lead_id
  FROM unnest(CAST(:lead_ids AS uuid[])) AS c (lead_id)
 WHERE NOT EXISTS (
       SELECT FROM disparos d
        WHERE d.tenant_id = :tenant_id AND d.lead_id = c.lead_id AND d.teste_de IS NULL
          AND d.agendamento_id IS NULL
          AND d.status IN ('pendente', 'enviando', 'enviado', 'confirmado', 'incerto'));

-- name: list_unbooked_leads
-- Of these leads, those without a live agendamento.
SELECT c.lead_id
  FROM unnest(CAST(:lead_ids AS uuid[])) AS c (lead_id)
 WHERE NOT EXISTS (
       SELECT FROM agendamentos a
        WHERE a.tenant_id = :tenant_id AND a.lead_id = c.lead_id AND a.status IN ('pendente', 'confirmado'));
