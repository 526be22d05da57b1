"""Frames in files of this machine: where a source can say which, a volume is read without asking for every frame."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.scan import PixelLocation
from readingroom.dicom.slice_values import SliceValues
from readingroom.errors import DamagedImageError, SourceUnavailableError


@dataclass(frozen=True, slots=True)
class LocalInstance:
    """The file of an instance; ``values`` is None where each frame has to be asked for its own."""

    path: Path
    transfer_syntax_uid: str
    pixels: PixelLocation
    values: SliceValues | None


@runtime_checkable
class LocalFrames(Protocol):
    """What a source of local files offers beyond ``StudySource``."""

    def local_instances(self, sop_uid: str) -> Mapping[str, LocalInstance]:
        """Return the files of the series that an instance belongs to, by SOP Instance UID; raises ``NotFoundError``."""


def read_into(out: NDArray[Any], instance: LocalInstance, frame: int) -> None:
    """Read one uncompressed frame (1-based) of whole bytes into a contiguous array, as it lies in the file.

    Raises
    ------
    SourceUnavailableError
        When the file cannot be read any more.
    DamagedImageError
        When it has become shorter.
    """
    buffer = out.reshape(-1).view(np.uint8).data
    offset = instance.pixels.offset + (frame - 1) * (instance.pixels.frame_bits // 8)
    try:
        descriptor = os.open(instance.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            done = os.preadv(descriptor, [buffer], offset)
            while 0 < done < len(buffer) and (more := os.preadv(descriptor, [buffer[done:]], offset + done)):
                done += more
        finally:
            os.close(descriptor)
    except OSError as error:
        name, reason = instance.path.name, error.strerror or error
        raise SourceUnavailableError(f"{name} cannot be read any more ({reason}).") from error
    if done < len(buffer):
        raise DamagedImageError(f"{instance.path.name} has become shorter than it was when it was indexed.")
