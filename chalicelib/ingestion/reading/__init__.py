"""An uploaded file into rows of text: formats, guards, the sheet that counts and its header."""
