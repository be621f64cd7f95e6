-- The phones of a lead, E.164, in the order of the spreadsheet; the first one fit for sending is principal.
--
-- Keyed by (lead, value): repeats cannot exist, and no surrogate id needs an index of its own. No foreign
-- key: its trigger would cost one call a row, half of what loading costs; the loader proves set-wise, before
-- each commit, that no contact is without its lead (see docs/decisions.md).
CREATE TABLE lead_telefones (
    tenant_id            text COLLATE "C" NOT NULL DEFAULT current_setting('app.tenant_id'),
    lead_id              uuid             NOT NULL,
    telefone             text COLLATE "C" NOT NULL,
    ordem                smallint         NOT NULL,
    principal            boolean          NOT NULL,
    tipo_origem          text             NOT NULL,
    valido_para_disparo  boolean          NOT NULL,
    CONSTRAINT lead_telefones_pkey PRIMARY KEY (tenant_id, lead_id, telefone),
    CONSTRAINT lead_telefones_telefone_check CHECK (telefone ~ '^\+[1-9][0-9]{5,14}$'),
    CONSTRAINT lead_telefones_tipo_origem_check CHECK (tipo_origem IN ('movel', 'fixo', 'internacional'))
);

-- "Whose number is this?": the search by phone, and the reply that comes back from a provider.
CREATE INDEX lead_telefones_telefone_idx ON lead_telefones (tenant_id, telefone);

-- The id of a contact (telefone_id, email_id) is derived from its key, never stored: it is addressable and
-- the same on every machine. MD5 is only a spreading function here.
CREATE FUNCTION contato_id(lead_id uuid, valor text) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN md5(lead_id::text || valor)::uuid;
