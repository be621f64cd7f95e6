-- Who asked for a job: the subject of a person's login, or `chave:` and the id of a key. NULL: the file was put straight
-- into the bucket, and AWS alone knows by whom.
ALTER TABLE ingest_jobs ADD COLUMN criado_por text;

-- The audit knows it of the jobs since migration 066. Older ones, and those that the version before makes meanwhile, say
-- nothing.
UPDATE ingest_jobs j
   SET criado_por = a.quem
  FROM auditoria a
 WHERE a.tenant_id = j.tenant_id AND a.objeto = 'job' AND a.acao = 'criacao' AND a.objeto_id = CAST(j.job_id AS text)
   AND a.quem !~ '^(sistema|$)';
