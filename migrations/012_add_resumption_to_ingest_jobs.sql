-- A job that ended as `erro` or `cancelado` may be asked to go on from its checkpoint. Its rate is then that of the rows
-- read since, over the time since: neither the pause nor the rows before it have a part in it.
ALTER TABLE ingest_jobs
    ADD COLUMN retomado_em timestamptz,
    ADD COLUMN linhas_ao_retomar integer NOT NULL DEFAULT 0;
