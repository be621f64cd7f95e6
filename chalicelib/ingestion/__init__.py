"""A spreadsheet in, leads out."""
