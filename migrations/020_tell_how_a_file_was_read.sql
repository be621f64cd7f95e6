-- What an upload says about the reading of its file: the sheet to read, whether hidden rows are left out, and whether a
-- column with an unknown title is read as what its cells look like.
ALTER TABLE ingest_jobs
    ADD COLUMN aba_pedida       text,
    ADD COLUMN ignorar_ocultas  boolean NOT NULL DEFAULT false,
    ADD COLUMN adivinhar        boolean NOT NULL DEFAULT false,
    -- How the file was read: each column and each sheet with what became of it, hidden rows, encoding, lines, and the
    -- refusals by their code. NULL until a worker has opened the file, and for jobs from before.
    ADD COLUMN leitura          jsonb;
