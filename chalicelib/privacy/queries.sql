-- Export, erasure and retention of personal data. Erasing runs as the API's login, retention as the owner's: both ask the same.

-- name: insert_contatos_apagados
-- A contact that is erased again keeps its first reason: the person's own wish is not replaced by an erasure.
INSERT INTO contatos_apagados (tenant_id, resumo, motivo, criado_em)
SELECT :tenant_id, decode(a.resumo, 'hex'), a.motivo, CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:apagados AS jsonb)) AS a (resumo text, motivo text)
 ORDER BY a.resumo COLLATE "C"
    ON CONFLICT ON CONSTRAINT contatos_apagados_pkey DO NOTHING;

-- name: delete_contatos_apagados
DELETE FROM contatos_apagados
 WHERE tenant_id = :tenant_id
   AND resumo IN (SELECT decode(r, 'hex') FROM unnest(CAST(:resumos AS text[])) AS r);

-- name: any_contato_apagado
SELECT criado_em FROM contatos_apagados WHERE tenant_id = :tenant_id LIMIT 1;

-- name: list_tenants_with_contatos_apagados
SELECT c.tenant_id
  FROM unnest(CAST(:tenant_ids AS text[])) AS c (tenant_id)
 WHERE EXISTS (SELECT FROM contatos_apagados a WHERE a.tenant_id = c.tenant_id);

-- name: find_contatos_apagados
SELECT a.tenant_id, a.resumo
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:resumos AS text[])) AS c (tenant_id, resumo)
  JOIN contatos_apagados a ON a.tenant_id = c.tenant_id AND a.resumo = decode(c.resumo, 'hex');

-- name: suppress_contatos_apagados
-- A contact has a digest under each key. Only what a lead has is written down: a row that was refused brings nobody back.
INSERT INTO supressoes (tenant_id, canal, contato, supressao_id, motivo, criado_em)
SELECT DISTINCT ON (c.canal, c.contato COLLATE "C")
       :tenant_id, c.canal, c.contato, c.supressao_id, a.motivo, CAST(:agora AS timestamptz)
  FROM jsonb_to_recordset(CAST(:contatos AS jsonb)) AS c (canal text, contato text, resumo text, supressao_id uuid)
  JOIN contatos_apagados a ON a.tenant_id = :tenant_id AND a.resumo = decode(c.resumo, 'hex')
 WHERE EXISTS (SELECT FROM lead_telefones t WHERE t.tenant_id = :tenant_id AND t.telefone = c.contato)
    OR EXISTS (SELECT FROM lead_emails e WHERE e.tenant_id = :tenant_id AND e.email = c.contato)
 ORDER BY c.canal, c.contato COLLATE "C", a.criado_em
    ON CONFLICT ON CONSTRAINT supressoes_pkey DO NOTHING;

-- name: insert_titular_pedido
INSERT INTO titular_pedidos (tenant_id, pedido_id, tipo, por, titular_resumos, lead_id, leads, concluido, criado_em,
                             atualizado_em)
VALUES (:tenant_id, :pedido_id, :tipo, :por, CAST(:titular_resumos AS text[]), CAST(:lead_id AS uuid), :leads, :concluido,
        :agora, :agora);

-- name: titular_pedido_by_id
SELECT pedido_id, tipo, por, titular_resumos, lead_id, leads, contagens, pendencias, concluido, criado_em, atualizado_em,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'agendamento_id', e.agendamento_id, 'evento_id', e.evento_id, 'status', e.status, 'codigo', e.codigo)
                   ORDER BY e.agendamento_id), '[]')
          FROM agendamento_eventos e
         WHERE e.tenant_id = p.tenant_id AND e.agendamento_id = ANY (p.eventos)
           AND e.status <> 'removido') AS eventos_no_calendario
  FROM titular_pedidos p
 WHERE tenant_id = :tenant_id AND pedido_id = :pedido_id;

-- name: list_titular_pedidos
-- Newest first: ids are in the order of time.
SELECT pedido_id, tipo, por, titular_resumos, lead_id, leads, contagens, pendencias, concluido, criado_em, atualizado_em,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'agendamento_id', e.agendamento_id, 'evento_id', e.evento_id, 'status', e.status, 'codigo', e.codigo)
                   ORDER BY e.agendamento_id), '[]')
          FROM agendamento_eventos e
         WHERE e.tenant_id = p.tenant_id AND e.agendamento_id = ANY (p.eventos)
           AND e.status <> 'removido') AS eventos_no_calendario
  FROM titular_pedidos p
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes AS uuid) IS NULL OR pedido_id < CAST(:antes AS uuid))
   AND (CAST(:tipo AS text) IS NULL OR tipo = CAST(:tipo AS text))
 ORDER BY pedido_id DESC
 LIMIT :limite OFFSET :pular;

