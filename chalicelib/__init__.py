"""Disparo & Agenda: what `app.py` delegates to."""
