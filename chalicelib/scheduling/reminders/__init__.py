"""Reminders: the worker behind the scheduling queue. Workers' login."""
