"""Agendamentos: callbacks and meetings."""
