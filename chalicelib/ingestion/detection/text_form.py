"""Decides how a text file is read: its encoding, and how much of it is text.

Line by line UTF-8 comes first, because a file that was put together from two sources has both. What is not UTF-8 is in
one encoding for the whole file: the one that makes Portuguese words of a sample of these lines. A Brazilian Excel saves
CP1252, an Excel for Mac saves Mac Roman, and old programs of DOS save CP850 or CP860. UTF-16 is recognised by its byte
order mark, or by its zeros. The decision needs nothing but the file, so a job that resumes decides the same.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chalicelib.errors import InvalidFile

# By the names that an upload may give and a job tells; the values are the names of Python's codecs.
ENCODINGS = {
    "utf-8": "utf-8",
    "cp1252": "cp1252",
    "iso-8859-1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "mac-roman": "mac_roman",
    "cp850": "cp850",
    "cp860": "cp860",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
_UTF16 = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_CANDIDATES = ("cp1252", "iso-8859-15", "mac-roman", "cp850", "cp860")  # of equal ones, the first

_BLOCK = 1 << 20
_BEHIND_A_FIELD = re.compile(rb"(?<=[^\0\t;,|\"\r\n])\0+(?=[\t;,|\"\r\n]|\Z)")  # NULs behind the text of a field
_HEAD = 1024  # bytes at the beginning by which UTF-16 is recognised
_LONGEST_LINE = 1 << 21  # bytes; a longer one is looked at in pieces
_SAMPLE = 1 << 16  # bytes of lines that are not UTF-8
_CONTEXT = 1 << 10  # bytes of a line in the sample, before and after what is not UTF-8
# What programs append to a text: DOS its end of file, others zeros up to the size that they had reserved.
_FILLING = b"\0\x1a"

# The letters of Portuguese beyond ASCII, more often written ones with more points; other letters of names have one.
_POINTS = dict.fromkeys("ãçáéíó", 4) | dict.fromkeys("êúõâô", 2)
_FOREIGN_POINTS = 1
_WRONG = -4
_SIGNS = frozenset("ºª°§€£–—‘’“”…•´`·\xa0«»")
_ORDINALS = frozenset("ºª")
_VOWELS = "aeiou"
# What stands before and after a letter, case apart.
_BEYOND_ASCII = re.compile("[^\\x00-\\x7f]")
_IN_PLACE = {
    "ã": re.compile(r"\wã[oesi\W]"),
    "õ": re.compile(r"\wõe"),
    "ç": re.compile(r"[aeiourlnpcáéíóúâêôã]ç[aouãõáâóôú]"),
}
_RARE = re.compile("oço|[ei]ão")
_NOT_IN_PLACE = re.compile(f"[{_VOWELS}][áéíóúâêô][{_VOWELS}]|a[áâ]|[áâ]a|e[éê]|[éê]e|ií|íi|o[óô]|[óô]o|uú|úu")


class TextForm(NamedTuple):
    """How a text file is read.

    `encoding` is its name for a person: two names where the file has both. `fallback` is the codec for lines that are
    not UTF-8, `is_utf8` whether lines are tried as UTF-8 first, `utf16` the codec of the whole file or None. `end` is
    the number of bytes that are text, `lines` how many lines these have, those inside quotes too.
    """

    encoding: str
    fallback: str
    is_utf8: bool
    utf16: str | None
    end: int
    lines: int

    def blocks(self, path: Path) -> Iterator[bytes]:
        """Yield the bytes of the file in blocks, up to the end of its text; UTF-16 is converted to UTF-8."""
        return _blocks(path, self.end, self.utf16)

    def decoded(self, line: bytes) -> str:
        """Return a line as text, without a byte order mark."""
        line = line.removeprefix(codecs.BOM_UTF8)
        if self.is_utf8:
            try:
                return line.decode()
            except UnicodeDecodeError:
                pass
        return line.decode(self.fallback, "replace")


def form_of(path: Path, encoding: str | None = None) -> TextForm:
    """Look through a text file; `encoding` is the one that the upload names.

    Raises:
        InvalidFile: `codificacao_nao_serve`; the file is not in the encoding that the upload names.
    """
    end = _end(path)
    with path.open("rb") as file:
        head = file.read(min(_HEAD, end))
    utf16 = utf16_of(head) if encoding is None else encoding if encoding in _UTF16 else None
    survey = _Survey(encoding)
    for block in _blocks(path, end, utf16, encoding if utf16 else None):
        survey.feed(block)
    survey.finish()
    if encoding is not None:
        return TextForm(
            encoding, ENCODINGS[encoding], utf16 is not None or encoding == "utf-8", utf16, end, survey.lines
        )
    if utf16:
        return TextForm(utf16, "utf-8", True, utf16, end, survey.lines)
    fallback = _best_encoding(survey.sample)
    names = ["utf-8"] * (survey.has_utf8 or not survey.sample) + [fallback] * bool(survey.sample)
    return TextForm(" + ".join(names), ENCODINGS[fallback], True, None, end, survey.lines)


def utf16_of(head: bytes) -> str | None:
    """Return the name of the UTF-16 encoding, or None: in UTF-16 most Western characters are a byte and a zero.

    The other byte is zero too in a few of them, such as Ā.
    """
    for name, mark in _UTF16.items():
        if head.startswith(mark):
            return name
    even, odd = head[::2], head[1::2]
    if 2 * odd.count(0) > len(odd) and 8 * even.count(0) < len(even):
        return "utf-16-le"
    return "utf-16-be" if 2 * even.count(0) > len(even) and 8 * odd.count(0) < len(odd) else None


def is_binary(path: Path) -> bool:
    """Whether a file is not text: zeros near its beginning are neither UTF-16, nor appended, nor fill a field up."""
    with path.open("rb") as file:
        head = file.read(min(_HEAD, _end(path)))
    return b"\0" in _BEHIND_A_FIELD.sub(b"", head) and utf16_of(head) is None


def _end(path: Path) -> int:
    """Return how many bytes a file has in front of the zeros, and ends of file of DOS, at its end."""
    end = path.stat().st_size
    with path.open("rb") as file:
        while end:
            begin = max(0, end - _BLOCK)
            file.seek(begin)
            block = file.read(end - begin)
            kept = len(block.rstrip(_FILLING))
            end = begin + kept
            if kept:
                break
        # In UTF-16 the zero that completes the last character belongs to the text.
        file.seek(0)
        is_wide = utf16_of(file.read(min(_HEAD, end))) is not None
    return min(end + end % 2, path.stat().st_size) if is_wide else end


def _blocks(path: Path, end: int, utf16: str | None, named: str | None = None) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(utf16)("strict" if named else "replace") if utf16 else None
    with path.open("rb") as file:
        left = end
        while block := file.read(min(_BLOCK, left)):
            left -= len(block)
            try:
                yield decoder.decode(block, named is not None and not left).encode() if decoder else block
            except UnicodeError as error:
                raise InvalidFile("codificacao_nao_serve", codificacao=named) from error


class _Survey:
    """Counts the lines of a file, and takes a sample of those that are not UTF-8.

    If the upload names an encoding, every line must be in it.
    """

    def __init__(self, encoding: str | None) -> None:
        self.lines = 0
        self.sample = b""
        self.has_utf8 = False
        self._named = encoding
        self._codec = "utf-8" if encoding is None or encoding in _UTF16 else ENCODINGS[encoding]
        self._rest = b""
        self._last = b""

    def feed(self, block: bytes) -> None:
        self.lines += block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")
        if self._last == b"\r" and block.startswith(b"\n"):
            self.lines -= 1
        self._last = block[-1:]
        if len(self.sample) < _SAMPLE:
            whole = self._rest + block
            # A line may go on in the next block, and so may a line end.
            cut = max(whole.rfind(b"\n"), whole.rfind(b"\r", 0, -1)) + 1
            if len(whole) - cut > _LONGEST_LINE:
                cut = len(whole)
            self._look_at(whole[:cut])
            self._rest = whole[cut:]

    def finish(self) -> None:
        """Take the last line, which may have no end."""
        self._look_at(self._rest)
        self.lines += self._last not in {b"\n", b"\r", b""}

    def _look_at(self, lines: bytes) -> None:
        if lines.isascii():
            return
        try:
            lines.decode(self._codec)
        except UnicodeDecodeError as error:
            if self._named:
                raise InvalidFile("codificacao_nao_serve", codificacao=self._named) from error
            for line in lines.splitlines():
                if not line.isascii() and len(self.sample) < _SAMPLE:
                    self._take(line)
        else:
            self.has_utf8 = True

    def _take(self, line: bytes) -> None:
        try:
            line.decode()
        except UnicodeDecodeError as error:
            begin = max(0, error.start - _CONTEXT)
            self.sample += line[begin : error.end + _CONTEXT] + b"\n"
        else:
            self.has_utf8 = True


def _best_encoding(sample: bytes) -> str:
    """Return the encoding in which a sample reads most like Portuguese."""
    return max(_CANDIDATES, key=lambda name: _portuguese(sample.decode(ENCODINGS[name], "replace")))


def _portuguese(text: str) -> int:
    """Return how much a text reads like Portuguese, by its characters beyond ASCII and their neighbours."""
    padded = f" {text} "
    places = (match.start() for match in _BEYOND_ASCII.finditer(padded, 1, len(padded) - 1))
    return sum(_points(*padded[place - 1 : place + 2]) for place in places)


def _points(before: str, character: str, after: str) -> int:
    """Return how well a character beyond ASCII stands between its neighbours."""
    if not character.isalpha() or character in _ORDINALS:
        if character in _ORDINALS and (before.isdigit() or before in "nN"):
            return 2
        return 0 if character in _SIGNS else _WRONG
    small = character.lower()
    together = f"{before}{character}{after}".lower()
    if character.isupper():
        in_case = not before.islower() and not (before.isupper() and after.islower())
    else:
        in_case = not before.isupper() or not after.isupper()
        in_case = in_case and not (after.isupper() or (before.isupper() and not after.isalpha()))
    if not in_case or _NOT_IN_PLACE.search(together):
        return _WRONG
    if small in _IN_PLACE and not _IN_PLACE[small].fullmatch(together):
        return _WRONG
    if not before.isalpha() and (character.islower() or not after.isalpha()):
        return 0  # few words begin with one, and most names with a capital
    return _POINTS.get(small, _FOREIGN_POINTS) - (_RARE.fullmatch(together) is not None)
