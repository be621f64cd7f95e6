"""The parts of an `.xlsx`, read from its zip with guards against hostile files.

The zip directory is not trusted. The bytes that come out of a part are counted and bounded; reading a part to its end
checks its length and its CRC. Two entries may share neither bytes (the overlapping bombs of Fifield, "A better zip
bomb", 2019) nor a name. Names may not leave the container. Part names are compared without regard to case (ECMA-376
Part 2, 6.2.2.3).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import IO, Self, TypeVar

from chalicelib.errors import InvalidFile

# Bytes. Small, because other threads wait for the interpreter while a block is processed, and because a header alone
# costs one block.
BLOCK = 1 << 17
MAX_DIRECTORY = 2 << 20  # bytes of the zip directory: enough for over ten thousand entries
MAX_ENTRIES = 10_000
MAX_INFLATED = 6 << 28  # bytes of all parts that are used: a million rows of thirty columns, and their strings
MAX_RATIO = 200  # inflated to deflated bytes; sheets of real writers stay below 50
RATIO_COUNTS_FROM = 16 << 20  # inflated bytes up to which a part may have any ratio

_HEAD = 256  # bytes
_ENCRYPTED = 0x1
_LOCAL_HEADER = 30  # bytes, before the name
T = TypeVar("T")

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MALFORMED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, RuntimeError)


class Container:
    """The parts of one zip, by name. A context manager: it holds the file open until it is closed.

    Raises:
        InvalidFile: `arquivo_corrompido`, `arquivo_suspeito` or `arquivo_protegido`.
    """

    def __init__(self, path: Path, *, max_inflated: int = MAX_INFLATED) -> None:
        self._file = _BoundedFile(path)
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
        self._inflated_total = 0
        self._turn = RLock()
        self._second_thread = ThreadPoolExecutor(1, thread_name_prefix="container")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, once the second thread has done what it is at."""
        self._second_thread.shutdown(cancel_futures=True)
        self._zip.close()
        self._file.close()

    def names(self) -> list[str]:
        """Return the names of all parts in lower case, in the order of the zip directory."""
        return list(self._entries)

    def head(self) -> bytes:
        """Return the first bytes of the file."""
        self._file.seek(0)
        return self._file.read(_HEAD)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a part in blocks. Length and CRC are checked only when it is read to the end.

        Raises:
            InvalidFile: `arquivo_corrompido` if the part is missing or broken, `arquivo_suspeito` if it inflates to
                more than a workbook may hold.
        """
        entry = self._entry(name)
        bound = max(RATIO_COUNTS_FROM, MAX_RATIO * entry.compress_size)
        total = 0
        for block in self._read(entry):
            total += len(block)
            self._count_inflated(entry.filename, total)
            if total > bound or self._inflated_total > self._max_inflated:
                raise InvalidFile("arquivo_suspeito")
            yield block
        if total != entry.file_size:
            raise InvalidFile("arquivo_corrompido")

    def blocks_ahead(self, name: str) -> Iterator[bytes]:
        """Yield the blocks of a part as `blocks` does; a second thread inflates the next one meanwhile."""
        blocks = self.blocks(name)
        coming = self.meanwhile(lambda: next(blocks, None))
        while (block := coming.result()) is not None:
            coming = self.meanwhile(lambda: next(blocks, None))
            yield block

    def meanwhile(self, work: Callable[[], T]) -> Future[T]:
        """Do some work on this file in a second thread: to inflate leaves the interpreter to others."""
        return self._second_thread.submit(work)

    def _count_inflated(self, part: str, size: int) -> None:
        """Count the bytes that came out of a part; a part that is read twice counts once."""
        with self._turn:
            more = size - self._inflated.get(part, 0)
            if more > 0:
                self._inflated[part] = size
                self._inflated_total += more

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if entry := self._entries.get(name.lower()):
            return entry
        raise InvalidFile("arquivo_corrompido")

    def _read(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._opened(entry) as stream:
                while block := stream.read(BLOCK):
                    yield block
        except _MALFORMED as error:
            raise InvalidFile("arquivo_corrompido") from error

    @contextmanager
    def _opened(self, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
        """Open an entry. `zipfile` counts its open entries, and two threads must not count at once."""
        with self._turn:
            stream = self._zip.open(entry)
        try:
            yield stream
        finally:
            with self._turn:
                stream.close()


class _BoundedFile(io.FileIO):
    """The file that `zipfile` reads. `zipfile` reads the directory in one call, so that call is bounded here."""

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
    """Return the entries by their names in lower case, after checking all of them."""
    entries = container.infolist()
    by_name = {_part_name(entry): entry for entry in entries}
    if len(entries) > MAX_ENTRIES or len(by_name) < len(entries) or _overlap(entries, container.start_dir):
        raise InvalidFile("arquivo_suspeito")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise InvalidFile("arquivo_protegido")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise InvalidFile("arquivo_corrompido")
    return by_name


def _part_name(entry: zipfile.ZipInfo) -> str:
    """Return the name that a part is looked up by. Some old writers put backslashes into names."""
    name = entry.filename.replace("\\", "/").lower()
    if name.startswith("/") or ".." in name.split("/"):
        raise InvalidFile("arquivo_suspeito")
    return name


def _overlap(entries: list[zipfile.ZipInfo], end: int) -> bool:
    """Whether two entries share bytes, or one reaches into the directory, which starts at `end`."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    starts = [*(entry.header_offset for entry in ordered), end][1:]
    return any(
        entry.header_offset + _LOCAL_HEADER + entry.compress_size > start
        for entry, start in zip(ordered, starts, strict=True)
    )
