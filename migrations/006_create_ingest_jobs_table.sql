-- One asynchronous ingestion of one file, and what it had to refuse.
CREATE TABLE ingest_jobs (
    tenant_id             text COLLATE "C" NOT NULL,
    job_id                uuid             NOT NULL,
    bucket                text             NOT NULL,
    chave                 text             NOT NULL,
    -- Which notification of the bucket this job answers; a repeated notification finds it here.
    evento_s3             text,
    nome_arquivo          text             NOT NULL,
    -- False until the file is there: a job may be registered before its upload (presigned POST).
    chave_recebida        boolean          NOT NULL DEFAULT true,
    tamanho_bytes         bigint,
    etag                  text,
    modo                  text             NOT NULL DEFAULT 'ignorar',
    deduplicar_por_documento boolean       NOT NULL DEFAULT true,
    status                text             NOT NULL DEFAULT 'aceito',
    cancelamento_pedido   boolean          NOT NULL DEFAULT false,
    aba                   text,
    colunas               text[],
    linhas_estimadas      integer,
    -- The checkpoint: the last spreadsheet row whose outcome is committed.
    ultima_linha          integer          NOT NULL DEFAULT 0,
    linhas_processadas    integer          NOT NULL DEFAULT 0,
    leads_criados         integer          NOT NULL DEFAULT 0,
    leads_atualizados     integer          NOT NULL DEFAULT 0,
    duplicados            integer          NOT NULL DEFAULT 0,
    linhas_rejeitadas     integer          NOT NULL DEFAULT 0,
    telefones_criados     integer          NOT NULL DEFAULT 0,
    emails_criados        integer          NOT NULL DEFAULT 0,
    telefones_validos     integer          NOT NULL DEFAULT 0,
    emails_validos        integer          NOT NULL DEFAULT 0,
    -- Claims since a batch was last committed.
    tentativas            smallint         NOT NULL DEFAULT 0,
    -- Who is working on it; a lease that has lapsed may be taken over.
    lease_dono            uuid,
    lease_ate             timestamptz,
    erro_codigo           text,
    mensagem_erro         text,
    idempotency_key       text,
    idempotency_fingerprint text,
    -- When the sweep last sent a wake-up for it.
    acordado_em           timestamptz,
    criado_em             timestamptz      NOT NULL,
    iniciado_em           timestamptz,
    atualizado_em         timestamptz      NOT NULL,
    concluido_em          timestamptz,
    CONSTRAINT ingest_jobs_pkey PRIMARY KEY (tenant_id, job_id),
    CONSTRAINT ingest_jobs_modo_check CHECK (modo IN ('ignorar', 'atualizar')),
    CONSTRAINT ingest_jobs_status_check CHECK (status IN ('aceito', 'processando', 'concluido', 'erro', 'cancelado')),
    CONSTRAINT ingest_jobs_contagens_check CHECK (
        linhas_processadas = leads_criados + leads_atualizados + duplicados + linhas_rejeitadas),
    CONSTRAINT ingest_jobs_fim_check CHECK (
        (status IN ('concluido', 'erro', 'cancelado')) = (concluido_em IS NOT NULL)),
    CONSTRAINT ingest_jobs_erro_check CHECK ((status = 'erro') = (erro_codigo IS NOT NULL)),
    CONSTRAINT ingest_jobs_lease_check CHECK ((lease_dono IS NULL) = (lease_ate IS NULL))
);

CREATE UNIQUE INDEX ingest_jobs_evento_s3_key ON ingest_jobs (tenant_id, bucket, chave, evento_s3)
    WHERE evento_s3 IS NOT NULL;
CREATE UNIQUE INDEX ingest_jobs_idempotency_key_key ON ingest_jobs (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
-- What the sweep looks for, across tenants.
CREATE INDEX ingest_jobs_abertos_idx ON ingest_jobs (atualizado_em) WHERE status IN ('aceito', 'processando');

-- One row per refused row or cell, with the row as it was read, so that the report can be corrected and uploaded again.
CREATE TABLE ingest_erros (
    tenant_id  text COLLATE "C" NOT NULL DEFAULT current_setting('app.tenant_id'),
    job_id     uuid             NOT NULL DEFAULT current_setting('app.job_id')::uuid,
    linha      integer          NOT NULL,
    ordem      smallint         NOT NULL,
    -- 'linha' when the row gave no lead, 'celula' when only this piece of it was refused.
    alcance    text             NOT NULL,
    lead_id_externo text        NOT NULL,
    coluna     text             NOT NULL,
    codigo     text             NOT NULL,
    valor      text             NOT NULL,
    -- The original cells, on the first error of a row only.
    celulas    text[],
    CONSTRAINT ingest_erros_pkey PRIMARY KEY (tenant_id, job_id, linha, ordem),
    CONSTRAINT ingest_erros_alcance_check CHECK (alcance IN ('linha', 'celula'))
);
