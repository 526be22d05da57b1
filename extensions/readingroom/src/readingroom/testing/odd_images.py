"""Valid images that nobody would think of: one seed, one image in one syntax, with the values that it must show.

What is drawn by lot: size (also single rows and columns), frames, bits stored and where they lie in the word, sign, what
stands in the bits around, planes, colour space, palette, offset tables, fragments, byte order and syntax.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended

from readingroom.pixels.codecs import is_encapsulated
from readingroom.testing.encoders import ENCODERS
from readingroom.testing.files import small_image

Random = np.random.Generator

BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
_JPEG = "1.2.840.10008.1.2.4."
WORDS_AS_THEY_ARE = frozenset({f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.98", ".1.99", ".2", ".5", ".8.1")})
"""Syntaxes that keep the whole allocated word, bits around the value included."""

_ALL = (8, 16, 32)
_JPEG_2000 = (f"{_JPEG}90", f"{_JPEG}91")
_MOST_BITS = {f"{_JPEG}{n}": 16 for n in (57, 70, 80, 81, 110, 112)} | dict.fromkeys(_JPEG_2000, 24)
_WIDTHS = {BIG_ENDIAN: (8, 16)} | {f"{_JPEG}{n}": (8, 16) for n in (57, 70, 80, 81, 110, 112, 201, 202, 203)}
_LEAST_BITS = {f"{_JPEG}{n}": 2 for n in (57, 70, 80, 81)}
_FULL_WIDTH = frozenset(f"{_JPEG}{n}" for n in (201, 202, 203))
"""The encoder at hand writes as many bits as the word has."""

_BEGIN_ALIKE = frozenset({"1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1", RLE, f"{_JPEG}80", f"{_JPEG}81"})
"""Syntaxes of which a fragment does not tell whether a frame begins there: JPEG-LS may hold a second start in its SPIFF."""


@dataclass(frozen=True, eq=False, slots=True)
class OddImage:
    """A dataset to be written and the stored values of its frames, (frames, rows, columns) or (…, 3) RGB or YBR.

    ``palette`` holds the entries of a PALETTE COLOR image, (entries, 3), beginning at ``first_mapped``.
    """

    dataset: Dataset
    values: NDArray[Any]
    syntax: str
    palette: NDArray[np.uint16] | None = None
    first_mapped: int = 0

    @property
    def says(self) -> str:
        """Return what the lot fell on, for the message of a test that fails."""
        names = (
            "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration",
            "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
        )  # fmt: skip
        return ", ".join([self.syntax, *(f"{name} {self.dataset.get(name)}" for name in names)])


def odd_image(seed: int) -> OddImage:
    """Return the image that a seed decides."""
    random = np.random.default_rng(seed)
    kind = random.choice(["gray", "color", "palette", "bits"], p=[0.6, 0.2, 0.15, 0.05])
    return {"gray": _gray, "color": _color, "palette": _palette, "bits": _bits}[str(kind)](random)


def _shape(random: Random) -> tuple[int, int, int]:
    rows, columns = (int(random.choice([1, 2, 3, 7, 16, 33])) for _ in range(2))
    return int(random.choice([1, 1, 2, 5])), rows, columns


def _width(random: Random, syntax: str, allocated: int) -> int:
    """Return the bits stored of an allocated word that a syntax can hold."""
    if syntax in _FULL_WIDTH:
        return allocated
    least = 17 if allocated == 32 and syntax in _JPEG_2000 else _LEAST_BITS.get(syntax, 1)  # noqa: PLR2004 - its encoder
    return int(random.integers(least, min(allocated, _MOST_BITS.get(syntax, 32)) + 1))


def _gray(random: Random, **more: Any) -> OddImage:  # noqa: ANN401 - attributes of the image
    syntax = str(random.choice(sorted(ENCODERS)))
    stored = more.pop("stored", None)
    allocated = int(random.choice(_WIDTHS.get(syntax, _ALL) if stored is None else (8, 16)))
    stored = stored or _width(random, syntax, allocated)
    is_signed = bool(random.integers(2)) and stored > 1
    low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if is_signed else (0, (1 << stored) - 1)
    dtype = np.dtype(f"{'i' if is_signed else 'u'}{allocated // 8}")
    values = random.integers(low, high, _shape(random), endpoint=True).astype(dtype)
    high_bit = stored - 1
    if syntax in WORDS_AS_THEY_ARE:
        high_bit = int(random.integers(stored - 1, allocated))
    words = _in_words(random, values, stored, high_bit) if syntax in WORDS_AS_THEY_ARE else values
    dataset = small_image(1, np.zeros((2, 2), np.uint16))
    _describe(dataset, values, allocated, stored, high_bit)
    _pack(random, dataset, syntax, [ENCODERS[syntax](frame, stored) for frame in words])
    return OddImage(dataset, values, syntax)


def _in_words(random: Random, values: NDArray[Any], stored: int, high_bit: int) -> NDArray[Any]:
    """Return values where they lie in their words, with anything in the bits around them (PS3.5 8.1.1)."""
    unsigned = np.dtype(f"u{values.itemsize}")
    below = high_bit + 1 - stored
    mask = unsigned.type(((1 << stored) - 1) << below)
    placed = np.left_shift(values.view(unsigned), below, dtype=unsigned) & mask
    around = random.integers(0, 1 << 8 * values.itemsize, values.shape, dtype=np.uint64).astype(unsigned) & ~mask
    words: NDArray[Any] = (placed | around).view(values.dtype)
    return words


def _color(random: Random) -> OddImage:
    syntax = str(random.choice(sorted(ENCODERS)))
    frames, rows, columns = _shape(random)
    values = random.integers(0, 256, (frames, rows, columns, 3)).astype(np.uint8)
    planar, space = 0, "RGB"
    dataset = small_image(1, np.zeros((2, 2), np.uint16))
    if syntax in WORDS_AS_THEY_ARE:
        space = str(random.choice(["RGB", "YBR_FULL"]))
        planar = int(random.integers(2))
    encoded = [_color_frame(syntax, frame, planar) for frame in values]
    _describe(dataset, values, 8, 8, 7)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, space, planar
    if syntax.startswith(_JPEG) and syntax[len(_JPEG) :] in ("90", "201", "202"):
        dataset.PhotometricInterpretation = "RGB"
    _pack(random, dataset, syntax, encoded)
    return OddImage(dataset, values, syntax)


def _color_frame(syntax: str, frame: NDArray[Any], planar: int) -> bytes:
    if planar and syntax != RLE:
        frame = np.ascontiguousarray(np.moveaxis(frame, -1, 0))
    return ENCODERS[syntax](frame, 8)


def _palette(random: Random) -> OddImage:
    image = _gray(random, stored=int(random.integers(2, 9)))
    stored = int(image.dataset.BitsStored)
    signed = image.dataset.PixelRepresentation
    lowest = -(1 << stored - 1) if signed else 0
    first = int(lowest + random.integers(0, 3))
    count, depth = int(random.integers(2, 1 << stored, endpoint=True)), int(random.choice([8, 16]))
    entries = random.integers(0, 1 << depth, (count, 3)).astype(np.uint16)
    dataset = image.dataset
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for column, name in enumerate(("Red", "Green", "Blue")):
        descriptor = [count, first, depth]
        dataset.add_new(f"{name}PaletteColorLookupTableDescriptor", "SS" if signed else "US", descriptor)
        data = entries[:, column].astype("<u2" if depth == 16 else "u1").tobytes()  # noqa: PLR2004 - words or bytes
        dataset.add_new(f"{name}PaletteColorLookupTableData", "OW", data + b"\0" * (len(data) % 2))
    if image.syntax == BIG_ENDIAN:  # words of the table would have to be turned round as well
        return _palette(random)
    return OddImage(dataset, image.values, image.syntax, np.left_shift(entries, 16 - depth, dtype=np.uint16), first)


def _bits(random: Random) -> OddImage:
    values = random.integers(0, 2, _shape(random)).astype(np.uint8)
    dataset = small_image(1, np.zeros((2, 2), np.uint16))
    _describe(dataset, values, 1, 1, 0)
    packed = np.packbits(values.reshape(-1), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset["PixelData"].VR = "OB"
    return OddImage(dataset, values, str(dataset.file_meta.TransferSyntaxUID))


def _describe(dataset: Dataset, values: NDArray[Any], allocated: int, stored: int, high_bit: int) -> None:
    dataset.Rows, dataset.Columns = values.shape[1:3]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, stored, high_bit
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    if len(values) > 1:
        dataset.NumberOfFrames = len(values)


def _pack(random: Random, dataset: Dataset, syntax: str, frames: list[bytes]) -> None:
    """Put encoded frames into a dataset, in fragments of any number where the syntax has them (PS3.5 A.4)."""
    dataset.file_meta.TransferSyntaxUID = syntax
    if not is_encapsulated(syntax):
        raw = b"".join(frames)
        dataset.PixelData = raw + b"\0" * (len(raw) % 2)
        dataset["PixelData"].VR = "OB" if dataset.BitsAllocated <= 8 else "OW"  # noqa: PLR2004 - a byte
        return
    table = str(random.choice(["none", "basic", "extended"]))
    shortest = min(map(len, frames))
    fragments = int(random.integers(1, 4)) if table == "basic" and syntax != RLE and shortest > 8 else 1  # noqa: PLR2004
    if table == "none" and syntax not in _BEGIN_ALIKE and shortest > 64:  # noqa: PLR2004 - a header in the first
        fragments = int(random.integers(1, 3))
    if table == "extended":
        data, offsets, lengths = encapsulate_extended(frames)
        dataset.PixelData = data
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    else:
        dataset.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=table == "basic")
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
