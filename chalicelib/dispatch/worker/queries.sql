-- The executor's side of disparos: claims, limits, outcomes, pauses. Workers' login: across tenants.

-- name: claim_disparos
-- Disparos that are due and unsent, or whose lease has lapsed. A lapsed lease is a step of the history; it puts the
-- disparo in doubt only if it was begun (`iniciado_em`), for otherwise it never left. The attempt counts once it is begun.
-- Beside the named ones, up to `lugares` of what else is due: the first of each tenant, then the second of each. So no
-- tenant waits behind another one's thousands of wake-ups, and disparos that wait for a place need no wake-up each.
-- Tenants are found one by one in the index, which may hold a hundred thousand rows of one of them. What has become due
-- since `calmo` has a wake-up of its own on its way. SKIP LOCKED: what another worker is claiming is not waited for.
-- Rows are locked in the order of their ids, as the recording does. Everything that deciding needs comes along; what
-- many have in common (the configuration of a tenant, the words of a template) comes with the first of them only. Values
-- come as text, for as JSON a number would be a float, which has not all of its digits. Of a paused channel one claim at a
-- time may send a probe: the one that moves `sondar_em` on.
-- Those of campaigns (`list_campaign_turns`) come behind the tenant's other ones. What is in doubt is claimed all the same,
-- to be settled.
WITH RECURSIVE filas AS (
    (SELECT tenant_id FROM disparos
      WHERE status = 'pendente' AND (campanha_id IS NULL OR em_duvida) ORDER BY tenant_id LIMIT 1)
     UNION ALL
    SELECT (SELECT d.tenant_id FROM disparos d
             WHERE d.status = 'pendente' AND (d.campanha_id IS NULL OR d.em_duvida) AND d.tenant_id > f.tenant_id
             ORDER BY d.tenant_id
             LIMIT 1)
      FROM filas f
     WHERE f.tenant_id IS NOT NULL
), vencidas AS MATERIALIZED (
    SELECT f.tenant_id
      FROM filas f
     WHERE EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = f.tenant_id AND d.status = 'pendente' AND (d.campanha_id IS NULL OR d.em_duvida)
                      AND d.enviar_apos <= :agora)
), turnos AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(:turnos AS jsonb)) AS t (
           tenant_id text, disparo_id uuid, enviar_apos timestamptz, fila smallint, vez integer)
), parte AS (
    SELECT ceil(CAST(:lugares AS numeric) / greatest(count(*), 1)) AS quantos
      FROM (SELECT tenant_id FROM vencidas UNION SELECT tenant_id FROM turnos) t
), candidatos AS (
    SELECT o.tenant_id, o.disparo_id, o.enviar_apos, 1 AS fila, o.vez
      FROM vencidas v
     CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.disparo_id, d.enviar_apos, row_number() OVER (ORDER BY d.enviar_apos) AS vez
             FROM disparos d
            WHERE d.tenant_id = v.tenant_id AND d.status = 'pendente' AND (d.campanha_id IS NULL OR d.em_duvida)
              AND d.enviar_apos <= :agora
              AND (d.enviar_apos <= :calmo OR d.espera NOT IN ('agendado', 'tentativa'))
            ORDER BY d.enviar_apos
            LIMIT (SELECT quantos FROM parte)) o
     UNION ALL
    SELECT tenant_id, disparo_id, enviar_apos, fila, vez FROM turnos
), outros AS (
    SELECT tenant_id, disparo_id
      FROM (SELECT c.*, row_number() OVER (PARTITION BY tenant_id ORDER BY fila, vez, enviar_apos) AS vez_do_tenant
              FROM candidatos c) c
     WHERE vez_do_tenant <= (SELECT quantos FROM parte)
     ORDER BY vez_do_tenant, enviar_apos
     LIMIT :lugares
), nomeados AS (
    SELECT tenant_id, disparo_id
      FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
     UNION
    SELECT tenant_id, disparo_id FROM outros
), presos AS (
    SELECT d.tenant_id, d.disparo_id, d.canal, d.tentativas AS tentativas_antes,
           d.status = 'enviando' AS abandonado, d.iniciado_em IS NOT NULL AS iniciado,
           d.espera, d.enviar_apos AS esperou_ate, d.passos AS passos_antes, ca.status AS campanha, te.idioma, te.assunto,
           te.texto, te.html, te.variaveis AS ordem, te.regras
      FROM nomeados c
      JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
      JOIN templates te ON te.tenant_id = d.tenant_id AND te.nome = d.template AND te.versao = d.template_versao
      LEFT JOIN campanhas ca ON ca.tenant_id = d.tenant_id AND ca.campanha_id = d.campanha_id
     WHERE ((d.status = 'pendente' AND d.enviar_apos <= :agora)
            OR (d.status = 'enviando' AND d.lease_ate <= :agora))
       AND (d.campanha_id IS NULL OR ca.status = 'em_andamento' OR d.em_duvida OR d.iniciado_em IS NOT NULL)
     ORDER BY d.tenant_id, d.disparo_id
       FOR UPDATE OF d SKIP LOCKED
), mudados AS (
    UPDATE disparos d
       SET status = 'enviando',
           lease_dono = :dono,
           lease_ate = :lease_ate,
           iniciado_em = NULL,
           passos = d.passos + 1,
           espera = NULL,
           em_duvida = d.em_duvida OR p.iniciado,
           ultimo_codigo = CASE WHEN p.iniciado THEN CAST(:lease_vencida AS text) ELSE d.ultimo_codigo END,
           atualizado_em = :agora
      FROM presos p
     WHERE d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.lead_id, d.canal, d.destino, d.variaveis,
              least(d.tentativas + 1, d.max_tentativas) AS tentativas, d.max_tentativas,
              d.em_duvida, d.ultimo_codigo, d.template, d.template_versao, d.expira_em, d.ignorar_janela,
              d.usar_alternativos, d.campanha_id, d.etapa, d.teste_de, d.agendamento_id, d.agendamento_versao,
              d.agendamento_tipo,
              p.tentativas_antes, p.abandonado, p.iniciado, p.espera AS esperava, p.esperou_ate, p.passos_antes, p.campanha,
              p.idioma, p.assunto, p.texto, p.html, p.ordem, p.regras
), abandonados AS (
    INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, tentativa, classe)
    SELECT tenant_id, disparo_id, passos_antes, :agora, CASE WHEN iniciado THEN tentativas_antes END,
           CASE WHEN iniciado THEN CAST(:lease_vencida AS text) ELSE CAST(:nao_iniciado AS text) END
      FROM presos
     WHERE abandonado
), sondas AS (
    UPDATE canal_pausas p
       SET sondar_em = :sondar_em
      FROM (SELECT DISTINCT tenant_id, canal FROM presos) t
     WHERE p.tenant_id = t.tenant_id AND p.canal = t.canal AND p.sondar_em <= :agora
    RETURNING p.tenant_id, p.canal
)
SELECT m.tenant_id, m.disparo_id, m.lead_id, m.canal, m.destino, CAST(m.variaveis AS text) AS variaveis, m.tentativas,
       m.tentativas_antes,
       m.max_tentativas, m.em_duvida, m.ultimo_codigo, m.template, m.template_versao, m.expira_em, m.ignorar_janela,
       m.usar_alternativos, m.campanha_id, m.etapa, m.campanha, m.agendamento_id,
       m.teste_de IS NOT NULL OR m.agendamento_id IS NOT NULL AS moves_no_lead,
       m.agendamento_tipo IS NOT DISTINCT FROM 'responsavel' AS is_for_staff,
       CASE WHEN m.agendamento_id IS NOT NULL THEN coalesce((
            SELECT CASE WHEN g.versao <> m.agendamento_versao THEN 'agendamento_mudou'
                        WHEN m.agendamento_tipo = 'cancelado' AND g.status = 'cancelado' THEN ''
                        WHEN m.agendamento_tipo <> 'cancelado' AND g.status IN ('pendente', 'confirmado') THEN ''
                        ELSE 'agendamento_encerrado' END
              FROM agendamentos g
             WHERE g.tenant_id = m.tenant_id AND g.agendamento_id = m.agendamento_id), 'agendamento_encerrado')
            ELSE '' END AS agendamento_fim, m.esperava AS espera,
       m.esperou_ate, p.codigo AS pausa, s.canal IS NOT NULL AS is_probe,
       EXISTS (SELECT FROM supressoes x
                WHERE x.tenant_id = m.tenant_id AND x.canal = m.canal AND x.contato = m.destino)
       -- What goes to the responsável is none of the lead's business.
       OR (m.agendamento_tipo IS DISTINCT FROM 'responsavel'
           AND EXISTS (SELECT FROM leads_suprimidos x
                        WHERE x.tenant_id = m.tenant_id AND x.lead_id = m.lead_id)) AS is_suppressed,
       EXISTS (SELECT FROM respostas r
                WHERE r.tenant_id = m.tenant_id AND r.canal = m.canal AND r.contato = m.destino
                  AND r.revisar) AS is_under_review,
       CASE m.canal WHEN 'email' THEN (
            SELECT f.telefone FROM lead_telefones f
             WHERE f.tenant_id = m.tenant_id AND f.lead_id = m.lead_id AND f.principal) END AS telefone_principal,
       CASE WHEN m.passos_antes > 0 THEN (
            SELECT count(*) FROM disparo_tentativas h
             WHERE h.tenant_id = m.tenant_id AND h.disparo_id = m.disparo_id AND h.classe = 'falhou')
            ELSE 0 END AS entregas_falhas,
       -- Since the last step of another kind.
       CASE WHEN m.passos_antes > 0 THEN CAST(m.abandonado AND NOT m.iniciado AS integer) + (
            SELECT count(*) FROM disparo_tentativas h
             WHERE h.tenant_id = m.tenant_id AND h.disparo_id = m.disparo_id AND h.passo > coalesce((
                   SELECT max(o.passo) FROM disparo_tentativas o
                    WHERE o.tenant_id = m.tenant_id AND o.disparo_id = m.disparo_id AND o.classe <> :nao_iniciado), 0))
            ELSE 0 END AS abandonos,
       CASE WHEN row_number() OVER do_template = 1 THEN
            jsonb_build_object('idioma', m.idioma, 'assunto', m.assunto, 'texto', m.texto, 'html', m.html,
                               'ordem', m.ordem, 'regras', m.regras) END AS palavras,
       CASE WHEN row_number() OVER do_tenant = 1 THEN coalesce(te.config, '{}') END AS config
  FROM mudados m
  LEFT JOIN tenants te ON te.tenant_id = m.tenant_id
  LEFT JOIN canal_pausas p ON p.tenant_id = m.tenant_id AND p.canal = m.canal
  LEFT JOIN sondas s ON s.tenant_id = m.tenant_id AND s.canal = m.canal
