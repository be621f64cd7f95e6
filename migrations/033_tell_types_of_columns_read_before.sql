-- A column of a file now has the type of its campo, and how many cells are of another one. Files that were read before had
-- no campos.
UPDATE ingest_jobs
   SET leitura = jsonb_set(leitura, '{colunas}', (
           SELECT coalesce(jsonb_agg('{"tipo": null, "textos": 0}' || coluna ORDER BY ordem), '[]')
             FROM jsonb_array_elements(leitura -> 'colunas') WITH ORDINALITY AS c (coluna, ordem)))
 WHERE leitura ? 'colunas';
