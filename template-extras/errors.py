"""The exception of the packager."""


class PackagingError(Exception):
    """The package would not work in AWS; the message says why."""
