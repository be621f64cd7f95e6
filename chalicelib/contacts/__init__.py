"""Texts of people into contacts: phones, e-mails and documents, validated and in one spelling.

Everything here is pure: a text goes in; values in their order, and what was refused, come out. No text raises.
"""
