"""Contacts that get no messages, and how a person asks for that."""
