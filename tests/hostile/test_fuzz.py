"""Random workbooks are read as they were written; random bytes and mutated files are either read or refused.

`make fuzz` tries more of them.
"""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.rows.one_by_one import RowReader
from tests.confined import run_confined
from tests.hostile.corpus import workbooks
from tests.readers import shown, trimmed
from tests.workbooks import HEADER, SHAPES, by_openpyxl, by_xlsxwriter, in_another_shape, opened, rows_of

SMALL = [data for name, data in sorted(workbooks().items()) if len(data) < 20_000]
TEXTS = [
    "Nome;Email\nAna;a@b.c\n".encode("utf-16"),
    b'\xef\xbb\xbf"Nome","Email"\r\n"An""a","x\ny"\r\n',
    "Nome\tEmail\nJosé\ta@b.c\n".encode("cp1252"),
]
LONG = settings(max_examples=settings().max_examples * 3)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=60)
VALUE = (
    st.none() | TEXT | st.booleans() | st.integers(-(10**14), 10**14) | st.floats(-1e9, 1e9).map(lambda n: round(n, 3))
)


def read_whole(data: bytes) -> None:
    """Read every row down to its contacts; a refusal by our own exception is fine, any other exception is not."""
    with suppress(InvalidFile), opened(data) as table:
        reader = RowReader(table.header, "leads.xlsx")
        for number, cells in table.rows():
            reader.read(number, cells)


@LONG
@given(
    st.lists(st.lists(VALUE, max_size=len(HEADER)), max_size=8),
    st.sampled_from(["xlsxwriter", "constant memory", "openpyxl"]),
    st.sampled_from(["", *SHAPES]),
    st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20),
    st.integers(0, 9),
)
def test_random_workbooks_are_read_as_they_were_written(
    rows: list[list[Any]], writer: str, shape: str, name: str, after: int
) -> None:
    if writer == "openpyxl":  # it writes a text that begins with = as a formula, and does not escape texts like _x0041_
        rows = [
            [None if isinstance(v, str) and (v.startswith("=") or "_x" in v) else v for v in cells] for cells in rows
        ]
        data = by_openpyxl([HEADER, *rows], name)
    else:
        data = by_xlsxwriter([HEADER, *rows], name, inline=writer != "xlsxwriter")
    texts = [(number, trimmed(map(shown, cells))) for number, cells in enumerate(rows, 2)]
    expected = [(number, cells) for number, cells in texts if number > after and any(cell.strip() for cell in cells)]
    assert rows_of(in_another_shape(data, shape) if shape else data, after) == expected


@LONG
@given(st.data(), st.sampled_from([*SMALL, *TEXTS]))
def test_mutated_files_are_read_or_refused(data: st.DataObject, whole: bytes) -> None:
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(changed)))
        match data.draw(st.sampled_from(["byte", "bit", "cut", "insert", "double", "number"])):
            case "byte":
                changed[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "bit" if at < len(changed):
                changed[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del changed[at : at + data.draw(st.integers(1, 64))]
            case "insert":
                changed[at:at] = data.draw(st.binary(max_size=64))
            case "double":
                changed[at:at] = changed[at : at + data.draw(st.integers(1, 256))]
            case "number":
                changed[at : at + 4] = struct.pack("<I", data.draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF])))
    read_whole(bytes(changed))


@LONG
@given(st.data(), st.sampled_from(SMALL))
def test_mutated_parts_are_read_or_refused(data: st.DataObject, whole: bytes) -> None:
    """The XML is broken inside a valid zip, because a checksum catches most mutations of a whole file."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(parts)))
    part = bytearray(parts[name])
    tokens = [
        b"<",
        b">",
        b"</",
        b"/>",
        b'"',
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?",
        b"&",
        b"&#0;",
        b"<c>",
        b"\0",
    ]
    tokens += [b"<row>", b"</row>", b"<v>", b"<is>", b"xmlns:x='y' ", b"x:", b"<!DOCTYPE a [", b"4294967295", b"-1"]
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(part)))
        part[at : at + data.draw(st.integers(0, 8))] = data.draw(st.sampled_from(tokens) | st.binary(max_size=8))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in parts.items():
            archive.writestr(each, bytes(part) if each == name else content)
    read_whole(out.getvalue())


@LONG
@given(
    st.binary(max_size=3000),
    st.sampled_from(
        [b"", b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"Nome;Email\n", b"\xff\xfe"]
    ),
)
def test_random_bytes_are_read_or_refused(data: bytes, start: bytes) -> None:
    read_whole(start + data)


@given(st.binary(max_size=400), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFF))
def test_zip_entries_with_random_headers_are_read_or_refused(stream: bytes, crc: int, size: int, flags: int) -> None:
    """A zip of one entry with random content and random numbers in its headers."""
    name = b"xl/workbook.xml"
    sizes = struct.pack("<IIIHH", crc, len(stream), size, len(name), 0)
    local = b"PK\x03\x04\x14\0" + struct.pack("<HH", flags, 8) + bytes(4) + sizes + name + stream
    central = b"PK\x01\x02\x14\0\x14\0" + struct.pack("<HH", flags, 8) + bytes(4) + sizes + bytes(12) + name
    read_whole(local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0))


GARBAGE = """
import json, random, sys, zlib
from contextlib import suppress
from tests.hostile.test_fuzz import SMALL, TEXTS, read_whole
dice = random.Random(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    data = bytearray(dice.choice([*SMALL, *TEXTS]))
    for _ in range(dice.randrange(1, 30)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    read_whole(bytes(data))
print(json.dumps("read"))
"""


@pytest.mark.hypothesis
def test_mutated_files_stay_within_the_limits_of_memory_and_time() -> None:
    """All files are read in one process, within the limits for a single file."""
    many = 300 if settings().max_examples <= 100 else 3_000
    assert run_confined(GARBAGE, 1, many) == "read"


def test_limits_of_memory_and_time_are_enforced() -> None:
    with pytest.raises(AssertionError, match="MemoryError"):
        run_confined("bytearray(600 << 20)")
    with pytest.raises(AssertionError, match="ended with -"):
        run_confined("while True: pass", seconds=1)
