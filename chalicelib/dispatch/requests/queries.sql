-- What the API asks of disparos, templates and channels.

-- name: lock_template_name
-- Two new versions of one name come one after the other; there may be no row yet that could be locked.
SELECT pg_advisory_xact_lock(hashtextextended(CAST(:tenant_id AS text) || '/' || CAST(:nome AS text), 0));

-- name: list_templates
-- By name. The HTML is left out and the text is cut: one template may have 300,000 characters. Those that ship with the
-- product stand beside the list.
SELECT nome, versao, canal, idioma, assunto,
       left(texto, 500) || CASE WHEN length(texto) > 500 THEN '…' ELSE '' END AS texto,
       html IS NOT NULL AS tem_html, variaveis, criado_em
  FROM templates
 WHERE tenant_id = :tenant_id AND ativo AND NOT padrao AND (CAST(:depois AS text) IS NULL OR nome > CAST(:depois AS text))
 ORDER BY nome
 LIMIT :limite OFFSET :pular;

-- name: find_template
SELECT nome, versao, canal, idioma, assunto, texto, html, variaveis, regras, padrao, criado_em
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = :nome AND ativo;

-- name: find_template_version
-- Of a retired template as well: its versions are what disparos were made with.
SELECT nome, versao, canal, idioma, assunto, texto, html, variaveis, regras, ativo, padrao, criado_em
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = :nome AND versao = :versao;

-- name: list_template_versions
-- Newest first, cut as in the list of templates.
SELECT nome, versao, canal, idioma, assunto,
       left(texto, 500) || CASE WHEN length(texto) > 500 THEN '…' ELSE '' END AS texto,
       html IS NOT NULL AS tem_html, variaveis, ativo, criado_em
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = :nome
   AND (CAST(:antes AS integer) IS NULL OR versao < CAST(:antes AS integer))
 ORDER BY versao DESC
 LIMIT :limite OFFSET :pular;

-- name: values_of_lead
-- What fills the variables of a template. As text: as JSON a number would be a float, which has not all of its digits.
SELECT lead_id, nome, contato, documento, CAST(campos AS text) AS campos
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id;

-- name: values_of_leads
SELECT lead_id, nome, contato, documento, CAST(campos AS text) AS campos
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id DESC;

-- name: values_of_newest_leads
SELECT lead_id, nome, contato, documento, CAST(campos AS text) AS campos
  FROM leads
 WHERE tenant_id = :tenant_id
 ORDER BY lead_id DESC
 LIMIT :limite;

-- name: own_templates
-- Which of these names the tenant has words of its own for.
SELECT nome
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = ANY (CAST(:nomes AS text[])) AND ativo AND NOT padrao;

-- name: retire_template
-- Its words stay for the disparos that were made with them.
UPDATE templates SET ativo = false WHERE tenant_id = :tenant_id AND nome = :nome AND ativo;

-- name: retire_own_template
UPDATE templates SET ativo = false WHERE tenant_id = :tenant_id AND nome = :nome AND ativo AND NOT padrao;

-- name: insert_template
-- Counted over every version there ever was, so that a retired name goes on and does not begin again.
INSERT INTO templates (tenant_id, nome, versao, canal, idioma, assunto, texto, html, variaveis, padrao, criado_em)
SELECT :tenant_id, :nome, coalesce(max(versao), 0) + 1, :canal, :idioma, :assunto, :texto, :html,
       CAST(:variaveis AS text[]), CAST(:padrao AS boolean), CAST(:agora AS timestamptz)
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = :nome
RETURNING nome, versao, canal, idioma, assunto, texto, html, variaveis, regras, padrao, criado_em;

-- name: find_templates
SELECT nome, versao, canal, idioma, assunto, texto, html, variaveis, regras
  FROM templates
 WHERE tenant_id = :tenant_id AND nome = ANY (CAST(:nomes AS text[])) AND ativo;

-- name: lock_leads_to_write_to
-- With what fills the variables of their messages, as `values_of_lead`. Held to the end of the transaction, in the order in
-- which everybody locks leads.
SELECT lead_id, status, nome, contato, documento, CAST(campos AS text) AS campos
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id
   FOR NO KEY UPDATE;