-- name: count_on_titular_pedido
-- What a slice erased is added in its own transaction: the record tells what was done, also where the work broke off.
UPDATE titular_pedidos p
   SET leads = p.leads + :leads,
       contagens = (SELECT coalesce(jsonb_object_agg(tabela, quantos), '{}')
                      FROM (SELECT tabela, sum(CAST(quantos AS bigint)) AS quantos
                              FROM (SELECT * FROM jsonb_each_text(p.contagens)
                                     UNION ALL
                                    SELECT * FROM jsonb_each_text(CAST(:contagens AS jsonb))) AS c (tabela, quantos)
                             GROUP BY tabela) somas),
       eventos = p.eventos || CAST(:eventos AS uuid[]),
       atualizado_em = :agora
 WHERE p.tenant_id = :tenant_id AND p.pedido_id = :pedido_id;

-- name: count_titular_eventos
-- Events that this request asked to be taken away, and that may still be there.
SELECT count(*) AS quantos
  FROM titular_pedidos p
  JOIN agendamento_eventos e ON e.tenant_id = p.tenant_id AND e.agendamento_id = ANY (p.eventos)
 WHERE p.tenant_id = :tenant_id AND p.pedido_id = :pedido_id AND e.status <> 'removido';

-- name: end_titular_pedido
UPDATE titular_pedidos
   SET pendencias = CAST(:pendencias AS jsonb), concluido = CAST(:pendencias AS jsonb) = '{}', atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND pedido_id = :pedido_id;

-- name: find_titular_leads
-- Each part is answered by its own index.
SELECT lead_id
  FROM (SELECT lead_id FROM leads WHERE tenant_id = :tenant_id AND documento = ANY (CAST(:documentos AS text[]))
         UNION
        SELECT lead_id FROM lead_telefones WHERE tenant_id = :tenant_id AND telefone = ANY (CAST(:telefones AS text[]))
         UNION
        SELECT lead_id FROM lead_emails WHERE tenant_id = :tenant_id AND email = ANY (CAST(:emails AS text[]))) achados
 WHERE CAST(:depois AS uuid) IS NULL OR lead_id > CAST(:depois AS uuid)
 ORDER BY lead_id
 LIMIT :limite;

-- name: list_titular_contatos
-- The contacts of some leads. One that another lead has too is `de_outro`: it is not this person's alone.
SELECT c.canal, c.contato, bool_or(c.de_outro) AS de_outro
  FROM (SELECT 'whatsapp' AS canal, t.telefone AS contato,
               EXISTS (SELECT FROM lead_telefones o
                        WHERE o.tenant_id = t.tenant_id AND o.telefone = t.telefone
                          AND o.lead_id <> ALL (CAST(:lead_ids AS uuid[]))) AS de_outro
          FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = ANY (CAST(:lead_ids AS uuid[]))
         UNION ALL
        SELECT 'email', e.email,
               EXISTS (SELECT FROM lead_emails o
                        WHERE o.tenant_id = e.tenant_id AND o.email = e.email
                          AND o.lead_id <> ALL (CAST(:lead_ids AS uuid[])))
          FROM lead_emails e
         WHERE e.tenant_id = :tenant_id AND e.lead_id = ANY (CAST(:lead_ids AS uuid[]))) c
 GROUP BY c.canal, c.contato
 ORDER BY c.canal, c.contato COLLATE "C";

-- name: list_titular_documentos
SELECT DISTINCT documento
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND documento IS NOT NULL
 ORDER BY documento;

-- name: scan_titular_erros
-- A stretch of the refused rows: its last place, and those of its rows that are about the person. The cells stand with the
-- first error of a row, a refused value with its own. Rows of the person's leads are told by their IDs.
WITH trecho AS MATERIALIZED (
    SELECT job_id, linha, ordem, lead_id_externo, valor, celulas
      FROM ingest_erros
     WHERE tenant_id = :tenant_id
       AND (job_id, linha, ordem) > (CAST(:job_id AS uuid), CAST(:linha AS integer), CAST(:ordem AS smallint))
     ORDER BY job_id, linha, ordem
     LIMIT :limite
), deles AS (
    SELECT DISTINCT t.job_id, t.linha
      FROM trecho t
     WHERE (CAST(:mencao AS text) <> ''
            AND lower(array_to_string(t.celulas, ' | ') || ' | ' || t.valor) ~ CAST(:mencao AS text))
        OR (CAST(:mencao AS text) <> '' AND t.celulas IS NULL AND lower(t.valor) ~ CAST(:mencao AS text))
        OR EXISTS (SELECT FROM leads l
                    WHERE l.tenant_id = :tenant_id AND l.lead_id = ANY (CAST(:lead_ids AS uuid[]))
                      AND l.job_id = t.job_id AND l.lead_id_externo = t.lead_id_externo)
), fim AS (
    SELECT job_id, linha, ordem FROM trecho ORDER BY job_id DESC, linha DESC, ordem DESC LIMIT 1
)
SELECT f.job_id, f.linha, f.ordem, (SELECT count(*) FROM trecho) AS lidos,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(job_id, linha)), '[]') FROM deles) AS deles
  FROM fim f;

