"""Tells a tenant's own programs what happens: subscriptions (assinaturas) and their deliveries (entregas)."""
