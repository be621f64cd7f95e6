-- Jobs. Requests run as the API's login; claims, and everything that removes leads, run as the owner.

-- name: insert_job
-- A repeated notification makes no second job.
INSERT INTO ingest_jobs (tenant_id, job_id, bucket, chave, chave_recebida, evento_s3, nome_arquivo, tamanho_bytes, etag,
                         modo, modo_padrao, deduplicar_por_documento, deduplicar_por_id, deduplicar_por_contato, origem,
                         validar_apenas, aba_pedida, ignorar_ocultas, adivinhar, codificacao_pedida, separador_pedido,
                         mapeamento, lembrar_mapeamento, tags, criado_por, criado_em,
                         atualizado_em)
VALUES (:tenant_id, :job_id, :bucket, :chave, :chave_recebida, :evento_s3, :nome_arquivo, :tamanho_bytes, :etag,
        coalesce(:modo, 'ignorar'), CAST(:modo AS text) IS NULL, :deduplicar_por_documento, :deduplicar_por_id,
        :deduplicar_por_contato, :origem, :validar_apenas, :aba_pedida, :ignorar_ocultas, :adivinhar,
        :codificacao_pedida, :separador_pedido, CAST(:mapeamento AS jsonb), :lembrar_mapeamento, :tags, :por,
        :agora, :agora)
ON CONFLICT DO NOTHING;

-- name: mark_job_received
-- Our own upload and the bucket's notification both report the file, in any order. Only the first one finds a row.
UPDATE ingest_jobs
   SET chave_recebida = true, tamanho_bytes = :tamanho_bytes, etag = :etag, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND NOT chave_recebida AND status = 'aceito'
RETURNING job_id;

-- name: job_of_its_own_file
-- Whether the API made this job for this very file.
SELECT job_id FROM ingest_jobs WHERE tenant_id = :tenant_id AND job_id = :job_id AND chave = :chave;

-- name: job_by_id
SELECT * FROM ingest_jobs WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: list_jobs
-- Ids are time-ordered, so the primary key gives the newest first.
SELECT *
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes_de AS uuid) IS NULL OR job_id < CAST(:antes_de AS uuid))
 ORDER BY job_id DESC
 LIMIT :limite OFFSET :pular;

-- name: request_job_cancellation
-- A worker that has the job sees the request at its next batch. A job that no worker has ends here.
UPDATE ingest_jobs
   SET cancelamento_pedido = true,
       status = CASE WHEN lease_dono IS NULL THEN 'cancelado' ELSE status END,
       concluido_em = CASE WHEN lease_dono IS NULL THEN :agora ELSE concluido_em END,
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status IN ('aceito', 'processando')
RETURNING *;

-- name: resume_job
-- From its checkpoint, with a new count of attempts. What it committed stays, and stays counted. A job whose file never
-- came cannot be resumed.
UPDATE ingest_jobs
   SET status = 'aceito', erro_codigo = NULL, mensagem_erro = NULL, concluido_em = NULL, cancelamento_pedido = false,
       tentativas = 0, acordado_em = NULL, retomado_em = :agora, linhas_ao_retomar = linhas_processadas,
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status IN ('erro', 'cancelado') AND chave_recebida
   AND desfazer_pedido_em IS NULL
RETURNING *;

-- name: claim_job
-- A job that is open, whose file has come, and that no other worker holds. Attempts count until a batch is committed.
UPDATE ingest_jobs
   SET status = 'processando', lease_dono = CAST(:worker AS uuid), lease_ate = :lease_ate,
       tentativas = tentativas + 1, iniciado_em = coalesce(iniciado_em, :agora), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id
   AND status IN ('aceito', 'processando') AND chave_recebida
   AND (lease_ate IS NULL OR lease_ate <= :agora)
RETURNING *;

