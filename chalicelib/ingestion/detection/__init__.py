"""What a file is: its format, the encoding of its text, and whether a quoted cell of it swallowed rows."""
