"""Attributes of instances that the imaging service sent: kept as bytes, and read when somebody first asks for them."""

from collections.abc import Iterable

from pydicom import Dataset

from readingroom.dicom.kept import BoundedCache, KeyedLocks
from readingroom.wire.gateway_header import SentHeader

SENT_BYTES = 64 * 2**20
"""Of a CT slice they are 5 kB."""

READ_BYTES = 128 * 2**20
TIMES_AS_MUCH = 16
"""As Python objects they take so many times their bytes: of a CT slice about 80 kB, so that 1,500 are kept."""


class SentHeaders:
    """Thread-safe. What was asked for longest ago goes first; the newest dataset is kept, however large it is."""

    def __init__(self, sent_bytes: int = SENT_BYTES, read_bytes: int = READ_BYTES) -> None:
        self._sent: BoundedCache[SentHeader] = BoundedCache(sent_bytes)
        self._read: BoundedCache[Dataset] = BoundedCache(read_bytes)
        self._read_bytes = read_bytes
        self._locks = KeyedLocks()

    def __contains__(self, sop_uid: str) -> bool:
        """Return whether the attributes of an instance are here."""
        return self._read.get(sop_uid) is not None or self._sent.get(sop_uid) is not None

    def keep(self, headers: Iterable[SentHeader]) -> None:
        """Keep what was sent."""
        for header in headers:
            self._sent.put(header.sop_uid, header, header.nbytes)

    def get(self, sop_uid: str) -> Dataset | None:
        """Return the attributes of an instance, the same object as before, None where they are not here.

        Raises ``WireError`` where what was sent cannot be read.
        """
        with self._locks.holding(sop_uid):
            read = self._read.get(sop_uid)
            sent = self._sent.get(sop_uid) if read is None else None
            return read if sent is None else self.read(sent)

    def read(self, header: SentHeader) -> Dataset:
        """Read what was sent and keep it; raises ``WireError``."""
        dataset = header.read()
        self._read.put(header.sop_uid, dataset, min(TIMES_AS_MUCH * header.nbytes, self._read_bytes))
        return dataset

    def drop(self, sop_uids: Iterable[str]) -> None:
        """Forget instances."""
        for uid in sop_uids:
            self._sent.drop(uid)
            self._read.drop(uid)
