"""How much of a file is held at one time; what is larger is no spreadsheet that somebody keeps leads in."""

from __future__ import annotations

MAX_FILE = 500 << 20  # bytes
MAX_ROWS = 1_048_576  # of one sheet (Excel's specifications and limits)
MAX_COLUMNS = 16_384  # likewise: the last is XFD
MAX_CELLS = 1 << 27  # of one sheet, from column A to the last that is filled in each row: 128 columns in a million rows
MAX_TEXT = 1 << 30  # characters of one sheet: a thousand in each of a million rows
MAX_LINES = 1 << 23  # of a text, those inside quotes too: eight in each row
MAX_TITLES = 1_024  # columns of a header
MAX_CELL = 131_072  # characters: Excel stops at 32,767, other writers go beyond, `csv` stops here
MAX_ROW = 2 << 20  # characters, or bytes of markup: 63 cells as full as Excel's can be, in all forms below 512 MB
