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

-- What a feed reads, every few minutes for each calendar that subscribes to it: the live ones are in
-- `agendamentos_responsavel_idx`, and all others in this one.
CREATE INDEX agendamentos_encerrados_idx ON agendamentos (tenant_id, lower(responsavel), data_agendada)
    WHERE status NOT IN ('pendente', 'confirmado');

-- A feed goes with its responsável: to the new name, and away with the row, so that no address outlives the person.
CREATE FUNCTION follow_responsavel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM agendas WHERE tenant_id = OLD.tenant_id AND lower(responsavel) = lower(OLD.nome);
        RETURN NULL;
    END IF;
    -- One that was made for the new name before anybody had it is nobody's any more.
    DELETE FROM agendas
     WHERE tenant_id = NEW.tenant_id AND lower(responsavel) = lower(NEW.nome) AND lower(NEW.nome) <> lower(OLD.nome);
    UPDATE agendas SET responsavel = NEW.nome WHERE tenant_id = NEW.tenant_id AND lower(responsavel) = lower(OLD.nome);
    RETURN NULL;
END
$$;
CREATE TRIGGER responsaveis_agenda_nome AFTER UPDATE OF nome ON responsaveis FOR EACH ROW
    WHEN (NEW.nome <> OLD.nome) EXECUTE FUNCTION follow_responsavel();
CREATE TRIGGER responsaveis_agenda_fim AFTER DELETE ON responsaveis FOR EACH ROW
    EXECUTE FUNCTION follow_responsavel();

ALTER TABLE agendas ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE agendas ENABLE ROW LEVEL SECURITY;
CREATE POLICY agendas_do_tenant ON agendas USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, DELETE, UPDATE (responsavel, token_hash, criado_por, criado_em) ON agendas TO disparo_agenda_api;
