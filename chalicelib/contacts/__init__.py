"""Reads phones, e-mails and documents as people write them, validates them and stores each in one spelling.

Everything here is pure: a text goes in; values in their order, and what was refused, come out. No text raises an error.
"""