-- name: list_titular_erros
SELECT e.job_id, e.linha, e.coluna, e.codigo, e.valor, e.celulas
  FROM jsonb_to_recordset(CAST(:deles AS jsonb)) AS d (job_id uuid, linha integer)
  JOIN ingest_erros e ON e.tenant_id = :tenant_id AND e.job_id = d.job_id AND e.linha = d.linha
 ORDER BY e.job_id, e.linha, e.ordem
 LIMIT :limite;

-- name: delete_titular_erros
-- The whole row of the sheet: its cells are the person's. The counts of its job stand on the job.
DELETE FROM ingest_erros e
 USING jsonb_to_recordset(CAST(:deles AS jsonb)) AS d (job_id uuid, linha integer)
 WHERE e.tenant_id = :tenant_id AND e.job_id = d.job_id AND e.linha = d.linha;

-- name: delete_titular_previas
-- Dry runs keep fifty rows each.
DELETE FROM ingest_previas
 WHERE tenant_id = :tenant_id
   AND (lead_id = ANY (CAST(:lead_ids AS uuid[]))
        OR (CAST(:mencao AS text) <> '' AND lower(CAST(lead AS text)) ~ CAST(:mencao AS text))
        OR (job_id, linha) IN (SELECT d.job_id, d.linha
                                 FROM jsonb_to_recordset(CAST(:deles AS jsonb)) AS d (job_id uuid, linha integer)));

-- name: erase_titular_chaves
-- Kept answers about the person: a repeated request is told that its answer is gone, and has no second effect.
UPDATE chaves_de_idempotencia
   SET corpo = NULL, pessoas = '{}'
 WHERE tenant_id = :tenant_id AND pessoas && CAST(:pessoas AS text[]);

-- name: delete_titular_mesclas
-- Undoing the job finds no merge of this lead to take back.
DELETE FROM ingest_mesclas m
 USING ingest_jobs j
 WHERE j.tenant_id = :tenant_id AND m.tenant_id = j.tenant_id AND m.job_id = j.job_id
   AND m.lead_id = ANY (CAST(:lead_ids AS uuid[]));

-- name: lock_titular_disparos
-- What waits, and what a worker has: locked before the leads, as the executor does. A locked one is not claimed.
SELECT disparo_id, lead_id, status = 'enviando' AND lease_ate > CAST(:agora AS timestamptz) AS em_envio
  FROM disparos
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND status IN ('pendente', 'enviando')
 ORDER BY disparo_id
   FOR NO KEY UPDATE;

-- name: cancel_titular_disparos
-- Only what certainly has not left. A test of a campaign goes to a contact that its lead does not have.
WITH movidos AS (
    UPDATE disparos
       SET status = 'cancelado', espera = NULL, lease_dono = NULL, lease_ate = NULL, passos = passos + 1,
           atualizado_em = :agora
     WHERE tenant_id = :tenant_id AND NOT em_duvida
       AND (lead_id = ANY (CAST(:lead_ids AS uuid[]))
            OR (destino = ANY (CAST(:contatos AS text[])) AND campanha_id IS NULL))
       AND (status = 'pendente' OR (status = 'enviando' AND lease_ate <= :agora AND iniciado_em IS NULL))
    RETURNING tenant_id, disparo_id, passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe, por)
SELECT tenant_id, disparo_id, passos, :agora, 'cancelado', CAST(:por AS text) FROM movidos;

-- name: take_doubtful_titular_disparos
-- The drawing has no move from `pendente` to `incerto`: it is claimed for a moment.
UPDATE disparos
   SET status = 'enviando', espera = NULL, lease_dono = disparo_id, lease_ate = :agora, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND status = 'pendente';

-- name: end_doubtful_titular_disparos
-- It may have left, and nobody will ask any more: its destination is erased.
WITH movidos AS (
    UPDATE disparos
       SET status = 'incerto', em_duvida = true, lease_dono = NULL, lease_ate = NULL,
           ultimo_codigo = coalesce(ultimo_codigo, 'lease_vencida'), erro_codigo = coalesce(ultimo_codigo, 'lease_vencida'),
           passos = passos + 1, atualizado_em = :agora
     WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND status = 'enviando'
       AND lease_ate <= :agora
    RETURNING tenant_id, disparo_id, passos
)
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe)
SELECT tenant_id, disparo_id, passos, :agora, 'lease_vencida' FROM movidos;

