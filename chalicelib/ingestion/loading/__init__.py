"""Writes batches of rows into the database."""
