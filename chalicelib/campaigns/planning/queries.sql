-- The audience of a campaign: who gets what, and who does not and why. Planning is done with the workers' login, in slices;
-- the preflight of the API asks the same question and writes nothing.

-- name: classify_recipients
-- One row for each lead of the audience and each step, up to the first step that it is left out of. `motivo` says why it is.
-- The filter is over `l`. The preflight and the planning have this text in common, so what the one says the other does.
-- A lead gets the variant that its hash falls to, by the first channel (`ordem`) for which it has a contact that is fit for
-- sending and not suppressed. Of several leads with one contact the first one gets the message; who has none of its own in
-- the first step gets nothing later, and holds no contact then. What is capped, under review or outside of its window only
-- waits. Later steps are sorted apart, so that a script of one step pays for none. The contacts of all leads are sorted
-- together: a sort for each lead takes as long as finding its contacts. The sub-query about earlier slices asks for an order
-- that only the index by `destino` has: before the first ANALYZE all indexes of campaigns look equally good.
WITH mensagens AS MATERIALIZED (
    SELECT *
      FROM jsonb_to_recordset(CAST(:mensagens AS jsonb)) AS m (
           etapa smallint, variante text, ordem smallint, canal text, canais text[], canais_antes text[], template text,
           versao integer, constantes jsonb, demandas jsonb, de smallint, ate smallint, inicio_do_id text)
), demandas AS MATERIALIZED (
    SELECT m.etapa, m.variante, m.ordem, d.*
      FROM mensagens m
     CROSS JOIN LATERAL jsonb_to_recordset(m.demandas) AS d (nome text, tipo text, tem_padrao boolean, maior integer)
), aberturas AS MATERIALIZED (
    SELECT *
      FROM jsonb_to_recordset(CAST(:aberturas AS jsonb)) AS a (
           etapa smallint, ddd text, abre timestamptz, dia date, semana date, espera_janela boolean)
), publico AS (
    SELECT l.lead_id, l.status, l.nome, l.contato, l.documento, l.campos,
           (hashtextextended(CAST(l.lead_id AS text) || CAST(:campanha_id AS text), 0) & 9223372036854775807) % 100 AS sorte,
           EXISTS (SELECT FROM leads_suprimidos s
                    WHERE s.tenant_id = :tenant_id AND s.lead_id = l.lead_id) AS pessoa_suprimida
      FROM leads l
     WHERE l.tenant_id = :tenant_id AND l.lead_id > CAST(:depois AS uuid) AND l.lead_id <= CAST(:ate AS uuid)
       AND /*{filtro}*/ true
     ORDER BY l.lead_id
     LIMIT CAST(:limite AS integer)
), com_contatos AS MATERIALIZED (
    SELECT DISTINCT ON (p.lead_id)
           p.*, t.telefone, t.suprimido AS telefone_suprimido, e.email, e.suprimido AS email_suprimido,
           array_remove(ARRAY[CASE WHEN NOT t.suprimido THEN 'whatsapp' END, CASE WHEN NOT e.suprimido THEN 'email' END],
                        NULL) AS canais
      FROM publico p
      LEFT JOIN LATERAL (
           SELECT k.telefone, k.principal, k.ordem,
                  EXISTS (SELECT FROM supressoes x
                           WHERE x.tenant_id = :tenant_id AND x.canal = 'whatsapp' AND x.contato = k.telefone) AS suprimido
             FROM lead_telefones k
            WHERE k.tenant_id = :tenant_id AND k.lead_id = p.lead_id AND k.valido_para_disparo
           OFFSET 0) t ON CAST(:usa_whatsapp AS boolean)
      LEFT JOIN LATERAL (
           SELECT k.email, k.principal, k.ordem,
                  EXISTS (SELECT FROM supressoes x
                           WHERE x.tenant_id = :tenant_id AND x.canal = 'email' AND x.contato = k.email) AS suprimido
             FROM lead_emails k
            WHERE k.tenant_id = :tenant_id AND k.lead_id = p.lead_id AND k.valido_para_disparo
           OFFSET 0) e ON CAST(:usa_email AS boolean)
     ORDER BY p.lead_id, t.suprimido, t.principal DESC, t.ordem, e.suprimido, e.principal DESC, e.ordem
), escolhidos AS (
    SELECT c.lead_id, c.nome, c.contato, c.documento, c.campos, m.etapa, m.variante, m.ordem, m.canal, m.template,
           m.versao, m.constantes, m.inicio_do_id,
           CASE WHEN m.canal = ANY (c.canais) THEN
                CASE m.canal WHEN 'whatsapp' THEN c.telefone ELSE c.email END END AS destino,
           -- The place of an e-mail's recipient, as in `rules_for` (dispatch/rules/windows.py).
           CASE m.canal WHEN 'whatsapp' THEN c.telefone ELSE (
               SELECT k.telefone FROM lead_telefones k
                WHERE k.tenant_id = :tenant_id AND k.lead_id = c.lead_id AND k.principal) END AS telefone,
           CASE WHEN c.status = ANY (CAST(:fechados AS text[])) THEN 'lead_encerrado'
                WHEN c.pessoa_suprimida THEN 'suprimido'
                WHEN m.canal = ANY (c.canais) THEN NULL
                WHEN ('whatsapp' = ANY (m.canais) AND c.telefone_suprimido)
                  OR ('email' = ANY (m.canais) AND c.email_suprimido) THEN 'suprimido'
                ELSE 'sem_contato' END AS motivo
      FROM com_contatos c
      JOIN mensagens m ON m.de <= c.sorte AND c.sorte < m.ate
       AND CASE WHEN m.canal = ANY (c.canais) THEN NOT m.canais_antes && c.canais
                ELSE m.ordem = 1 AND NOT m.canais && c.canais END
    OFFSET 0
), candidatos AS (
    SELECT c.lead_id, c.etapa, c.variante, c.canal, c.template, c.versao, c.destino, c.inicio_do_id,
           coalesce(v.valores, '{}') || c.constantes AS variaveis,
           -- A Brazilian number of 10 or 11 digits; a pattern takes longer than all else here. Phones have digits only (CHECK).
           CASE WHEN length(c.telefone) IN (13, 14) AND c.telefone LIKE '+55%' AND substr(c.telefone, 4, 1) <> '0'
                 AND substr(c.telefone, 6, 1) >= '2' THEN substr(c.telefone, 4, 2) ELSE '' END AS ddd,
           coalesce(c.motivo, CASE WHEN v.ausentes IS NOT NULL THEN 'variavel_ausente' END) AS motivo, v.ausentes
      FROM escolhidos c
     CROSS JOIN LATERAL (
           SELECT jsonb_object_agg(d.nome, d.valor) FILTER (WHERE d.valor IS NOT NULL) AS valores,
                  array_agg(d.nome)
                      FILTER (WHERE NOT demanda_atendida(d.valor, d.tipo, d.tem_padrao, d.maior)) AS ausentes
             FROM (SELECT k.nome, k.tipo, k.tem_padrao, k.maior,
                          CASE k.nome WHEN 'nome' THEN to_jsonb(c.nome)
                                      WHEN 'contato' THEN to_jsonb(c.contato)
                                      WHEN 'documento' THEN to_jsonb(c.documento)
                                      ELSE c.campos -> k.nome END AS valor
                     FROM demandas k
                    WHERE k.etapa = c.etapa AND k.variante = c.variante AND k.ordem = c.ordem
                   OFFSET 0) d) v
), com_vez AS (
    SELECT c.*, row_number() OVER (PARTITION BY c.etapa, c.motivo IS NULL, c.destino ORDER BY c.lead_id) AS vez,
           coalesce((SELECT true
                       FROM disparos d
                      WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid)
                        AND d.destino = c.destino COLLATE "default" AND d.etapa BETWEEN c.etapa AND c.etapa
                        AND d.alternativa_de IS NULL
                      ORDER BY d.etapa
                      LIMIT 1), false) AS tomado
      FROM candidatos c
), no_primeiro AS MATERIALIZED (
    SELECT c.*, coalesce(c.motivo, CASE WHEN c.etapa = 1 AND (c.vez > 1 OR c.tomado) THEN 'destino_repetido' END) AS fora
      FROM com_vez c
), com_fim AS (
    SELECT c.*, bool_or(c.fora IS NOT NULL) OVER (
               PARTITION BY c.lead_id ORDER BY c.etapa ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS acabou
      FROM no_primeiro c
     WHERE EXISTS (SELECT FROM mensagens m WHERE m.etapa > 1)
), nos_outros AS (
    SELECT c.*, row_number() OVER (PARTITION BY c.etapa, c.fora IS NULL, c.destino ORDER BY c.lead_id) AS outra_vez
      FROM com_fim c
     WHERE c.etapa > 1 AND c.acabou IS NOT TRUE
), julgados AS (
    SELECT lead_id, etapa, variante, canal, template, versao, destino, variaveis, ddd, ausentes, inicio_do_id, fora AS motivo
      FROM no_primeiro
     WHERE etapa = 1
     UNION ALL
    SELECT lead_id, etapa, variante, canal, template, versao, destino, variaveis, ddd, ausentes, inicio_do_id,
           coalesce(fora, CASE WHEN outra_vez > 1 OR tomado THEN 'destino_repetido' END)
      FROM nos_outros
)
SELECT p.lead_id, p.etapa, p.variante, p.canal, p.template, p.versao, p.destino, p.variaveis, a.abre AS enviar_apos, p.motivo,
       CASE p.motivo WHEN 'variavel_ausente' THEN (SELECT string_agg(DISTINCT a.nome, ', ') FROM unnest(p.ausentes) AS a (nome)) END AS detalhe, p.inicio_do_id, a.espera_janela,
       EXISTS (SELECT FROM respostas r
                WHERE r.tenant_id = :tenant_id AND r.canal = p.canal AND r.contato = p.destino AND r.revisar) AS sob_revisao,
       coalesce(CAST(:por_dia AS integer) <= (
           SELECT count(*) FROM lead_contatos_periodo k
            WHERE k.tenant_id = :tenant_id AND k.lead_id = p.lead_id AND k.periodo = 'dia' AND k.desde = a.dia), false)
       OR coalesce(CAST(:por_semana AS integer) <= (
           SELECT count(*) FROM lead_contatos_periodo k
            WHERE k.tenant_id = :tenant_id AND k.lead_id = p.lead_id AND k.periodo = 'semana' AND k.desde = a.semana),
           false) AS limitado
  FROM julgados p
  JOIN aberturas a ON a.etapa = p.etapa AND a.ddd = p.ddd;

-- name: plan_slice
-- Some leads of the audience, in the order of their ids: a disparo for each recipient and step, and a line for each one that
-- is left out. The id follows from the instant of the audience, the campaign, the step and the lead, so that a slice that
-- is done again makes the same rows; in the order of the leads, so that they go to one place in the indexes.
WITH decididos AS MATERIALIZED (
    SELECT lead_id, etapa, variante, canal, template, versao, destino, variaveis, enviar_apos, motivo, detalhe, inicio_do_id
      FROM (/*= classify_recipients */) d
), planejados AS (
    INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                          enviar_apos, espera, expira_em, max_tentativas, campanha_id, etapa, variante, piloto, criado_em,
                          atualizado_em)
    SELECT :tenant_id,
           CAST(inicio_do_id || lpad(to_hex(
               CAST(CAST('x' || replace(right(CAST(lead_id AS text), 17), '-', '') AS bit(64)) AS bigint)
               # CAST(:mascara AS bigint)), 16, '0') AS uuid),
           lead_id, canal, contato_id(lead_id, destino), destino, template, versao, variaveis, enviar_apos, 'campanha',
           CAST(:expira_em AS timestamptz), :max_tentativas, CAST(:campanha_id AS uuid), etapa, variante,
           etapa = 1 AND CASE WHEN CAST(:piloto_por_cento AS integer) > 0 THEN
                   (hashtextextended(CAST(lead_id AS text) || CAST(:campanha_id AS text), 1) & 9223372036854775807) % 100
                   < CAST(:piloto_por_cento AS integer)
               WHEN CAST(:piloto_restam AS integer) > 0 THEN lead_id <= coalesce((
                   SELECT lead_id FROM decididos
                    WHERE etapa = 1 AND motivo IS NULL
                    ORDER BY lead_id
                   OFFSET CAST(:piloto_restam AS integer) - 1 LIMIT 1), lead_id)
               ELSE false END,
           :publico_em, :publico_em
      FROM decididos
     WHERE motivo IS NULL
     ORDER BY etapa, lead_id
), excluidos AS (
    INSERT INTO campanha_excluidos (tenant_id, campanha_id, lead_id, etapa, variante, motivo, detalhe)
    SELECT :tenant_id, CAST(:campanha_id AS uuid), lead_id, etapa, variante, motivo, detalhe
      FROM decididos
     WHERE motivo IS NOT NULL
     ORDER BY lead_id, etapa
)
-- There is no max of uuids before PostgreSQL 18.
SELECT count(*) AS leads, CAST(max(CAST(lead_id AS text) COLLATE "C") AS uuid) AS ultimo FROM decididos WHERE etapa = 1;

-- name: count_recipients
-- What planning would do with the audience of this moment.
SELECT etapa, variante, canal, motivo, detalhe, count(*) AS quantos,
       count(*) FILTER (WHERE limitado) AS limitados,
       count(*) FILTER (WHERE espera_janela) AS fora_da_janela,
       count(*) FILTER (WHERE sob_revisao) AS sob_revisao
  FROM (/*= classify_recipients */) d
 GROUP BY etapa, variante, canal, motivo, detalhe
 ORDER BY etapa, variante, canal, motivo, detalhe;

-- name: sample_recipients
-- The first of those who get something.
SELECT lead_id, etapa, variante, canal, template, versao, destino, CAST(variaveis AS text) AS valores
  FROM (/*= classify_recipients */) d
 WHERE motivo IS NULL AND etapa = 1
 ORDER BY lead_id
 LIMIT :quantos;

-- name: list_campanha_mensagens
SELECT etapa, variante, ordem, canal, template, template_versao, variaveis, de, ate, apos_dias_uteis
  FROM campanha_mensagens
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id
 ORDER BY etapa, variante, ordem;

-- name: claim_planning
-- A campaign that is to be planned and that no worker plans, or whose worker was not heard of any more. Planning goes on
-- while it is paused.
UPDATE campanhas
   SET lease_dono = :worker, lease_ate = :lease_ate
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND planejada_em IS NULL
   AND status IN ('agendada', 'pausada') AND (lease_ate IS NULL OR lease_ate <= :agora)
RETURNING campanha_id;

-- name: lock_planning
-- Held to the end of the slice: a cancelled campaign gets no further rows, and one worker at a time plans it.
SELECT campanha_id, filtro, etapas, iniciar_em, expira_em, piloto, piloto_percentual, publico_em, publico_ate, planejado_ate
  FROM campanhas
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND lease_dono = :worker AND planejada_em IS NULL
   AND status IN ('agendada', 'pausada')
   FOR NO KEY UPDATE;

-- name: count_pilot
SELECT count(*) AS quantos
  FROM disparos
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND canal IN ('whatsapp', 'email') AND piloto
   AND status = 'pendente' AND espera = 'campanha';

-- name: advance_planning
UPDATE campanhas
   SET planejado_ate = coalesce(CAST(:ultimo AS uuid), planejado_ate),
       planejada_em = CASE WHEN CAST(:terminou AS boolean) THEN CAST(:agora AS timestamptz) END,
       lease_dono = CASE WHEN NOT CAST(:terminou AS boolean) THEN CAST(:worker AS uuid) END,
       lease_ate = CASE WHEN NOT CAST(:terminou AS boolean) THEN CAST(:lease_ate AS timestamptz) END
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND lease_dono = :worker;

-- name: release_planning
UPDATE campanhas
   SET lease_dono = NULL, lease_ate = NULL
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND lease_dono = :worker;

-- name: start_campanha
-- One that is planned and whose time has come.
UPDATE campanhas
   SET status = 'em_andamento', iniciada_em = coalesce(iniciada_em, :agora), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND status = 'agendada' AND planejada_em IS NOT NULL
   AND coalesce(iniciar_em, :agora) <= :agora
RETURNING campanha_id;

-- name: insert_campanha_step
INSERT INTO campanha_historico (tenant_id, campanha_id, passo_id, em, de, para, por, codigo, motivo)
VALUES (:tenant_id, :campanha_id, :passo_id, :agora, :de, :para, CAST(:por AS text), CAST(:codigo AS text),
        CAST(:motivo AS text));

-- name: wake_lost_campanhas
-- Campaigns that are to be planned and that no worker plans.
WITH perdidas AS MATERIALIZED (
    SELECT tenant_id, campanha_id
      FROM campanhas
     WHERE (status = 'agendada' OR (status = 'pausada' AND planejada_em IS NULL)) AND planejada_em IS NULL
       AND publico_em <= :vencido
       AND (lease_ate IS NULL OR lease_ate <= :agora)
       AND (acordado_em IS NULL OR acordado_em <= :acordado_antes)
     ORDER BY tenant_id, campanha_id
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
UPDATE campanhas c SET acordado_em = :agora
  FROM perdidas p
 WHERE c.tenant_id = p.tenant_id AND c.campanha_id = p.campanha_id
RETURNING c.tenant_id, c.campanha_id;

-- name: list_campanhas_to_tend
SELECT tenant_id, campanha_id, status
  FROM campanhas
 WHERE status IN ('agendada', 'em_andamento')
 UNION ALL
SELECT tenant_id, campanha_id, status
  FROM campanhas
 WHERE a_cancelar
 ORDER BY tenant_id, campanha_id
 LIMIT :limite;

-- name: lock_ended_pilot
-- A campaign whose pilot has left, with nothing of it waiting or on its way. Asked for each of the small indexes: a million
-- others wait beside it.
SELECT c.piloto_decisao
  FROM campanhas c
 WHERE c.tenant_id = :tenant_id AND c.campanha_id = :campanha_id AND c.status = 'em_andamento' AND NOT c.piloto_liberado
   AND NOT EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id AND d.canal IN ('whatsapp', 'email')
                      AND d.piloto AND d.status = 'pendente' AND d.espera = 'campanha')
   AND NOT EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id AND d.piloto
                      AND d.status = 'pendente' AND d.espera IS DISTINCT FROM 'campanha')
   AND NOT EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id AND d.piloto AND d.status = 'enviando')
   FOR NO KEY UPDATE OF c;

-- name: count_pilot_outcomes
-- What a provider has judged: an address that is not on WhatsApp (131026) is no judgement of the message. Until the verdict
-- nothing but the pilot has ended.
SELECT count(*) FILTER (WHERE status <> 'erro' OR recusado) AS terminados,
       count(*) FILTER (WHERE recusado) AS recusados
  FROM (SELECT status, status = 'erro' AND erro_codigo <> '131026' AS recusado
          FROM disparos
         WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND piloto
           AND status IN ('enviado', 'confirmado', 'simulado', 'erro')) d;

-- name: release_pilot
UPDATE campanhas
   SET piloto_liberado = true, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id;

-- name: pause_campanha
-- From here on no portion of it is begun: a worker that begins one holds this row (FOR SHARE), and looks at its status.
UPDATE campanhas
   SET status = 'pausada', pausa_codigo = :codigo, pausa_motivo = CAST(:motivo AS text), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND status IN ('agendada', 'em_andamento');

-- name: lock_campanha_to_end
SELECT campanha_id
  FROM campanhas
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND status = 'em_andamento'
   FOR NO KEY UPDATE;

-- name: end_campanha
UPDATE campanhas c
   SET status = 'concluida', encerrada_em = :agora, atualizado_em = :agora
 WHERE c.tenant_id = :tenant_id AND c.campanha_id = :campanha_id AND c.status = 'em_andamento'
   AND NOT EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id
                      AND d.status IN ('pendente', 'enviando'))
