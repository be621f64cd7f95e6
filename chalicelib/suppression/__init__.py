"""Who is not written to any more, and how a person says so."""
