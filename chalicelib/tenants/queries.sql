-- The configuration of a tenant.

-- name: tenant_config
SELECT config FROM tenants WHERE tenant_id = :tenant_id;

-- name: lock_tenant
-- One change comes after the other. A tenant that has configured nothing gets its row first: there must be one to lock.
INSERT INTO tenants (tenant_id, config, criado_em, atualizado_em)
VALUES (:tenant_id, '{}', :agora, :agora)
    ON CONFLICT ON CONSTRAINT tenants_pkey DO UPDATE SET tenant_id = excluded.tenant_id
RETURNING tenant_id;

-- name: update_tenant_config
UPDATE tenants SET config = CAST(:config AS jsonb), atualizado_em = :agora WHERE tenant_id = :tenant_id;