RETURNING c.campanha_id;

-- name: cancel_campanha_disparos
-- Some of what waits, of a campaign that is cancelled. What is in doubt may have reached its provider: it is settled by
-- the worker.
WITH alguns AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM disparos d
     WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id AND d.status = 'pendente' AND NOT d.em_duvida
     ORDER BY d.disparo_id
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
), movidos AS (
    UPDATE disparos d
       SET status = 'cancelado', espera = NULL, erro_codigo = :codigo, passos = d.passos + 1, atualizado_em = :agora
      FROM alguns a
     WHERE d.tenant_id = a.tenant_id AND d.disparo_id = a.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.lead_id, d.passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, lead_id, passo, em, classe, codigo)
SELECT tenant_id, disparo_id, lead_id, passos, :agora, 'cancelado', :codigo FROM movidos;

-- name: end_cancelling
-- What is on its way may come back to wait: then the next sweep cancels it.
UPDATE campanhas c
   SET a_cancelar = false, atualizado_em = :agora
 WHERE c.tenant_id = :tenant_id AND c.campanha_id = :campanha_id AND c.a_cancelar
   AND NOT EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = :tenant_id AND d.campanha_id = :campanha_id
                      AND (d.status = 'enviando' OR (d.status = 'pendente' AND NOT d.em_duvida)));

