"""The configuration of a tenant, which is one customer company."""
