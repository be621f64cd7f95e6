"""Ingestion jobs: how they begin, who works on them, how they end, and what a tenant can ask about them."""
