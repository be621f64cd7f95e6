"""Size limits of files, sheets, rows and cells. A file beyond them is not a spreadsheet of leads."""

from __future__ import annotations

MAX_FILE = 500 << 20  # bytes
MAX_ROWS = 1_048_576  # of one sheet (Excel's specifications and limits)
MAX_COLUMNS = 16_384  # of one sheet (the same source): the last is XFD
MAX_CELLS = 1 << 27  # of one sheet, in each row from column A to its last filled cell: 128 columns in a million rows
MAX_TEXT = 1 << 30  # characters of one sheet: a thousand in each of a million rows
# A workbook may use one string in every cell. So a small file may have this much text, and any file this much for each
# of its bytes. A letter with two thousand characters in every row has some 130.
SMALL_TEXT = 1 << 24
MAX_TEXT_RATIO = 200
MAX_LINES = 1 << 23  # of a text file, line breaks inside quotes included: eight in each row
MAX_TITLES = 1_024  # columns of a header
MAX_CELL = 131_072  # characters: Excel stops at 32,767, other writers go beyond, `csv` stops here
# Characters, or bytes of markup, of a row: 63 cells of Excel's maximum. All copies of it in memory stay below 512 MB.
MAX_ROW = 2 << 20