-- name: erase_titular_disparos
-- The ledger keeps its row, its state and its times. The id of a contact is a digest without a key, and the id of a message
-- may hold the phone (WhatsApp): both go. A client's key may name the person, and its fingerprint is of the variables.
UPDATE disparos
   SET destino = 'apagado:' || disparo_id, contato_id = contato_id(disparo_id, ''), variaveis = '{}', avisos = NULL,
       provider_message_id = NULL, lead_a_mover = false,
       apagado_em = :agora
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
   AND status NOT IN ('pendente', 'enviando') AND destino <> 'apagado:' || disparo_id;

-- name: erase_titular_destinos
-- What went to the person for another lead: tests of campaigns, and messages to a contact that the other lead had once. Each
-- part is answered by its own index.
WITH achados AS (
    SELECT disparo_id
      FROM disparos
     WHERE tenant_id = :tenant_id AND destino = ANY (CAST(:contatos AS text[]))
       AND (campanha_id IS NULL OR alternativa_de IS NOT NULL)
     UNION
    SELECT d.disparo_id
      FROM campanhas c
      JOIN disparos d ON d.tenant_id = c.tenant_id AND d.campanha_id = c.campanha_id
     WHERE c.tenant_id = :tenant_id AND d.destino = ANY (CAST(:contatos AS text[])) AND d.alternativa_de IS NULL
)
UPDATE disparos d
   SET destino = 'apagado:' || d.disparo_id, contato_id = contato_id(d.disparo_id, ''), variaveis = '{}', avisos = NULL,
       provider_message_id = NULL, apagado_em = :agora
  FROM achados a
 WHERE d.tenant_id = :tenant_id AND d.disparo_id = a.disparo_id AND d.status NOT IN ('pendente', 'enviando')
   AND d.lead_id <> ALL (CAST(:lead_ids AS uuid[]));

-- name: erase_titular_avisos
-- Reports that wait for their message; before the ids of the messages are gone.
DELETE FROM avisos_de_entrega a
 WHERE a.tenant_id = :tenant_id
   AND EXISTS (SELECT FROM disparos d
                WHERE d.tenant_id = a.tenant_id AND d.lead_id = ANY (CAST(:lead_ids AS uuid[]))
                  AND (d.disparo_id = a.disparo_id OR d.provider_message_id = a.provider_message_id));

-- name: erase_titular_tentativas
UPDATE disparo_tentativas h
   SET motivo = NULL, provider_message_id = NULL
  FROM disparos d
 WHERE d.tenant_id = :tenant_id AND d.lead_id = ANY (CAST(:lead_ids AS uuid[]))
   AND h.tenant_id = d.tenant_id AND h.disparo_id = d.disparo_id
   AND (h.motivo IS NOT NULL OR h.provider_message_id IS NOT NULL);

-- name: cancel_titular_agendamentos
-- Nobody is told: there is nobody to tell any more. A wake-up that comes finds it cancelled. The version goes on, so that the
-- calendar of the responsável drops it.
WITH cancelados AS (
    UPDATE agendamentos
       SET status = 'cancelado', cancelado_por = CAST(:por AS text), versao = versao + 1, atualizado_em = :agora
     WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
       AND status IN ('pendente', 'confirmado')
    RETURNING tenant_id, agendamento_id
), calados AS (
    UPDATE agendamento_avisos v
       SET status = 'dispensado', motivo = 'agendamento_encerrado', atualizado_em = :agora
      FROM cancelados c
     WHERE v.tenant_id = c.tenant_id AND v.agendamento_id = c.agendamento_id AND v.status = 'pendente'
), retirados AS (
    -- The calendar of the tenant names the person: the sweep has a worker take the events away, those of the past too.
    UPDATE agendamento_eventos e
       SET status = 'pendente', quando = CAST(:agora AS timestamptz), tentativas = 0, codigo = NULL, acordado_em = NULL
      FROM agendamentos a
     WHERE a.tenant_id = :tenant_id AND a.lead_id = ANY (CAST(:lead_ids AS uuid[]))
       AND e.tenant_id = a.tenant_id AND e.agendamento_id = a.agendamento_id
       AND e.status IN ('pendente', 'sincronizado', 'recusado')
)
SELECT count(*) AS quantos FROM cancelados;

-- name: list_titular_eventos
-- Events that may still be at the calendar.
SELECT e.agendamento_id
  FROM agendamentos a
  JOIN agendamento_eventos e ON e.tenant_id = a.tenant_id AND e.agendamento_id = a.agendamento_id
 WHERE a.tenant_id = :tenant_id AND a.lead_id = ANY (CAST(:lead_ids AS uuid[])) AND e.status <> 'removido';

