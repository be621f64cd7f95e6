"""The embedded stack: what AWS, the database and the providers are to the product, on one machine."""
