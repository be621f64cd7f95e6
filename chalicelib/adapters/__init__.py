"""One door per outsider, each a small file."""
