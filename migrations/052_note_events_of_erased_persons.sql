-- The events at the tenant's calendar that an erasure has asked to be taken away, by their agendamentos. Those that are still
-- there are said with the request, because somebody may have to delete them by hand.
ALTER TABLE titular_pedidos ADD COLUMN eventos uuid[] NOT NULL DEFAULT '{}';
