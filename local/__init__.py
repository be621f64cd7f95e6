"""The embedded stack: the database, the AWS APIs and the providers that the product needs, on one machine."""

import chalicelib  # noqa: F401 - it pins the time zones, for the parts that import nothing else of it