-- name: list_destinos
-- Where leads can be written to by some channels, in the order in which one would try.
SELECT lead_id, canal, contato_id(lead_id, valor) AS contato_id, valor AS destino, valido_para_disparo
  FROM (SELECT lead_id, 'whatsapp' AS canal, telefone AS valor, ordem, principal, valido_para_disparo
          FROM lead_telefones
         WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
           AND 'whatsapp' = ANY (CAST(:canais AS text[]))
         UNION ALL
        SELECT lead_id, 'email', email, ordem, principal, valido_para_disparo
          FROM lead_emails
         WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
           AND 'email' = ANY (CAST(:canais AS text[]))) contatos
 ORDER BY lead_id, canal, principal DESC, ordem;

-- name: surroundings_of_disparos
-- What their creator should know. Another message with the same template is one that left, or is to leave, within a day of
-- this one. Each part of `repetido` ends at the first row of another lead.
SELECT n.disparo_id,
       EXISTS (SELECT FROM supressoes s
                WHERE s.tenant_id = :tenant_id AND s.canal = n.canal AND s.contato = n.destino) AS suprimido,
       EXISTS (SELECT FROM canal_pausas p WHERE p.tenant_id = :tenant_id AND p.canal = n.canal) AS pausado,
       (SELECT t.telefone FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = n.lead_id AND t.principal) AS telefone_principal,
       (SELECT d.disparo_id FROM disparos d
         WHERE d.tenant_id = :tenant_id AND d.lead_id = n.lead_id AND d.canal = n.canal AND d.template = n.template
           AND d.status IN ('pendente', 'enviando', 'enviado', 'confirmado', 'incerto')
           AND coalesce(d.enviado_em, d.enviar_apos) BETWEEN n.de AND n.ate
         ORDER BY d.disparo_id DESC
         LIMIT 1) AS anterior,
       CASE n.canal
            WHEN 'whatsapp' THEN EXISTS (SELECT FROM lead_telefones o
                                          WHERE o.tenant_id = :tenant_id AND o.telefone = n.destino
                                            AND o.lead_id <> n.lead_id)
            WHEN 'email' THEN EXISTS (SELECT FROM lead_emails o
                                       WHERE o.tenant_id = :tenant_id AND o.email = n.destino
                                         AND o.lead_id <> n.lead_id)
       END AS repetido
  FROM jsonb_to_recordset(CAST(:planos AS jsonb)) AS n (
       disparo_id uuid, lead_id uuid, canal text, destino text, template text, de timestamptz, ate timestamptz);

-- name: insert_disparos
-- `variaveis` is a text in the document: as a number of JSON a value would not keep its digits in every client.
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      agendar_para, enviar_apos, espera, expira_em, ignorar_janela, usar_alternativos, max_tentativas,
                      avisos, criado_em, atualizado_em)
SELECT :tenant_id, n.disparo_id, n.lead_id, n.canal, n.contato_id, n.destino, n.template, n.template_versao,
       CAST(n.variaveis AS jsonb), n.agendar_para, n.enviar_apos, n.espera, n.expira_em, n.ignorar_janela,
       n.usar_alternativos, :max_tentativas,
       nullif(n.avisos, 'null'), CAST(:agora AS timestamptz), CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:disparos AS jsonb)) AS n (
       disparo_id uuid, lead_id uuid, canal text, contato_id uuid, destino text, template text, template_versao integer,
       variaveis text, agendar_para timestamptz, enviar_apos timestamptz, espera text, expira_em timestamptz,
       ignorar_janela boolean, usar_alternativos boolean, avisos jsonb)
 ORDER BY n.disparo_id;

-- name: disparo_by_id
SELECT disparo_id, lead_id, canal, contato_id, destino, template, template_versao, status, agendar_para, enviar_apos,
       espera, expira_em, ignorar_janela, usar_alternativos, alternativa_de, tentativas, max_tentativas,
       provider_message_id, ultimo_codigo, erro_codigo, campanha_id, etapa, variante, avisos, criado_em, atualizado_em,
       enviado_em, confirmado_em,
       (SELECT left(l.nome, 120) FROM leads l
         WHERE l.tenant_id = :tenant_id AND l.lead_id = disparos.lead_id) AS nome
  FROM disparos
 WHERE tenant_id = :tenant_id AND disparo_id = :disparo_id;

-- name: words_of_disparo
-- The version that it was made with, and the values that were frozen then.
SELECT te.canal, te.assunto, te.texto, te.html, te.variaveis, te.regras, CAST(d.variaveis AS text) AS valores
  FROM disparos d
  JOIN templates te ON te.tenant_id = d.tenant_id AND te.nome = d.template AND te.versao = d.template_versao
 WHERE d.tenant_id = :tenant_id AND d.disparo_id = :disparo_id;