-- name: erase_titular_agendamentos
UPDATE agendamentos
   SET observacoes = NULL, local = CASE WHEN local IS NOT NULL THEN 'apagado' END, link = NULL,
       motivo_cancelamento = NULL, avisos = NULL,
       apagado_em = coalesce(apagado_em, :agora)
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
   AND status NOT IN ('pendente', 'confirmado')
   AND (apagado_em IS NULL OR motivo_cancelamento IS NOT NULL OR avisos IS NOT NULL);

-- name: erase_titular_horarios
UPDATE agendamento_horarios h
   SET motivo = NULL
  FROM agendamentos a
 WHERE a.tenant_id = :tenant_id AND a.lead_id = ANY (CAST(:lead_ids AS uuid[]))
   AND h.tenant_id = a.tenant_id AND h.agendamento_id = a.agendamento_id
   AND h.motivo IS NOT NULL;

-- name: erase_titular_eventos
-- Which moves the lead made stays; what people changed and why goes.
UPDATE lead_eventos
   SET motivo = NULL, mudancas = CASE WHEN mudancas IS NOT NULL THEN CAST('[]' AS jsonb) END
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND (motivo IS NOT NULL OR mudancas <> '[]');

-- name: delete_titular_notas
DELETE FROM lead_notas WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]));

-- name: list_titular_usuarios
-- What providers call the person.
SELECT usuario
  FROM provedor_usuarios
 WHERE tenant_id = :tenant_id
   AND (lead_id = ANY (CAST(:lead_ids AS uuid[])) OR contato = ANY (CAST(:contatos AS text[])));

-- name: erase_titular_respostas
-- What the person wrote, by lead, by disparo, and by sender where it belongs to nobody else.
UPDATE respostas r
   SET remetente = 'apagado', usuario = NULL, contato = NULL, texto = NULL, em_resposta_a = NULL,
       provider_message_id = NULL, revisar = false, apagado_em = :agora
 WHERE r.tenant_id = :tenant_id AND r.remetente <> 'apagado'
   AND (r.lead_id = ANY (CAST(:lead_ids AS uuid[]))
        OR (r.lead_id IS NULL
            AND (r.contato = ANY (CAST(:contatos AS text[])) OR r.remetente = ANY (CAST(:remetentes AS text[]))
                 OR r.usuario = ANY (CAST(:usuarios AS text[]))
                 OR r.disparo_id IN (SELECT d.disparo_id FROM disparos d
                                      WHERE d.tenant_id = :tenant_id AND d.lead_id = ANY (CAST(:lead_ids AS uuid[]))))));

-- name: delete_titular_usuarios
DELETE FROM provedor_usuarios
 WHERE tenant_id = :tenant_id
   AND (lead_id = ANY (CAST(:lead_ids AS uuid[])) OR contato = ANY (CAST(:contatos AS text[]))
        OR usuario = ANY (CAST(:usuarios AS text[])));

-- name: delete_titular_consentimentos
DELETE FROM consentimentos
 WHERE tenant_id = :tenant_id AND canal IN ('whatsapp', 'email') AND contato = ANY (CAST(:contatos AS text[]));

-- name: delete_titular_supressoes
DELETE FROM supressoes
 WHERE tenant_id = :tenant_id AND canal IN ('whatsapp', 'email') AND contato = ANY (CAST(:contatos AS text[]))
RETURNING canal, contato, motivo;

-- name: delete_titular_suprimidos
DELETE FROM leads_suprimidos WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]));

-- name: erase_titular_amostras
-- Samples of campos are of anybody: all go, and the next file brings new ones.
UPDATE tenant_campos SET amostras = '[]' WHERE tenant_id = :tenant_id AND amostras <> '[]';

-- name: delete_titular_telefones
DELETE FROM lead_telefones WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]));

-- name: delete_titular_emails
DELETE FROM lead_emails WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]));

-- name: erase_titular_leads
-- Closed, whatever it was: no fact moves it any more. Its ID may name the person.
UPDATE leads
   SET lead_id_externo = 'apagado:' || lead_id, nome = NULL, contato = NULL, documento = NULL, telefone_raw = NULL,
       email_raw = NULL, campos = '{}', tags = '{}', status = 'descartado', status_antes = NULL, atualizado_em = :agora,
       apagado_em = :agora
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND apagado_em IS NULL;

-- name: count_open_titular_jobs
-- Files that are being read, or are still to be: the person may stand in one. A dry run has tables of its own.
SELECT count(*) AS quantos
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id AND (status IN ('aceito', 'processando') OR ensaio_aberto);

