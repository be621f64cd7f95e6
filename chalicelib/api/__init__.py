"""Requests and answers: what handlers take and answer, problem documents, the contract."""
