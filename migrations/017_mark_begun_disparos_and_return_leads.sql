-- What was not remembered: which claimed disparos were begun, which ends their leads have not heard of, and where a lead
-- stood before it was booked.

-- When the disparo was handed to the provider under the present lease. A lapsed lease without it leaves no doubt: the
-- message never left. It means something only while the status is `enviando`. No constraint says so: a worker of the
-- version before does not clear it, and must be able to record what it holds.
ALTER TABLE disparos ADD COLUMN iniciado_em timestamptz;
-- Workers of the version before do not set the mark. What they hold may have left.
UPDATE disparos SET iniciado_em = atualizado_em WHERE status = 'enviando';

-- The disparo ended without reaching its lead, and the lead has not been looked at yet. A worker looks at the leads of its
-- whole batch at once; the sweep looks where a worker died before that.
ALTER TABLE disparos ADD COLUMN lead_a_mover boolean NOT NULL DEFAULT false;
CREATE INDEX disparos_lead_a_mover_idx ON disparos (tenant_id, lead_id) WHERE lead_a_mover;

-- Where a lead stood when it was booked. It returns there when its last live agendamento is cancelled. It means something
-- only while the status is `agendado`; the version before does not clear it.
ALTER TABLE leads ADD COLUMN status_antes text;
-- Leads that were booked before this migration: whoever was reached before had answered or received a message.
UPDATE leads l
   SET status_antes = CASE WHEN EXISTS (SELECT FROM disparos d
                                         WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id
                                           AND d.status = 'confirmado')
                           THEN 'contato_efetuado' ELSE 'novo' END
 WHERE l.status = 'agendado'
   AND EXISTS (SELECT FROM agendamentos a
                WHERE a.tenant_id = l.tenant_id AND a.lead_id = l.lead_id AND a.status IN ('pendente', 'confirmado'));
-- Those that nobody could find any more: booked once, and every agendamento cancelled since.
UPDATE leads l
   SET status = CASE WHEN EXISTS (SELECT FROM disparos d
                                   WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id
                                     AND d.status = 'confirmado')
                     THEN 'contato_efetuado' ELSE 'novo' END,
       atualizado_em = now()
 WHERE l.status = 'agendado'
   AND EXISTS (SELECT FROM agendamentos a WHERE a.tenant_id = l.tenant_id AND a.lead_id = l.lead_id)
   AND NOT EXISTS (SELECT FROM agendamentos a
                    WHERE a.tenant_id = l.tenant_id AND a.lead_id = l.lead_id AND a.status <> 'cancelado');
ALTER TABLE leads ADD CONSTRAINT leads_status_antes_check CHECK (status_antes IN ('novo', 'contato_efetuado'));
-- Dry runs that are open have tables like `leads`, into which whole rows are copied.
DO $$
DECLARE
    ensaio record;
BEGIN
    FOR ensaio IN SELECT job_id FROM ingest_jobs WHERE ensaio_aberto LOOP
        EXECUTE format('ALTER TABLE %I.leads ADD COLUMN status_antes text', ensaio_schema(ensaio.job_id));
    END LOOP;
END
$$;

GRANT UPDATE (status_antes) ON leads TO disparo_agenda_api;