WINDOW do_template AS (PARTITION BY m.tenant_id, m.template, m.template_versao),
       do_tenant AS (PARTITION BY m.tenant_id);

-- name: any_running_campaign
-- Asked before `list_campaign_turns`, whose plan takes longer to make than an ordinary claim takes.
SELECT tenant_id, campanha_id FROM campanhas WHERE status = 'em_andamento' LIMIT 1;

-- name: list_campaign_turns
-- What campaigns have for a claim, found through the campaign and as far as its channel has room (migration 035): one that
-- is paused or cancelled is not looked at, however many wait in it. First what waited for something of its own (`fila` 2),
-- then those whose turn has come (3).
WITH com_vaga AS MATERIALIZED (
    SELECT e.tenant_id, e.campanha_id, e.canal, p.piloto, least(e.lugares, CAST(:lugares AS bigint)) AS lugares
      FROM campanhas_em_curso(:agora) e
     CROSS JOIN (VALUES (true), (false)) AS p (piloto)
     WHERE e.abre_em <= :agora AND e.lugares > 0 AND (p.piloto OR e.piloto_liberado)
       AND EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = e.tenant_id AND d.campanha_id = e.campanha_id AND d.canal = e.canal
                      AND d.piloto = p.piloto AND d.status = 'pendente' AND d.espera = 'campanha'
                      AND d.enviar_apos <= :agora)
), com_espera AS MATERIALIZED (
    SELECT c.tenant_id, c.campanha_id
      FROM campanhas c
     WHERE c.status = 'em_andamento'
       AND EXISTS (SELECT FROM disparos d
                    WHERE d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id AND d.status = 'pendente'
                      AND d.espera IS DISTINCT FROM 'campanha' AND d.enviar_apos <= :agora)
), parte AS (
    SELECT ceil(CAST(:lugares AS numeric) / greatest(count(*), 1)) AS quantos
      FROM (SELECT tenant_id FROM com_vaga UNION SELECT tenant_id FROM com_espera) t
)
SELECT o.tenant_id, o.disparo_id, o.enviar_apos, 2 AS fila, o.vez
  FROM com_espera c
 CROSS JOIN LATERAL (
       SELECT d.tenant_id, d.disparo_id, d.enviar_apos, row_number() OVER (ORDER BY d.enviar_apos) AS vez
         FROM disparos d
        WHERE d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id AND d.status = 'pendente'
          AND d.espera IS DISTINCT FROM 'campanha' AND d.enviar_apos <= :agora
        ORDER BY d.enviar_apos
        LIMIT (SELECT quantos FROM parte)) o
 UNION ALL
SELECT tenant_id, disparo_id, enviar_apos, 3, vez
  FROM (SELECT o.tenant_id, o.disparo_id, o.enviar_apos, c.lugares,
               row_number() OVER (PARTITION BY c.tenant_id, c.canal ORDER BY o.vez, o.enviar_apos) AS vez
          FROM com_vaga c
         CROSS JOIN LATERAL (
               SELECT d.tenant_id, d.disparo_id, d.enviar_apos, row_number() OVER (ORDER BY d.enviar_apos) AS vez
                 FROM disparos d
                WHERE d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id AND d.canal = c.canal
                  AND d.piloto = c.piloto AND d.status = 'pendente' AND d.espera = 'campanha'
                  AND d.enviar_apos <= :agora
                ORDER BY d.enviar_apos
                LIMIT c.lugares) o) n
 WHERE vez <= lugares;

-- name: list_unclaimed_disparos
-- Named disparos that were not claimed, still wait, and are not looked after by `wake_next_disparos`, as those of campaigns
-- are: they were woken too early, or another worker has locked them.
SELECT d.tenant_id, d.disparo_id, d.enviar_apos, d.tentativas
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
  JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
 WHERE d.status = 'pendente' AND d.campanha_id IS NULL
   AND (d.enviar_apos <= :agora OR coalesce(d.espera, 'tentativa') IN ('agendado', 'tentativa'));

-- name: forget_wakeups
-- Named disparos of campaigns that were not claimed: their wake-up has come, and found the campaign paused. Without the mark
-- they are woken when it is resumed.
WITH chegados AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
      JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
     WHERE d.status = 'pendente' AND d.campanha_id IS NOT NULL AND d.acordado_em IS NOT NULL
     ORDER BY d.tenant_id, d.disparo_id
       FOR UPDATE OF d SKIP LOCKED
)
UPDATE disparos d SET acordado_em = NULL
  FROM chegados c
 WHERE d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id;

