-- The timeline of a lead reads a page of the steps of its disparos, not all of them: a lead may have twenty thousand.
ALTER TABLE disparo_tentativas ADD COLUMN lead_id uuid;
UPDATE disparo_tentativas t SET lead_id = d.lead_id
  FROM disparos d
 WHERE d.tenant_id = t.tenant_id AND d.disparo_id = t.disparo_id;
ALTER TABLE disparo_tentativas ALTER COLUMN lead_id SET NOT NULL;

-- Statements that write many steps name the lead; for the others it is looked up.
CREATE FUNCTION name_lead_of_tentativa() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    SELECT d.lead_id INTO NEW.lead_id FROM disparos d WHERE d.tenant_id = NEW.tenant_id AND d.disparo_id = NEW.disparo_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER disparo_tentativas_name_lead BEFORE INSERT ON disparo_tentativas
    FOR EACH ROW WHEN (NEW.lead_id IS NULL) EXECUTE FUNCTION name_lead_of_tentativa();

-- Steps of waiting are not shown, and are the most: they pay for no entry.
CREATE INDEX disparo_tentativas_do_lead_idx ON disparo_tentativas (tenant_id, lead_id, em, disparo_id, passo)
    WHERE classe <> 'adiado';
CREATE INDEX disparos_lidos_do_lead_idx ON disparos (tenant_id, lead_id, lido_em, disparo_id) WHERE lido_em IS NOT NULL;
