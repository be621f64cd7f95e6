"""The embedded stack: the database, the AWS APIs and the providers that the product needs, on one machine."""
