"""Leads: their states and the questions one asks about them."""