-- name: list_uploads
-- The objects that jobs name, and whether one still reads it.
SELECT chave, bool_or(status IN ('aceito', 'processando')) AS aberto
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id
 GROUP BY chave;

-- name: titular_lead
SELECT lead_id, lead_id_externo, origem, nome, contato, documento, telefone_raw, email_raw, status, tags, campos,
       origem_arquivo, origem_aba, linha_planilha, job_id, criado_em, atualizado_em, apagado_em
  FROM leads
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id;

-- name: titular_telefones
SELECT lead_id, telefone, principal, tipo_origem, valido_para_disparo
  FROM lead_telefones
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id, ordem;

-- name: titular_emails
SELECT lead_id, email, principal, valido_para_disparo
  FROM lead_emails
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id, ordem;

-- name: titular_disparos
-- With the words that its template had; its variables fill them.
SELECT d.lead_id, d.disparo_id, d.canal, d.destino, d.template, d.template_versao, t.assunto, t.texto, d.variaveis,
       d.status, d.agendar_para, d.criado_em, d.enviado_em, d.confirmado_em, d.lido_em, d.respondido_em, d.erro_codigo,
       d.campanha_id, c.nome AS campanha
  FROM disparos d
  JOIN templates t ON t.tenant_id = d.tenant_id AND t.nome = d.template AND t.versao = d.template_versao
  LEFT JOIN campanhas c ON c.tenant_id = d.tenant_id AND c.campanha_id = d.campanha_id
 WHERE d.tenant_id = :tenant_id AND d.lead_id = ANY (CAST(:lead_ids AS uuid[])) AND d.teste_de IS NULL
 ORDER BY d.disparo_id DESC
 LIMIT :limite;

-- name: titular_passos
SELECT d.lead_id, h.disparo_id, h.em, h.classe, h.codigo, h.por, h.motivo
  FROM disparos d
  JOIN disparo_tentativas h ON h.tenant_id = d.tenant_id AND h.disparo_id = d.disparo_id
 WHERE d.tenant_id = :tenant_id AND d.lead_id = ANY (CAST(:lead_ids AS uuid[])) AND d.teste_de IS NULL
 ORDER BY d.disparo_id DESC, h.passo
 LIMIT :limite;

-- name: titular_respostas
-- By lead, and by contact where nobody has assigned them. One without a lead stands below `lead_id` NULL.
SELECT r.lead_id, r.resposta_id, r.canal, r.remetente, r.contato, r.texto, r.enviada_em, r.recebida_em, r.pedido, r.decisao,
       r.disparo_id, r.campanha_id
  FROM respostas r
 WHERE r.tenant_id = :tenant_id
   AND (r.lead_id = ANY (CAST(:lead_ids AS uuid[]))
        OR (r.lead_id IS NULL
            AND (r.contato = ANY (CAST(:contatos AS text[])) OR r.remetente = ANY (CAST(:remetentes AS text[])))))
 ORDER BY r.resposta_id DESC
 LIMIT :limite;

-- name: titular_agendamentos
SELECT lead_id, agendamento_id, tipo, canal, data_agendada, duracao_minutos, responsavel, observacoes, local, link, status,
       cancelado_por, motivo_cancelamento, criado_em
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY agendamento_id DESC
 LIMIT :limite;

-- name: titular_horarios
-- Every time that an agendamento had.
SELECT a.lead_id, h.agendamento_id, h.versao, h.data_agendada, h.duracao_minutos, h.em, h.por, h.motivo
  FROM agendamentos a
  JOIN agendamento_horarios h ON h.tenant_id = a.tenant_id AND h.agendamento_id = a.agendamento_id
 WHERE a.tenant_id = :tenant_id AND a.lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY h.agendamento_id DESC, h.versao
 LIMIT :limite;

-- name: titular_eventos
SELECT lead_id, em, tipo, de, para, fato, por, motivo, mudancas
  FROM lead_eventos
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id, em DESC, ordem DESC
 LIMIT :limite;

-- name: titular_notas
SELECT lead_id, criado_em, texto, por
  FROM lead_notas
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY lead_id, criado_em DESC
 LIMIT :limite;

-- name: titular_mesclas
SELECT lead_id, job_id, antes, telefones, emails, mesclado_em
  FROM ingest_mesclas
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY job_id DESC
 LIMIT :limite;

-- name: titular_exclusoes
-- Campaign by campaign: the key of those who were left out begins with it.
SELECT e.lead_id, e.campanha_id, c.nome AS campanha, e.etapa, e.motivo, e.detalhe
  FROM campanhas c
  JOIN campanha_excluidos e ON e.tenant_id = c.tenant_id AND e.campanha_id = c.campanha_id
 WHERE c.tenant_id = :tenant_id AND e.lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY e.campanha_id DESC, e.etapa
 LIMIT :limite;

