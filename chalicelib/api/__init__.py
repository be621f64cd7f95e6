"""Requests and responses: parsing, identity of the caller, problem documents, cursors."""
