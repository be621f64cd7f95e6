"""Leads: their states, what moves them, and what the API asks about them."""
