-- A saved configuration reaches what waits already. The sweep dates it anew, in slices: a tenant may have a million.

-- Since when what waits for the channel is to be dated anew; NULL: its dates follow from the configuration.
ALTER TABLE canal_limites ADD COLUMN redatar_desde timestamptz;
CREATE INDEX canal_limites_redatar_idx ON canal_limites (redatar_desde) WHERE redatar_desde IS NOT NULL;

GRANT INSERT (tenant_id, canal, redatar_desde), UPDATE (redatar_desde) ON canal_limites TO disparo_agenda_api;