-- name: disparos_of_kind
-- The newest disparos of a channel, a template or a step, looked for only in spans of time that have some (migration 073). The
-- spans come one after the other, newest first, as far as the page needs.
WITH momentos AS MATERIALIZED (
    SELECT DISTINCT u.inicio
      FROM disparo_usos u
     WHERE u.tenant_id = :tenant_id
       AND (CAST(:antes AS uuid) IS NULL OR u.inicio < CAST(:antes AS uuid))
       AND (CAST(:desde_id AS uuid) IS NULL OR fim_do_uso(u.inicio) >= CAST(:desde_id AS uuid))
       AND (CAST(:ate_id AS uuid) IS NULL OR u.inicio <= CAST(:ate_id AS uuid))
       AND (CAST(:canal AS text) IS NULL OR u.canal = CAST(:canal AS text))
       AND (CAST(:template AS text) IS NULL OR u.template = CAST(:template AS text))
       AND (CAST(:etapa AS integer) IS NULL OR u.etapa = CAST(:etapa AS integer))
     ORDER BY u.inicio DESC
)
SELECT p.disparo_id
  FROM momentos m
 CROSS JOIN LATERAL (
       SELECT d.disparo_id
         FROM disparos d
        WHERE d.tenant_id = :tenant_id AND d.disparo_id BETWEEN m.inicio AND fim_do_uso(m.inicio)
          AND (CAST(:antes AS uuid) IS NULL OR d.disparo_id < CAST(:antes AS uuid))
          AND (CAST(:canal AS text) IS NULL OR d.canal = CAST(:canal AS text))
          AND (CAST(:template AS text) IS NULL OR d.template = CAST(:template AS text))
          AND (CAST(:etapa AS integer) IS NULL OR d.etapa = CAST(:etapa AS integer))
          AND (CAST(:desde_id AS uuid) IS NULL OR d.disparo_id >= CAST(:desde_id AS uuid))
          AND (CAST(:ate_id AS uuid) IS NULL OR d.disparo_id <= CAST(:ate_id AS uuid))
          AND (CAST(:criado_de AS timestamptz) IS NULL OR d.criado_em >= CAST(:criado_de AS timestamptz))
          AND (CAST(:criado_ate AS timestamptz) IS NULL OR d.criado_em < CAST(:criado_ate AS timestamptz))
        ORDER BY d.disparo_id DESC
        LIMIT CAST(:limite AS integer) + CAST(:pular AS integer)) p
 ORDER BY m.inicio DESC, p.disparo_id DESC
 LIMIT CAST(:limite AS integer) OFFSET CAST(:pular AS integer);

-- name: disparos_to_destination
-- The newest disparos to a contact. One contact may have tens of thousands: their ids are sorted, and a page of them is read. What
-- a campaign sent is found in the index that keeps a destination once in each campaign.
SELECT e.disparo_id
  FROM (SELECT d.disparo_id, d.criado_em
          FROM disparos d
         WHERE d.tenant_id = :tenant_id AND d.destino = ANY (CAST(:destinos AS text[]))
           AND (d.campanha_id IS NULL OR d.alternativa_de IS NOT NULL)
         UNION ALL
        SELECT d.disparo_id, d.criado_em
          FROM campanhas c
          JOIN disparos d ON d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id
         WHERE c.tenant_id = :tenant_id AND d.destino = ANY (CAST(:destinos AS text[]))
           AND d.campanha_id IS NOT NULL AND d.alternativa_de IS NULL) e
 WHERE (CAST(:antes AS uuid) IS NULL OR e.disparo_id < CAST(:antes AS uuid))
   AND (CAST(:desde_id AS uuid) IS NULL OR e.disparo_id >= CAST(:desde_id AS uuid))
   AND (CAST(:ate_id AS uuid) IS NULL OR e.disparo_id <= CAST(:ate_id AS uuid))
   AND (CAST(:criado_de AS timestamptz) IS NULL OR e.criado_em >= CAST(:criado_de AS timestamptz))
   AND (CAST(:criado_ate AS timestamptz) IS NULL OR e.criado_em < CAST(:criado_ate AS timestamptz))
 ORDER BY e.disparo_id DESC
 LIMIT :limite OFFSET :pular;