-- name: fold_campanha_contagens
-- The sums in the place of the rows, for campaigns with many of them; as `fold_disparo_contagens`.
WITH cheias AS (
    SELECT tenant_id, campanha_id FROM campanha_contagens
     WHERE NOT somado
     GROUP BY tenant_id, campanha_id
    HAVING count(*) >= :ao_menos
     LIMIT :limite
), tomadas AS (
    DELETE FROM campanha_contagens c USING cheias
     WHERE c.tenant_id = cheias.tenant_id AND c.campanha_id = cheias.campanha_id
    RETURNING c.*
)
INSERT INTO campanha_contagens (tenant_id, campanha_id, etapa, variante, canal, status, motivo, quantos, somado)
SELECT tenant_id, campanha_id, etapa, variante, canal, status, motivo, sum(quantos), true
  FROM tomadas
 GROUP BY tenant_id, campanha_id, etapa, variante, canal, status, motivo
HAVING sum(quantos) <> 0;

-- name: list_campanhas_to_redate
-- One that is still being planned waits for the end of that: the slices before the change have the old dates.
SELECT tenant_id, campanha_id, redatar_desde
  FROM campanhas
 WHERE redatar_desde IS NOT NULL AND planejada_em IS NOT NULL AND status IN ('agendada', 'em_andamento', 'pausada')
 ORDER BY tenant_id, campanha_id
 LIMIT :limite;

