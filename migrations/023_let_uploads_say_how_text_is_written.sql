-- What an upload says about its text file: the encoding, and the character between its cells. NULL: decided by the
-- content, which is what every job before this migration did.
ALTER TABLE ingest_jobs
   ADD COLUMN codificacao_pedida text,
   ADD COLUMN separador_pedido   text;
