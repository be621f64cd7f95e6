-- Addresses of a tenant's own programs that are told what happens (Standard Webhooks), and what is to be delivered there.
CREATE TABLE assinaturas (
    tenant_id      text COLLATE "C" NOT NULL,
    assinatura_id  uuid             NOT NULL,
    url            text             NOT NULL,
    descricao      text,
    -- The types of events that it wants; empty: all of them.
    eventos        text[]           NOT NULL DEFAULT '{}',
    status         text             NOT NULL DEFAULT 'ativa',
    -- Why the product switched it off; null if a person did.
    codigo         text,
    desligada_em   timestamptz,
    -- Which value of the secret in Secrets Manager is the newest one: who has read an older one reads it again.
    segredo_versao integer          NOT NULL DEFAULT 1,
    -- Runs that failed since the last success, and when the first of them did.
    falhas         integer          NOT NULL DEFAULT 0,
    falhando_desde timestamptz,
    -- Nothing is sent before this time, whatever is due.
    espera_ate     timestamptz,
    lease_dono     uuid,
    lease_ate      timestamptz,
    acordado_em    timestamptz,
    criado_em      timestamptz      NOT NULL,
    criado_por     text             NOT NULL,
    atualizado_em  timestamptz      NOT NULL,
    atualizado_por text             NOT NULL,
    CONSTRAINT assinaturas_pkey PRIMARY KEY (tenant_id, assinatura_id),
    CONSTRAINT assinaturas_status_check CHECK (status IN ('ativa', 'desligada')),
    CONSTRAINT assinaturas_desligada_check CHECK ((status = 'desligada') = (desligada_em IS NOT NULL)),
    CONSTRAINT assinaturas_codigo_check CHECK (codigo IS NULL OR status = 'desligada'),
    CONSTRAINT assinaturas_falhas_check CHECK ((falhas > 0) = (falhando_desde IS NOT NULL)),
    CONSTRAINT assinaturas_lease_check CHECK ((lease_dono IS NULL) = (lease_ate IS NULL))
);

-- One row for each event and subscription. An event goes with its retention, and its deliveries with it.
CREATE TABLE assinatura_entregas (
    tenant_id      text COLLATE "C" NOT NULL,
    assinatura_id  uuid             NOT NULL,
    evento_id      uuid             NOT NULL,
    status         text             NOT NULL DEFAULT 'pendente',
    tentativas     smallint         NOT NULL DEFAULT 0,
    -- When it is to be tried next.
    proxima_em     timestamptz,
    -- What came of the last attempt: the status of the answer, or why there was none, and how long it took.
    http_status    smallint,
    codigo         text,
    duracao_ms     integer,
    tentada_em     timestamptz,
    criado_em      timestamptz      NOT NULL,
    CONSTRAINT assinatura_entregas_pkey PRIMARY KEY (tenant_id, assinatura_id, evento_id),
    CONSTRAINT assinatura_entregas_assinatura_fkey FOREIGN KEY (tenant_id, assinatura_id)
        REFERENCES assinaturas ON DELETE CASCADE,
    CONSTRAINT assinatura_entregas_evento_fkey FOREIGN KEY (tenant_id, evento_id) REFERENCES eventos ON DELETE CASCADE,
    CONSTRAINT assinatura_entregas_status_check CHECK (status IN ('pendente', 'entregue', 'falhou', 'cancelada')),
    CONSTRAINT assinatura_entregas_proxima_check CHECK ((status = 'pendente') = (proxima_em IS NOT NULL)),
    CONSTRAINT assinatura_entregas_entregue_check CHECK (status <> 'entregue' OR http_status BETWEEN 200 AND 299),
    CONSTRAINT assinatura_entregas_tentada_check CHECK ((tentativas > 0) <= (tentada_em IS NOT NULL))
);

-- The moves of `chalicelib/subscriptions/states.py`.
CREATE FUNCTION refuse_move_of_entrega() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no delivery moves from % to %', OLD.status, NEW.status
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'assinatura_entregas_moves';
END
$$;
CREATE TRIGGER assinatura_entregas_moves BEFORE UPDATE OF status ON assinatura_entregas FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pendente', 'entregue'), ('pendente', 'falhou'), ('pendente', 'cancelada'),
        ('entregue', 'pendente'), ('falhou', 'pendente'), ('cancelada', 'pendente')))
    EXECUTE FUNCTION refuse_move_of_entrega();

-- What is due at one subscription, and when the next one is.
CREATE INDEX assinatura_entregas_pendentes_idx ON assinatura_entregas (tenant_id, assinatura_id, proxima_em)
    WHERE status = 'pendente';
-- What goes with an event.
CREATE INDEX assinatura_entregas_evento_idx ON assinatura_entregas (tenant_id, evento_id);

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['assinaturas', 'assinatura_entregas']
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, DELETE, UPDATE (url, descricao, eventos, status, codigo, desligada_em, segredo_versao, falhas,
      falhando_desde, espera_ate, atualizado_em, atualizado_por) ON assinaturas TO disparo_agenda_api;
GRANT SELECT, INSERT, UPDATE (status, tentativas, proxima_em, http_status, codigo, duracao_ms, tentada_em)
   ON assinatura_entregas TO disparo_agenda_api;
