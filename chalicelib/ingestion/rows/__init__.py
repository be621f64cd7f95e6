"""Turns rows of text into leads, and reports what is refused. Pure."""
