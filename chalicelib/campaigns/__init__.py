"""Campaigns: which leads they are for, and what becomes of them."""