-- name: titular_supressoes
SELECT canal, contato, motivo, disparo_id, por, nota, criado_em
  FROM supressoes
 WHERE tenant_id = :tenant_id AND canal IN ('whatsapp', 'email') AND contato = ANY (CAST(:contatos AS text[]))
 ORDER BY canal, contato COLLATE "C";

-- name: titular_suprimidos
SELECT lead_id, nota, por, criado_em
  FROM leads_suprimidos
 WHERE tenant_id = :tenant_id AND lead_id = ANY (CAST(:lead_ids AS uuid[]));

-- name: titular_consentimentos
SELECT canal, contato, desde, por
  FROM consentimentos
 WHERE tenant_id = :tenant_id AND canal IN ('whatsapp', 'email') AND contato = ANY (CAST(:contatos AS text[]))
 ORDER BY canal, contato COLLATE "C";

-- name: titular_usuarios
SELECT canal, usuario, contato, lead_id, visto_em
  FROM provedor_usuarios
 WHERE tenant_id = :tenant_id
   AND (lead_id = ANY (CAST(:lead_ids AS uuid[])) OR contato = ANY (CAST(:contatos AS text[])))
 ORDER BY canal, usuario;

-- name: list_tenants_to_retain
-- Whoever has something that is kept for a time, found one by one at the edges of indexes that begin with the tenant. Texts of
-- disparos, agendamentos and the rest go with leads or jobs; replies and events may be there without either.
WITH RECURSIVE todos AS (
    SELECT '' COLLATE "C" AS tenant_id
     UNION ALL
    SELECT least((SELECT l.tenant_id FROM leads l WHERE l.tenant_id > t.tenant_id ORDER BY l.tenant_id LIMIT 1),
                 (SELECT j.tenant_id FROM ingest_jobs j WHERE j.tenant_id > t.tenant_id ORDER BY j.tenant_id LIMIT 1),
                 (SELECT r.tenant_id FROM respostas r WHERE r.tenant_id > t.tenant_id ORDER BY r.tenant_id LIMIT 1),
                 (SELECT e.tenant_id FROM eventos e WHERE e.tenant_id > t.tenant_id ORDER BY e.tenant_id LIMIT 1),
                 (SELECT a.tenant_id FROM auditoria a WHERE a.tenant_id > t.tenant_id ORDER BY a.tenant_id LIMIT 1))
      FROM todos t
     WHERE t.tenant_id IS NOT NULL
)
SELECT tenant_id FROM todos WHERE tenant_id <> '' ORDER BY tenant_id;

-- name: retain_disparos
-- The text goes, and what may hold the phone. The destination stays: the lead has it, and the link of the message
-- unsubscribes it. What somebody holds just now is taken an hour later.
WITH velhos AS (
    SELECT disparo_id
      FROM disparos
     WHERE tenant_id = :tenant_id AND apagado_em IS NULL AND status NOT IN ('pendente', 'enviando')
       AND disparo_id < CAST(:ate AS uuid) AND atualizado_em < CAST(:antes AS timestamptz)
     ORDER BY disparo_id
     LIMIT :limite
       FOR NO KEY UPDATE SKIP LOCKED
), passos AS (
    UPDATE disparo_tentativas h
       SET motivo = NULL, provider_message_id = NULL
      FROM velhos v
     WHERE h.tenant_id = :tenant_id AND h.disparo_id = v.disparo_id
       AND (h.motivo IS NOT NULL OR h.provider_message_id IS NOT NULL)
)
UPDATE disparos d
   SET variaveis = '{}', avisos = NULL, provider_message_id = NULL, apagado_em = :agora
  FROM velhos v
 WHERE d.tenant_id = :tenant_id AND d.disparo_id = v.disparo_id;