-- name: disparos_by_ids
-- Newest first, each looked up in the primary key: of several at once, the planner believes that an index of all disparos of the
-- tenant is as cheap to read.
SELECT p.*, left(l.nome, 120) AS nome
  FROM unnest(CAST(:disparo_ids AS uuid[])) AS n (disparo_id)
 CROSS JOIN LATERAL (
       SELECT d.disparo_id, d.lead_id, d.canal, d.contato_id, d.destino, d.template, d.template_versao, d.status,
              d.agendar_para, d.enviar_apos, d.espera, d.expira_em, d.ignorar_janela, d.usar_alternativos,
              d.alternativa_de, d.tentativas, d.max_tentativas, d.provider_message_id, d.ultimo_codigo, d.erro_codigo,
              d.campanha_id, d.etapa, d.variante, d.criado_em, d.atualizado_em, d.enviado_em, d.confirmado_em
         FROM disparos d
        WHERE d.tenant_id = :tenant_id AND d.disparo_id = n.disparo_id
        LIMIT 1) p
  LEFT JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = p.lead_id
 ORDER BY p.disparo_id DESC;

-- name: list_disparos
-- Newest first: ids are in the order of time, so the primary key is the order of the list, and a time is a place in it
-- (`desde_id`, `ate_id`). A filter that is not given is gone before the plan is made, as for leads. What a campaign sent to a
-- destination is found in the index that keeps a destination once in each campaign.
SELECT p.*, left(l.nome, 120) AS nome
  FROM (SELECT d.disparo_id, d.lead_id, d.canal, d.contato_id, d.destino, d.template, d.template_versao, d.status,
               d.agendar_para, d.enviar_apos, d.espera, d.expira_em, d.ignorar_janela, d.usar_alternativos,
               d.alternativa_de, d.tentativas, d.max_tentativas, d.provider_message_id, d.ultimo_codigo, d.erro_codigo,
               d.campanha_id, d.etapa, d.variante, d.criado_em, d.atualizado_em, d.enviado_em, d.confirmado_em
          FROM disparos d
         WHERE d.tenant_id = :tenant_id
           AND (CAST(:antes AS uuid) IS NULL OR d.disparo_id < CAST(:antes AS uuid))
           AND (CAST(:status AS text) IS NULL OR d.status = CAST(:status AS text))
           AND (CAST(:lead_id AS uuid) IS NULL OR d.lead_id = CAST(:lead_id AS uuid))
           AND (CAST(:erro_codigo AS text) IS NULL OR d.erro_codigo = CAST(:erro_codigo AS text))
           AND (CAST(:etapa AS integer) IS NULL OR d.etapa = CAST(:etapa AS integer))
           AND (CAST(:enviado_de AS timestamptz) IS NULL OR d.enviado_em >= CAST(:enviado_de AS timestamptz))
           AND (CAST(:enviado_ate AS timestamptz) IS NULL OR d.enviado_em < CAST(:enviado_ate AS timestamptz))
           AND (CAST(:destinos AS text[]) IS NULL OR d.disparo_id = ANY (ARRAY(
                SELECT a.disparo_id
                  FROM disparos a
                 WHERE a.tenant_id = :tenant_id AND a.destino = ANY (CAST(:destinos AS text[]))
                   AND (a.campanha_id IS NULL OR a.alternativa_de IS NOT NULL)
                 UNION ALL
                SELECT a.disparo_id
                  FROM campanhas c
                  JOIN disparos a ON a.tenant_id = c.tenant_id AND a.campanha_id = c.campanha_id
                 WHERE c.tenant_id = :tenant_id AND a.destino = ANY (CAST(:destinos AS text[]))
                   AND a.campanha_id IS NOT NULL AND a.alternativa_de IS NULL)))
           AND (CAST(:canal AS text) IS NULL OR d.canal = CAST(:canal AS text))
           AND (CAST(:template AS text) IS NULL OR d.template = CAST(:template AS text))
           AND (CAST(:campanha_id AS uuid) IS NULL OR d.campanha_id = CAST(:campanha_id AS uuid))
           AND (CAST(:espera AS text) IS NULL OR d.espera = CAST(:espera AS text))
           AND (CAST(:do_lead AS uuid) IS NULL OR d.lead_id BETWEEN CAST(:do_lead AS uuid) AND CAST(:ate_lead AS uuid))
           AND (CAST(:job_id AS uuid) IS NULL OR EXISTS (
                SELECT FROM leads j
                 WHERE j.tenant_id = :tenant_id AND j.lead_id = d.lead_id AND j.job_id = CAST(:job_id AS uuid)))
           AND (CAST(:desde_id AS uuid) IS NULL OR d.disparo_id >= CAST(:desde_id AS uuid))
           AND (CAST(:ate_id AS uuid) IS NULL OR d.disparo_id <= CAST(:ate_id AS uuid))
           AND (CAST(:criado_de AS timestamptz) IS NULL OR d.criado_em >= CAST(:criado_de AS timestamptz))
           AND (CAST(:criado_ate AS timestamptz) IS NULL OR d.criado_em < CAST(:criado_ate AS timestamptz))
         ORDER BY d.disparo_id DESC
         LIMIT :limite OFFSET :pular) p
  LEFT JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = p.lead_id
 ORDER BY p.disparo_id DESC;

