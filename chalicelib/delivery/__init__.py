"""Webhooks of providers: what became of accepted messages, and what people answered."""
