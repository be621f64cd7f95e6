-- The planner is not told which tenant a query is for (adapters/database.py), so it takes the tenant for an average one.
-- With one large tenant in the statistics the average is the whole table: reading all of it then looks as good as an index
-- that begins with `tenant_id`. So ANALYZE is told a number: 200 tenants, which is also what the planner assumes before
-- the first ANALYZE. Plans are the same before and after it. Read at the next ANALYZE; takes no lock that anybody notices.
DO $$
DECLARE
    tabela regclass;
BEGIN
    FOR tabela IN
        SELECT c.oid
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id'
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
    END LOOP;
END
$$;