-- name: cancel_disparo
-- Only what certainly has not left: an attempt in doubt may have reached the provider.
WITH movido AS (
    UPDATE disparos
       SET status = 'cancelado', espera = NULL, passos = passos + 1, atualizado_em = :agora
     WHERE tenant_id = :tenant_id AND disparo_id = :disparo_id AND status = 'pendente' AND NOT em_duvida
    RETURNING tenant_id, disparo_id, passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, por, motivo)
SELECT tenant_id, disparo_id, passos, :agora, 'cancelado', CAST(:por AS text), CAST(:motivo AS text) FROM movido;

-- name: times_of_job
SELECT criado_em, concluido_em FROM ingest_jobs WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: cancel_disparos
-- Some of what waits and certainly has not left, the oldest first; `ha_mais`: more of it fits. SKIP LOCKED: what a worker is
-- just claiming is on its way.
WITH alguns AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM disparos d
     WHERE d.tenant_id = :tenant_id AND d.status = 'pendente' AND NOT d.em_duvida
       AND (CAST(:canal AS text) IS NULL OR d.canal = CAST(:canal AS text))
       AND (CAST(:template AS text) IS NULL OR d.template = CAST(:template AS text))
       AND (CAST(:campanha_id AS uuid) IS NULL OR d.campanha_id = CAST(:campanha_id AS uuid))
       AND (CAST(:espera AS text) IS NULL OR d.espera = CAST(:espera AS text))
       AND (CAST(:do_lead AS uuid) IS NULL OR d.lead_id BETWEEN CAST(:do_lead AS uuid) AND CAST(:ate_lead AS uuid))
       AND (CAST(:job_id AS uuid) IS NULL OR EXISTS (
            SELECT FROM leads l WHERE l.tenant_id = :tenant_id AND l.lead_id = d.lead_id AND l.job_id = CAST(:job_id AS uuid)))
       AND (CAST(:desde_id AS uuid) IS NULL OR d.disparo_id >= CAST(:desde_id AS uuid))
       AND (CAST(:ate_id AS uuid) IS NULL OR d.disparo_id <= CAST(:ate_id AS uuid))
       AND (CAST(:criado_de AS timestamptz) IS NULL OR d.criado_em >= CAST(:criado_de AS timestamptz))
       AND (CAST(:criado_ate AS timestamptz) IS NULL OR d.criado_em < CAST(:criado_ate AS timestamptz))
     ORDER BY d.disparo_id
     LIMIT CAST(:limite AS integer) + 1
       FOR UPDATE OF d SKIP LOCKED
), em_ordem AS (
    SELECT tenant_id, disparo_id, row_number() OVER (ORDER BY disparo_id) AS vez FROM alguns
), movidos AS (
    UPDATE disparos d
       SET status = 'cancelado', espera = NULL, passos = d.passos + 1, atualizado_em = :agora
      FROM em_ordem o
     WHERE d.tenant_id = o.tenant_id AND d.disparo_id = o.disparo_id AND o.vez <= CAST(:limite AS integer)
    RETURNING d.tenant_id, d.disparo_id, d.lead_id, d.passos
), anotados AS (
    INSERT INTO disparo_tentativas (tenant_id, disparo_id, lead_id, passo, em, classe, por, motivo)
    SELECT tenant_id, disparo_id, lead_id, passos, :agora, 'cancelado', CAST(:por AS text), CAST(:motivo AS text) FROM movidos
    RETURNING disparo_id
)
SELECT (SELECT count(*) FROM anotados) AS cancelados,
       (SELECT count(*) FROM alguns) > CAST(:limite AS integer) AS ha_mais;

