-- Searches of leads, and the copy of leads that they look into. Look-ups as the API's login, copying as the owner's.

-- name: list_jobs_to_copy
-- Jobs that have ended and made leads that no search finds in its indexes yet.
SELECT tenant_id, job_id, leads_criados, buscas_ate
  FROM ingest_jobs
 WHERE leads_criados > leads_buscaveis AND NOT validar_apenas AND status IN ('concluido', 'erro', 'cancelado')
 ORDER BY job_id
 LIMIT :limite;

-- name: lock_buscas
-- One copies leads of a tenant at a time: what it read is the newest when it writes.
SELECT pg_advisory_xact_lock(hashtextextended(:tenant_id, 1970));

-- name: leads_of_job_to_copy
-- No index has the leads of a job; their ids begin with its time.
SELECT l.lead_id
  FROM ingest_jobs j
  JOIN leads l ON l.tenant_id = j.tenant_id AND l.job_id = j.job_id
   AND l.lead_id BETWEEN id_de(j.criado_em - interval '5 minutes') AND id_de(j.concluido_em + interval '5 minutes')
 WHERE j.tenant_id = :tenant_id AND j.job_id = :job_id
   AND (CAST(:depois AS uuid) IS NULL OR l.lead_id > CAST(:depois AS uuid))
 ORDER BY l.lead_id
 LIMIT :limite;

-- name: write_buscas
-- What look-ups need of these leads. Names are cut: one of a cell may hold 130,000 characters.
INSERT INTO lead_buscas (tenant_id, lead_id, texto, numeros, tem_telefone, tem_email, tags)
SELECT l.tenant_id, l.lead_id, sem_acentos(concat_ws(E'\n', left(l.nome, 1000), left(l.contato, 1000))),
       concat((SELECT string_agg(ltrim(t.telefone, '+') || ' ', '') FROM lead_telefones t
                WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id), l.documento || ' '),
       EXISTS (SELECT FROM lead_telefones t
                WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id AND t.valido_para_disparo),
       EXISTS (SELECT FROM lead_emails e
                WHERE e.tenant_id = l.tenant_id AND e.lead_id = l.lead_id AND e.valido_para_disparo), l.tags
  FROM leads l
 WHERE l.tenant_id = :tenant_id AND l.apagado_em IS NULL
   AND l.lead_id = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
    ON CONFLICT (tenant_id, lead_id) DO UPDATE
   SET texto = EXCLUDED.texto, numeros = EXCLUDED.numeros, tem_telefone = EXCLUDED.tem_telefone,
       tem_email = EXCLUDED.tem_email, tags = EXCLUDED.tags
 WHERE (lead_buscas.texto, lead_buscas.numeros, lead_buscas.tem_telefone, lead_buscas.tem_email, lead_buscas.tags)
       IS DISTINCT FROM (EXCLUDED.texto, EXCLUDED.numeros, EXCLUDED.tem_telefone, EXCLUDED.tem_email, EXCLUDED.tags);

-- name: note_copy_of_job
-- What a job that was resumed has made since is more than `copiados`, and makes it be found again.
UPDATE ingest_jobs
   SET leads_buscaveis = coalesce(CAST(:copiados AS integer), leads_buscaveis), buscas_ate = CAST(:ate AS uuid)
 WHERE tenant_id = :tenant_id AND job_id = :job_id;

-- name: list_tenants_to_copy
SELECT DISTINCT tenant_id FROM buscas_a_refazer;

-- name: lock_leads_to_copy
-- First the leads and then what says that they changed, as whoever changes them: so neither waits for the other in a ring.
SELECT lead_id
  FROM leads
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY (ARRAY(SELECT lead_id FROM buscas_a_refazer
                             WHERE tenant_id = :tenant_id ORDER BY lead_id LIMIT :limite))
 ORDER BY lead_id
   FOR KEY SHARE;

-- name: take_leads_to_copy
-- Whoever changes one of them meanwhile is waited for, and is read after that.
DELETE FROM buscas_a_refazer
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)));

-- name: forget_erased_buscas
DELETE FROM lead_buscas b
 USING leads l
 WHERE b.tenant_id = :tenant_id
   AND b.lead_id = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(:lead_ids AS jsonb)) AS uuid)))
   AND l.tenant_id = b.tenant_id AND l.lead_id = b.lead_id AND l.apagado_em IS NOT NULL;

-- name: leads_by_text
SELECT lead_id FROM leads_com_texto(:procurado, CAST(:antes AS uuid), :quantos) AS c (lead_id);

-- name: count_leads_by_text
SELECT contar_leads_com_texto(:procurado, :teto) AS total;

-- name: leads_by_ending
SELECT lead_id FROM leads_com_final(:procurado, CAST(:antes AS uuid), :quantos) AS c (lead_id);

-- name: leads_by_kind
SELECT lead_id FROM leads_de_um_contato(:procurado, CAST(:antes AS uuid), :quantos) AS c (lead_id);

-- name: leads_by_tag
SELECT lead_id FROM leads_com_tag(:procurado, CAST(:antes AS uuid), :quantos) AS c (lead_id);

-- name: sampled_leads_with_tag
-- How many of the newest leads with any tag have this one.
SELECT count(*) AS total
  FROM (SELECT tags FROM leads WHERE tenant_id = :tenant_id AND tags <> '{}' ORDER BY lead_id DESC LIMIT :amostra) l
 WHERE l.tags @> ARRAY[CAST(:tag AS text)];

-- name: times_of_file
-- When the jobs of a file ran, the newest first: the ids of their leads begin with these times.
SELECT criado_em, concluido_em
  FROM ingest_jobs
 WHERE tenant_id = :tenant_id AND nome_arquivo = :arquivo AND NOT validar_apenas AND leads_criados > leads_removidos
 ORDER BY criado_em DESC;