-- name: describe_job
-- What the file turned out to be: a corrected report updates, unless the upload says otherwise. The ETag pins the content
-- that was read. The lease is renewed, because reading the file to this point may have taken a while. The hidden rows
-- before the checkpoint were counted by another claim.
UPDATE ingest_jobs
   SET aba = :aba, colunas = CAST(:colunas AS text[]), linhas_estimadas = :linhas_estimadas,
       leitura = coalesce(leitura, CAST(:leitura AS jsonb)) || '{"recusas": null}',
       mapeamento = coalesce(mapeamento, CAST(:lembrado AS jsonb)),
       mapeamento_lembrado = mapeamento_lembrado OR (mapeamento IS NULL AND CAST(:lembrado AS jsonb) IS NOT NULL),
       etag = :etag, tamanho_bytes = :tamanho_bytes, correcao = :correcao,
       modo = CASE WHEN modo_padrao AND CAST(:correcao AS boolean) THEN 'atualizar' ELSE modo END,
       origem = CASE WHEN origem = '' THEN :origem ELSE origem END,
       lease_ate = :lease_ate, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND lease_dono = CAST(:worker AS uuid)
RETURNING *;

-- name: lock_claimed_job
-- The fence: a worker whose lease was taken over finds no row, and may write nothing. The checkpoint is compared with the
-- worker's own: batches commit before they are on disk, so a crash of the server may have taken the last ones back.
SELECT ultima_linha, linhas_processadas, cancelamento_pedido
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status = 'processando' AND lease_dono = CAST(:worker AS uuid)
   FOR UPDATE;

-- name: advance_job
UPDATE ingest_jobs
   SET ultima_linha = :ultima_linha,
       linhas_processadas = linhas_processadas + :linhas,
       leads_criados = leads_criados + :leads_criados,
       leads_atualizados = leads_atualizados + :leads_atualizados,
       duplicados = duplicados + :duplicados,
       linhas_rejeitadas = linhas_rejeitadas + :linhas_rejeitadas,
       telefones_criados = telefones_criados + :telefones_criados,
       emails_criados = emails_criados + :emails_criados,
       telefones_validos = telefones_validos + :telefones_validos,
       emails_validos = emails_validos + :emails_validos,
       duplicados_por = jsonb_build_object(
           'documento', coalesce(CAST(duplicados_por ->> 'documento' AS bigint), 0) + :por_documento,
           'id', coalesce(CAST(duplicados_por ->> 'id' AS bigint), 0) + :por_id,
           'arquivo', coalesce(CAST(duplicados_por ->> 'arquivo' AS bigint), 0) + :por_arquivo,
           'contato', coalesce(CAST(duplicados_por ->> 'contato' AS bigint), 0) + :por_contato),
       tentativas = 0, lease_ate = :lease_ate, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: note_hidden_rows
