-- What searches of leads need and loading them does not pay for: both indexes are empty for leads that are new.
-- Filters by document, phone and e-mail have theirs; by name, file and date the tenant's leads are looked through,
-- newest first (measured in docs/decisions.md).

-- `Joao` finds `João`.
CREATE EXTENSION IF NOT EXISTS unaccent;

-- By a status that a lead has been moved to; most leads of most tenants are new.
CREATE INDEX leads_status_idx ON leads (tenant_id, status, lead_id) WHERE status <> 'novo';

-- Newest first among those that have any tag.
CREATE INDEX leads_com_tags_idx ON leads (tenant_id, lead_id) WHERE tags <> '{}';
