"""Names the format of a file that is no workbook and no table in text, so that its refusal can say what it is.

The names are the same in every language. A file is named by its first bytes; a zip and a compound file by the names
inside them; a file that has not come yet by the extension of its name.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from chalicelib.ingestion.detection.text_form import utf16_of

XLS = ".xls (Excel 97-2003)"
UNKNOWN = "desconhecido (unknown)"

_BLOCK = 1 << 20
_HEAD = 1024  # bytes
_LONGEST_STREAM = 64  # bytes of a name in the directory of a compound file (MS-CFB 2.6.1)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # MS-CFB 2.2: workbooks from before 2007, and encrypted workbooks
_SIGNATURES = {
    b"%PDF-": "PDF",
    b"{\\rtf": "RTF",
    b"\x1f\x8b": "GZIP",
    b"7z\xbc\xaf'\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"SQLite format 3\0": "SQLite",
    b"PAR1": "Parquet",
    b"MIME-Version:": "MHTML",
    # The first record of a workbook from before Excel 97 (MS-XLS 2.4.21, and older ones).
    b"\x09\x00\x04\x00": XLS,
    b"\x09\x02\x06\x00": XLS,
    b"\x09\x04\x06\x00": XLS,
    b"\x09\x08\x08\x00": XLS,
}
_BLANKS = b"\xef\xbb\xbf\xff\xfe \t\r\n\0"
_MARKUP = re.compile(
    rb"<(?:(!doctype\s+html|(?:html|head|body|table|meta|style|div|center|font|title|script)\b)|(\?xml\b|!--|!doctype))",
    re.IGNORECASE,
)
_HTML = re.compile(rb"<(?:html|table|body)\b", re.IGNORECASE)
_EXCEL_XML = (b"urn:schemas-microsoft-com:office:spreadsheet", b"Excel.Sheet")

# By the name of an entry, or how it begins. OpenDocument files have their type as the content of their first entry.
_IN_ZIP = {
    "xl/workbook.bin": ".xlsb (Excel)",
    "index/document.iwa": ".numbers (Apple Numbers)",
    "index.zip": ".numbers (Apple Numbers)",
    "index/": ".numbers (Apple Numbers)",
    "word/": ".docx (Word)",
    "ppt/": ".pptx (PowerPoint)",
    "content.xml": "OpenDocument",
}
_OPEN_DOCUMENT = {
    b"opendocument.spreadsheet": ".ods (LibreOffice)",
    b"opendocument.text": ".odt (LibreOffice)",
    b"opendocument.presentation": ".odp (LibreOffice)",
}
_IN_COMPOUND_FILE = {
    "Workbook": XLS,
    "Book": XLS,
    "WordDocument": ".doc (Word)",
    "PowerPoint Document": ".ppt (PowerPoint)",
}

_BY_EXTENSION = {
    ".xls": XLS,
    ".xlsb": ".xlsb (Excel)",
    ".xlt": XLS,
    ".ods": ".ods (LibreOffice)",
    ".numbers": ".numbers (Apple Numbers)",
    ".html": "HTML",
    ".htm": "HTML",
    ".mht": "MHTML",
    ".mhtml": "MHTML",
    ".xml": "XML",
    ".json": "JSON",
    ".pdf": "PDF",
    ".rtf": "RTF",
    ".doc": ".doc (Word)",
    ".docx": ".docx (Word)",
    ".odt": ".odt (LibreOffice)",
    ".ppt": ".ppt (PowerPoint)",
    ".pptx": ".pptx (PowerPoint)",
    ".zip": "ZIP",
    ".rar": "RAR",
    ".7z": "7-Zip",
    ".gz": "GZIP",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".heic": "HEIC",
    ".dbf": ".dbf (dBase)",
    ".mdb": ".mdb (Access)",
    ".accdb": ".accdb (Access)",
    ".vcf": ".vcf (vCard)",
    ".docm": ".docm (Word)",
    ".pages": ".pages (Apple Pages)",
    ".key": ".key (Apple Keynote)",
    ".ppsx": ".ppsx (PowerPoint)",
    ".eml": ".eml (e-mail)",
    ".msg": ".msg (Outlook)",
    ".pst": ".pst (Outlook)",
    ".sqlite": "SQLite",
    ".parquet": "Parquet",
    **{
        f".{name.lower()}": name
        for name in (
            "AVI",
            "APK",
            "BAT",
            "BZ2",
            "DMG",
            "DLL",
            "EPUB",
            "EXE",
            "ICO",
            "ISO",
            "JS",
            "M4A",
            "MKV",
            "MOV",
            "MP3",
            "MP4",
            "MSI",
            "OGG",
            "OPUS",
            "PSD",
            "SVG",
            "TAR",
            "TGZ",
            "WAV",
            "WEBM",
            "XZ",
        )
    },
}


def is_compound(head: bytes) -> bool:
    """Whether a file with these first bytes is a compound file of Microsoft."""
    return head.startswith(_OLE)


def format_by_name(name: str) -> str | None:
    """Return the format that the extension of a file's name promises, or None if we may read it."""
    return _BY_EXTENSION.get(PurePosixPath(name.lower()).suffix)


def format_offered(name: str, content: bytes | None = None) -> str | None:
    """Return the format of a file that is offered, or None if it may be read; `content` is None if it comes later.

    The name decides, with two exceptions, because many systems call any export `.xls`: a workbook of today is one under
    any name, and an `.xls` may be a table in text. A file with a name that we read is looked at when it is ingested.
    """
    promised = format_by_name(name)
    if promised is None or content is None:
        return promised
    if content.startswith(b"PK") and b"xl/workbook.xml" in content:
        return None
    if promised != XLS or is_compound(content):
        return promised
    head = content[:_HEAD]
    return format_of_head(head) or (promised if b"\0" in head and utf16_of(head) is None else None)


def format_of_head(head: bytes) -> str | None:
    """Return the format of a file with these first bytes, or None if it may be a table in text."""
    text = head.lstrip(_BLANKS)
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature) or (text.startswith(signature) and signature.isascii() and signature[:1] > b" "):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    # Every other byte of UTF-16 markup is zero.
    plain = text.replace(b"\0", b"")
    if not (match := _MARKUP.match(plain)):
        return None
    if any(mark in plain for mark in _EXCEL_XML) and not match[1]:
        return "XML (Excel 2003)"
    return "HTML" if match[1] or _HTML.search(plain) else "XML"


def format_of_zip(names: Collection[str], head: bytes = b"") -> str:
    """Return the format of a zip that is no `.xlsx`, by the names of its entries in lower case, and its first bytes."""
    for kind, name in _OPEN_DOCUMENT.items():
        if kind in head:
            return name
    for begin, name in _IN_ZIP.items():
        if any(each == begin or (begin.endswith("/") and each.startswith(begin)) for each in names):
            return name
    return "ZIP"


def format_of_compound(path: Path) -> str | None:
    """Return the format of a compound file, by the names of the streams in its directory; None if it is encrypted.

    MS-OFFCRYPTO 2.3.4.4: an encrypted workbook is a compound file with the stream `EncryptedPackage`.
    """
    names = {name: name.encode("utf-16-le") + b"\0\0" for name in ("EncryptedPackage", *_IN_COMPOUND_FILE)}
    found: set[str] = set()
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(name for name, mark in names.items() if mark in tail + block)
            tail = block[-_LONGEST_STREAM:]
    if "EncryptedPackage" in found:
        return None
    return next((kind for name, kind in _IN_COMPOUND_FILE.items() if name in found), UNKNOWN)
