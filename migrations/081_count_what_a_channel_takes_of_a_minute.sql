-- How many messages the limiter has let through in a minute of the clock, for people: the rates themselves are kept by their TAT. The minute
-- is its number since 1970. A worker of the version before counts none, so the number is too small for the minute of a deployment.
ALTER TABLE canal_limites
    ADD COLUMN minuto          bigint  NOT NULL DEFAULT 0,
    ADD COLUMN gastos_no_minuto integer NOT NULL DEFAULT 0;
