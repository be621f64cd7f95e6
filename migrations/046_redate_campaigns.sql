-- A campaign that starts at another time, or whose tenant has another window, has what it planned dated anew. Since when that
-- is asked for, and the last lead that is done.
ALTER TABLE campanhas
    ADD COLUMN redatar_desde timestamptz,
    ADD COLUMN redatada_ate  uuid,
    ADD CONSTRAINT campanhas_redatada_check CHECK (redatar_desde IS NOT NULL OR redatada_ate IS NULL);
CREATE INDEX campanhas_a_redatar_idx ON campanhas (tenant_id, campanha_id) WHERE redatar_desde IS NOT NULL;
