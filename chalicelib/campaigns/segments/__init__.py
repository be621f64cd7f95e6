"""Segments: filters over leads, saved by name, compiled to conditions and counted."""
