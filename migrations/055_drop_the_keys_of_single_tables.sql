-- Keys have a table of their own (054). Dropping a column drops its index and its check. The workers of the version before
-- neither read nor write these columns; its API writes them, and answers 500 to a creating request that is still under way.
ALTER TABLE disparos DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE agendamentos DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE agendamento_horarios DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE ingest_jobs DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE leads_manuais DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE lead_notas DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE segmentos DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE campanhas DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE responsaveis DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE bloqueios DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;
ALTER TABLE titular_pedidos DROP COLUMN idempotency_key, DROP COLUMN idempotency_fingerprint;

-- The answers of requests about many disparos.
DROP TABLE disparo_reenvios;
