-- Requests that create many disparos are kept beside those that send many again: the same one again gets the same answer
-- and creates nothing. Each kind has keys of its own. The version before keeps resends only.
ALTER TABLE disparo_reenvios
    ADD COLUMN pedido text NOT NULL DEFAULT 'reenvio',
    ADD CONSTRAINT disparo_reenvios_pedido_check CHECK (pedido IN ('reenvio', 'lote')),
    DROP CONSTRAINT disparo_reenvios_pkey,
    ADD CONSTRAINT disparo_reenvios_pkey PRIMARY KEY (tenant_id, pedido, idempotency_key);

-- What went to one contact. Those of campaigns are found by `disparos_campanha_destino_key`: planning a campaign writes
-- nothing to this index.
CREATE INDEX disparos_destino_idx ON disparos (tenant_id, destino) WHERE campanha_id IS NULL OR alternativa_de IS NOT NULL;
-- What was sent in a span of time. Only what is sent comes into it: neither creating nor planning pays.
CREATE INDEX disparos_enviado_em_idx ON disparos (tenant_id, enviado_em) WHERE enviado_em IS NOT NULL;
