-- The keys with which machines call the API: each is shown once, and only its hash is kept.
CREATE TABLE chaves (
    tenant_id     text COLLATE "C" NOT NULL,
    chave_id      uuid             NOT NULL,
    nome          text             NOT NULL,
    -- SHA-256 of the whole key, which has 256 random bits: nobody can try them all, so the hash needs no salt.
    resumo        bytea            NOT NULL,
    -- Its last characters, by which a person recognises it.
    final         text             NOT NULL,
    grupo         text             NOT NULL,
    -- The only routes that it is for, as `GET /leads`; NULL for all of its group.
    rotas         text[],
    criada_em     timestamptz      NOT NULL,
    criada_por    text             NOT NULL,
    expira_em     timestamptz      NOT NULL,
    -- To the hour: a request does not write.
    usada_em      timestamptz,
    revogada_em   timestamptz,
    revogada_por  text,
    CONSTRAINT chaves_pkey PRIMARY KEY (tenant_id, chave_id),
    CONSTRAINT chaves_resumo_key UNIQUE (tenant_id, resumo),
    CONSTRAINT chaves_resumo_check CHECK (octet_length(resumo) = 32),
    CONSTRAINT chaves_final_check CHECK (char_length(final) = 4),
    CONSTRAINT chaves_nome_check CHECK (nome = btrim(nome) AND nome <> ''),
    CONSTRAINT chaves_grupo_check CHECK (grupo IN ('leitor', 'operador', 'admin')),
    CONSTRAINT chaves_rotas_check CHECK (cardinality(rotas) > 0),
    CONSTRAINT chaves_expira_check CHECK (expira_em > criada_em),
    CONSTRAINT chaves_revogada_check CHECK ((revogada_em IS NULL) = (revogada_por IS NULL))
);

ALTER TABLE chaves ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE chaves ENABLE ROW LEVEL SECURITY;
CREATE POLICY chaves_do_tenant ON chaves USING (tenant_id = current_setting('app.tenant_id', true));
-- A key never changes its hash, its group or its routes, and its row stays: who it was is asked later.
GRANT SELECT, INSERT, UPDATE (usada_em, revogada_em, revogada_por) ON chaves TO disparo_agenda_api;
