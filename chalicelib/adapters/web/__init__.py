"""Requests to servers of other people, at addresses that tenants choose."""
