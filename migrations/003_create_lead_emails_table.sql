-- The e-mails of a lead, lower-case, in the order of the spreadsheet; the first one is principal.
-- Keys and integrity as in lead_telefones.
CREATE TABLE lead_emails (
    tenant_id            text COLLATE "C" NOT NULL DEFAULT current_setting('app.tenant_id'),
    lead_id              uuid             NOT NULL,
    email                text COLLATE "C" NOT NULL,
    ordem                smallint         NOT NULL,
    principal            boolean          NOT NULL,
    valido_para_disparo  boolean          NOT NULL DEFAULT true,
    CONSTRAINT lead_emails_pkey PRIMARY KEY (tenant_id, lead_id, email)
);

CREATE INDEX lead_emails_email_idx ON lead_emails (tenant_id, email);
