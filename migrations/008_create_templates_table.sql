-- Message bodies with named variables. A version is never changed: a disparo keeps the words it was created with.
CREATE TABLE templates (
    tenant_id    text COLLATE "C" NOT NULL,
    nome         text COLLATE "C" NOT NULL,
    versao       integer          NOT NULL,
    canal        text             NOT NULL,
    idioma       text             NOT NULL,
    assunto      text,
    texto        text             NOT NULL,
    html         text,
    -- In the order in which a WhatsApp template numbers them.
    variaveis    text[]           NOT NULL,
    ativo        boolean          NOT NULL DEFAULT true,
    criado_em    timestamptz      NOT NULL,
    CONSTRAINT templates_pkey PRIMARY KEY (tenant_id, nome, versao),
    CONSTRAINT templates_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT templates_assunto_check CHECK ((canal = 'email') = (assunto IS NOT NULL)),
    CONSTRAINT templates_html_check CHECK (canal = 'email' OR html IS NULL)
);

CREATE FUNCTION refuse_change_of_template() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a template never changes'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'templates_versions_are_final';
END
$$;

-- Whether it is in use is all that may change.
CREATE TRIGGER templates_versions_are_final BEFORE UPDATE ON templates FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.nome, OLD.versao, OLD.canal, OLD.idioma, OLD.assunto, OLD.texto, OLD.html, OLD.variaveis, OLD.criado_em)
          IS DISTINCT FROM
          (NEW.tenant_id, NEW.nome, NEW.versao, NEW.canal, NEW.idioma, NEW.assunto, NEW.texto, NEW.html, NEW.variaveis, NEW.criado_em))
    EXECUTE FUNCTION refuse_change_of_template();

-- At most one version of a template is the one in use.
CREATE UNIQUE INDEX templates_ativo_key ON templates (tenant_id, nome) WHERE ativo;

ALTER TABLE disparos ADD CONSTRAINT disparos_template_fkey
    FOREIGN KEY (tenant_id, template, template_versao) REFERENCES templates (tenant_id, nome, versao);