-- The numbers of the first ones are kept.
UPDATE ingest_jobs
   SET leitura = jsonb_set(leitura, '{linhas_ocultas}', jsonb_build_object(
           'total', CAST(leitura #>> '{linhas_ocultas,total}' AS bigint) + :total,
           'linhas', jsonb_path_query_array(leitura #> '{linhas_ocultas,linhas}' || CAST(:linhas AS jsonb), '$[0 to 99]')))
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: note_avisos
UPDATE ingest_jobs
   SET leitura = jsonb_set(leitura, '{avisos}', CAST(:avisos AS jsonb))
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: note_campo_texts
-- How many cells of each column do not read as the column does, by its letters.
UPDATE ingest_jobs
   SET leitura = jsonb_set(leitura, '{colunas}', (
           SELECT jsonb_agg(coluna || jsonb_build_object('textos',
                      coalesce(CAST(coluna ->> 'textos' AS bigint), 0)
                      + coalesce(CAST(CAST(:textos AS jsonb) ->> (coluna ->> 'coluna') AS bigint), 0))
                      ORDER BY ordem)
             FROM jsonb_array_elements(leitura -> 'colunas') WITH ORDINALITY AS c (coluna, ordem)))
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: remember_campos
-- In one order, so that two jobs of a tenant never wait for each other.
INSERT INTO tenant_campos (tenant_id, campo, tipo, titulo, amostras, visto_em)
SELECT :tenant_id, campo, tipo, titulo, amostras, :agora
  FROM jsonb_to_recordset(CAST(:campos AS jsonb)) AS c (campo text, tipo text, titulo text, amostras jsonb)
 ORDER BY campo, tipo
    ON CONFLICT (tenant_id, campo, tipo) DO UPDATE
   SET titulo = EXCLUDED.titulo, visto_em = EXCLUDED.visto_em,
       amostras = CASE WHEN EXCLUDED.amostras = '[]' THEN tenant_campos.amostras ELSE EXCLUDED.amostras END;

-- name: list_mapeamentos
-- Those that were used last: a tenant has few kinds of files.
SELECT cabecalho, mapeamento
  FROM tenant_mapeamentos
 WHERE tenant_id = :tenant_id
 ORDER BY atualizado_em DESC
 LIMIT :limite;

-- name: remember_mapeamento
INSERT INTO tenant_mapeamentos (tenant_id, cabecalho, mapeamento, atualizado_em)
VALUES (:tenant_id, :cabecalho, CAST(:mapeamento AS jsonb), :agora)
    ON CONFLICT (tenant_id, cabecalho) DO UPDATE
   SET mapeamento = EXCLUDED.mapeamento, atualizado_em = EXCLUDED.atualizado_em;

-- name: forget_mapeamento
DELETE FROM tenant_mapeamentos WHERE tenant_id = :tenant_id AND cabecalho = :cabecalho;

-- name: release_job
-- `devolvidas` is 1 where the attempt must not count, because the file did not cause its failure.
UPDATE ingest_jobs
   SET lease_dono = NULL, lease_ate = NULL, tentativas = greatest(0, tentativas - :devolvidas), atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status = 'processando' AND lease_dono = CAST(:worker AS uuid);

-- name: finish_job
UPDATE ingest_jobs
   SET leitura = jsonb_set(leitura, '{recusas}', (
           SELECT coalesce(jsonb_object_agg(codigo, vezes), '{}')
             FROM (SELECT codigo, count(*) AS vezes
                     FROM ingest_erros
                    WHERE tenant_id = :tenant_id AND job_id = :job_id
                    GROUP BY codigo) por_codigo)),
       status = :status, erro_codigo = :erro_codigo, mensagem_erro = :mensagem_erro,
       lease_dono = NULL, lease_ate = NULL, concluido_em = :agora, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status = 'processando' AND lease_dono = CAST(:worker AS uuid)
RETURNING *;

-- name: lock_lost_uploads
-- Of every tenant: jobs whose announced file has not come, though the form to upload it by lapsed long ago.
SELECT tenant_id, job_id
  FROM ingest_jobs
 WHERE status = 'aceito' AND NOT chave_recebida AND criado_em <= :antes_de
 ORDER BY tenant_id, job_id
   FOR UPDATE;

-- name: expire_job_upload
UPDATE ingest_jobs
   SET status = 'erro', erro_codigo = 'upload_nao_recebido', mensagem_erro = :mensagem_erro,
       concluido_em = :agora, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: count_erros
SELECT count(*) AS erros, count(*) FILTER (WHERE codigo = ANY(CAST(:de_campos AS text[]))) AS de_campos
  FROM ingest_erros WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: list_erros
-- A page of the report, in the order of the sheet: at most `limite` rows, at most `peso` bytes of cells, and one row at
-- least. Compressed cells are not unpacked to be weighed: they count 256 times, because they may be some 250 times as
-- large. Cells come as JSON, because the driver parses an array letter by letter.
SELECT linha, ordem, alcance, lead_id_externo, coluna, codigo, valor, to_json(celulas) AS celulas
  FROM (SELECT *, sum(CASE WHEN pg_column_compression(celulas) IS NULL THEN 1 ELSE 256 END
                      * CAST(pg_column_size(celulas) AS bigint))
                  OVER (ORDER BY linha, ordem ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS peso_antes
          FROM (SELECT *
                  FROM ingest_erros
                 WHERE tenant_id = :tenant_id AND job_id = :job_id AND (linha, ordem) > (:linha, :ordem)
                 ORDER BY linha, ordem
                 LIMIT :limite) pagina) pesada
 WHERE coalesce(peso_antes, 0) < CAST(:peso AS bigint)
 ORDER BY linha, ordem;

-- name: open_ensaio
SELECT open_ensaio(:job_id);

-- name: restart_dry_run
-- Its counts are reset, because the rows that they count were loaded into tables that are gone.
UPDATE ingest_jobs
   SET ensaio_aberto = true, ultima_linha = 0, linhas_processadas = 0, linhas_ao_retomar = 0, leads_criados = 0,
       leads_atualizados = 0, duplicados = 0, linhas_rejeitadas = 0, telefones_criados = 0, emails_criados = 0,
       telefones_validos = 0, emails_validos = 0, duplicados_por = '{}',
       leitura = jsonb_set(jsonb_set(leitura, '{linhas_ocultas}', '{"total": 0, "linhas": []}'), '{colunas}', (
           SELECT jsonb_agg(coluna || '{"textos": 0}' ORDER BY ordem)
             FROM jsonb_array_elements(leitura -> 'colunas') WITH ORDINALITY AS c (coluna, ordem)))
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: forget_erros
DELETE FROM ingest_erros WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: forget_previas
DELETE FROM ingest_previas WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: enter_ensaio
-- From here to the end of the transaction, `leads` and the tables of contacts are those of the dry run.
SELECT enter_ensaio(:job_id);

-- name: borrow_leads
-- Copy the real leads that a batch may meet, with their contacts, except those that the dry run has already.
WITH conhecidos AS (
    SELECT lead_id
      FROM public.leads
     WHERE tenant_id = :tenant_id AND origem = :origem
       AND lead_id_externo = ANY(CAST((SELECT CAST(:externos AS text[])) AS text[]))
     UNION
    SELECT CAST(min(CAST(lead_id AS text)) AS uuid)
      FROM public.leads
     WHERE tenant_id = :tenant_id
       AND documento = ANY(CAST((SELECT CAST(:documentos AS text[])) AS text[]))
     GROUP BY documento
     UNION
    SELECT t.lead_id
      FROM jsonb_array_elements_text(CAST(:telefones AS jsonb)) AS c (telefone)
     CROSS JOIN LATERAL (
           SELECT lead_id FROM public.lead_telefones
            WHERE tenant_id = :tenant_id AND telefone = c.telefone
            LIMIT :mais) t
     UNION
    SELECT e.lead_id
      FROM jsonb_array_elements_text(CAST(:emails AS jsonb)) AS c (email)
     CROSS JOIN LATERAL (
           SELECT lead_id FROM public.lead_emails
            WHERE tenant_id = :tenant_id AND email = c.email
            LIMIT :mais) e
), emprestados AS (
    INSERT INTO leads
    SELECT l.* FROM public.leads l JOIN conhecidos c ON l.tenant_id = :tenant_id AND l.lead_id = c.lead_id
        ON CONFLICT DO NOTHING
    RETURNING lead_id
), telefones AS (
    INSERT INTO lead_telefones
    SELECT t.* FROM public.lead_telefones t JOIN emprestados e ON t.tenant_id = :tenant_id AND t.lead_id = e.lead_id
)
INSERT INTO lead_emails
SELECT m.* FROM public.lead_emails m JOIN emprestados e ON m.tenant_id = :tenant_id AND m.lead_id = e.lead_id;

-- name: count_previas
SELECT count(*) AS linhas FROM ingest_previas WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: insert_previas
-- The next rows, together with those that were refused whole.
INSERT INTO ingest_previas (tenant_id, job_id, linha, resultado, lead_id)
SELECT :tenant_id, :job_id, linha, resultado, lead_id
  FROM (SELECT c.linha, c.resultado, c.lead_id
          FROM jsonb_to_recordset(CAST(:candidatos AS jsonb)) AS c (linha integer, resultado text, lead_id uuid)
         UNION ALL
        SELECT DISTINCT linha, 'rejeitado', CAST(NULL AS uuid)
          FROM ingest_erros
         WHERE tenant_id = :tenant_id AND job_id = :job_id AND alcance = 'linha'
           AND linha > coalesce((SELECT max(linha) FROM ingest_previas
                                  WHERE tenant_id = :tenant_id AND job_id = :job_id), 0)) proximas
 ORDER BY linha
 LIMIT :vagas;

-- name: describe_previas
-- The lead as it is now. A lead that the dry run made is shown without an id, because no request could find it. Texts
-- are cut at a thousand characters: fifty rows may hold 130,000 in each of four cells.
UPDATE ingest_previas p
   SET lead = jsonb_build_object(
           'lead_id', CASE WHEN l.job_id <> p.job_id THEN l.lead_id END,
           'lead_id_externo', l.lead_id_externo, 'nome', left(l.nome, 1000), 'contato', left(l.contato, 1000),
           'documento', l.documento, 'telefone_raw', left(l.telefone_raw, 1000), 'email_raw', left(l.email_raw, 1000),
           'campos', l.campos, 'status', l.status, 'tags', l.tags,
           'origem_arquivo', l.origem_arquivo, 'origem_aba', l.origem_aba, 'linha_planilha', l.linha_planilha,
           'telefones', (
               SELECT coalesce(jsonb_agg(jsonb_build_object(
                          'telefone', t.telefone, 'ordem', t.ordem, 'principal', t.principal,
                          'tipo_origem', t.tipo_origem, 'valido_para_disparo', t.valido_para_disparo)
                          ORDER BY t.ordem), '[]')
                 FROM lead_telefones t WHERE t.tenant_id = :tenant_id AND t.lead_id = l.lead_id),
           'emails', (
               SELECT coalesce(jsonb_agg(jsonb_build_object(
                          'email', e.email, 'ordem', e.ordem, 'principal', e.principal,
                          'valido_para_disparo', e.valido_para_disparo)
                          ORDER BY e.ordem), '[]')
                 FROM lead_emails e WHERE e.tenant_id = :tenant_id AND e.lead_id = l.lead_id))
  FROM leads l
 WHERE p.tenant_id = :tenant_id AND p.job_id = :job_id AND l.tenant_id = :tenant_id AND l.lead_id = p.lead_id;

-- name: list_previas
SELECT p.linha, p.resultado, p.lead, e.erros
  FROM ingest_previas p,
       LATERAL (SELECT coalesce(jsonb_agg(jsonb_build_object('coluna', coluna, 'codigo', codigo, 'valor', valor)
                                          ORDER BY ordem), '[]') AS erros
                  FROM ingest_erros
                 WHERE tenant_id = :tenant_id AND job_id = :job_id AND linha = p.linha) e
 WHERE p.tenant_id = :tenant_id AND p.job_id = :job_id
 ORDER BY p.linha;

-- name: close_ensaio
SELECT close_ensaio(:job_id);

-- name: mark_ensaio_closed
UPDATE ingest_jobs SET ensaio_aberto = false WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: lock_ended_dry_runs
-- Of every tenant: a dry run that the API cancelled while no worker had it still has its tables.
SELECT tenant_id, job_id
  FROM ingest_jobs
 WHERE ensaio_aberto AND status IN ('concluido', 'erro', 'cancelado')
 LIMIT :limite
   FOR UPDATE SKIP LOCKED;

-- name: request_undo
-- A repeated request changes nothing.
UPDATE ingest_jobs
   SET desfazer_pedido_em = :agora, acordado_em = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND status IN ('concluido', 'erro', 'cancelado')
   AND NOT validar_apenas AND desfazer_pedido_em IS NULL
RETURNING *;

-- name: claim_undo
UPDATE ingest_jobs
   SET lease_dono = CAST(:worker AS uuid), lease_ate = :lease_ate, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id
   AND desfazer_pedido_em IS NOT NULL AND desfeito_em IS NULL
   AND (lease_ate IS NULL OR lease_ate <= :agora)
RETURNING *;

-- name: lock_claimed_undo
-- The fence, as in lock_claimed_job.
SELECT desfazer_depois, leads_mantidos, mesclas_mantidas
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND desfeito_em IS NULL AND lease_dono = CAST(:worker AS uuid)
   FOR UPDATE;

-- name: lock_merges_to_undo
-- The next merges of the job, with their leads.
WITH proximas AS MATERIALIZED (
    SELECT lead_id FROM ingest_mesclas
     WHERE tenant_id = :tenant_id AND job_id = :job_id
     ORDER BY lead_id
     LIMIT :limite
), presos AS MATERIALIZED (
    SELECT lead_id FROM leads
     WHERE tenant_id = :tenant_id AND lead_id = ANY(ARRAY(SELECT lead_id FROM proximas))
     ORDER BY lead_id
       FOR UPDATE
)
SELECT (SELECT count(*) FROM proximas) AS mesclas, (SELECT count(*) FROM presos) AS leads,
       (SELECT lead_id FROM proximas ORDER BY lead_id DESC LIMIT 1) AS ultimo;

-- name: undo_merges
-- The number of merges by the reason to keep them. Merges without a reason ('') are taken back. `atualizado_em` becomes
-- what it was as well: to the job that changed the lead before, nobody has touched it since.
WITH lote AS (
    SELECT m.lead_id, m.antes, m.telefones, m.emails,
           CASE WHEN l.lead_id IS NULL THEN 'removido'
                WHEN EXISTS (SELECT FROM disparos d
                              WHERE d.tenant_id = :tenant_id AND d.lead_id = m.lead_id
                                AND d.destino = ANY(m.telefones || m.emails))
                THEN 'disparos'
                WHEN l.atualizado_em IS DISTINCT FROM m.mesclado_em THEN 'alterado'
                ELSE '' END AS motivo
      FROM ingest_mesclas m
      LEFT JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = m.lead_id
     WHERE m.tenant_id = :tenant_id AND m.job_id = :job_id AND m.lead_id <= CAST(:ultimo AS uuid)
), telefones AS (
    DELETE FROM lead_telefones t USING lote
     WHERE t.tenant_id = :tenant_id AND t.lead_id = lote.lead_id AND lote.motivo = ''
       AND t.telefone = ANY(lote.telefones)
), emails AS (
    DELETE FROM lead_emails e USING lote
     WHERE e.tenant_id = :tenant_id AND e.lead_id = lote.lead_id AND lote.motivo = ''
       AND e.email = ANY(lote.emails)
), principais AS (
    UPDATE lead_telefones t
       SET principal = (t.telefone = lote.antes ->> 'principal')
      FROM lote
     WHERE t.tenant_id = :tenant_id AND t.lead_id = lote.lead_id AND lote.motivo = ''
       AND lote.antes ? 'principal' AND t.telefone <> ALL(lote.telefones)
), restaurados AS (
    UPDATE leads l
       SET nome = CASE WHEN antes ? 'nome' THEN antes ->> 'nome' ELSE nome END,
           contato = CASE WHEN antes ? 'contato' THEN antes ->> 'contato' ELSE contato END,
           documento = CASE WHEN antes ? 'documento' THEN antes ->> 'documento' ELSE documento END,
           telefone_raw = CASE WHEN antes ? 'telefone_raw' THEN antes ->> 'telefone_raw' ELSE telefone_raw END,
           email_raw = CASE WHEN antes ? 'email_raw' THEN antes ->> 'email_raw' ELSE email_raw END,
           campos = CASE WHEN antes ? 'campos' THEN antes -> 'campos' ELSE campos END,
           tags = CASE WHEN antes ? 'tags'
                       THEN ARRAY(SELECT jsonb_array_elements_text(antes -> 'tags')) ELSE tags END,
           atualizado_em = CAST(antes ->> 'atualizado_em' AS timestamptz)
      FROM lote
     WHERE l.tenant_id = :tenant_id AND l.lead_id = lote.lead_id AND lote.motivo = ''
), esquecidas AS (
    DELETE FROM ingest_mesclas
     WHERE tenant_id = :tenant_id AND job_id = :job_id AND lead_id <= CAST(:ultimo AS uuid)
)
SELECT motivo, count(*) AS leads FROM lote GROUP BY motivo;

-- name: lock_leads_to_undo
-- The next leads of the job. There is no index on `job_id`: ids are time-ordered, so the range of ids is that of the
-- job's time.
SELECT count(*) AS leads, (array_agg(lead_id ORDER BY lead_id DESC))[1] AS ultimo
  FROM (SELECT lead_id FROM leads
         WHERE tenant_id = :tenant_id AND job_id = :job_id
           AND lead_id > CAST(:depois AS uuid) AND lead_id < CAST(:ate AS uuid)
         ORDER BY lead_id
         LIMIT :limite
           FOR UPDATE) proximos;

-- name: remove_untouched_leads
-- The number of leads by the reason to keep them. Leads without a reason ('') are removed, with their contacts.
WITH lote AS (
    SELECT l.lead_id,
           CASE WHEN EXISTS (SELECT FROM disparos d WHERE d.tenant_id = :tenant_id AND d.lead_id = l.lead_id)
                THEN 'disparos'
                WHEN EXISTS (SELECT FROM agendamentos a WHERE a.tenant_id = :tenant_id AND a.lead_id = l.lead_id)
                THEN 'agendamentos'
                WHEN l.status <> 'novo' THEN 'status'
                WHEN l.tags <> '{}' AND l.tags <> (SELECT j.tags FROM ingest_jobs j
                                                    WHERE j.tenant_id = :tenant_id AND j.job_id = :job_id) THEN 'tags'
                WHEN l.atualizado_em <> coalesce(l.completado_em, l.criado_em) THEN 'alterado'
                ELSE '' END AS motivo
      FROM leads l
     WHERE l.tenant_id = :tenant_id AND l.job_id = :job_id
       AND l.lead_id > CAST(:depois AS uuid) AND l.lead_id <= CAST(:ultimo AS uuid)
), telefones AS (
    DELETE FROM lead_telefones t USING lote
     WHERE t.tenant_id = :tenant_id AND t.lead_id = lote.lead_id AND lote.motivo = ''
), emails AS (
    DELETE FROM lead_emails e USING lote
     WHERE e.tenant_id = :tenant_id AND e.lead_id = lote.lead_id AND lote.motivo = ''
), removidos AS (
    DELETE FROM leads l USING lote
     WHERE l.tenant_id = :tenant_id AND l.lead_id = lote.lead_id AND lote.motivo = ''
)
SELECT motivo, count(*) AS leads FROM lote GROUP BY motivo;

-- name: advance_undo
UPDATE ingest_jobs
   SET leads_removidos = leads_removidos + :removidos, leads_mantidos = CAST(:mantidos AS jsonb),
       mesclas_desfeitas = mesclas_desfeitas + :desfeitas, mesclas_mantidas = CAST(:mesclas_mantidas AS jsonb),
       desfazer_depois = CAST(:ultimo AS uuid),
       desfeito_em = CASE WHEN CAST(:terminou AS boolean) THEN CAST(:agora AS timestamptz) END,
       lease_dono = CASE WHEN CAST(:terminou AS boolean) THEN NULL ELSE lease_dono END,
       lease_ate = CASE WHEN CAST(:terminou AS boolean) THEN NULL ELSE CAST(:lease_ate AS timestamptz) END,
       atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND lease_dono = CAST(:worker AS uuid)
RETURNING leads_removidos, leads_mantidos, mesclas_desfeitas, mesclas_mantidas;

-- name: release_undo
UPDATE ingest_jobs
   SET lease_dono = NULL, lease_ate = NULL, atualizado_em = :agora
 WHERE tenant_id = :tenant_id AND job_id = :job_id AND desfeito_em IS NULL AND lease_dono = CAST(:worker AS uuid);
