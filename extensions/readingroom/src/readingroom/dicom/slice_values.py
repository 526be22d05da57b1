"""What the stored values of a frame mean: all that must agree, or be brought to agree, for frames to make a volume."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import first_item, numbers, values
from readingroom.dicom.image import float_bytes, padding, pixel_description, rescale
from readingroom.pixels.description import PixelDescription
from readingroom.pixels.grayscale import Padding


@dataclass(frozen=True, slots=True)
class SliceValues:
    """How the bytes of a frame become stored values and those modality values (PS3.3 C.7.6.3, C.11.1).

    ``description`` is None for Float and Double Float Pixel Data of ``real_bytes``. ``modality_lut`` is a digest of the
    Modality LUT, empty where there is none.
    """

    description: PixelDescription | None
    real_bytes: int
    slope: float
    intercept: float
    padding: Padding | None
    modality_lut: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of stored values."""
        return np.dtype(f"f{self.real_bytes}") if self.description is None else np.dtype(self.description.dtype)

    @property
    def is_gray(self) -> bool:
        """Return whether a frame is a picture of one quantity: no colours and no indices of a palette."""
        description = self.description
        if description is None:
            return True
        return not description.is_color and description.photometric_interpretation != "PALETTE COLOR"

    @property
    def modality_range(self) -> tuple[float, float]:
        """Return the smallest and largest modality value that the bits stored can hold; infinite for reals."""
        if self.description is None:
            return -np.inf, np.inf
        bits = self.description.bits_stored
        low = -(2 ** (bits - 1)) if self.description.is_signed else 0
        ends = sorted(value * self.slope + self.intercept for value in (low, low + 2**bits - 1))
        return ends[0], ends[1]


def slice_values(dataset: Dataset, frame: int) -> SliceValues:
    """Return what the values of a frame (1-based) mean; raises ``DamagedImageError`` and ``UnsupportedImageError``."""
    real_bytes = float_bytes(dataset)
    description = None if real_bytes else pixel_description(dataset)
    dtype: np.dtype[Any] = np.dtype(f"f{real_bytes}") if description is None else np.dtype(description.dtype)
    slope, intercept = rescale(dataset, frame)
    return SliceValues(description, real_bytes, slope, intercept, padding(dataset, dtype), _modality_lut(dataset))


def _modality_lut(dataset: Dataset) -> str:
    item = first_item(dataset, "ModalityLUTSequence")
    if item is None:
        return ""
    table = repr((numbers(item, "LUTDescriptor"), values(item, "LUTData")))
    return hashlib.sha256(table.encode()).hexdigest()


def to_text(held: SliceValues) -> str:
    """Return the values as an index keeps them."""
    return json.dumps(asdict(held))


@lru_cache(maxsize=256)
def from_text(kept: str) -> SliceValues:
    """Return what ``to_text`` kept; the slices of a series mostly keep the same."""
    fields = json.loads(kept)
    if fields["description"] is not None:
        fields["description"] = PixelDescription(**fields["description"])
    if fields["padding"] is not None:
        fields["padding"] = Padding(**fields["padding"])
    return SliceValues(**fields)
