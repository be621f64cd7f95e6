"""Batches of leads into the database."""