-- name: wake_next_disparos
-- Of each of these tenants, the first of those that nobody else is told of: what waits for what makes many wait, and
-- what is due and found no room. One wake-up for all of them: whoever comes takes up what is due, and asks this again.
-- Marked until it comes, so that there is one such wake-up on its way, however many workers ask. SKIP LOCKED: what is
-- just being claimed needs none.
-- A campaign's next one is due when its channel has room again.
-- A wake-up that comes later than that, because there was less room when it was arranged, is none (the second is for clocks that
-- differ, and for `release_disparos`).
WITH em_curso AS MATERIALIZED (
    SELECT e.* FROM campanhas_em_curso(:agora) e WHERE e.tenant_id = ANY (CAST(:tenant_ids AS text[]))
), candidatos AS (
    SELECT p.tenant_id, p.disparo_id, p.acordado_em, p.enviar_apos AS quando
      FROM unnest(CAST(:tenant_ids AS text[])) AS c (tenant_id)
     CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.disparo_id, d.acordado_em, d.enviar_apos
             FROM disparos d
            WHERE d.tenant_id = c.tenant_id AND d.status = 'pendente' AND (d.campanha_id IS NULL OR d.em_duvida)
              AND d.enviar_apos <= :ate
              AND (d.enviar_apos <= :calmo OR d.espera NOT IN ('agendado', 'tentativa'))
            ORDER BY d.enviar_apos
            LIMIT 1) p
     UNION ALL
    SELECT p.tenant_id, p.disparo_id, p.acordado_em, p.enviar_apos
      FROM campanhas c
     CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.disparo_id, d.acordado_em, d.enviar_apos
             FROM disparos d
            WHERE d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id AND d.status = 'pendente'
              AND d.espera IS DISTINCT FROM 'campanha' AND d.enviar_apos <= :ate
            ORDER BY d.enviar_apos
            LIMIT 1) p
     WHERE c.status = 'em_andamento' AND c.tenant_id = ANY (CAST(:tenant_ids AS text[]))
     UNION ALL
    SELECT p.tenant_id, p.disparo_id, p.acordado_em, greatest(p.enviar_apos, e.abre_em)
      FROM em_curso e
     CROSS JOIN (VALUES (true), (false)) AS v (piloto)
     CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.disparo_id, d.acordado_em, d.enviar_apos
             FROM disparos d
            WHERE d.tenant_id = e.tenant_id AND d.campanha_id = e.campanha_id AND d.canal = e.canal
              AND d.piloto = v.piloto AND d.status = 'pendente' AND d.espera = 'campanha' AND d.enviar_apos <= :ate
            ORDER BY d.enviar_apos
            LIMIT 1) p
     WHERE (v.piloto OR e.piloto_liberado) AND (e.abre_em IS NULL OR e.abre_em <= :ate)
), primeiros AS (
    SELECT p.tenant_id, p.disparo_id, p.quando
      FROM (SELECT DISTINCT ON (tenant_id) * FROM candidatos ORDER BY tenant_id, quando, disparo_id) p
     WHERE p.acordado_em IS NULL OR p.acordado_em <= :acordado_antes
        OR p.acordado_em > greatest(:agora, p.quando) + interval '1 second'
), presos AS (
    SELECT d.tenant_id, d.disparo_id, p.quando
      FROM primeiros p
      JOIN disparos d ON d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
     WHERE d.status = 'pendente'
       AND (d.acordado_em IS NULL OR d.acordado_em <= :acordado_antes
            OR d.acordado_em > greatest(:agora, p.quando) + interval '1 second')
       FOR UPDATE OF d SKIP LOCKED
)
UPDATE disparos d SET acordado_em = greatest(:agora, p.quando)
  FROM presos p
 WHERE d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
RETURNING d.tenant_id, d.disparo_id, d.acordado_em AS quando;

-- name: list_tenants_with_campaigns
SELECT DISTINCT tenant_id FROM campanhas WHERE status = 'em_andamento' ORDER BY tenant_id;

-- name: ask_canal_limites
-- How many of each tenant and channel go now, and from when on the others have their places: `limiter.answer`, line by
-- line, with the same names. Whoever asks at the same time waits, and sees what this one took. A row that is not there
-- yet gives no answer: `insert_canal_limites`, and ask again.
WITH pedidos AS (
    SELECT * FROM jsonb_to_recordset(CAST(:pedidos AS jsonb)) AS p (
           tenant_id text, canal text, marcados integer, novos integer, intervalo_minuto bigint, folga_minuto bigint,
           intervalo_segundo bigint, folga_segundo bigint, por_dia integer, dia date, amanha bigint)
), estado AS (
    SELECT p.tenant_id, p.canal, p.marcados, p.novos, p.intervalo_minuto, p.folga_minuto, p.intervalo_segundo,
           p.folga_segundo, p.dia, p.amanha, l.tat_minuto, l.tat_segundo, l.fila, l.nao_antes, l.falhas,
           greatest(p.intervalo_minuto, p.intervalo_segundo) AS intervalo,
           CASE WHEN l.dia = p.dia THEN l.gastos ELSE 0 END AS gastos,
           CASE WHEN l.minuto = CAST(:agora AS bigint) / 60000000 THEN l.gastos_no_minuto ELSE 0 END AS gastos_no_minuto,
           greatest(0, p.por_dia - CASE WHEN l.dia = p.dia THEN l.gastos ELSE 0 END) AS teto,
           p.por_dia IS NOT NULL AS tem_orcamento,
           :agora + p.folga_minuto - greatest(l.tat_minuto, :agora) AS sobra_minuto,
           :agora + p.folga_segundo - greatest(l.tat_segundo, :agora) AS sobra_segundo,
           l.fila > :agora AND greatest(l.tat_minuto + p.intervalo_minuto + :velha_apos, l.nao_antes) > :agora AS tem_fila
      FROM pedidos p
      JOIN canal_limites l ON l.tenant_id = p.tenant_id AND l.canal = p.canal
     ORDER BY l.tenant_id, l.canal
       FOR UPDATE OF l
), livres AS (
    SELECT e.*,
           least(CASE WHEN e.nao_antes > :agora OR e.sobra_minuto < 0 OR e.sobra_segundo < 0 THEN 0
                      ELSE least(e.sobra_minuto / e.intervalo_minuto + 1, e.sobra_segundo / e.intervalo_segundo + 1,
                                 CASE WHEN e.falhas > 0 THEN 1 END) END,
                 CASE WHEN e.tem_orcamento THEN e.teto END) AS livres
      FROM estado e
), deixados AS (
    SELECT l.*, least(l.marcados, l.livres) AS vao_marcados,
           CASE WHEN l.tem_fila THEN 0 ELSE least(l.novos, l.livres - least(l.marcados, l.livres)) END AS vao_novos
      FROM livres l
), depois AS (
    SELECT d.*, d.marcados + d.novos - d.vao_marcados - d.vao_novos AS resto,
           d.tem_orcamento AND d.teto - d.vao_marcados - d.vao_novos <= 0 AS sem_orcamento,
           CASE WHEN d.vao_marcados + d.vao_novos = 0 THEN d.tat_minuto
                ELSE greatest(d.tat_minuto, :agora) + (d.vao_marcados + d.vao_novos) * d.intervalo_minuto
                 END AS novo_tat_minuto,
           CASE WHEN d.vao_marcados + d.vao_novos = 0 THEN d.tat_segundo
                ELSE greatest(d.tat_segundo, :agora) + (d.vao_marcados + d.vao_novos) * d.intervalo_segundo
                 END AS novo_tat_segundo
      FROM deixados d
), vagas AS (
    SELECT d.*, CASE WHEN d.sem_orcamento THEN d.amanha
                     ELSE greatest(d.novo_tat_minuto - d.folga_minuto, d.novo_tat_segundo - d.folga_segundo,
                                   d.nao_antes, CASE WHEN d.tem_fila THEN d.fila + d.intervalo ELSE :agora END)
                      END AS vaga
      FROM depois d
)
UPDATE canal_limites l
   SET tat_minuto = v.novo_tat_minuto,
       tat_segundo = v.novo_tat_segundo,
       fila = CASE WHEN v.sem_orcamento OR v.resto = 0 THEN v.fila ELSE v.vaga + (v.resto - 1) * v.intervalo END,
       dia = v.dia,
       gastos = v.gastos + v.vao_marcados + v.vao_novos,
       minuto = CAST(:agora AS bigint) / 60000000,
       gastos_no_minuto = v.gastos_no_minuto + v.vao_marcados + v.vao_novos,
       -- What campaigns ask for (migration 035).
       intervalo = v.intervalo,
       sem_orcamento_ate = CASE WHEN v.sem_orcamento THEN v.amanha ELSE 0 END
  FROM vagas v
 WHERE l.tenant_id = v.tenant_id AND l.canal = v.canal
RETURNING l.tenant_id, l.canal, v.vao_marcados AS marcados, v.vao_novos AS novos, v.vaga, v.intervalo, v.sem_orcamento,
          v.falhas;

-- name: lock_queues
-- Nobody joins a queue of the tenant until the end of the transaction, and the next statement sees whoever has joined before.
SELECT canal FROM canal_limites WHERE tenant_id = :tenant_id ORDER BY canal FOR NO KEY UPDATE;

-- name: end_queues
-- Each queue of a tenant ends with the last place for which somebody still waits. Those behind were given to messages of a
-- campaign that is not under way any more, or to messages that a pause has taken from their worker; new ones need not wait
-- for them. A worker that was given places at this moment and has not recorded them loses them: the rates are kept by the
-- TAT, so its messages ask once more.
UPDATE canal_limites l
   SET fila = coalesce(u.fila, 0)
  FROM (SELECT v.tenant_id, v.canal,
               (SELECT max(CAST(extract(epoch FROM e.enviar_apos) * 1000000 AS bigint))
                  FROM (SELECT p.enviar_apos
                          FROM (SELECT d.enviar_apos
                                  FROM disparos d
                                 WHERE d.tenant_id = v.tenant_id AND d.status = 'pendente'
                                   AND (d.campanha_id IS NULL OR d.em_duvida) AND d.canal = v.canal
                                   AND d.espera IN ('limite', 'canal_lento', 'orcamento_diario')
                                   AND d.enviar_apos > :agora AND d.enviar_apos <= v.fim
                                 ORDER BY d.enviar_apos DESC
                                 LIMIT 1) p
                         UNION ALL
                        SELECT p.enviar_apos
                          FROM campanhas c
                         CROSS JOIN LATERAL (
                               SELECT d.enviar_apos
                                 FROM disparos d
                                WHERE d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id AND d.status = 'pendente'
                                  AND d.espera IN ('limite', 'canal_lento', 'orcamento_diario') AND d.canal = v.canal
                                  AND d.enviar_apos > :agora AND d.enviar_apos <= v.fim
                                ORDER BY d.enviar_apos DESC
                                LIMIT 1) p
                         WHERE c.tenant_id = v.tenant_id AND c.status = 'em_andamento') e) AS fila
          FROM (SELECT q.tenant_id, q.canal,
                       CAST('1970-01-01 00:00:00+00' AS timestamptz) + interval '1 microsecond' * q.fila AS fim
                  FROM canal_limites q
                 WHERE q.tenant_id = :tenant_id) v
         WHERE v.fim > :agora) u
 WHERE l.tenant_id = u.tenant_id AND l.canal = u.canal;

