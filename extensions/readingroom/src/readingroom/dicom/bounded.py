"""A file as a parser may read it: no more bytes, values and sequence items than an honest object has."""

import io
from typing import BinaryIO

from readingroom.errors import UnreadableFileError

MAX_VALUE = 16 * 2**20
"""Longer values are passed over: private data of gigabytes must not be read to show an image."""

MAX_READ = 64 * 2**20
"""All attributes of an object together; those of ten thousand frames take about 15 MiB."""

MAX_READS = 2**20
"""An attribute takes one to three; a million take ten seconds and 200 MiB of objects."""

MAX_ITEMS = 2**18
_ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")


class WholeFileWantedError(Exception):
    """The parser wants the rest of the file at once, as pydicom does to inflate it without any bound."""


class BoundedReader(io.RawIOBase):
    """A binary file that counts what is read from it; raises ``UnreadableFileError`` beyond the limits.

    ``skipped`` says whether a value was passed over, for which nothing was returned.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size, self._place = file, size, file.tell()
        self._bytes = self._reads = self._items = 0
        self.skipped = False
        self.name = getattr(file, "name", "")

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, none for a value that is passed over."""
        if size < 0:
            raise WholeFileWantedError
        if size > MAX_VALUE:
            return self._skip(size)
        data = self._file.read(size)
        self._place += len(data)
        self._bytes += len(data)
        self._reads += 1
        if len(data) >= 8:  # noqa: PLR2004 - tag and length of an item
            self._items += data.count(_ITEMS[0]) + data.count(_ITEMS[1])
        if self._bytes > MAX_READ:
            raise UnreadableFileError(f"has more than {MAX_READ // 2**20} MiB of attributes beside its pixels")
        if self._reads > MAX_READS:
            raise UnreadableFileError("has more attributes than any image we show")
        if self._items > MAX_ITEMS:
            raise UnreadableFileError(f"has more than {MAX_ITEMS} sequence items")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._place = self._file.seek(offset, whence)
        return self._place

    def tell(self) -> int:
        """Return the place, without asking the kernel as a file does: the parser wants it for every attribute."""
        return self._place

    def _skip(self, size: int) -> bytes:
        if self._place + size > self._size:
            raise UnreadableFileError("is cut off: it ends in the middle of its attributes")
        self.seek(size, io.SEEK_CUR)
        self.skipped = True
        return b""
