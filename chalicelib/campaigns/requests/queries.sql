-- Campaigns: their drafts, their moves, what they come to. As the API's login, within one tenant.

-- name: insert_campanha
INSERT INTO campanhas (tenant_id, campanha_id, nome, filtro, segmento_id, etapas, iniciar_em, expira_em, piloto,
                       piloto_percentual, piloto_decisao, piloto_liberado,
                       criado_por, criado_em, atualizado_em)
VALUES (:tenant_id, :campanha_id, :nome, CAST(:filtro AS jsonb), CAST(:segmento_id AS uuid), CAST(:etapas AS jsonb),
        CAST(:iniciar_em AS timestamptz), CAST(:expira_em AS timestamptz), CAST(:piloto AS integer), :piloto_percentual,
        CAST(:piloto_decisao AS text), CAST(:piloto AS integer) IS NULL, :por, :agora, :agora);

-- name: update_campanha
UPDATE campanhas
   SET nome = :nome, filtro = CAST(:filtro AS jsonb), segmento_id = CAST(:segmento_id AS uuid),
       etapas = CAST(:etapas AS jsonb), iniciar_em = CAST(:iniciar_em AS timestamptz),
       expira_em = CAST(:expira_em AS timestamptz), piloto = CAST(:piloto AS integer),
       piloto_percentual = :piloto_percentual, piloto_decisao = CAST(:piloto_decisao AS text),
       piloto_liberado = CAST(:piloto AS integer) IS NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id;

-- name: delete_campanha
-- A draft has sent nothing but tests, which stay.
DELETE FROM campanhas WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND status = 'rascunho';

-- name: campanha_by_id
SELECT campanha_id, nome, status, filtro, segmento_id, etapas, iniciar_em, expira_em, piloto, piloto_percentual,
       piloto_decisao, piloto_liberado, publico_em, publico_ate, planejado_ate, planejada_em, a_cancelar, pausa_codigo,
       pausa_motivo, de_novo_de, criado_por, criado_em, atualizado_em, iniciada_em, encerrada_em
  FROM campanhas
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id;

-- name: lock_campanha
SELECT campanha_id, nome, status, filtro, segmento_id, etapas, iniciar_em, expira_em, piloto, piloto_percentual,
       piloto_decisao, piloto_liberado, publico_em, publico_ate, planejada_em, pausa_codigo, iniciada_em
  FROM campanhas
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id
   FOR NO KEY UPDATE;

-- name: list_campanhas
-- Newest first: ids are in the order of time.
SELECT campanha_id, nome, status, iniciar_em, expira_em, publico_em, planejada_em, pausa_codigo, criado_por, criado_em, atualizado_em,
       iniciada_em, encerrada_em
  FROM campanhas
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes AS uuid) IS NULL OR campanha_id < CAST(:antes AS uuid))
   AND (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
 ORDER BY campanha_id DESC
 LIMIT :limite OFFSET :pular;

-- name: list_campanhas_to_pause
SELECT campanha_id
  FROM campanhas
 WHERE tenant_id = :tenant_id AND status = ANY (CAST(:status AS text[]))
 ORDER BY campanha_id
 LIMIT :limite;

-- name: sum_campanha_contagens
SELECT etapa, variante, canal, status, motivo, CAST(sum(quantos) AS bigint) AS quantos
  FROM campanha_contagens
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id
 GROUP BY 1, 2, 3, 4, 5
HAVING sum(quantos) <> 0
 ORDER BY 1, 2, 3, 4, 5;

-- name: sum_contagens_of_campanhas
-- The counters of a page of campaigns: at most some hundred rows of each, because the sweep folds them.
SELECT c.campanha_id, c.etapa, c.status, CAST(sum(c.quantos) AS bigint) AS quantos
  FROM campanha_contagens c
 WHERE c.tenant_id = :tenant_id AND c.campanha_id = ANY (CAST(:campanhas AS uuid[]))
 GROUP BY 1, 2, 3
HAVING sum(c.quantos) <> 0;

-- name: list_campanha_steps
-- The last ones, newest first.
SELECT em, de, para, por, codigo, motivo
  FROM campanha_historico
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id
 ORDER BY passo_id DESC
 LIMIT :limite;

-- name: waiting_of_campanha
-- What holds the next message of each channel back, if one waits for its turn. It is found at the head of its queue, however
-- many wait behind it. Instants of the limiter are microseconds.
SELECT k.canal, f.enviar_apos, l.nao_antes, l.sem_orcamento_ate, l.fila, p.codigo AS pausa
  FROM unnest(CAST(:canais AS text[])) AS k (canal)
 CROSS JOIN LATERAL (
       SELECT min(p.enviar_apos) AS enviar_apos
         FROM unnest(CAST(:pilotos AS boolean[])) AS q (piloto)
        CROSS JOIN LATERAL (
              SELECT d.enviar_apos
                FROM disparos d
               WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id AND d.canal = k.canal
                 AND d.piloto = q.piloto AND d.status = 'pendente' AND d.espera = 'campanha'
               ORDER BY d.enviar_apos
               LIMIT 1) p) f
  LEFT JOIN canal_limites l ON l.tenant_id = :tenant_id AND l.canal = k.canal
  LEFT JOIN canal_pausas p ON p.tenant_id = :tenant_id AND p.canal = k.canal
 WHERE f.enviar_apos IS NOT NULL
 ORDER BY k.canal;

-- name: has_audience
SELECT EXISTS (SELECT FROM leads l WHERE l.tenant_id = :tenant_id AND /*{filtro}*/ true) AS ha;

-- name: newest_lead
SELECT lead_id FROM leads WHERE tenant_id = :tenant_id ORDER BY lead_id DESC LIMIT 1;

-- name: insert_campanha_mensagens
INSERT INTO campanha_mensagens (tenant_id, campanha_id, etapa, variante, ordem, canal, template, template_versao, variaveis,
                                de, ate, apos_dias_uteis)
SELECT :tenant_id, CAST(:campanha_id AS uuid), m.etapa, m.variante, m.ordem, m.canal, m.template, m.versao, m.variaveis,
       m.de, m.ate, m.apos_dias_uteis
  FROM jsonb_to_recordset(CAST(:mensagens AS jsonb)) AS m (
       etapa smallint, variante text, ordem smallint, canal text, template text, versao integer, variaveis jsonb,
       de smallint, ate smallint, apos_dias_uteis smallint);

-- name: schedule_campanha
-- From here on its audience is frozen.
UPDATE campanhas
   SET status = 'agendada', iniciar_em = CAST(:iniciar_em AS timestamptz), publico_em = :agora,
       publico_ate = CAST(:publico_ate AS uuid), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id;

-- name: reschedule_campanha
-- What is planned already is dated anew by the sweep.
UPDATE campanhas
   SET iniciar_em = CAST(:iniciar_em AS timestamptz), redatar_desde = :agora, redatada_ate = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id;

-- name: return_claimed_disparos
-- What a worker has claimed and not begun has not left: it waits for its turn again. Whoever begins it later finds its
-- lease gone. In doubt is what was begun before: that is settled by the worker. The step is that of `give_back_disparos`:
-- nobody died with it, so it does not count towards giving it up.
WITH soltos AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM disparos d
     WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id AND d.status = 'enviando' AND d.iniciado_em IS NULL
       AND NOT d.em_duvida AND d.tentativas < d.max_tentativas
     ORDER BY d.disparo_id
       FOR UPDATE
), movidos AS (
    UPDATE disparos d
       SET status = 'pendente', espera = 'campanha', lease_dono = NULL, lease_ate = NULL, acordado_em = NULL,
           atualizado_em = :agora
      FROM soltos s
     WHERE d.tenant_id = s.tenant_id AND d.disparo_id = s.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, codigo)