-- name: insert_canal_limites
-- The first messages of a tenant by a channel.
INSERT INTO canal_limites (tenant_id, canal)
SELECT tenant_id, canal
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:canais AS text[])) AS c (tenant_id, canal)
 ORDER BY tenant_id, canal
    ON CONFLICT DO NOTHING;

-- name: settle_canal_limites
-- What the attempts say about a channel: it wants a rest, or answers again; and what certainly was not sent goes back
-- to the day's budget.
UPDATE canal_limites l
   SET nao_antes = greatest(l.nao_antes, s.nao_antes),
       falhas = CASE WHEN s.enviou THEN 0 WHEN s.nao_antes > 0 THEN least(l.falhas + 1, 100) ELSE l.falhas END,
       gastos = CASE WHEN l.dia = s.dia THEN greatest(0, l.gastos - s.devolvidos) ELSE l.gastos END
  FROM jsonb_to_recordset(CAST(:contas AS jsonb)) AS s (
       tenant_id text, canal text, nao_antes bigint, enviou boolean, devolvidos integer, dia date)
 WHERE l.tenant_id = s.tenant_id AND l.canal = s.canal;

-- name: record_disparos
-- All outcomes of a portion, with their steps of the history and their events; and the next portion is marked as begun,
-- before it is handed to the provider. One statement, so that a worker that dies leaves one portion in doubt at most.
-- Only the holder of the lease may write: whoever lost it changes nothing and begins nothing. Rows are locked in the order
-- of the claim, so that recording and claiming never wait for each other in a circle. They are found by their keys, one by
-- one: a join reads all that is `enviando` of every tenant instead. A held row needs no second look at its lease.
-- Nothing begins by a channel that has been paused since the claim, but for the probe of a pause that is ours.
WITH registros AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(:registros AS jsonb)) AS r (
           tenant_id text, disparo_id uuid, status text, tentativas smallint, em_duvida boolean,
           enviar_apos timestamptz, espera text, provider_message_id text, ultimo_codigo text, erro_codigo text,
           fim_sem_contato boolean, tentativa smallint, classe text, codigo text, latencia_ms integer, evento_id uuid,
           tipo text, detalhe jsonb, desfecho text)
), presos AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM (SELECT tenant_id, disparo_id FROM registros ORDER BY tenant_id, disparo_id) r
     CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.disparo_id
             FROM disparos d
            WHERE d.tenant_id = r.tenant_id AND d.disparo_id = r.disparo_id
              AND d.status = 'enviando' AND d.lease_dono = :dono
              FOR UPDATE) d
), gravados AS (
    UPDATE disparos d
       SET status = r.status,
           tentativas = r.tentativas,
           em_duvida = r.em_duvida,
           enviar_apos = coalesce(r.enviar_apos, d.enviar_apos),
           espera = r.espera,
           lease_dono = NULL,
           lease_ate = NULL,
           iniciado_em = NULL,
           acordado_em = NULL,
           provider_message_id = r.provider_message_id,
           ultimo_codigo = r.ultimo_codigo,
           erro_codigo = r.erro_codigo,
           lead_a_mover = r.fim_sem_contato,
           enviado_em = CASE WHEN r.status = 'enviado' THEN CAST(:agora AS timestamptz) END,
           atualizado_em = :agora
      FROM presos p
      JOIN registros r ON r.tenant_id = p.tenant_id AND r.disparo_id = p.disparo_id
     WHERE d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.lead_id, d.passos, d.campanha_id
), historia AS (
    INSERT INTO disparo_tentativas (tenant_id, disparo_id, lead_id, passo, em, tentativa, classe, codigo, ate, latencia_ms,
                                    provider_message_id)
    SELECT g.tenant_id, g.disparo_id, g.lead_id, g.passos, :agora, r.tentativa, r.classe, r.codigo, r.enviar_apos, r.latencia_ms,
           r.provider_message_id
      FROM gravados g
      JOIN registros r ON r.tenant_id = g.tenant_id AND r.disparo_id = g.disparo_id
), contados AS (
    INSERT INTO eventos (tenant_id, evento_id, tipo, detalhe, criado_em)
    SELECT g.tenant_id, r.evento_id, r.tipo, r.detalhe, :agora
      FROM gravados g
      JOIN registros r ON r.tenant_id = g.tenant_id AND r.disparo_id = g.disparo_id
     WHERE r.tipo IS NOT NULL
), desfechos AS (
    -- How a campaign's last ones ended, for `pause_failing_campanhas`.
    INSERT INTO campanha_desfechos AS c (tenant_id, campanha_id, ultimos)
    SELECT g.tenant_id, g.campanha_id, right(string_agg(r.desfecho, '' ORDER BY g.disparo_id), 200)
      FROM gravados g
      JOIN registros r ON r.tenant_id = g.tenant_id AND r.disparo_id = g.disparo_id
     WHERE r.desfecho IS NOT NULL
     GROUP BY 1, 2
     ORDER BY 1, 2
        ON CONFLICT ON CONSTRAINT campanha_desfechos_pkey
        DO UPDATE SET ultimos = right(c.ultimos || excluded.ultimos, 200)
), a_iniciar AS MATERIALIZED (
    SELECT i.tenant_id, i.disparo_id, i.campanha_id, i.agendamento_id
      FROM jsonb_to_recordset(CAST(:iniciar AS jsonb)) AS i (
           tenant_id text, disparo_id uuid, campanha_id uuid, agendamento_id uuid, canal text, is_probe boolean)
     WHERE NOT EXISTS (SELECT FROM canal_pausas p
                        WHERE p.tenant_id = i.tenant_id AND p.canal = i.canal
                          AND NOT (i.is_probe AND p.sondar_em IS NOT NULL))
), agendamentos_presos AS MATERIALIZED (
    -- As below: whoever moves an agendamento waits for this, and nothing about its old time begins afterwards.
    SELECT g.tenant_id, g.agendamento_id, g.versao, g.status
      FROM agendamentos g
     WHERE (g.tenant_id, g.agendamento_id) IN (
               SELECT tenant_id, agendamento_id FROM a_iniciar WHERE agendamento_id IS NOT NULL)
     ORDER BY g.tenant_id, g.agendamento_id
       FOR SHARE
), em_andamento AS MATERIALIZED (
    -- Whoever pauses a campaign waits for this, and whoever begins after the pause begins nothing of it.
    SELECT c.tenant_id, c.campanha_id
      FROM campanhas c
     WHERE (c.tenant_id, c.campanha_id) IN (SELECT tenant_id, campanha_id FROM a_iniciar WHERE campanha_id IS NOT NULL)
       AND c.status = 'em_andamento'
     ORDER BY c.tenant_id, c.campanha_id
       FOR SHARE
), livres AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM (SELECT i.tenant_id, i.disparo_id
              FROM a_iniciar i
             WHERE i.campanha_id IS NULL
                OR EXISTS (SELECT FROM em_andamento e WHERE e.tenant_id = i.tenant_id AND e.campanha_id = i.campanha_id)
             ORDER BY i.tenant_id, i.disparo_id) i
     CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.disparo_id
             FROM disparos d
            WHERE d.tenant_id = i.tenant_id AND d.disparo_id = i.disparo_id
              AND d.status = 'enviando' AND d.lease_dono = :dono
              AND (d.agendamento_id IS NULL OR EXISTS (
                   SELECT FROM agendamentos_presos g
                    WHERE g.tenant_id = d.tenant_id AND g.agendamento_id = d.agendamento_id
                      AND g.versao = d.agendamento_versao
                      AND CASE WHEN d.agendamento_tipo = 'cancelado' THEN g.status = 'cancelado'
                               ELSE g.status IN ('pendente', 'confirmado') END))
              FOR UPDATE) d
), iniciados AS (
    UPDATE disparos d
       SET iniciado_em = :agora,
           -- An attempt counts once, also when the statement runs again because its answer was lost.
           tentativas = CASE WHEN d.iniciado_em IS NULL
                             THEN least(d.tentativas + 1, d.max_tentativas) ELSE d.tentativas END
      FROM livres l
     WHERE d.tenant_id = l.tenant_id AND d.disparo_id = l.disparo_id
    RETURNING d.tenant_id, d.disparo_id
)
SELECT tenant_id, disparo_id, false AS iniciado FROM gravados
 UNION ALL
