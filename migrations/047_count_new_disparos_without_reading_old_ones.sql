-- Rows that go on from a failure are looked up one by one, in the key. The plan of a function is kept by its session: one
-- that was made when the table was small read all of `disparos` for each slice of a planning, though none of its rows has
-- an `alternativa_de`. LATERAL with LIMIT leaves no other way.
CREATE OR REPLACE FUNCTION count_new_disparos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos)
    SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), '-infinity', count(*)
      FROM novos GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT tenant_id, canal, 'criado', '', quarto_de_hora(criado_em), count(*) FROM novos GROUP BY 1, 2, 5;
    INSERT INTO campanha_contagens (tenant_id, campanha_id, etapa, variante, canal, status, motivo, quantos)
    SELECT tenant_id, campanha_id, etapa, variante, canal, status, coalesce(espera, erro_codigo, ''), count(*)
      FROM novos WHERE campanha_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7
     UNION ALL
    -- The failure that it goes on from, which was by its channel.
    SELECT n.tenant_id, n.campanha_id, n.etapa, n.variante, d.canal, 'continuado', coalesce(d.erro_codigo, ''), count(*)
      FROM novos n
     CROSS JOIN LATERAL (
           SELECT f.canal, f.erro_codigo
             FROM disparos f
            WHERE f.tenant_id = n.tenant_id AND f.disparo_id = n.alternativa_de
            LIMIT 1) d
     WHERE n.campanha_id IS NOT NULL AND n.alternativa_de IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5, 7;
    RETURN NULL;
END
$$;
