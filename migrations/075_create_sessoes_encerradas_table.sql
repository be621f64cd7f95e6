-- Whose tokens count no more: people who were disabled, or who lost rights, since `antes_de`. Cognito takes back no ID token
-- that it has issued, and each is valid for up to a day. A row stays with its person and is small.
CREATE TABLE sessoes_encerradas (
    tenant_id  text COLLATE "C" NOT NULL,
    -- The `sub` of the person's tokens.
    usuario_id text             NOT NULL,
    antes_de   timestamptz      NOT NULL,
    CONSTRAINT sessoes_encerradas_pkey PRIMARY KEY (tenant_id, usuario_id)
);

ALTER TABLE sessoes_encerradas ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE sessoes_encerradas ENABLE ROW LEVEL SECURITY;
CREATE POLICY sessoes_encerradas_do_tenant ON sessoes_encerradas USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE (antes_de) ON sessoes_encerradas TO disparo_agenda_api;
