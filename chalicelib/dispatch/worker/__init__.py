"""The worker behind the dispatch queue: it claims, sends and records."""
