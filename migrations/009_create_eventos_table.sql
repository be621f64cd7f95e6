-- The outbox: what happened, written in the transaction that made it happen, published after it.
CREATE TABLE eventos (
    tenant_id     text COLLATE "C" NOT NULL,
    evento_id     uuid             NOT NULL,
    tipo          text             NOT NULL,
    detalhe       jsonb            NOT NULL,
    criado_em     timestamptz      NOT NULL,
    publicado_em  timestamptz,
    CONSTRAINT eventos_pkey PRIMARY KEY (tenant_id, evento_id)
);

CREATE INDEX eventos_por_publicar_idx ON eventos (evento_id) WHERE publicado_em IS NULL;
