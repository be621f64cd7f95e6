"""How much of a file is held at one time; what is larger is no spreadsheet that somebody keeps leads in."""

from __future__ import annotations

MAX_FILE = 500 << 20  # bytes
MAX_ROWS = 1_048_576  # of one sheet (Excel's specifications and limits)
MAX_COLUMNS = 16_384  # likewise: the last is XFD
MAX_CELL = 131_072  # characters: Excel stops at 32,767, other writers go beyond, `csv` stops here
MAX_ROW = 8 << 20  # characters, or bytes of markup
