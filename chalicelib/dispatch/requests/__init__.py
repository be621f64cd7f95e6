"""What the API asks of disparos, templates and channels."""
