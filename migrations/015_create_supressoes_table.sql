-- Who is not written to any more, and what providers tell about messages after they took them.

-- Keyed by the contact as `disparos.destino` holds it (E.164, or a lower-case e-mail), not by the lead: the same file
-- ingested again, or the same person in another file, finds the door shut all the same.
CREATE TABLE supressoes (
    tenant_id     text COLLATE "C" NOT NULL,
    canal         text             NOT NULL,
    contato       text COLLATE "C" NOT NULL,
    -- Its name in the API: a contact has no place in a URL.
    supressao_id  uuid             NOT NULL,
    motivo        text             NOT NULL,
    -- The disparo that it answers, where it is known.
    disparo_id    uuid,
    criado_em     timestamptz      NOT NULL,
    CONSTRAINT supressoes_pkey PRIMARY KEY (tenant_id, canal, contato),
    CONSTRAINT supressoes_supressao_id_key UNIQUE (tenant_id, supressao_id),
    CONSTRAINT supressoes_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT supressoes_contato_check CHECK (
        CASE canal WHEN 'whatsapp' THEN contato ~ '^\+[1-9][0-9]{5,14}$' ELSE contato ~ '^[^@\s]+@[^@\s]+$' END),
    CONSTRAINT supressoes_motivo_check CHECK (motivo IN ('manual', 'provedor', 'resposta', 'descadastro'))
);

-- What a provider says of a message that we do not know yet: its word may be here before the worker that sent the
-- message has written down the id. One row per message and thing said, so that hearing it twice, or in another
-- order, makes no difference. It goes when its disparo is found, or after a week.
CREATE TABLE avisos_de_entrega (
    tenant_id            text COLLATE "C" NOT NULL,
    canal                text             NOT NULL,
    provider_message_id  text COLLATE "C" NOT NULL,
    situacao             text             NOT NULL,
    -- The disparo itself, where the provider hands back the reference that it was given.
    disparo_id           uuid,
    codigo               text,
    -- The person does not want to be written to.
    suprimir             boolean          NOT NULL,
    -- The address is at fault: another one may do better.
    alternativo          boolean          NOT NULL,
    recebido_em          timestamptz      NOT NULL,
    -- When the sweep looks for its disparo again: after as long as it has been here, so that what is nobody's (the same
    -- number used by another program) is looked at a dozen times and no more.
    olhar_em             timestamptz      NOT NULL,
    CONSTRAINT avisos_de_entrega_pkey PRIMARY KEY (tenant_id, canal, provider_message_id, situacao),
    CONSTRAINT avisos_de_entrega_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT avisos_de_entrega_situacao_check CHECK (situacao IN ('aceito', 'falhou', 'entregue')),
    CONSTRAINT avisos_de_entrega_codigo_check CHECK ((situacao = 'falhou') = (codigo IS NOT NULL))
);

CREATE INDEX avisos_de_entrega_olhar_em_idx ON avisos_de_entrega (olhar_em);

-- The disparo that a provider speaks of.
CREATE INDEX disparos_provider_message_id_idx ON disparos (tenant_id, provider_message_id)
    WHERE provider_message_id IS NOT NULL;

-- As migration 014, and one move more: a failure that was reported after the message had been taken gives way to the
-- proof that it arrived. Without it, what a message ends as would hang on which of the two reports comes first.
DROP TRIGGER disparos_moves ON disparos;

CREATE TRIGGER disparos_moves BEFORE UPDATE OF status ON disparos FOR EACH ROW
    WHEN (OLD.status <> NEW.status
          AND (OLD.status, NEW.status) NOT IN (
              ('pendente', 'enviando'), ('pendente', 'cancelado'),
              ('enviando', 'pendente'), ('enviando', 'enviado'), ('enviando', 'erro'), ('enviando', 'incerto'),
              ('enviando', 'simulado'), ('enviando', 'suprimido'), ('enviando', 'expirado'),
              ('enviado', 'confirmado'), ('enviado', 'erro'),
              ('incerto', 'enviado'), ('incerto', 'confirmado'), ('incerto', 'erro'),
              ('erro', 'pendente'))
          AND NOT (OLD.status = 'erro' AND NEW.status = 'confirmado' AND OLD.enviado_em IS NOT NULL))
    EXECUTE FUNCTION refuse_move_of_disparo();

ALTER TABLE supressoes ENABLE ROW LEVEL SECURITY;
CREATE POLICY supressoes_do_tenant ON supressoes USING (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE avisos_de_entrega ENABLE ROW LEVEL SECURITY;
CREATE POLICY avisos_de_entrega_do_tenant ON avisos_de_entrega USING (tenant_id = current_setting('app.tenant_id', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON supressoes, avisos_de_entrega TO disparo_agenda_api;
