-- The configuration of a tenant.

-- name: tenant_config
SELECT config FROM tenants WHERE tenant_id = :tenant_id;

-- name: upsert_tenant_config
INSERT INTO tenants (tenant_id, config, criado_em, atualizado_em)
VALUES (:tenant_id, CAST(:config AS jsonb), :agora, :agora)
    ON CONFLICT ON CONSTRAINT tenants_pkey
    DO UPDATE SET config = excluded.config, atualizado_em = excluded.atualizado_em;