-- name: retain_respostas
-- One that waits for a person waits with its words.
WITH velhas AS (
    SELECT resposta_id
      FROM respostas
     WHERE tenant_id = :tenant_id AND apagado_em IS NULL AND resposta_id < CAST(:ate AS uuid) AND NOT revisar
     ORDER BY resposta_id
     LIMIT :limite
       FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE respostas r
   SET texto = NULL, provider_message_id = NULL, em_resposta_a = NULL, apagado_em = :agora
  FROM velhas v
 WHERE r.tenant_id = :tenant_id AND r.resposta_id = v.resposta_id;

-- name: retain_agendamentos
WITH velhos AS (
    SELECT agendamento_id
      FROM agendamentos
     WHERE tenant_id = :tenant_id AND apagado_em IS NULL AND status NOT IN ('pendente', 'confirmado')
       AND data_agendada < CAST(:antes AS timestamptz)
     ORDER BY data_agendada
     LIMIT :limite
       FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE agendamentos a
   SET observacoes = NULL, local = CASE WHEN a.local IS NOT NULL THEN 'apagado' END, link = NULL, motivo_cancelamento = NULL, avisos = NULL, apagado_em = :agora
  FROM velhos v
 WHERE a.tenant_id = :tenant_id AND a.agendamento_id = v.agendamento_id;

-- name: retain_erros
-- Job by job, the oldest first. Nobody else writes refused rows of a job that has ended.
WITH velhas AS (
    SELECT e.job_id, e.linha, e.ordem
      FROM ingest_jobs j
     CROSS JOIN LATERAL (
           SELECT r.job_id, r.linha, r.ordem
             FROM ingest_erros r
            WHERE r.tenant_id = j.tenant_id AND r.job_id = j.job_id
            ORDER BY r.linha, r.ordem
            LIMIT :limite) e
     WHERE j.tenant_id = :tenant_id AND j.concluido_em < CAST(:antes AS timestamptz)
     LIMIT :limite
)
DELETE FROM ingest_erros e
 USING velhas v
 WHERE e.tenant_id = :tenant_id AND e.job_id = v.job_id AND e.linha = v.linha AND e.ordem = v.ordem;

-- name: retain_previas
DELETE FROM ingest_previas p
 USING (SELECT o.job_id, o.linha
          FROM ingest_jobs j
          JOIN ingest_previas o ON o.tenant_id = j.tenant_id AND o.job_id = j.job_id
         WHERE j.tenant_id = :tenant_id AND j.concluido_em < CAST(:antes AS timestamptz)
         LIMIT :limite) v
 WHERE p.tenant_id = :tenant_id AND p.job_id = v.job_id AND p.linha = v.linha;

-- name: retain_mesclas
-- Undoing so old a job leaves what it merged.
DELETE FROM ingest_mesclas m
 USING (SELECT o.job_id, o.lead_id
          FROM ingest_jobs j
         CROSS JOIN LATERAL (
               SELECT r.job_id, r.lead_id
                 FROM ingest_mesclas r
                WHERE r.tenant_id = j.tenant_id AND r.job_id = j.job_id
                LIMIT :limite) o
         WHERE j.tenant_id = :tenant_id AND j.concluido_em < CAST(:antes AS timestamptz)
         LIMIT :limite) v
 WHERE m.tenant_id = :tenant_id AND m.job_id = v.job_id AND m.lead_id = v.lead_id;

-- name: retain_eventos
-- An event that is not published yet is never dropped.
WITH velhos AS (
    SELECT evento_id
      FROM eventos
     WHERE tenant_id = :tenant_id AND publicado_em IS NOT NULL AND evento_id < CAST(:ate AS uuid)
     ORDER BY evento_id
     LIMIT :limite
       FOR UPDATE SKIP LOCKED
)
DELETE FROM eventos e USING velhos v WHERE e.tenant_id = :tenant_id AND e.evento_id = v.evento_id;

-- name: retain_auditoria
-- Nothing else deletes of it.
DELETE FROM auditoria
 WHERE tenant_id = :tenant_id
   AND registro_id = ANY (ARRAY(SELECT registro_id
                                  FROM auditoria
                                 WHERE tenant_id = :tenant_id AND registro_id < CAST(:ate AS uuid)
                                 ORDER BY registro_id
                                 LIMIT :limite));

-- name: list_titular_restos
-- Erased leads that something came to since: a campaign that was just being planned, a reply that was under way.
SELECT l.lead_id
  FROM leads l
 WHERE l.tenant_id = :tenant_id AND l.apagado_em IS NOT NULL
   AND (EXISTS (SELECT FROM lead_notas n WHERE n.tenant_id = l.tenant_id AND n.lead_id = l.lead_id)
        OR EXISTS (SELECT FROM disparos d
                 WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id AND d.destino <> 'apagado:' || d.disparo_id
                   AND (d.status <> 'enviando' OR d.lease_ate <= CAST(:agora AS timestamptz)))
        OR EXISTS (SELECT FROM respostas r
                    WHERE r.tenant_id = l.tenant_id AND r.lead_id = l.lead_id AND r.remetente <> 'apagado')
        OR EXISTS (SELECT FROM agendamentos a
                    WHERE a.tenant_id = l.tenant_id AND a.lead_id = l.lead_id AND a.apagado_em IS NULL)
        OR EXISTS (SELECT FROM lead_telefones t WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id)
        OR EXISTS (SELECT FROM lead_emails e WHERE e.tenant_id = l.tenant_id AND e.lead_id = l.lead_id))
 ORDER BY l.lead_id
 LIMIT :limite;