SELECT tenant_id, disparo_id, passos, :agora, 'adiado', 'campanha' FROM movidos;

-- name: return_places
-- What has a place in the queue of its channel, which nobody keeps for a campaign that is paused: it waits for its turn again.
WITH soltos AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM disparos d
     WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id AND d.status = 'pendente'
       AND d.espera IN ('limite', 'canal_lento') AND NOT d.em_duvida
     ORDER BY d.disparo_id
       FOR UPDATE
), movidos AS (
    UPDATE disparos d
       SET espera = 'campanha', enviar_apos = least(d.enviar_apos, :agora), acordado_em = NULL, passos = d.passos + 1,
           atualizado_em = :agora
      FROM soltos s
     WHERE d.tenant_id = s.tenant_id AND d.disparo_id = s.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, codigo)
SELECT tenant_id, disparo_id, passos, :agora, 'adiado', 'campanha' FROM movidos;

-- name: count_in_flight
SELECT count(*) AS quantos
  FROM disparos
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND status = 'enviando';

-- name: resume_campanha
-- Whoever resumes after the pilot lets the others go.
UPDATE campanhas
   SET status = CASE WHEN planejada_em IS NOT NULL AND coalesce(iniciar_em, :agora) <= :agora
                     THEN 'em_andamento' ELSE 'agendada' END,
       iniciada_em = CASE WHEN planejada_em IS NOT NULL AND coalesce(iniciar_em, :agora) <= :agora
                          THEN coalesce(iniciada_em, :agora) END,
       piloto_liberado = piloto_liberado OR pausa_codigo = ANY (CAST(:do_piloto AS text[])),
       pausa_codigo = NULL, pausa_motivo = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND status = 'pausada'
RETURNING status;

-- name: cancel_campanha
-- What waits is moved by the sweep; it counts as cancelled from here on.
UPDATE campanhas
   SET status = 'cancelada', encerrada_em = :agora, a_cancelar = publico_em IS NOT NULL, pausa_codigo = NULL,
       pausa_motivo = NULL, lease_dono = NULL, lease_ate = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id;

-- name: insert_trial_disparo
-- A test: with the words for a lead, to somebody of the team. It is no message to the lead.
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      enviar_apos, ignorar_janela, max_tentativas, teste_de, criado_em, atualizado_em)
VALUES (:tenant_id, :disparo_id, :lead_id, :canal, contato_id(CAST(:lead_id AS uuid), CAST(:destino AS text)), :destino,
        :template, :versao, CAST(:variaveis AS jsonb), :agora, true, :max_tentativas, :campanha_id, :agora, :agora);
