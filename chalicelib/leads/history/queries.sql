-- The life of a lead: what happened to it, from wherever that is kept, and what people wrote about it.

-- name: life_of_lead
-- A page of everything, newest first. Each source gives at most a page of its own, and the page is taken from these: `fonte` and
-- `chave` put what happened at one instant in order, the same at every call. `lead_eventos` and `lead_notas` are read from
-- their keys, and disparos and their steps from indexes by lead, whatever their number; the others by all that the lead has of
-- them. A test of a campaign is no message to the lead. A reply that nobody has assigned is shown with every lead that has its
-- contact. Texts are cut, so that a page fits into an answer.
WITH corte AS MATERIALIZED (
    SELECT coalesce(CAST(:antes_em AS timestamptz), 'infinity') AS em, CAST(:antes_fonte AS integer) AS fonte,
           CAST(:antes_chave AS text) COLLATE "C" AS chave,
           coalesce(id_de(CAST(:antes_em AS timestamptz) + interval '1 minute'),
                    'ffffffff-ffff-ffff-ffff-ffffffffffff') AS ate_id
), contatos AS MATERIALIZED (
    SELECT 'whatsapp' AS canal, telefone AS contato FROM lead_telefones WHERE tenant_id = :tenant_id AND lead_id = :lead_id
     UNION ALL
    SELECT 'email', email FROM lead_emails WHERE tenant_id = :tenant_id AND lead_id = :lead_id
), mais_novos AS MATERIALIZED (
    -- Ids are in the order of time, but for what clocks differ and a transaction takes, as with leads (`lead_search`). So the
    -- disparos of a page are at least as new as the oldest of the page's number of newest ids.
    SELECT CASE WHEN count(*) = :limite THEN id_de(min(n.criado_em) - interval '5 minutes')
                ELSE '00000000-0000-0000-0000-000000000000' END AS desde_id
      FROM (SELECT criado_em
              FROM disparos
             WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND teste_de IS NULL
               AND disparo_id <= (SELECT ate_id FROM corte)
               AND (criado_em, 4, CAST(disparo_id AS text) COLLATE "C")
                   < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
             ORDER BY disparo_id DESC LIMIT :limite) n
), acontecido AS (
    (SELECT l.criado_em AS em, 1 AS fonte, '' COLLATE "C" AS chave,
            CASE WHEN m.lead_id IS NULL THEN 'ingestao' ELSE 'cadastro' END AS tipo, m.por,
            CASE WHEN m.lead_id IS NULL
                 THEN jsonb_build_object('job_id', l.job_id, 'arquivo', left(l.origem_arquivo, 200), 'linha', l.linha_planilha)
                 ELSE '{}' END AS detalhe
       FROM leads l LEFT JOIN leads_manuais m ON m.tenant_id = l.tenant_id AND m.lead_id = l.lead_id
      WHERE l.tenant_id = :tenant_id AND l.lead_id = :lead_id)
     UNION ALL
    -- A job notes what it changed under its own id, without an index by lead: loading pays for none.
    (SELECT coalesce(m.mesclado_em, j.atualizado_em), 2, CAST(j.job_id AS text) COLLATE "C", 'ingestao_atualizou', NULL,
            jsonb_build_object('job_id', j.job_id, 'arquivo', left(j.nome_arquivo, 200))
       FROM ingest_jobs j
       JOIN ingest_mesclas m ON m.tenant_id = j.tenant_id AND m.job_id = j.job_id AND m.lead_id = :lead_id
      WHERE j.tenant_id = :tenant_id AND j.leads_atualizados > 0
        AND (coalesce(m.mesclado_em, j.atualizado_em), 2, CAST(j.job_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    (SELECT criado_em, 3, CAST(agendamento_id AS text) COLLATE "C", 'agendamento', NULL,
            jsonb_build_object('agendamento_id', agendamento_id, 'canal', canal, 'situacao', status,
                               'marcado_para', data_agendada, 'modalidade', tipo)
       FROM agendamentos
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id
        AND (criado_em, 3, CAST(agendamento_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    (SELECT criado_em, 4, CAST(disparo_id AS text) COLLATE "C", 'disparo', NULL,
            jsonb_build_object('disparo_id', disparo_id, 'campanha_id', campanha_id, 'canal', canal, 'situacao', status,
                               'marcado_para', agendar_para, 'template', template)
       FROM disparos
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND teste_de IS NULL
        AND disparo_id BETWEEN (SELECT desde_id FROM mais_novos) AND (SELECT ate_id FROM corte)
        AND (criado_em, 4, CAST(disparo_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    -- Steps that say what came of it; those of waiting and of trying again are in the history of the disparo.
    (SELECT t.em, 5, (t.disparo_id || ':' || lpad(CAST(t.passo AS text), 10, '0')) COLLATE "C", 'disparo_' || t.classe, t.por,
            jsonb_build_object('disparo_id', d.disparo_id, 'campanha_id', d.campanha_id, 'canal', d.canal,
                               'template', d.template, 'codigo', t.codigo, 'motivo', t.motivo)
       FROM disparo_tentativas t JOIN disparos d ON d.tenant_id = t.tenant_id AND d.disparo_id = t.disparo_id
      WHERE t.tenant_id = :tenant_id AND t.lead_id = :lead_id AND d.teste_de IS NULL
        AND t.classe <> 'adiado' AND t.classe = ANY (CAST(:classes AS text[])) AND t.em <= (SELECT em FROM corte)
        AND (t.em, 5, (t.disparo_id || ':' || lpad(CAST(t.passo AS text), 10, '0')) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY t.em DESC, t.disparo_id DESC, t.passo DESC LIMIT :limite)
     UNION ALL
    (SELECT lido_em, 6, CAST(disparo_id AS text) COLLATE "C", 'disparo_lido', NULL,
            jsonb_build_object('disparo_id', disparo_id, 'campanha_id', campanha_id, 'canal', canal, 'template', template)
       FROM disparos
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND teste_de IS NULL AND lido_em <= (SELECT em FROM corte)
        AND (lido_em, 6, CAST(disparo_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY lido_em DESC, disparo_id DESC LIMIT :limite)
     UNION ALL
    (SELECT recebida_em, 7, CAST(resposta_id AS text) COLLATE "C", 'resposta', NULL,
            jsonb_build_object('resposta_id', resposta_id, 'disparo_id', disparo_id, 'campanha_id', campanha_id,
                               'canal', canal, 'situacao', pedido, 'texto', left(texto, 500))
       FROM respostas
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id
        AND (recebida_em, 7, CAST(resposta_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    (SELECT r.recebida_em, 7, CAST(r.resposta_id AS text) COLLATE "C", 'resposta', NULL,
            jsonb_build_object('resposta_id', r.resposta_id, 'disparo_id', r.disparo_id, 'campanha_id', r.campanha_id,
                               'canal', r.canal, 'situacao', r.pedido, 'texto', left(r.texto, 500))
       FROM contatos c
       JOIN respostas r ON r.tenant_id = :tenant_id AND r.contato = c.contato AND r.canal = c.canal AND r.lead_id IS NULL
      WHERE (r.recebida_em, 7, CAST(r.resposta_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    (SELECT h.em, 8, (h.agendamento_id || ':' || lpad(CAST(h.versao AS text), 10, '0')) COLLATE "C", 'agendamento_reagendado',
            h.por,
            jsonb_build_object('agendamento_id', h.agendamento_id, 'canal', a.canal, 'marcado_para', h.data_agendada,
                               'motivo', h.motivo)
       FROM agendamentos a
       JOIN agendamento_horarios h ON h.tenant_id = a.tenant_id AND h.agendamento_id = a.agendamento_id AND h.versao > 0
      WHERE a.tenant_id = :tenant_id AND a.lead_id = :lead_id
        AND (h.em, 8, (h.agendamento_id || ':' || lpad(CAST(h.versao AS text), 10, '0')) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    -- An end is the last change of an agendamento.
    (SELECT atualizado_em, 9, CAST(agendamento_id AS text) COLLATE "C", 'agendamento_' || status, cancelado_por,
            jsonb_build_object('agendamento_id', agendamento_id, 'canal', canal, 'marcado_para', data_agendada,
                               'motivo', motivo_cancelamento, 'modalidade', tipo)
       FROM agendamentos
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND status IN ('realizado', 'cancelado', 'nao_compareceu')
        AND (atualizado_em, 9, CAST(agendamento_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    (SELECT s.criado_em, 10, CAST(s.supressao_id AS text) COLLATE "C", 'supressao', s.por,
            jsonb_build_object('supressao_id', s.supressao_id, 'disparo_id', s.disparo_id, 'canal', s.canal,
                               'situacao', s.motivo, 'texto', left(s.nota, 500))
       FROM contatos c
       JOIN supressoes s ON s.tenant_id = :tenant_id AND s.canal = c.canal AND s.contato = c.contato
      WHERE (s.criado_em, 10, CAST(s.supressao_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY 1 DESC, 3 DESC LIMIT :limite)
     UNION ALL
    (SELECT criado_em, 11, '' COLLATE "C", 'supressao_da_pessoa', por, jsonb_build_object('texto', left(nota, 500))
       FROM leads_suprimidos
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id)
     UNION ALL
    (SELECT criado_em, 12, CAST(nota_id AS text) COLLATE "C", 'nota', por,
            jsonb_build_object('nota_id', nota_id, 'texto', texto)
       FROM lead_notas
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND criado_em <= (SELECT em FROM corte)
        AND (criado_em, 12, CAST(nota_id AS text) COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY criado_em DESC, nota_id DESC LIMIT :limite)
     UNION ALL
    (SELECT em, 13, lpad(CAST(ordem AS text), 20, '0') COLLATE "C", tipo, por,
            jsonb_build_object('de', de, 'para', para, 'fato', fato, 'motivo', motivo, 'mudancas', mudancas,
                               'nota_id', nota_id)
       FROM lead_eventos
      WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND em <= (SELECT em FROM corte)
        AND (em, 13, lpad(CAST(ordem AS text), 20, '0') COLLATE "C")
            < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
      ORDER BY em DESC, ordem DESC LIMIT :limite)
)
SELECT em, fonte, chave, tipo, por, detalhe
  FROM acontecido
 WHERE (em, fonte, chave) < ((SELECT em FROM corte), (SELECT fonte FROM corte), (SELECT chave FROM corte))
 ORDER BY em DESC, fonte DESC, chave DESC
 LIMIT :limite;

-- name: insert_lead_evento
INSERT INTO lead_eventos (tenant_id, lead_id, em, tipo, de, para, por, motivo, mudancas, nota_id)
VALUES (:tenant_id, :lead_id, :agora, :tipo, :de, :para, :por, :motivo, CAST(:mudancas AS jsonb), CAST(:nota_id AS uuid));

-- name: insert_lead_nota
INSERT INTO lead_notas (tenant_id, lead_id, criado_em, nota_id, texto, por)
VALUES (:tenant_id, :lead_id, :agora, :nota_id, :texto, :por);

-- name: list_lead_notas
-- Newest first.
SELECT nota_id, texto, por, criado_em
  FROM lead_notas
 WHERE tenant_id = :tenant_id AND lead_id = :lead_id
   AND (CAST(:antes_em AS timestamptz) IS NULL
        OR (criado_em, nota_id) < (CAST(:antes_em AS timestamptz), CAST(:antes_id AS uuid)))
 ORDER BY criado_em DESC, nota_id DESC
 LIMIT :limite;

-- name: author_of_lead_nota
SELECT por FROM lead_notas WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND nota_id = :nota_id;

-- name: delete_lead_nota
DELETE FROM lead_notas WHERE tenant_id = :tenant_id AND lead_id = :lead_id AND nota_id = :nota_id;

-- name: note_change_of_lead
-- What a person wrote about a lead is a change of it: undoing a job leaves it in peace then.
UPDATE leads SET atualizado_em = :agora WHERE tenant_id = :tenant_id AND lead_id = :lead_id;
