"""The sweep that finds lost work every minute, the outbox, migrations, and the health check."""