-- name: count_disparos_in_flight
-- Of those that fit: a provider has them, or may have them.
SELECT count(*) AS quantos
  FROM disparos d
 WHERE d.tenant_id = :tenant_id AND (d.status = 'enviando' OR (d.status = 'pendente' AND d.em_duvida))
   AND (CAST(:canal AS text) IS NULL OR d.canal = CAST(:canal AS text))
   AND (CAST(:template AS text) IS NULL OR d.template = CAST(:template AS text))
   AND (CAST(:campanha_id AS uuid) IS NULL OR d.campanha_id = CAST(:campanha_id AS uuid))
   AND (CAST(:espera AS text) IS NULL OR d.espera = CAST(:espera AS text))
   AND (CAST(:do_lead AS uuid) IS NULL OR d.lead_id BETWEEN CAST(:do_lead AS uuid) AND CAST(:ate_lead AS uuid))
   AND (CAST(:job_id AS uuid) IS NULL OR EXISTS (
        SELECT FROM leads l WHERE l.tenant_id = :tenant_id AND l.lead_id = d.lead_id AND l.job_id = CAST(:job_id AS uuid)))
   AND (CAST(:desde_id AS uuid) IS NULL OR d.disparo_id >= CAST(:desde_id AS uuid))
   AND (CAST(:ate_id AS uuid) IS NULL OR d.disparo_id <= CAST(:ate_id AS uuid))
   AND (CAST(:criado_de AS timestamptz) IS NULL OR d.criado_em >= CAST(:criado_de AS timestamptz))
   AND (CAST(:criado_ate AS timestamptz) IS NULL OR d.criado_em < CAST(:criado_ate AS timestamptz));

-- name: history_of_disparo
-- The last steps, in their order.
SELECT passo, em, tentativa, classe, codigo, ate, latencia_ms, provider_message_id, por, motivo
  FROM (SELECT * FROM disparo_tentativas
         WHERE tenant_id = :tenant_id AND disparo_id = :disparo_id
         ORDER BY passo DESC
         LIMIT :limite) ultimos
 ORDER BY passo;

-- name: sum_disparo_contagens
-- A counter is the sum of its rows (migration 016): those of now, and those of what came about since `desde`.
SELECT canal, status, motivo, quando <> '-infinity' AS desde_entao, CAST(sum(quantos) AS bigint) AS total
  FROM disparo_contagens
 WHERE tenant_id = :tenant_id AND (quando = '-infinity' OR quando >= :desde)
 GROUP BY 1, 2, 3, 4
HAVING sum(quantos) <> 0;

-- name: sum_disparo_contagens_by_hour
-- What was sent, confirmed or failed in each hour of a day, by channel; `hora` is the number of the hour since `desde`.
SELECT CAST(extract(epoch FROM quando - CAST(:desde AS timestamptz)) AS integer) / 3600 AS hora, canal, status,
       CAST(sum(quantos) AS bigint) AS total
  FROM disparo_contagens
 WHERE tenant_id = :tenant_id AND quando >= :desde AND quando < :ate
   AND status IN ('enviado', 'confirmado', 'erro')
 GROUP BY 1, 2, 3;

-- name: list_canal_limites
-- What the limiter has let through today and in this minute; the numbers of another day or minute say nothing of this one.
SELECT canal, dia, gastos, minuto, gastos_no_minuto FROM canal_limites WHERE tenant_id = :tenant_id;

-- name: count_waiting_disparos
-- What is due, what waits for its time, each counted no further than `teto`, and since when the first has been due. What
-- waits for its turn in a campaign is the campaign's to tell.
SELECT (SELECT count(*)
          FROM (SELECT FROM disparos
                 WHERE tenant_id = :tenant_id AND status = 'pendente' AND (campanha_id IS NULL OR em_duvida)
                   AND enviar_apos <= :agora
                 LIMIT :teto) v) AS vencidos,
       (SELECT count(*)
          FROM (SELECT FROM disparos
                 WHERE tenant_id = :tenant_id AND status = 'pendente' AND (campanha_id IS NULL OR em_duvida)
                   AND enviar_apos > :agora
                 LIMIT :teto) f) AS futuros,
       (SELECT min(enviar_apos) FROM disparos
         WHERE tenant_id = :tenant_id AND status = 'pendente' AND (campanha_id IS NULL OR em_duvida)
                   AND enviar_apos <= :agora) AS vencido_desde;

-- name: fold_disparo_contagens
-- The sums in the place of the rows, for tenants with many of them. Those of past days are sums already, and stay until
-- they are forgotten. Two of these at once share the rows: each sums what itself removed.
WITH cheios AS (
    SELECT tenant_id FROM disparo_contagens
     WHERE NOT somado
     GROUP BY tenant_id
    HAVING count(*) >= :ao_menos
     LIMIT :limite
), tomadas AS (
    DELETE FROM disparo_contagens c USING cheios
     WHERE c.tenant_id = cheios.tenant_id
       AND (NOT c.somado OR c.quando >= :somar_desde OR c.quando < :esquecer_antes)
    RETURNING c.tenant_id, c.canal, c.status, c.motivo, c.quando, c.quantos
)
INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos, somado)
SELECT tenant_id, canal, status, motivo, quando, sum(quantos), true
  FROM tomadas
 WHERE quando = '-infinity' OR quando >= :esquecer_antes
 GROUP BY tenant_id, canal, status, motivo, quando
