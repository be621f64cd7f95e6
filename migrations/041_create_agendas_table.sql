-- The feeds that calendars subscribe to: one for each responsável, and the hash of the address that is its key.
CREATE TABLE agendas (
    tenant_id   text COLLATE "C" NOT NULL,
    agenda_id   uuid             NOT NULL,
    responsavel text             NOT NULL,
    -- SHA-256 of the last part of the address. Whoever reads the table cannot read a feed.
    token_hash  bytea            NOT NULL,
    criado_por  text             NOT NULL,
    -- When this address was made.
    criado_em   timestamptz      NOT NULL,
    CONSTRAINT agendas_pkey PRIMARY KEY (tenant_id, agenda_id),
    CONSTRAINT agendas_token_hash_key UNIQUE (tenant_id, token_hash),
    CONSTRAINT agendas_token_hash_check CHECK (octet_length(token_hash) = 32),
    CONSTRAINT agendas_responsavel_check CHECK (responsavel = btrim(responsavel) AND responsavel <> '')
);
-- `ANA` is `Ana`, as for the agendamentos.
CREATE UNIQUE INDEX agendas_responsavel_key ON agendas (tenant_id, lower(responsavel));

-- What a feed reads, every few minutes for each calendar that subscribes to it.
CREATE INDEX agendamentos_responsavel_idx ON agendamentos (tenant_id, lower(responsavel), data_agendada);

ALTER TABLE agendas ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE agendas ENABLE ROW LEVEL SECURITY;
CREATE POLICY agendas_do_tenant ON agendas USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, DELETE, UPDATE (responsavel, token_hash, criado_por, criado_em) ON agendas TO disparo_agenda_api;