SELECT tenant_id, disparo_id, true FROM iniciados;

-- name: give_back_disparos
-- What may not be begun waits again: its campaign has been paused or cancelled since the claim, its agendamento has changed, or
-- its channel has been paused. A campaign's waits for its turn. An agendamento's is looked at again at once.
WITH devolvidos AS (
    UPDATE disparos d
       SET status = 'pendente', lease_dono = NULL, lease_ate = NULL, acordado_em = NULL, atualizado_em = :agora,
           espera = CASE WHEN d.campanha_id IS NOT NULL THEN 'campanha' WHEN p.codigo IS NOT NULL THEN 'canal_pausado' END,
           enviar_apos = CASE WHEN d.campanha_id IS NULL AND p.codigo IS NOT NULL THEN CAST(:pausado_ate AS timestamptz)
                              ELSE d.enviar_apos END
      FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[]), CAST(:canais AS text[]))
           AS c (tenant_id, disparo_id, canal)
      LEFT JOIN canal_pausas p ON p.tenant_id = c.tenant_id AND p.canal = c.canal
     WHERE d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id AND d.status = 'enviando'
       AND d.lease_dono = :dono AND d.iniciado_em IS NULL
       AND d.tentativas < d.max_tentativas
    RETURNING d.tenant_id, d.disparo_id, d.passos, d.campanha_id, d.espera, d.enviar_apos, p.codigo
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, codigo, ate)
SELECT tenant_id, disparo_id, passos, :agora, 'adiado',
       coalesce(codigo, CASE WHEN campanha_id IS NOT NULL THEN 'campanha' ELSE 'agendamento_mudou' END),
       CASE WHEN espera = 'canal_pausado' THEN enviar_apos END
  FROM devolvidos;

-- name: list_recipients
-- What a campaign's disparos have to look at before they leave: their lead, and for a later step what became of the one
-- before it (of the last contact that was tried).
SELECT d.tenant_id, d.disparo_id, l.status AS lead_status, m.apos_dias_uteis, a.status AS anterior,
       coalesce(a.enviado_em, a.enviar_apos) AS anterior_em,
       d.etapa > 1 AND EXISTS (
           SELECT FROM respostas r
            WHERE r.tenant_id = d.tenant_id AND r.lead_id = d.lead_id AND r.recebida_em >= (
                  SELECT min(p.enviado_em) FROM disparos p
                   WHERE p.tenant_id = d.tenant_id AND p.lead_id = d.lead_id AND p.campanha_id = d.campanha_id)) AS has_answered,
       d.etapa > 1 AND EXISTS (
           SELECT FROM agendamentos g
            WHERE g.tenant_id = d.tenant_id AND g.lead_id = d.lead_id
              AND g.status IN ('pendente', 'confirmado')) AS is_booked
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
  JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
  JOIN leads l ON l.tenant_id = d.tenant_id AND l.lead_id = d.lead_id
  LEFT JOIN LATERAL (
       SELECT apos_dias_uteis FROM campanha_mensagens m
        WHERE m.tenant_id = d.tenant_id AND m.campanha_id = d.campanha_id AND m.etapa = d.etapa
          AND m.variante = d.variante
        LIMIT 1) m ON d.etapa > 1
  LEFT JOIN LATERAL (
       SELECT p.status, p.enviado_em, p.enviar_apos
         FROM disparos p
        WHERE p.tenant_id = d.tenant_id AND p.lead_id = d.lead_id AND p.campanha_id = d.campanha_id
          AND p.etapa = d.etapa - 1
        ORDER BY p.alternativa_de IS NOT NULL DESC, p.disparo_id DESC
        LIMIT 1) a ON d.etapa > 1;

-- name: take_person_places
-- For each, the lowest place of the day or the week that is free, if there is one. A place that the same disparo took
-- before stays its own. Who loses a place to somebody at the same moment gets no row, and asks again.
WITH pedidos AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(:pedidos AS jsonb)) AS p (
           tenant_id text, lead_id uuid, disparo_id uuid, periodo text, desde date, vagas smallint)
), proprios AS (
    SELECT p.disparo_id, p.periodo
      FROM pedidos p
      JOIN lead_contatos_periodo o ON o.tenant_id = p.tenant_id AND o.lead_id = p.lead_id AND o.periodo = p.periodo
                                  AND o.desde = p.desde AND o.disparo_id = p.disparo_id
), novos AS (
    INSERT INTO lead_contatos_periodo (tenant_id, lead_id, periodo, desde, vaga, disparo_id)
    SELECT p.tenant_id, p.lead_id, p.periodo, p.desde, l.vaga, p.disparo_id
      FROM pedidos p
     CROSS JOIN LATERAL (
           SELECT v.vaga FROM generate_series(1, p.vagas) AS v (vaga)
            WHERE NOT EXISTS (SELECT FROM lead_contatos_periodo o
                               WHERE o.tenant_id = p.tenant_id AND o.lead_id = p.lead_id AND o.periodo = p.periodo
                                 AND o.desde = p.desde AND o.vaga = v.vaga)
            ORDER BY v.vaga
            LIMIT 1) l
     WHERE NOT EXISTS (SELECT FROM proprios o WHERE o.disparo_id = p.disparo_id AND o.periodo = p.periodo)
     ORDER BY p.tenant_id, p.lead_id, p.periodo, p.desde, l.vaga
        ON CONFLICT DO NOTHING
    RETURNING disparo_id, periodo
)
SELECT disparo_id, periodo FROM proprios UNION ALL SELECT disparo_id, periodo FROM novos;

-- name: count_free_person_places
-- Of these, how many places are left: none means that the person has had enough.
SELECT p.disparo_id, p.periodo,
       p.vagas - (SELECT count(*) FROM lead_contatos_periodo o
                   WHERE o.tenant_id = p.tenant_id AND o.lead_id = p.lead_id AND o.periodo = p.periodo
                     AND o.desde = p.desde AND o.vaga <= p.vagas) AS livres
  FROM jsonb_to_recordset(CAST(:pedidos AS jsonb)) AS p (
       tenant_id text, lead_id uuid, disparo_id uuid, periodo text, desde date, vagas smallint);

-- name: free_person_places
DELETE FROM lead_contatos_periodo o
 USING unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
 WHERE o.tenant_id = c.tenant_id AND o.disparo_id = c.disparo_id;

-- name: pause_failing_campanhas
-- Campaigns of which too many of the last ones were refused, or whose template or channel is not set up (`codigo` then).
-- What is counted begins anew: resuming it is a person's word that the cause is gone.
WITH chamadas AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(:campanhas AS jsonb)) AS c (
           tenant_id text, campanha_id uuid, codigo text, passo_id uuid)
), falhas AS (
    SELECT c.tenant_id, c.campanha_id, coalesce(c.codigo, CAST(:recusas AS text)) AS codigo, c.passo_id
      FROM chamadas c
      LEFT JOIN campanha_desfechos d ON d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id
     WHERE c.codigo IS NOT NULL
        OR (length(d.ultimos) >= :ao_menos
            AND length(replace(d.ultimos, '0', '')) >= length(d.ultimos) * CAST(:parte AS numeric))
), pausadas AS (
    UPDATE campanhas c
       SET status = 'pausada', pausa_codigo = f.codigo, pausa_motivo = NULL, atualizado_em = :agora
      FROM falhas f
     WHERE c.tenant_id = f.tenant_id AND c.campanha_id = f.campanha_id AND c.status = 'em_andamento'
    RETURNING c.tenant_id, c.campanha_id, f.codigo, f.passo_id
), esquecidos AS (
    DELETE FROM campanha_desfechos d
     USING pausadas p
     WHERE d.tenant_id = p.tenant_id AND d.campanha_id = p.campanha_id
)
INSERT INTO campanha_historico (tenant_id, campanha_id, passo_id, em, de, para, codigo)
SELECT tenant_id, campanha_id, passo_id, :agora, 'em_andamento', 'pausada', codigo FROM pausadas
RETURNING tenant_id, campanha_id, codigo;

