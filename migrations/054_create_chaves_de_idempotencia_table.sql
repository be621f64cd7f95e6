-- The keys that clients give their requests, each with its first answer, for a day. A key stands here as a digest: it may
-- name a person, and whoever reads the table shall not be able to use it.
CREATE TABLE chaves_de_idempotencia (
    tenant_id  text COLLATE "C" NOT NULL,
    -- SHA-256 of the operation, the caller and the key.
    chave      bytea            NOT NULL,
    -- SHA-256 of the key and the request.
    pedido     bytea            NOT NULL,
    -- Of the answer. Without one the request has begun, and goes on if it comes again.
    status     smallint,
    -- The answer, word for word. It is gone once the person whom it names was erased; a secret one is never here.
    corpo      text,
    -- What a request has begun: a job, an erasure.
    recurso_id uuid,
    -- Whom the answer is about: leads by their ids, persons by contact or document. An erasure finds it by them; to read all
    -- answers of a day for a phone takes seconds.
    pessoas    text[]           NOT NULL DEFAULT '{}',
    criado_em  timestamptz      NOT NULL,
    CONSTRAINT chaves_de_idempotencia_pkey PRIMARY KEY (tenant_id, chave),
    CONSTRAINT chaves_de_idempotencia_resumos_check CHECK (octet_length(chave) = 32 AND octet_length(pedido) = 32),
    CONSTRAINT chaves_de_idempotencia_fase_check CHECK ((status IS NULL) = (recurso_id IS NOT NULL)),
    CONSTRAINT chaves_de_idempotencia_corpo_check CHECK (corpo IS NULL OR status IS NOT NULL)
);

-- The sweep forgets the oldest ones, whoever's they are.
CREATE INDEX chaves_de_idempotencia_criado_em_idx ON chaves_de_idempotencia (criado_em);

ALTER TABLE chaves_de_idempotencia ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE chaves_de_idempotencia ENABLE ROW LEVEL SECURITY;
CREATE POLICY chaves_de_idempotencia_do_tenant ON chaves_de_idempotencia
    USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE (pedido, status, corpo, recurso_id, pessoas, criado_em) ON chaves_de_idempotencia
    TO disparo_agenda_api;
