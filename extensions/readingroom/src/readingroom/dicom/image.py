"""The attributes of an image that decide how its stored values are decoded and shown (PS3.3 C.7.6.3, C.11)."""

import math
from typing import Any

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import first_item, functional_group, number, numbers, text, values, whole
from readingroom.dicom.model import EncodedFrame
from readingroom.errors import DamagedImageError
from readingroom.pixels.codecs import STREAMS, loss
from readingroom.pixels.description import PixelDescription
from readingroom.pixels.grayscale import Padding
from readingroom.pixels.lut import MAX_BITS, Floats, LookupTable
from readingroom.pixels.voi import InvalidWindowError, Voi


def pixel_description(dataset: Dataset) -> PixelDescription:
    """Return the Image Pixel Module of an image; raises ``DamagedImageError`` when a part is missing."""
    rows, columns, allocated = (whole(dataset, name) for name in ("Rows", "Columns", "BitsAllocated"))
    if rows is None or columns is None or allocated is None:
        raise DamagedImageError("The image does not say how many rows, columns and bits it has.")
    stored = whole(dataset, "BitsStored") or allocated
    high_bit = whole(dataset, "HighBit")
    return PixelDescription(
        rows=rows,
        columns=columns,
        samples_per_pixel=whole(dataset, "SamplesPerPixel") or 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        pixel_representation=whole(dataset, "PixelRepresentation") or 0,
        planar_configuration=whole(dataset, "PlanarConfiguration") or 0,
        photometric_interpretation=text(dataset, "PhotometricInterpretation"),
    )


def float_bytes(dataset: Dataset) -> int:
    """Return 4 or 8 for an image of floating point values, which has no Bits Stored; 0 for integers."""
    allocated = whole(dataset, "BitsAllocated") or 0
    return allocated // 8 if allocated in (32, 64) and "BitsStored" not in dataset else 0


def rescale(dataset: Dataset, frame: int) -> tuple[float, float]:
    """Return Rescale Slope and Intercept, (1, 0) where there are none (PS3.3 C.11.1.1.2)."""
    group = functional_group(dataset, frame, "PixelValueTransformationSequence") or dataset
    slope, intercept = number(group, "RescaleSlope"), number(group, "RescaleIntercept")
    if slope == 0:
        raise DamagedImageError("The image has a Rescale Slope of 0, which would make every value the same.")
    return (1.0 if slope is None else slope), (0.0 if intercept is None else intercept)


def windows(dataset: Dataset, frame: int) -> tuple[tuple[Voi, str], ...]:
    """Return every window of the image with its explanation; those the Standard does not allow are left out."""
    group = functional_group(dataset, frame, "FrameVOILUTSequence") or dataset
    centers, widths = numbers(group, "WindowCenter"), numbers(group, "WindowWidth")
    explanations = [str(value).strip() for value in values(group, "WindowCenterWidthExplanation")]
    explanations += [""] * len(centers)
    function: Any = text(group, "VOILUTFunction") or "LINEAR"
    found = []
    for center, width, explanation in zip(centers, widths, explanations, strict=False):
        try:
            found.append((Voi(center, width, function), explanation))
        except InvalidWindowError:
            continue
    return tuple(found)


def modality_lut(dataset: Dataset, stored: np.dtype[Any]) -> LookupTable | None:
    """Return the Modality LUT (PS3.3 C.11.1), None where there is none; its input are stored values."""
    return lookup_table(first_item(dataset, "ModalityLUTSequence"), signed=stored.kind == "i")


def padding(dataset: Dataset, stored: np.dtype[Any]) -> Padding | None:
    """Return Pixel Padding Value and Range Limit in the representation of the stored values (PS3.3 C.7.5.1.1.2)."""
    kind = ("Double" if stored.itemsize == 8 else "") + "Float" if stored.kind == "f" else ""  # noqa: PLR2004 - bytes
    value, limit = (number(dataset, f"{kind}PixelPadding{which}") for which in ("Value", "RangeLimit"))
    if value is None:
        return None
    limit = value if limit is None else limit
    if stored.kind == "f":
        return Padding(value, limit)
    return Padding(_as_stored(value, stored), _as_stored(limit, stored))


def lossy_ratio(dataset: Dataset, encoded: EncodedFrame) -> str:
    """Return how far lossy compression went (PS3.3 C.7.6.1.1.5): "10.5", "?" if not known, empty if lossless.

    The image's word that it lost something always counts; its word that it lost nothing only where the codestream
    does not prove the contrary.
    """
    history = text(dataset, "LossyImageCompression")
    in_frame = loss(encoded.transfer_syntax_uid, encoded.data)
    if history != "01" and (in_frame == "none" or (in_frame == "unknown" and history == "00")):
        return ""
    ratio = math.prod(numbers(dataset, "LossyImageCompressionRatio")) if history == "01" else 1.0
    if ratio <= 1 and in_frame != "none" and encoded.data:
        frames = whole(dataset, "NumberOfFrames") or 1 if encoded.transfer_syntax_uid in STREAMS else 1
        bits = math.prod(whole(dataset, name) or 1 for name in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated"))
        ratio = bits * frames / 8 / len(encoded.data)
    return f"{ratio:.1f}" if ratio > 1 else "?"


def lookup_table(item: Dataset | None, *, signed: bool | None) -> LookupTable | None:
    """Return a LUT item as a table, None where there is none; its first value mapped is signed when its input is.

    Where that is not known, ``signed`` is None, and the value is taken as it is written.

    The number of entries 0 means 65,536 (PS3.3 C.11.1.1.1). The data may be words (US, OW) or bytes, whatever the
    descriptor says of its bits. Entries too large for the bits it claims are taken at their word, and the bits are
    theirs: to cut or to clip them would fold or flatten the brightest part of the image.
    """
    descriptor = numbers(item, "LUTDescriptor")
    if len(descriptor) != 3:  # noqa: PLR2004 - entries, first mapped, bits
        return None
    count, first, claimed = (int(value) for value in descriptor)
    entries, width = _lut_entries(item, count % 2**16 or 2**16)
    needed = max(int(entries.max()).bit_length(), 1)
    bits = min(claimed, width) if 1 <= claimed <= MAX_BITS else needed
    return LookupTable(as_signed(first, signed=first < 0 if signed is None else signed), entries, max(bits, needed))


def _lut_entries(item: Dataset | None, count: int) -> tuple[Floats, int]:
    """Return ``count`` entries and the bits of the words they lie in: 8 where there is half a word for each, else 16."""
    data = values(item, "LUTData")
    if len(data) == 1 and isinstance(data[0], bytes):
        raw = data[0]
    else:
        try:
            raw = (np.array(data, np.int64) % 2**16).astype("<u2").tobytes()
        except (ValueError, TypeError, OverflowError) as error:
            raise DamagedImageError("A lookup table of the image holds entries that are no numbers.") from error
    width = 8 if len(raw) in {count, count + count % 2} and count > 1 else 16
    entries = np.frombuffer(raw[: count * width // 8], f"<u{width // 8}")
    if len(entries) < count:
        raise DamagedImageError(f"A lookup table of the image says it has {count} entries but holds {len(entries)}.")
    return entries.astype(np.float64), width


def _as_stored(value: float, stored: np.dtype[Any]) -> int:
    """Return a US or SS value with the sign of the stored values; it has 16 bits, however few those have."""
    return as_signed(int(value), signed=stored.kind == "i")


def as_signed(value: int, *, signed: bool) -> int:
    """Return a number read with the other signedness as the one its bits mean."""
    pattern = value % 2**16
    return pattern - 2**16 if signed and pattern >= 2**15 else pattern