-- name: lock_campanhas_of_disparos
-- Held to the end of the transaction. Whoever is ending one of these campaigns waits, and then sees what waits in it; the
-- next statement sees whether one has ended before.
SELECT c.campanha_id
  FROM campanhas c
 WHERE c.tenant_id = :tenant_id
   AND c.campanha_id IN (SELECT d.campanha_id FROM disparos d
                          WHERE d.tenant_id = :tenant_id AND d.disparo_id = ANY (CAST(:disparo_ids AS uuid[])))
 ORDER BY c.campanha_id
   FOR NO KEY UPDATE;

-- name: insert_next_channels
-- For each of these failures of a campaign, its message by the next channel that the lead can be written to by. A campaign
-- that is over goes on for it; one that was cancelled does not. The failure has one successor at most. Of those whose leads
-- share a contact, one gets it (`disparos_campanha_alternativa_key`).
WITH falhos AS (
    SELECT * FROM jsonb_to_recordset(CAST(:falhos AS jsonb)) AS f (tenant_id text, disparo_id uuid, novo_id uuid)
), proximos AS (
    SELECT d.tenant_id, d.disparo_id, d.campanha_id, f.novo_id, p.canal, p.template, p.template_versao, p.variaveis, p.valor
      FROM falhos f
      JOIN disparos d ON d.tenant_id = f.tenant_id AND d.disparo_id = f.disparo_id
      JOIN campanhas c ON c.tenant_id = d.tenant_id AND c.campanha_id = d.campanha_id AND c.status <> 'cancelada'
      JOIN campanha_mensagens a ON a.tenant_id = d.tenant_id AND a.campanha_id = d.campanha_id AND a.etapa = d.etapa
                               AND a.variante = d.variante AND a.canal = d.canal
     CROSS JOIN LATERAL (
           SELECT m.canal, m.template, m.template_versao, m.variaveis, k.valor
             FROM campanha_mensagens m
            CROSS JOIN LATERAL (
                  SELECT t.telefone AS valor, t.ordem, t.principal
                    FROM lead_telefones t
                   WHERE t.tenant_id = d.tenant_id AND t.lead_id = d.lead_id AND t.valido_para_disparo
                     AND m.canal = 'whatsapp'
                   UNION ALL
                  SELECT e.email, e.ordem, e.principal
                    FROM lead_emails e
                   WHERE e.tenant_id = d.tenant_id AND e.lead_id = d.lead_id AND e.valido_para_disparo
                     AND m.canal = 'email') k
            WHERE m.tenant_id = d.tenant_id AND m.campanha_id = d.campanha_id AND m.etapa = d.etapa
              AND m.variante = d.variante AND m.ordem > a.ordem
              AND NOT EXISTS (SELECT FROM supressoes x
                               WHERE x.tenant_id = d.tenant_id AND x.canal = m.canal AND x.contato = k.valor)
              -- Nobody gets it twice, by whichever way.
              AND NOT EXISTS (SELECT FROM disparos o
                               WHERE o.tenant_id = d.tenant_id AND o.campanha_id = d.campanha_id
                                 AND o.destino = k.valor AND o.etapa = d.etapa)
            ORDER BY m.ordem, k.principal DESC, k.ordem
            LIMIT 1) p
), de_novo AS (
    UPDATE campanhas c
       SET status = 'em_andamento', encerrada_em = NULL, atualizado_em = :agora
      FROM (SELECT DISTINCT tenant_id, campanha_id FROM proximos) p
     WHERE c.tenant_id = p.tenant_id AND c.campanha_id = p.campanha_id AND c.status = 'concluida'
)
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      enviar_apos, max_tentativas, expira_em, ignorar_janela, alternativa_de, campanha_id, etapa, variante,
                      piloto, criado_em, atualizado_em)
SELECT d.tenant_id, p.novo_id, d.lead_id, p.canal, contato_id(d.lead_id, p.valor), p.valor, p.template,
       p.template_versao, d.variaveis || p.variaveis, :agora, d.max_tentativas, d.expira_em, d.ignorar_janela,
       d.disparo_id, d.campanha_id, d.etapa, d.variante, d.piloto, :agora, :agora
  FROM proximos p
  JOIN disparos d ON d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
 ORDER BY p.tenant_id, p.disparo_id
    ON CONFLICT DO NOTHING
RETURNING tenant_id, disparo_id, enviar_apos;

-- name: append_desfechos
-- As in `record_disparos`, for what a provider reports later.
INSERT INTO campanha_desfechos AS c (tenant_id, campanha_id, ultimos)
SELECT tenant_id, campanha_id, right(string_agg(desfecho, ''), 200)
  FROM jsonb_to_recordset(CAST(:desfechos AS jsonb)) AS d (tenant_id text, campanha_id uuid, desfecho text)
 GROUP BY 1, 2
 ORDER BY 1, 2
    ON CONFLICT ON CONSTRAINT campanha_desfechos_pkey
    DO UPDATE SET ultimos = right(c.ultimos || excluded.ultimos, 200);

-- name: lock_disparos_with_leads_to_move
-- Ended disparos whose leads have not been looked at. SKIP LOCKED: two workers do not look at the same ones.
SELECT tenant_id, disparo_id, lead_id
  FROM disparos
 WHERE lead_a_mover
 ORDER BY tenant_id, lead_id
 LIMIT :limite
   FOR UPDATE SKIP LOCKED;

-- name: mark_leads_moved
UPDATE disparos d
   SET lead_a_mover = false
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
 WHERE d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id;

-- name: release_unbegun_disparos
-- What a dead worker had claimed and not begun never left: it waits again, without doubt and with its attempt. One whose
-- attempts are exhausted is in doubt from before, and is left to a claim.
WITH soltos AS MATERIALIZED (
    SELECT tenant_id, disparo_id
      FROM disparos
     WHERE status = 'enviando' AND lease_ate <= :agora AND iniciado_em IS NULL AND tentativas < max_tentativas
     ORDER BY lease_ate
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
), movidos AS (
    UPDATE disparos d
       SET status = 'pendente', lease_dono = NULL, lease_ate = NULL, acordado_em = NULL, atualizado_em = :agora,
           espera = CASE WHEN d.campanha_id IS NOT NULL THEN 'campanha' END
      FROM soltos s
     WHERE d.tenant_id = s.tenant_id AND d.disparo_id = s.disparo_id
    RETURNING d.tenant_id, d.disparo_id, d.passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe)
SELECT tenant_id, disparo_id, passos, :agora, CAST(:nao_iniciado AS text) FROM movidos;

