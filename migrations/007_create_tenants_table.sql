-- A customer company and what it has configured. A tenant without a row has the defaults.
CREATE TABLE tenants (
    tenant_id      text COLLATE "C" NOT NULL,
    config         jsonb            NOT NULL DEFAULT '{}',
    criado_em      timestamptz      NOT NULL DEFAULT now(),
    atualizado_em  timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_tenant_id_check CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);
