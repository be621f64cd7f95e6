"""Ingestion: a spreadsheet is read, checked and loaded as leads."""
