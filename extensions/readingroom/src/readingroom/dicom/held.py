"""An object that has come over a network, held in memory: its attributes and, where it is whole, its frames."""

import io
from dataclasses import dataclass

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.frame_bytes import frame_at
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.part10 import OpenedFile, open_object
from readingroom.dicom.scan import ScannedFile, scan_attributes, scan_object
from readingroom.errors import UnreadableFileError
from readingroom.pixels.codecs import STREAMS


@dataclass(frozen=True, eq=False, slots=True)
class HeldObject:
    """An object and what a scan found in it; ``data`` is empty where only its attributes came."""

    opened: OpenedFile
    scanned: ScannedFile
    data: bytes

    @property
    def nbytes(self) -> int:
        """Return about how much memory it takes; the attributes of a slice as Python objects take some 50 kB."""
        return len(self.data) + len(self.opened.inflated or b"") + 50_000

    def frame(self, number: int) -> EncodedFrame:
        """Return the bytes of a frame (1-based) as stored; the object must be whole and have it."""
        data = self.opened.inflated or self.data
        found = frame_at(lambda length, at: data[at : at + length], self.scanned.pixels, number)
        syntax = self.scanned.transfer_syntax_uid
        return EncodedFrame(syntax, found, number if syntax in STREAMS else 1)


def hold(data: bytes) -> HeldObject:
    """Return a whole Part 10 file as an object; raises ``UnreadableFileError``, worded to follow the object's name."""
    with quiet_reading():
        opened = open_object(io.BytesIO(data), len(data))
        held = opened.inflated or data
        scanned = scan_object(opened, lambda length, at: held[at : at + length])
    if scanned is None:
        raise UnreadableFileError("is a DICOMDIR, which describes other files")
    return HeldObject(opened, scanned, data)


def hold_head(data: bytes) -> HeldObject:
    """Return the attributes of a Part 10 file of which only the beginning has come; raises as ``hold``."""
    with quiet_reading():
        opened = open_object(io.BytesIO(data), len(data))
    syntax = opened.transfer_syntax_uid
    return HeldObject(opened, scan_attributes(opened.dataset, syntax, has_pixels=opened.pixels is not None), b"")


def reaches_pixels(data: bytes) -> bool:
    """Return whether the beginning of a Part 10 file holds all attributes before its pixel data."""
    try:
        with quiet_reading():
            return open_object(io.BytesIO(data), len(data)).pixels is not None
    except UnreadableFileError:
        return False
