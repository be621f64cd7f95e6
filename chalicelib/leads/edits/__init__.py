"""Makes and changes leads by hand."""
