"""Hands events of the outbox out to subscriptions, and delivers them."""
