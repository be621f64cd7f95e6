"""The rows of a sheet, streamed: inflated by the megabyte, one compiled pattern a row.

The pattern knows the shape that Excel, LibreOffice, Google, openpyxl, xlsxwriter and pandas write, and knows when it does
not: what it leaves unmatched in a row is more than white space. Then, as for a part that is not plain from the outset,
reading goes on over the part rewritten by a parser (`plain_rows`). Strings that cells share are one blob with offsets,
read only as far as the sheet has asked. Nothing that the file says of itself, such as its dimension, is believed.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.cell_text import cell_text, markup_text
from chalicelib.ingestion.columns import MAX_ROWS, column_indexes
from chalicelib.ingestion.plain_rows import rewritten
