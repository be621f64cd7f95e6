-- What a campaign came to, page by page, however many recipients it has.

-- Those who read it and those who answered: a few of a million.
CREATE INDEX disparos_campanha_lido_idx ON disparos (tenant_id, campanha_id, disparo_id)
    WHERE campanha_id IS NOT NULL AND lido_em IS NOT NULL;
CREATE INDEX disparos_campanha_respondido_idx ON disparos (tenant_id, campanha_id, disparo_id)
    WHERE campanha_id IS NOT NULL AND respondido_em IS NOT NULL;

-- The campaign that a reply answers: that of its disparo.
ALTER TABLE respostas ADD COLUMN campanha_id uuid;
UPDATE respostas r SET campanha_id = d.campanha_id
  FROM disparos d
 WHERE d.tenant_id = r.tenant_id AND d.disparo_id = r.disparo_id AND d.campanha_id IS NOT NULL;
CREATE INDEX respostas_campanha_id_idx ON respostas (tenant_id, campanha_id, resposta_id) WHERE campanha_id IS NOT NULL;
