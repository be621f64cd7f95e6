"""Turns an uploaded file into rows of text: file formats, guards against hostile files, the sheet and its header."""