-- name: campanha_to_redate
SELECT campanha_id, etapas, iniciar_em, publico_em, redatada_ate
  FROM campanhas
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND redatar_desde = :redatar_desde
   AND status IN ('agendada', 'em_andamento', 'pausada');

-- name: redate_campanha_slice
-- Some leads from the checkpoint on: what waits for its turn in the campaign gets the time at which the window of its step
-- opens where the lead is. The place is found as in `classify_recipients`. Whose turn has come already stays.
WITH fatia AS MATERIALIZED (
    SELECT d.lead_id
      FROM disparos d
     WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid) AND d.etapa = 1
       AND d.alternativa_de IS NULL AND d.lead_id > CAST(:depois AS uuid)
     ORDER BY d.lead_id
     LIMIT :limite
), lugares AS MATERIALIZED (
    SELECT d.disparo_id, d.etapa,
           coalesce(substring(CASE d.canal WHEN 'whatsapp' THEN d.destino ELSE (
               SELECT t.telefone FROM lead_telefones t
                WHERE t.tenant_id = :tenant_id AND t.lead_id = d.lead_id AND t.principal) END
               FROM '^\+55([1-9][0-9])[2-9][0-9]{7,8}$'), '') AS ddd
      FROM fatia f
     CROSS JOIN LATERAL (
           SELECT d.disparo_id, d.lead_id, d.etapa, d.canal, d.destino
             FROM disparos d
            WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid) AND d.lead_id = f.lead_id
              AND d.alternativa_de IS NULL AND d.status = 'pendente' AND d.espera = 'campanha'
           OFFSET 0) d
), aberturas AS MATERIALIZED (
    SELECT *
      FROM jsonb_to_recordset(CAST(:aberturas AS jsonb)) AS a (etapa smallint, ddd text, abre timestamptz)
), mudados AS (
    UPDATE disparos d
       SET enviar_apos = a.abre, acordado_em = NULL, atualizado_em = :agora
      FROM lugares l
      JOIN aberturas a ON a.etapa = l.etapa AND a.ddd = l.ddd
     WHERE d.tenant_id = :tenant_id AND d.disparo_id = l.disparo_id AND d.status = 'pendente' AND d.espera = 'campanha'
       AND d.enviar_apos <> a.abre AND (a.abre > :agora OR d.enviar_apos > :agora)
    RETURNING d.disparo_id
)
SELECT (SELECT count(*) FROM fatia) AS vistos, (SELECT count(*) FROM mudados) AS mudados,
       (SELECT lead_id FROM fatia ORDER BY lead_id DESC LIMIT 1) AS ultimo;

-- name: advance_redating
-- Nothing, if it was marked again meanwhile: then it begins from the first lead.
UPDATE campanhas
   SET redatada_ate = CASE WHEN NOT CAST(:terminou AS boolean) THEN CAST(:ultimo AS uuid) END,
       redatar_desde = CASE WHEN NOT CAST(:terminou AS boolean) THEN redatar_desde END
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id AND redatar_desde = :redatar_desde;
