"""Pure rules: signatures, payloads, retries, and what an attempt means."""