-- name: insert_alternatives
-- For each of these failures, the same message to the lead's next contact of that channel: one that is fit for sending,
-- has not opted out, and was not tried before in this chain; none once anything of the chain may have arrived. The
-- failure has one successor at most, whoever makes it. Where no such contact is left, a message about an agendamento is to
-- be said anew by the lead's other channel, if there is a contact for it: `reminders` has its words, and knows the order.
WITH RECURSIVE falhos AS (
    SELECT * FROM jsonb_to_recordset(CAST(:falhos AS jsonb)) AS f (tenant_id text, disparo_id uuid, novo_id uuid)
), cadeia AS (
    SELECT d.disparo_id AS falho, d.tenant_id, d.disparo_id, d.destino, d.alternativa_de, d.status
      FROM falhos f
      JOIN disparos d ON d.tenant_id = f.tenant_id AND d.disparo_id = f.disparo_id
     UNION ALL
    SELECT c.falho, d.tenant_id, d.disparo_id, d.destino, d.alternativa_de, d.status
      FROM cadeia c
      JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.alternativa_de
), proximos AS (
    SELECT DISTINCT ON (f.tenant_id, f.disparo_id) f.tenant_id, f.disparo_id, f.novo_id, k.valor
      FROM falhos f
      JOIN disparos d ON d.tenant_id = f.tenant_id AND d.disparo_id = f.disparo_id
      JOIN LATERAL (
           SELECT t.telefone AS valor, t.ordem, t.principal
             FROM lead_telefones t
            WHERE t.tenant_id = d.tenant_id AND t.lead_id = d.lead_id AND t.valido_para_disparo AND d.canal = 'whatsapp'
            UNION ALL
           SELECT e.email, e.ordem, e.principal
             FROM lead_emails e
            WHERE e.tenant_id = d.tenant_id AND e.lead_id = d.lead_id AND e.valido_para_disparo AND d.canal = 'email'
           ) k ON true
     WHERE NOT EXISTS (SELECT FROM cadeia c
                        WHERE c.tenant_id = f.tenant_id AND c.falho = f.disparo_id
                          AND (c.destino = k.valor OR c.status NOT IN ('erro', 'suprimido')))
       AND NOT EXISTS (SELECT FROM supressoes x
                        WHERE x.tenant_id = d.tenant_id AND x.canal = d.canal AND x.contato = k.valor)
     ORDER BY f.tenant_id, f.disparo_id, k.principal DESC, k.ordem
), reabertos AS (
    UPDATE agendamento_avisos v
       SET status = 'pendente', disparo_id = NULL, acordado_em = NULL, atualizado_em = :agora
      FROM falhos f
      JOIN disparos d ON d.tenant_id = f.tenant_id AND d.disparo_id = f.disparo_id
     WHERE v.tenant_id = d.tenant_id AND v.agendamento_id = d.agendamento_id AND v.versao = d.agendamento_versao
       AND v.tipo = d.agendamento_tipo AND v.status = 'disparado'
       AND NOT EXISTS (SELECT FROM proximos p WHERE p.tenant_id = f.tenant_id AND p.disparo_id = f.disparo_id)
       AND NOT EXISTS (SELECT FROM cadeia c
                        WHERE c.tenant_id = f.tenant_id AND c.falho = f.disparo_id
                          AND c.status NOT IN ('erro', 'suprimido'))
       AND EXISTS (SELECT FROM (SELECT 'whatsapp' AS canal, t.telefone AS valor
                                  FROM lead_telefones t
                                 WHERE t.tenant_id = d.tenant_id AND t.lead_id = d.lead_id AND t.valido_para_disparo
                                 UNION ALL
                                SELECT 'email', e.email
                                  FROM lead_emails e
                                 WHERE e.tenant_id = d.tenant_id AND e.lead_id = d.lead_id AND e.valido_para_disparo) k
                    WHERE k.canal <> d.canal
                      AND NOT EXISTS (SELECT FROM cadeia c
                                       WHERE c.tenant_id = f.tenant_id AND c.falho = f.disparo_id AND c.destino = k.valor)
                      AND NOT EXISTS (SELECT FROM supressoes x
                                       WHERE x.tenant_id = d.tenant_id AND x.canal = k.canal AND x.contato = k.valor))
)
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      enviar_apos, max_tentativas, expira_em, ignorar_janela, usar_alternativos, alternativa_de, teste_de,
                      campanha_id, etapa, variante, piloto, agendamento_id, agendamento_versao, agendamento_tipo,
                      criado_em, atualizado_em)
SELECT d.tenant_id, p.novo_id, d.lead_id, d.canal, contato_id(d.lead_id, p.valor), p.valor, d.template,
       d.template_versao, d.variaveis, :agora, d.max_tentativas, d.expira_em, d.ignorar_janela, true, d.disparo_id,
       d.teste_de, d.campanha_id, d.etapa, d.variante, d.piloto, d.agendamento_id, d.agendamento_versao,
       d.agendamento_tipo, :agora, :agora
  FROM proximos p
  JOIN disparos d ON d.tenant_id = p.tenant_id AND d.disparo_id = p.disparo_id
    ON CONFLICT DO NOTHING
RETURNING tenant_id, disparo_id, enviar_apos;

-- name: suppress_destinos
-- Whoever the provider says has opted out; who was written down before stays as it was.
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, disparo_id, criado_em)
SELECT d.tenant_id, d.canal, d.destino, s.supressao_id, 'provedor', d.disparo_id, :agora
  FROM jsonb_to_recordset(CAST(:suprimidos AS jsonb)) AS s (tenant_id text, disparo_id uuid, supressao_id uuid)
  JOIN disparos d ON d.tenant_id = s.tenant_id AND d.disparo_id = s.disparo_id
 ORDER BY d.tenant_id, d.canal, d.destino
    ON CONFLICT DO NOTHING;

-- name: pause_canais
-- A pause that a person made stays theirs, and one that is there keeps its beginning.
INSERT INTO canal_pausas (tenant_id, canal, codigo, desde, sondar_em)
SELECT tenant_id, canal, codigo, :agora, sondar_em
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:canais AS text[]), CAST(:codigos AS text[]),
              CAST(:sondas AS timestamptz[])) AS c (tenant_id, canal, codigo, sondar_em)
 ORDER BY tenant_id, canal
    ON CONFLICT ON CONSTRAINT canal_pausas_pkey
    DO UPDATE SET codigo = excluded.codigo, sondar_em = excluded.sondar_em
     WHERE canal_pausas.sondar_em IS NOT NULL;

-- name: resume_canais
-- A probe got through.
DELETE FROM canal_pausas p
 USING unnest(CAST(:tenant_ids AS text[]), CAST(:canais AS text[])) AS c (tenant_id, canal)
 WHERE p.tenant_id = c.tenant_id AND p.canal = c.canal AND p.sondar_em IS NOT NULL;

-- name: release_disparos
-- What waited for channels that are no longer paused, the oldest of each first; as many as one transaction should hold.
-- The sweep comes back for the others. One of each tenant's is marked, and woken when the mark says: `claim_disparos`
-- takes up the others with it.
WITH soltos AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id
      FROM disparos d
     WHERE d.status = 'pendente' AND d.espera = 'canal_pausado'
       AND NOT EXISTS (SELECT FROM canal_pausas p WHERE p.tenant_id = d.tenant_id AND p.canal = d.canal)
     ORDER BY d.tenant_id, d.canal, d.disparo_id
     LIMIT :limite
       FOR UPDATE OF d SKIP LOCKED
), em_ordem AS (
    SELECT tenant_id, disparo_id, row_number() OVER (PARTITION BY tenant_id ORDER BY disparo_id) AS vez FROM soltos
)
UPDATE disparos d
   SET espera = NULL, enviar_apos = least(d.enviar_apos, :agora),
       acordado_em = CASE o.vez WHEN 1 THEN CAST(:acordado_em AS timestamptz) END
  FROM em_ordem o
 WHERE d.tenant_id = o.tenant_id AND d.disparo_id = o.disparo_id
RETURNING d.tenant_id, d.disparo_id, d.acordado_em;

-- name: wake_probes
-- Of each paused channel whose time to be tried has passed, the oldest of those that wait for it is due now. Only what may be
-- claimed can be the probe: nothing of a campaign that is not under way (`campanhas_em_curso` asks the same).
UPDATE disparos d
   SET enviar_apos = :agora, acordado_em = :agora
  FROM canal_pausas p
 CROSS JOIN LATERAL (
       SELECT disparo_id FROM disparos w
        WHERE w.tenant_id = p.tenant_id AND w.canal = p.canal AND w.status = 'pendente' AND w.espera = 'canal_pausado'
          AND (w.campanha_id IS NULL OR w.em_duvida OR EXISTS (
               SELECT FROM campanhas o
                WHERE o.tenant_id = w.tenant_id AND o.campanha_id = w.campanha_id AND o.status = 'em_andamento'))
        ORDER BY w.disparo_id LIMIT 1) primeiro
 WHERE p.sondar_em <= :agora
   AND d.tenant_id = p.tenant_id AND d.disparo_id = primeiro.disparo_id
   AND d.status = 'pendente' AND d.espera = 'canal_pausado'
RETURNING d.tenant_id, d.disparo_id, d.enviar_apos;

-- name: list_redatings
-- Channels whose configuration has changed, the oldest change first.
SELECT tenant_id, canal, redatar_desde
  FROM canal_limites
 WHERE redatar_desde IS NOT NULL
 ORDER BY redatar_desde, tenant_id, canal
 LIMIT :limite;

-- name: lock_canal_limite
SELECT tat_minuto, tat_segundo, fila, nao_antes, falhas, dia, gastos
  FROM canal_limites
 WHERE tenant_id = :tenant_id AND canal = :canal
   FOR NO KEY UPDATE;

-- name: calm_canal_limite
UPDATE canal_limites
   SET tat_minuto = :tat_minuto, tat_segundo = :tat_segundo, intervalo = 0, sem_orcamento_ate = 0
 WHERE tenant_id = :tenant_id AND canal = :canal;

-- name: end_queue
-- The last place that is given away, so that whoever comes now comes behind it.
UPDATE canal_limites SET fila = :fila WHERE tenant_id = :tenant_id AND canal = :canal;

-- name: lock_redatacao
-- How far the work has come. Two sweeps at once take turns by this lock.
SELECT pedida_em, desde, termos, aberturas, parte, de, de_id, antes
  FROM canal_redatacoes
 WHERE tenant_id = :tenant_id AND canal = :canal
   FOR NO KEY UPDATE;

