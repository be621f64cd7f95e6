-- A tenant whose window or reminders have changed has what waits about its agendamentos dated anew; since when that is asked
-- for. Agendamentos that were planned before are found by `avisos_planejados_em`.
ALTER TABLE tenants ADD COLUMN lembretes_redatar_desde timestamptz;
CREATE INDEX tenants_lembretes_a_redatar_idx ON tenants (lembretes_redatar_desde) WHERE lembretes_redatar_desde IS NOT NULL;
