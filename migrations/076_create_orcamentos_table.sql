-- How many requests each tenant (quem '') and each of its API keys (quem 'chave:…') has made in the current minute. A function
-- takes a share of what is left and spends it without asking again, so a busy tenant writes a row some times a minute.
CREATE TABLE orcamentos (
    tenant_id  text COLLATE "C" NOT NULL,
    quem       text COLLATE "C" NOT NULL,
    -- The beginning of the minute that `usadas` counts.
    minuto     timestamptz      NOT NULL DEFAULT '-infinity',
    -- What the deployment allows in a minute, and what was agreed with this one instead; NULL: nothing else was.
    padrao     integer          NOT NULL DEFAULT 0,
    limite     integer,
    -- What was taken of it, and the last share.
    usadas     integer          NOT NULL DEFAULT 0,
    concedidas integer          NOT NULL DEFAULT 0,
    CONSTRAINT orcamentos_pkey PRIMARY KEY (tenant_id, quem),
    CONSTRAINT orcamentos_quem_check CHECK (quem = '' OR starts_with(quem, 'chave:')),
    CONSTRAINT orcamentos_limite_check CHECK (limite >= 0)
) WITH (fillfactor = 50);

ALTER TABLE orcamentos ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE orcamentos ENABLE ROW LEVEL SECURITY;
CREATE POLICY orcamentos_do_tenant ON orcamentos USING (tenant_id = current_setting('app.tenant_id', true));
-- Only the owner changes what was agreed.
GRANT SELECT, INSERT (tenant_id, quem, minuto, padrao, usadas, concedidas), UPDATE (minuto, padrao, usadas, concedidas)
    ON orcamentos TO disparo_agenda_api;

-- The next share: a twentieth of what is left, at least one, and never more than there is. So twenty functions that hold a share
-- each keep little from the others, and the last requests are counted one by one.
CREATE FUNCTION parte_do_orcamento(limite integer, usadas integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN greatest(0, least(limite - usadas, greatest(1, (limite - usadas) / 20)));