-- name: begin_redatacao
INSERT INTO canal_redatacoes (tenant_id, canal, pedida_em, desde, termos, aberturas, parte, de, de_id, antes)
VALUES (:tenant_id, :canal, :pedida_em, :desde, CAST(:termos AS jsonb), CAST(:aberturas AS jsonb), :parte, :de, :de_id, :antes)
    ON CONFLICT ON CONSTRAINT canal_redatacoes_pkey DO UPDATE
   SET pedida_em = excluded.pedida_em, desde = excluded.desde, termos = excluded.termos, aberturas = excluded.aberturas,
       parte = excluded.parte, de = excluded.de, de_id = excluded.de_id, antes = excluded.antes;

-- name: advance_redatacao
UPDATE canal_redatacoes
   SET parte = :parte, de = :de, de_id = :de_id, antes = :antes
 WHERE tenant_id = :tenant_id AND canal = :canal;

-- name: end_redatacao
DELETE FROM canal_redatacoes WHERE tenant_id = :tenant_id AND canal = :canal;

-- name: end_redating
-- Unless the configuration has changed again.
UPDATE canal_limites
   SET redatar_desde = NULL
 WHERE tenant_id = :tenant_id AND canal = :canal AND redatar_desde = :redatar_desde;

-- name: redate_windows
-- Some of what waits for the window, by their ids: when it opens now where the lead is. The pattern is that of
-- `contacts.places`. What the window that is open now has released already stays as it is. Only rows that change are locked,
-- and looked at again then: a worker may have claimed them, or given them another date.
WITH fatia AS MATERIALIZED (
    SELECT d.tenant_id, d.disparo_id, d.lead_id, d.destino
      FROM disparos d
     WHERE d.tenant_id = :tenant_id AND d.espera = 'janela' AND d.canal = :canal
       AND d.disparo_id > CAST(:depois_de AS uuid)
     ORDER BY d.disparo_id
     LIMIT :limite
), lugares AS (
    SELECT f.tenant_id, f.disparo_id,
           substring(CASE WHEN CAST(:canal AS text) = 'email' THEN (
               SELECT t.telefone FROM lead_telefones t
                WHERE t.tenant_id = f.tenant_id AND t.lead_id = f.lead_id AND t.principal)
               ELSE f.destino END FROM '^\+55([1-9][0-9])[2-9][0-9]{7,8}$') AS ddd
      FROM fatia f
), aberturas AS MATERIALIZED (
    SELECT key AS ddd, CAST(value AS timestamptz) AS abre FROM jsonb_each_text(CAST(:aberturas AS jsonb))
), mudados AS (
    UPDATE disparos d
       SET enviar_apos = a.abre, acordado_em = NULL, atualizado_em = :agora
      FROM lugares l
      LEFT JOIN aberturas de_ddd ON de_ddd.ddd = l.ddd
      JOIN aberturas a ON a.ddd = coalesce(de_ddd.ddd, '')
     WHERE d.tenant_id = l.tenant_id AND d.disparo_id = l.disparo_id AND d.espera = 'janela'
       AND d.enviar_apos <> a.abre AND (a.abre > :desde OR d.enviar_apos > :desde)
    RETURNING d.disparo_id
)
SELECT (SELECT count(*) FROM fatia) AS vistos, (SELECT count(*) FROM mudados) AS mudados, disparo_id AS ate_id
  FROM fatia ORDER BY disparo_id DESC LIMIT 1;

-- name: pull_disparos
-- Some of a queue, from its front: each comes to its place (`rules.redating.place`) if that is earlier than the one that
-- it has. So at every moment they are in their order, and none of them comes by again. What waited for tomorrow's budget
-- has a place of today then.
WITH fatia AS MATERIALIZED (
    SELECT tenant_id, disparo_id, enviar_apos, ignorar_janela
      FROM disparos
     WHERE tenant_id = :tenant_id AND canal = :canal AND status = 'pendente'
       AND espera IN ('limite', 'canal_lento', 'orcamento_diario')
       AND enviar_apos >= CAST(:de AS timestamptz)
       AND (enviar_apos, disparo_id) > (CAST(:de AS timestamptz), CAST(:de_id AS uuid))
     ORDER BY enviar_apos, disparo_id
     LIMIT :limite
), numerados AS (
    SELECT f.*, :antes - 1 + row_number() OVER (ORDER BY enviar_apos, disparo_id) AS n,
           CASE WHEN ignorar_janela THEN CAST(:vaga_livre AS bigint) ELSE CAST(:vaga AS bigint) END AS base
      FROM fatia f
), vagas AS (
    SELECT tenant_id, disparo_id, enviar_apos, n >= :teto AND base < :amanha AS sem_orcamento,
           CAST('1970-01-01 00:00:00+00' AS timestamptz) + interval '1 microsecond' *
           greatest(base + n * CAST(:intervalo AS bigint),
                    CASE WHEN n >= :teto AND base < :amanha
                         THEN CAST(:amanha AS bigint) + (n - :teto) * CAST(:intervalo AS bigint) END) AS vaga
      FROM numerados
), mudados AS (
    UPDATE disparos d
       SET enviar_apos = v.vaga, acordado_em = NULL, atualizado_em = :agora,
           espera = CASE WHEN d.espera = 'orcamento_diario' AND NOT v.sem_orcamento THEN 'limite' ELSE d.espera END
      FROM vagas v
     WHERE d.tenant_id = v.tenant_id AND d.disparo_id = v.disparo_id AND v.vaga < v.enviar_apos
       AND d.enviar_apos = v.enviar_apos AND d.espera IN ('limite', 'canal_lento', 'orcamento_diario')
    RETURNING d.disparo_id
)
SELECT (SELECT count(*) FROM fatia) AS vistos, (SELECT count(*) FROM mudados) AS mudados,
       enviar_apos AS ate, disparo_id AS ate_id
  FROM fatia ORDER BY enviar_apos DESC, disparo_id DESC LIMIT 1;

-- name: last_place_of_queue
SELECT enviar_apos AS ate
  FROM disparos
 WHERE tenant_id = :tenant_id AND canal = :canal AND status = 'pendente'
   AND espera IN ('limite', 'canal_lento', 'orcamento_diario')
 ORDER BY enviar_apos DESC
 LIMIT 1;

-- name: push_disparos
-- As `pull_disparos`, from the end of the queue: each comes to its place if that is later.
WITH fatia AS MATERIALIZED (
    SELECT tenant_id, disparo_id, enviar_apos, ignorar_janela
      FROM disparos
     WHERE tenant_id = :tenant_id AND canal = :canal AND status = 'pendente'
       AND espera IN ('limite', 'canal_lento', 'orcamento_diario')
       AND enviar_apos <= CAST(:de AS timestamptz)
       AND (enviar_apos, disparo_id) < (CAST(:de AS timestamptz), CAST(:de_id AS uuid))
     ORDER BY enviar_apos DESC, disparo_id DESC
     LIMIT :limite
), numerados AS (
    SELECT f.*, :antes - row_number() OVER (ORDER BY enviar_apos DESC, disparo_id DESC) AS n,
           CASE WHEN ignorar_janela THEN CAST(:vaga_livre AS bigint) ELSE CAST(:vaga AS bigint) END AS base
      FROM fatia f
), vagas AS (
    SELECT tenant_id, disparo_id, enviar_apos,
           CAST('1970-01-01 00:00:00+00' AS timestamptz) + interval '1 microsecond' *
           greatest(base + n * CAST(:intervalo AS bigint),
                    CASE WHEN n >= :teto AND base < :amanha
                         THEN CAST(:amanha AS bigint) + (n - :teto) * CAST(:intervalo AS bigint) END) AS vaga
      FROM numerados
), mudados AS (
    UPDATE disparos d
       SET enviar_apos = v.vaga, acordado_em = NULL, atualizado_em = :agora
      FROM vagas v
     WHERE d.tenant_id = v.tenant_id AND d.disparo_id = v.disparo_id AND v.vaga > v.enviar_apos
       AND d.enviar_apos = v.enviar_apos AND d.espera IN ('limite', 'canal_lento', 'orcamento_diario')
    RETURNING d.disparo_id
)
SELECT (SELECT count(*) FROM fatia) AS vistos, (SELECT count(*) FROM mudados) AS mudados,
       enviar_apos AS ate, disparo_id AS ate_id
  FROM fatia ORDER BY enviar_apos, disparo_id LIMIT 1;