HAVING sum(quantos) <> 0;

-- name: lock_disparo_to_resend
-- Of a campaign only while it goes on: nothing of it would be claimed after its end.
SELECT d.disparo_id, d.lead_id, d.status, d.expira_em, d.apagado_em,
       (SELECT c.status FROM campanhas c
         WHERE c.tenant_id = d.tenant_id AND c.campanha_id = d.campanha_id) IN ('concluida', 'cancelada') AS campanha_encerrada,
       EXISTS (SELECT FROM disparos a
                WHERE a.tenant_id = :tenant_id AND a.alternativa_de = d.disparo_id) AS tem_alternativa
  FROM disparos d
 WHERE d.tenant_id = :tenant_id AND d.disparo_id = :disparo_id
   FOR UPDATE OF d;

-- name: lock_disparos_to_resend
-- Those that may be sent again, the oldest first: failed for certain, still wanted, their lead not closed, not gone on to
-- another contact, and of no campaign that is over. SKIP LOCKED: what somebody else is just sending again is theirs.
SELECT d.disparo_id, d.lead_id
  FROM disparos d
  JOIN leads l ON l.tenant_id = d.tenant_id AND l.lead_id = d.lead_id
 WHERE d.tenant_id = :tenant_id AND d.status = 'erro' AND d.apagado_em IS NULL
   AND (d.expira_em IS NULL OR d.expira_em > :agora)
   AND l.status <> ALL (CAST(:fechados AS text[]))
   AND NOT EXISTS (SELECT FROM disparos a WHERE a.tenant_id = :tenant_id AND a.alternativa_de = d.disparo_id)
   AND NOT EXISTS (SELECT FROM campanhas c
                    WHERE c.tenant_id = :tenant_id AND c.campanha_id = d.campanha_id
                      AND c.status IN ('concluida', 'cancelada'))
   AND (CAST(:erro_codigo AS text) IS NULL OR d.erro_codigo = CAST(:erro_codigo AS text))
   AND (CAST(:canal AS text) IS NULL OR d.canal = CAST(:canal AS text))
   AND (CAST(:template AS text) IS NULL OR d.template = CAST(:template AS text))
   AND (CAST(:desde_id AS uuid) IS NULL OR d.disparo_id >= CAST(:desde_id AS uuid))
   AND (CAST(:ate_id AS uuid) IS NULL OR d.disparo_id <= CAST(:ate_id AS uuid))
   AND (CAST(:criado_de AS timestamptz) IS NULL OR d.criado_em >= CAST(:criado_de AS timestamptz))
   AND (CAST(:criado_ate AS timestamptz) IS NULL OR d.criado_em < CAST(:criado_ate AS timestamptz))
 ORDER BY d.disparo_id
 LIMIT :limite
   FOR UPDATE OF d SKIP LOCKED;

-- name: resend_disparos
-- As new, but for its history. Their leads are locked: one that was closed in the meantime is left in peace. So are their
-- campaigns: one that has ended in the meantime sends nothing more.
WITH movidos AS (
    UPDATE disparos d
       SET status = 'pendente', tentativas = 0, enviar_apos = :agora, acordado_em = NULL, provider_message_id = NULL,
           ultimo_codigo = NULL, erro_codigo = NULL, enviado_em = NULL, passos = d.passos + 1, atualizado_em = :agora
      FROM leads l
     WHERE d.tenant_id = :tenant_id AND d.disparo_id = ANY (CAST(:disparo_ids AS uuid[])) AND d.status = 'erro'
       AND d.apagado_em IS NULL
       AND l.tenant_id = d.tenant_id AND l.lead_id = d.lead_id AND l.status <> ALL (CAST(:fechados AS text[]))
       AND NOT EXISTS (SELECT FROM campanhas c
                        WHERE c.tenant_id = :tenant_id AND c.campanha_id = d.campanha_id
                          AND c.status IN ('concluida', 'cancelada'))
    RETURNING d.tenant_id, d.disparo_id, d.passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe)
SELECT tenant_id, disparo_id, passos, :agora, 'reenviado' FROM movidos
RETURNING disparo_id;

