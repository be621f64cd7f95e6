"""The providers that post to us: how each proves itself, and what its words mean."""
