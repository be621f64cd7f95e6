-- What people write back, who they are to the provider, and when somebody who had opted out consented anew.

-- A reply is kept whoever wrote it. `lead_id` is NULL while it belongs to nobody that we know, or to one of several.
CREATE TABLE respostas (
    tenant_id            text COLLATE "C" NOT NULL,
    resposta_id          uuid             NOT NULL,
    canal                text             NOT NULL,
    -- The provider's id of the reply: a notification that is repeated is the same reply. NULL where it gives none.
    provider_message_id  text COLLATE "C",
    -- The sender as the provider names it, its id of the person, and the contact that we take it for.
    remetente            text             NOT NULL,
    usuario              text COLLATE "C",
    contato              text COLLATE "C",
    -- The message that it quotes, and the disparo that it answers.
    em_resposta_a        text,
    disparo_id           uuid,
    lead_id              uuid,
    -- NULL where nothing was written: a picture, a sound, a place.
    texto                text,
    enviada_em           timestamptz,
    recebida_em          timestamptz      NOT NULL,
    -- What its words ask for, and whether a person has to look before more is sent to that contact.
    pedido               text,
    revisar              boolean          NOT NULL DEFAULT false,
    -- Who assigned it to its lead; NULL where we knew the lead.
    atribuida_em         timestamptz,
    atribuida_por        text,
    decisao              text,
    resolvida_em         timestamptz,
    resolvida_por        text,
    CONSTRAINT respostas_pkey PRIMARY KEY (tenant_id, resposta_id),
    CONSTRAINT respostas_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT respostas_pedido_check CHECK (pedido IN ('descadastro', 'duvida')),
    CONSTRAINT respostas_decisao_check CHECK (decisao IN ('descadastro', 'sem_pedido')),
    CONSTRAINT respostas_resolvida_check CHECK (
        (decisao IS NULL) = (resolvida_em IS NULL) AND NOT (revisar AND decisao IS NOT NULL)),
    -- An undone job takes its leads away; what was written stays.
    CONSTRAINT respostas_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, lead_id)
        ON DELETE SET NULL (lead_id)
);

CREATE UNIQUE INDEX respostas_provider_message_id_key ON respostas (tenant_id, canal, provider_message_id)
    WHERE provider_message_id IS NOT NULL;
CREATE INDEX respostas_lead_id_idx ON respostas (tenant_id, lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX respostas_disparo_id_idx ON respostas (tenant_id, disparo_id) WHERE disparo_id IS NOT NULL;
CREATE INDEX respostas_contato_idx ON respostas (tenant_id, contato) WHERE contato IS NOT NULL;
-- What waits for a person: nobody's, or a doubt. The second is what a claim asks for each disparo.
CREATE INDEX respostas_sem_lead_idx ON respostas (tenant_id, resposta_id) WHERE lead_id IS NULL;
CREATE INDEX respostas_revisar_idx ON respostas (tenant_id, canal, contato) WHERE revisar;

-- Providers name a person by an id of their own (`BR.…`), with or without a phone. Seen once beside a contact, it is that
-- contact later.
CREATE TABLE provedor_usuarios (
    tenant_id  text COLLATE "C" NOT NULL,
    canal      text             NOT NULL,
    usuario    text COLLATE "C" NOT NULL,
    contato    text COLLATE "C" NOT NULL,
    -- The lead that a person assigned a reply of this sender to.
    lead_id    uuid,
    visto_em   timestamptz      NOT NULL,
    CONSTRAINT provedor_usuarios_pkey PRIMARY KEY (tenant_id, canal, usuario),
    CONSTRAINT provedor_usuarios_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT provedor_usuarios_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, lead_id)
        ON DELETE SET NULL (lead_id)
);
CREATE INDEX provedor_usuarios_lead_id_idx ON provedor_usuarios (tenant_id, lead_id) WHERE lead_id IS NOT NULL;

-- The last new consent of a contact that had opted out. An opt-out from before, told again or late, does not count.
CREATE TABLE consentimentos (
    tenant_id  text COLLATE "C" NOT NULL,
    canal      text             NOT NULL,
    contato    text COLLATE "C" NOT NULL,
    desde      timestamptz      NOT NULL,
    por        text             NOT NULL,
    CONSTRAINT consentimentos_pkey PRIMARY KEY (tenant_id, canal, contato),
    CONSTRAINT consentimentos_canal_check CHECK (canal IN ('whatsapp', 'email'))
);

-- A disparo may wait until a person has looked at a reply of its contact.
ALTER TABLE disparos
    DROP CONSTRAINT disparos_espera_check,
    ADD CONSTRAINT disparos_espera_check CHECK (
        espera IS NULL OR (status = 'pendente' AND espera IN (
            'agendado', 'janela', 'limite', 'orcamento_diario', 'canal_pausado', 'canal_lento', 'destino', 'tentativa',
            'revisao')));

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['respostas', 'provedor_usuarios', 'consentimentos']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON respostas, provedor_usuarios, consentimentos TO disparo_agenda_api;
