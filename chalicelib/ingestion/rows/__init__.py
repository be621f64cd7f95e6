"""Rows of text into leads and what was refused of them. Pure."""
