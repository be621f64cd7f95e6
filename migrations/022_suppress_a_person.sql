-- Who put a contact on the list and why, and persons whom nobody writes to by any contact.

ALTER TABLE supressoes
    -- The subject of the user's login; NULL where the person or the provider did it.
    ADD COLUMN por  text,
    ADD COLUMN nota text;

-- Contacts that the lead gets later count as well: the claim of disparos looks here, too.
CREATE TABLE leads_suprimidos (
    tenant_id  text COLLATE "C" NOT NULL,
    lead_id    uuid             NOT NULL,
    nota       text,
    por        text             NOT NULL,
    criado_em  timestamptz      NOT NULL,
    CONSTRAINT leads_suprimidos_pkey PRIMARY KEY (tenant_id, lead_id),
    CONSTRAINT leads_suprimidos_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, lead_id)
        ON DELETE CASCADE
);

ALTER TABLE leads_suprimidos ENABLE ROW LEVEL SECURITY;
CREATE POLICY leads_suprimidos_do_tenant ON leads_suprimidos
    USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON leads_suprimidos TO disparo_agenda_api;
