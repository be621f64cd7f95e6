-- Leads, and what is asked about them.

-- name: move_leads
-- What an event does to leads (states.move_of); whoever is elsewhere stays there.
UPDATE leads
   SET status = :para, atualizado_em = :agora
 WHERE tenant_id = :tenant_id
   AND lead_id = ANY(CAST(:lead_ids AS uuid[]))
   AND status = ANY(CAST(:de AS text[]));