-- name: list_leads_that_disparos_move
-- Tests go to the team, and a message about an agendamento is no attempt to reach somebody: their leads stay.
SELECT DISTINCT lead_id
  FROM disparos
 WHERE tenant_id = :tenant_id AND disparo_id = ANY (CAST(:disparo_ids AS uuid[]))
   AND teste_de IS NULL AND agendamento_id IS NULL;

-- name: settle_disparo
-- A person says what became of it. It left, if it did, when it was last tried.
WITH movido AS (
    UPDATE disparos d
       SET status = :para,
           em_duvida = false,
           erro_codigo = :erro_codigo,
           ultimo_codigo = CASE WHEN CAST(:para AS text) = 'erro' THEN ultimo_codigo END,
           enviado_em = CASE WHEN CAST(:para AS text) <> 'erro' THEN coalesce(
               enviado_em,
               (SELECT max(t.em) FROM disparo_tentativas t
                 WHERE t.tenant_id = d.tenant_id AND t.disparo_id = d.disparo_id AND t.tentativa IS NOT NULL),
               atualizado_em) END,
           confirmado_em = CASE WHEN CAST(:para AS text) = 'confirmado' THEN CAST(:agora AS timestamptz) END,
           passos = passos + 1,
           atualizado_em = :agora
     WHERE tenant_id = :tenant_id AND disparo_id = :disparo_id AND status = ANY (CAST(:de AS text[]))
    RETURNING tenant_id, disparo_id, passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, codigo)
SELECT tenant_id, disparo_id, passos, :agora, :classe, :codigo FROM movido;

-- name: list_canal_pausas
SELECT canal, codigo, desde, sondar_em, por, motivo, de_admin FROM canal_pausas WHERE tenant_id = :tenant_id;

-- name: pause_canal
-- Firmly: no message is let through to see whether it is back. It has been still since the first pause. An operator does
-- not make an administrator's pause their own. A pause without a reason keeps the one that is there, and who gave it.
INSERT INTO canal_pausas (tenant_id, canal, codigo, desde, por, motivo, de_admin)
VALUES (:tenant_id, :canal, :codigo, :agora, :por, :motivo, :de_admin)
    ON CONFLICT ON CONSTRAINT canal_pausas_pkey
    DO UPDATE SET codigo = excluded.codigo, sondar_em = NULL, de_admin = excluded.de_admin,
                  motivo = coalesce(excluded.motivo, canal_pausas.motivo),
                  por = CASE WHEN excluded.motivo IS NULL AND canal_pausas.motivo IS NOT NULL
                             THEN canal_pausas.por ELSE excluded.por END
     WHERE excluded.de_admin OR NOT canal_pausas.de_admin;

-- name: resume_canal
DELETE FROM canal_pausas WHERE tenant_id = :tenant_id AND canal = :canal AND (NOT de_admin OR CAST(:de_admin AS boolean));

-- name: insert_canal_step
INSERT INTO canal_historico (tenant_id, canal, passo_id, em, acao, por, motivo)
VALUES (:tenant_id, :canal, :passo_id, :agora, :acao, :por, :motivo);

-- name: list_canal_steps
-- The last of each channel, newest first.
SELECT canal, em, acao, por, motivo
  FROM (SELECT h.*, row_number() OVER (PARTITION BY canal ORDER BY passo_id DESC) AS vez
          FROM canal_historico h
         WHERE tenant_id = :tenant_id) passos
 WHERE vez <= :limite
 ORDER BY canal, passo_id DESC;

-- name: release_paused_disparos
-- Some of what waited for the channel is due now; the first is marked, and woken when the mark says, for all of them.
-- Chosen once, apart: inside an IN the choice may be made again for each row, and LIMIT then limits nothing.
WITH soltos AS MATERIALIZED (
    SELECT tenant_id, disparo_id FROM disparos
     WHERE tenant_id = :tenant_id AND canal = :canal AND status = 'pendente' AND espera = 'canal_pausado'
     ORDER BY disparo_id
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
), em_ordem AS (
    SELECT tenant_id, disparo_id, row_number() OVER (ORDER BY disparo_id) AS vez FROM soltos
)
UPDATE disparos d
   SET espera = NULL, enviar_apos = :agora, atualizado_em = :agora,
       acordado_em = CASE o.vez WHEN 1 THEN CAST(:acordado_em AS timestamptz) END
  FROM em_ordem o
 WHERE d.tenant_id = o.tenant_id AND d.disparo_id = o.disparo_id
RETURNING d.tenant_id, d.disparo_id, d.acordado_em;
