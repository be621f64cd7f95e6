"""A zip that is believed only as far as it has been seen: the guards around the parts of an `.xlsx`.

What the directory declares is never taken for granted. The bytes that really come out of a part are counted and
bounded, and its length and CRC are proven by reading it whole. Two entries may not share bytes (the overlapping bombs
of Fifield, "A better zip bomb", 2019) nor a name; names may not leave the container. Part names are compared without
regard to case (ECMA-376 Part 2, 6.2.2.3).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from chalicelib.errors import InvalidFile

# Bytes. Whoever waits for the interpreter waits for a block to be done with; and the first is read for a header alone.
BLOCK = 1 << 17
MAX_DIRECTORY = 2 << 20  # bytes that list the entries: over ten thousand of them
MAX_ENTRIES = 10_000
MAX_INFLATED = 6 << 28  # bytes, of all the parts that are used: a million rows of thirty columns, and their strings
MAX_RATIO = 200  # inflated to deflated; sheets of real writers stay below 50
RATIO_COUNTS_FROM = 16 << 20  # a small part may be as repetitive as it likes

_ENCRYPTED = 0x1
_LOCAL_HEADER = 30  # bytes, before the name
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MALFORMED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, RuntimeError)


class Container:
    """The parts of one zip, by name; to be closed.

    Raises:
        ArquivoInvalido: `arquivo_corrompido`, `arquivo_suspeito` or `arquivo_protegido`.
    """

    def __init__(self, path: Path, *, max_inflated: int = MAX_INFLATED) -> None:
        self._file = _Door(path)
        self._max_inflated = max_inflated
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._entries = _entries(self._zip)
        except _MALFORMED as error:
            self._file.close()
            raise InvalidFile("arquivo_corrompido") from error
        except BaseException:
            self._file.close()
            raise
        self._inflated: dict[str, int] = {}
        self._inflated_together = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()
        self._file.close()

    def names(self) -> list[str]:
        """The names of all parts, in lower case, in the order of the directory."""
        return list(self._entries)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, a block at a time; whoever reads to the end has proven length and CRC.

        Raises:
            ArquivoInvalido: there is no such part, it is broken, or more comes out than a workbook can hold.
        """
        entry = self._entry(name)
        bound = max(RATIO_COUNTS_FROM, MAX_RATIO * entry.compress_size)
        total = 0
        for block in self._read(entry):
            total += len(block)
            self._count(entry.filename, total)
            if total > bound or self._inflated_together > self._max_inflated:
                raise InvalidFile("arquivo_suspeito")
            yield block
        if total != entry.file_size:
            raise InvalidFile("arquivo_corrompido")

    def _count(self, part: str, size: int) -> None:
        """So much has come out of a part; what comes out of it again is not counted again."""
        more = size - self._inflated.get(part, 0)
        if more > 0:
            self._inflated[part] = size
            self._inflated_together += more

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if entry := self._entries.get(name.lower()):
            return entry
        raise InvalidFile("arquivo_corrompido")

    def _read(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._zip.open(entry) as stream:
                while block := stream.read(BLOCK):
                    yield block
        except _MALFORMED as error:
            raise InvalidFile("arquivo_corrompido") from error


class _Door(io.FileIO):
    """The file as `zipfile` may see it: the directory, which it reads at one go, is bounded before it is parsed."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), "rb")

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY:
            raise InvalidFile("arquivo_suspeito")
        return super().read(-1 if size is None else size) or b""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET and offset < 0:
            raise zipfile.BadZipFile("an offset before the file")
        return super().seek(offset, whence)


def _entries(container: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries by their names in lower case, once none of them is a trick."""
    entries = container.infolist()
    by_name = {_name(entry): entry for entry in entries}
    if len(entries) > MAX_ENTRIES or len(by_name) < len(entries) or _overlap(entries, container.start_dir):
        raise InvalidFile("arquivo_suspeito")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise InvalidFile("arquivo_protegido")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise InvalidFile("arquivo_corrompido")
    return by_name


def _name(entry: zipfile.ZipInfo) -> str:
    """The name to look a part up by; some writers of old wrote backslashes."""
    name = entry.filename.replace("\\", "/").lower()
    if name.startswith("/") or ".." in name.split("/"):
        raise InvalidFile("arquivo_suspeito")
    return name


def _overlap(entries: list[zipfile.ZipInfo], end: int) -> bool:
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    starts = [*(entry.header_offset for entry in ordered), end][1:]
    return any(
        entry.header_offset + _LOCAL_HEADER + entry.compress_size > start
        for entry, start in zip(ordered, starts, strict=True)
    )
