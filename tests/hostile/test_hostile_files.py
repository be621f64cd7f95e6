"""Hostile zips, and files of other formats: each is refused with its code before its first row."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.container import MAX_DIRECTORY, MAX_ENTRIES, RATIO_COUNTS_FROM, Container
from chalicelib.ingestion.reading.workbook import open_workbook
from tests.workbooks import (
    SHEET,
    STRINGS,
    Parts,
    by_xlsxwriter,
    cells_of,
    parts,
    refusal,
    row,
    rows_of,
    sheet,
    string_table,
    zipped,
)

LEADS = parts(row(2, "Ana", "a@b.c"))
WHOLE = zipped(LEADS)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def with_flag(data: bytes, bit: int) -> bytes:
    """The same zip with a bit set in the flags of each entry, in its local header and in the directory."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + place] |= bit
            at = changed.find(mark, at + 4)
    return bytes(changed)


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    assert old in data
    return data.replace(old, new)


def stored(made: Parts) -> bytes:
    return zipped(made, zipfile.ZIP_STORED)


@pytest.mark.parametrize("size", [4, 30, 200, len(WHOLE) // 2, len(WHOLE) - 30, len(WHOLE) - 1])
def test_truncated_zip_is_refused(size: int) -> None:
    assert refusal(WHOLE[:size]) == "arquivo_corrompido"


@pytest.mark.parametrize("name", [SHEET, STRINGS, "xl/workbook.xml"])
def test_part_with_a_wrong_crc_is_refused(name: str) -> None:
    made = parts(
        row(2, "Ana") + '<row r="3"><c r="A3" t="s"><v>0</v></c></row>', strings=string_table("<si><t>Ana</t></si>")
    )
    content = bytes(str(made[name]), "utf-8")
    assert refusal(replaced(stored(made), content, content[:-1] + b" ")) == "arquivo_corrompido"


def test_crc_of_an_unread_part_is_ignored() -> None:
    data = replaced(stored({**LEADS, "xl/media/logo.png": b"logo"}), b"logo", b"ogol")
    assert cells_of(data) == [["Ana", "a@b.c"]]


def test_stream_that_is_not_deflated_is_refused() -> None:
    data = bytearray(WHOLE)
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        at = archive.getinfo(SHEET).header_offset + 30 + len(SHEET)
    data[at : at + 8] = b"\xff" * 8
    assert refusal(bytes(data)) == "arquivo_corrompido"


@pytest.mark.parametrize("declared", [1, 10_000_000])
def test_part_with_a_wrong_declared_length_is_refused(tmp_path: Path, declared: int) -> None:
    content = b"<a>" + b"x" * 1000
    data = replaced(zipped({"a.xml": content}), struct.pack("<I", len(content)), struct.pack("<I", declared))
    (tmp_path / "a").write_bytes(data)
    with Container(tmp_path / "a") as container, pytest.raises(InvalidFile, match="arquivo_corrompido"):
        list(container.blocks("a.xml"))


def test_bomb_is_refused_before_it_is_inflated() -> None:
    made: Parts = {**LEADS, SHEET: str(LEADS[SHEET]) + " " * (RATIO_COUNTS_FROM + 1)}
    assert refusal(zipped(made)) == "arquivo_suspeito"


def test_bomb_in_the_strings_is_refused() -> None:
    made = {**parts(row(2, "Ana"), strings=string_table("<si><t>" + "A" * (RATIO_COUNTS_FROM + 1) + "</t></si>"))}
    assert refusal(zipped(made)) == "arquivo_suspeito"


def test_bomb_in_an_unread_part_is_not_inflated() -> None:
    made = {**LEADS, "xl/media/image.bin": b"\0" * (RATIO_COUNTS_FROM + 1)}
    assert cells_of(zipped(made)) == [["Ana", "a@b.c"]]


def test_all_parts_together_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(zipped({f"{n}": b"x" * 100 for n in range(10)}))
    with Container(tmp_path / "a", max_inflated=450) as container:
        read = [list(container.blocks(f"{n}")) for n in range(4)]
        with pytest.raises(InvalidFile, match="arquivo_suspeito"):
            list(container.blocks("4"))
    assert len(read) == 4


def test_entries_that_share_bytes_are_refused() -> None:
    """The construction of Fifield's bomb: one kernel of deflated bytes under many names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in LEADS.items():
            archive.writestr(name, content)
        twin = zipfile.ZipInfo("xl/other.xml")
        first = archive.infolist()[0]
        twin.header_offset, twin.compress_size, twin.file_size = 0, first.compress_size, first.file_size
        twin.CRC, twin.compress_type = first.CRC, first.compress_type
        archive.filelist.append(twin)
    assert refusal(out.getvalue()) == "arquivo_suspeito"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [SHEET, SHEET.upper(), SHEET.replace("/", "\\")])
def test_two_parts_of_one_name_are_refused(name: str) -> None:
    out = io.BytesIO(WHOLE)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, "other")
    assert refusal(out.getvalue()) == "arquivo_suspeito"


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/passwd", "xl/../../evil.xml", "xl\\..\\..\\evil.xml"])
def test_name_that_leaves_the_container_is_refused(name: str) -> None:
    assert refusal(zipped({**LEADS, name: "x"})) == "arquivo_suspeito"


@pytest.mark.parametrize("change", [str.upper, str.title, lambda name: name.replace("xl/", "XL\\")])
def test_parts_are_found_by_names_in_another_case(change: Callable[[str], str]) -> None:
    assert cells_of(zipped({change(name): content for name, content in LEADS.items()})) == [["Ana", "a@b.c"]]


@pytest.mark.parametrize("name", ["leads.xlsx", "leads.xls", "leads.pdf", "leads"])
def test_text_is_read_by_any_file_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Nome;Email\nAna;a@b.c\n")
    with open_workbook(tmp_path / name) as table:
        assert list(table.rows()) == [(2, ["Ana", "a@b.c"])]


def test_target_outside_the_container_is_refused() -> None:
    made = dict(LEADS)
    name = "xl/_rels/workbook.xml.rels"
    made[name] = str(made[name]).replace("worksheets/sheet1.xml", "../../../../etc/passwd")
    assert refusal(zipped(made)) == "arquivo_corrompido"


def test_too_many_entries_are_refused() -> None:
    assert refusal(zipped({f"{n}": "" for n in range(MAX_ENTRIES + 1)})) == "arquivo_suspeito"


def test_too_long_directory_is_refused_before_it_is_parsed() -> None:
    assert refusal(zipped({f"{n:03}" + "x" * 60_000: "" for n in range(MAX_DIRECTORY // 60_000 + 1)})) == (
        "arquivo_suspeito"
    )


def test_directory_with_a_wrong_offset_or_size_is_refused() -> None:
    at = WHOLE.rindex(b"PK\x05\x06")
    for offset in (0, 0x7FFFFFFF, 0xFFFFFFF0):
        changed = WHOLE[: at + 16] + struct.pack("<I", offset) + WHOLE[at + 20 :]
        assert refusal(changed) in {"arquivo_corrompido", "arquivo_suspeito"}
    for size in (0, 0x7FFFFFFF):
        changed = WHOLE[: at + 12] + struct.pack("<I", size) + WHOLE[at + 16 :]
        assert refusal(changed) in {"arquivo_corrompido", "arquivo_suspeito", "formato_nao_suportado"}


def test_encrypted_entries_are_refused_as_protected() -> None:
    assert refusal(with_flag(WHOLE, 0x1)) == "arquivo_protegido"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_workbooks_do_not_use_is_refused(method: int) -> None:
    assert refusal(zipped(LEADS, method)) == "arquivo_corrompido"


@pytest.mark.parametrize("place", [0, (1 << 20) - 512 - 10, (1 << 20) + 5])
def test_encrypted_workbook_is_distinguished_from_an_old_one(place: int) -> None:
    body = OLE + bytes(504) + bytes(place)
    assert refusal(body + "EncryptedPackage".encode("utf-16-le") + bytes(100)) == "arquivo_protegido"
    assert refusal(body + "Workbook".encode("utf-16-le") + bytes(100)) == "formato_nao_suportado"


ODS = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>", "META-INF/manifest.xml": ""}
DOCX = {
    "_rels/.rels": str(LEADS["_rels/.rels"]).replace("xl/workbook.xml", "word/document.xml"),
    "word/document.xml": "<document/>",
}
XLSB = {"_rels/.rels": str(LEADS["_rels/.rels"]).replace("workbook.xml", "workbook.bin")}


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"<!DOCTYPE html><html><table><tr><td>Email</td></tr></table></html>",
        b"\xef\xbb\xbf\n<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>",
        b"{\\rtf1 Email}",
        b"\x1f\x8b\x08\x00Email",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\x7fELF\2\1\1\0" + bytes(range(256)) * 4,
        zipped({}),
        zipped({"leads.csv": "Email\na@b.c"}),
        zipped(ODS),
        zipped(DOCX),
        zipped(XLSB),
    ],
    ids=["pdf", "html", "xml", "rtf", "gzip", "png", "elf", "empty zip", "zip of csv", "ods", "docx", "xlsb"],
)
def test_file_of_another_kind_is_not_supported(data: bytes) -> None:
    assert refusal(data) == "formato_nao_suportado"


def test_workbook_with_one_part_for_two_sheets_is_refused() -> None:
    made = parts(sheets={"a": sheet(row(1, "Resumo")), "b": ""})
    name = "xl/_rels/workbook.xml.rels"
    made[name] = str(made[name]).replace("sheet2.xml", "sheet1.xml")
    assert refusal(zipped(made)) == "arquivo_suspeito"


def test_workbook_with_a_missing_sheet_is_refused() -> None:
    made = dict(LEADS)
    del made[SHEET]
    assert refusal(zipped(made)) == "arquivo_corrompido"


def read_to_the_end(data: bytes) -> None:
    """Read all rows; a refusal by our own exception is fine, any other exception is not."""
    with suppress(InvalidFile):
        rows_of(data)


@given(
    st.binary(max_size=2000), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", OLE, b"Nome;Email\n", b"\xff\xfe"])
)
@example(b"\0", b"")
def test_random_bytes_are_read_or_refused(data: bytes, start: bytes) -> None:
    read_to_the_end(start + data)


BIG = by_xlsxwriter([["Nome", "Email"], *([f"L{n}", n] for n in range(50))])


@given(st.data(), st.sampled_from([WHOLE, stored(LEADS), BIG]))
def test_mutated_bytes_of_workbooks_are_read_or_refused(data: st.DataObject, whole: bytes) -> None:
    changed = bytearray(whole)
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=8)):
        changed[place] = value
    read_to_the_end(bytes(changed[: data.draw(st.integers(0, len(whole)) | st.just(len(whole)))]))
