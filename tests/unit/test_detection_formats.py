"""Files of other formats are named, so that their refusal says what they are."""

from __future__ import annotations

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.detection.formats import format_by_name, format_of_head, format_of_zip, format_offered
from tests.workbooks import Parts, cells_of, opened, parts, row, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
HTML = "<table><tr><th>Nome</th><th>Email</th></tr><tr><td>Ana</td><td>a@b.co</td></tr></table>"
LEADS = parts(row(2, "Ana", "a@b.co"))
XLSB: Parts = {
    "_rels/.rels": str(LEADS["_rels/.rels"]).replace("workbook.xml", "workbook.bin"),
    "xl/workbook.bin": b"\x83\x01\x00\x80\x01\x32",
    "xl/worksheets/sheet1.bin": b"\x81\x01\x00",
}
FILES: dict[str, tuple[bytes, str]] = {
    "xls": (OLE + "Workbook".encode("utf-16-le") + bytes(100), ".xls (Excel 97-2003)"),
    "xls of Excel 5": (OLE + "Book".encode("utf-16-le") + bytes(100), ".xls (Excel 97-2003)"),
    "xls of Excel 4": (b"\x09\x04\x06\x00\x00\x00\x10\x00", ".xls (Excel 97-2003)"),
    "doc": (OLE + "WordDocument".encode("utf-16-le") + bytes(100), ".doc (Word)"),
    "msg": (OLE + "__properties_version1.0".encode("utf-16-le") + bytes(100), "desconhecido (unknown)"),
    "html": (HTML.encode(), "HTML"),
    "html with a head": (f"\n <!DOCTYPE HTML PUBLIC><html><body>{HTML}".encode(), "HTML"),
    "html of Excel": (f'<html xmlns:x="urn:schemas-microsoft-com:office:excel">{HTML}'.encode(), "HTML"),
    "xhtml": (b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">', "HTML"),
    "html in UTF-16": (HTML.encode("utf-16"), "HTML"),
    "xml of Excel": (
        b'\xef\xbb\xbf<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
        "XML (Excel 2003)",
    ),
    "xml": (b"<?xml version='1.0'?><leads/>", "XML"),
    "mhtml": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "MHTML"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
    "rtf": (b"{\\rtf1 Email}", "RTF"),
    "gzip": (b"\x1f\x8b\x08\x00Email", "GZIP"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "WEBP"),
    "rar": (b"Rar!\x1a\x07\x01\0", "RAR"),
    "elf": (b"\x7fELF\2\1\1\0" + bytes(range(256)) * 4, "desconhecido (unknown)"),
    "xlsb": (zipped(XLSB), ".xlsb (Excel)"),
    "ods": (
        zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}, 0),
        ".ods (LibreOffice)",
    ),
    "odt": (
        zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}, 0),
        ".odt (LibreOffice)",
    ),
    "ods with a deflated type": (zipped({"mimetype": "x" * 99, "content.xml": "<x/>"}), "OpenDocument"),
    "numbers": (zipped({"Index/Document.iwa": b"x", "Metadata/Properties.plist": b"y"}, 0), ".numbers (Apple Numbers)"),
    "docx": (
        zipped(
            {
                "_rels/.rels": str(LEADS["_rels/.rels"]).replace("xl/workbook.xml", "word/document.xml"),
                "word/document.xml": "<document/>",
            }
        ),
        ".docx (Word)",
    ),
    "zip": (zipped({"leads.csv": "Email\na@b.c"}), "ZIP"),
    "empty zip": (zipped({}), "ZIP"),
}


@pytest.mark.parametrize(("data", "name"), FILES.values(), ids=list(FILES))
def test_file_of_another_format_is_named(data: bytes, name: str) -> None:
    with pytest.raises(InvalidFile, match="formato_nao_suportado") as caught, opened(data):
        pass
    assert caught.value.params == {"formato": name}


@pytest.mark.parametrize(
    "title", ["<Nome>", "<nome completo>", "< Nome", "<-", "<b>Nome</b>", "<NOME/RAZÃO SOCIAL>", "<<Nome>>", "<tabela>"]
)
def test_text_that_begins_with_a_sign_of_markup_is_read(title: str) -> None:
    assert cells_of(f"{title};Email\nAna;a@b.co\n".encode()) == [["Ana", "a@b.co"]]


@pytest.mark.parametrize("title", ["PDF", "GIF8", "II*", "BM", "PK", "RIFF", "MM", "7z"])
def test_text_that_begins_almost_like_another_format_is_read(title: str) -> None:
    assert cells_of(f"{title};Email\nAna;a@b.co\n".encode()) == [["Ana", "a@b.co"]]


@pytest.mark.parametrize("name", ["leads.xlsx", "leads.CSV", "leads.txt", "leads.tsv", "leads", "leads.xlsm", "v1.2"])
def test_name_of_a_file_that_may_be_read_promises_no_other_format(name: str) -> None:
    assert format_by_name(name) is None


def test_extension_names_the_format_in_any_case() -> None:
    assert format_by_name("Relatório.XLS") == ".xls (Excel 97-2003)"
    assert format_by_name("a.csv.zip") == "ZIP"


def test_names_of_streams_in_two_blocks_are_found() -> None:
    data = OLE + bytes((1 << 20) - len(OLE) - 7) + "Workbook".encode("utf-16-le") + bytes(100)
    with pytest.raises(InvalidFile) as caught, opened(data):
        pass
    assert caught.value.params == {"formato": ".xls (Excel 97-2003)"}


@pytest.mark.parametrize(
    ("name", "content", "offered"),
    [
        ("leads.xls", None, ".xls (Excel 97-2003)"),
        ("leads.pdf", None, "PDF"),
        ("leads.exe", None, "EXE"),
        ("áudio.opus", None, "OPUS"),
        ("Leads.MSG", None, ".msg (Outlook)"),
        ("leads.svg", None, "SVG"),
        ("leads.txt", None, None),
        ("leads", None, None),
        ("Leads v1.2 final", None, None),
        ("leads.xlsx", None, None),
        ("leads.csv", None, None),
        ("leads.xls", b"Nome;Email\nAna;a@b.co\n", None),
        ("leads.xls", "Nome;Email\n".encode("utf-16"), None),
        ("leads.xls", zipped(LEADS), None),
        ("leads.pdf", zipped(LEADS), None),
        ("leads.xls", HTML.encode(), "HTML"),
        ("leads.xls", OLE + "Workbook".encode("utf-16-le"), ".xls (Excel 97-2003)"),
        ("leads.xls", b"x\0\1\2", ".xls (Excel 97-2003)"),
        ("leads.ods", zipped({"content.xml": ""}), ".ods (LibreOffice)"),
        ("leads.xlsb", zipped(XLSB), ".xlsb (Excel)"),
        ("leads.vcf", b"BEGIN:VCARD\n", ".vcf (vCard)"),
        ("leads.xlsx", b"%PDF-1.7", None),
    ],
)
def test_wrong_kind_of_file_is_known_when_it_is_offered(name: str, content: bytes | None, offered: str | None) -> None:
    assert format_offered(name, content) == offered


def test_workbook_of_today_is_read_under_any_name() -> None:
    assert format_offered("leads.xls", b"PK\x03\x04 xl/workbook.xml") is None


def test_picture_of_the_web_is_named() -> None:
    assert format_of_head(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "WEBP"


def test_open_document_is_known_by_its_first_bytes() -> None:
    assert format_of_zip([], b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet") == ".ods (LibreOffice)"
