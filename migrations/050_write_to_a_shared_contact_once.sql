-- Two leads of a campaign may share the contact that they go on by. When their addresses failed at the same moment, both got a
-- message to it. Now the second one finds it taken, as with those that planning makes (`disparos_campanha_destino_key`).
CREATE UNIQUE INDEX disparos_campanha_alternativa_key ON disparos (tenant_id, campanha_id, destino, etapa)
    WHERE campanha_id IS NOT NULL AND alternativa_de IS NOT NULL;
