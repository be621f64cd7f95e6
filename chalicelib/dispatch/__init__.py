"""Disparos: one message to one destination of one lead."""
