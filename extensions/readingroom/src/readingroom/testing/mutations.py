"""Small files of every syntax and of many kinds, and the damage that is done to them: one seed, one damaged file."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from pydicom.data import get_testdata_file

from readingroom.pixels.codecs import is_encapsulated
from readingroom.testing.encoders import ENCODERS
from readingroom.testing.files import compress, small_image, write

FILES = (
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_rgb_dcmtk_+eb+cy+np.dcm",
    "JPEGLSNearLossless_16.dcm",
    "JPEG-lossy.dcm",
    "JPGExtended.dcm",
    "693_J2KI.dcm",
    "image_dfl.dcm",
    "rtdose_1frame.dcm",
    "ExplVR_LitEndNoMeta.dcm",
    "nested_priv_SQ.dcm",
    "reportsi.dcm",
)
"""Files of pydicom's own tests, of other makers, each small."""

_HEADER = 1024
_FIRST = 128


def originals(folder: Path) -> Mapping[str, bytes]:
    """Return whole files by name: a small image in each syntax that can be encoded here, and files of other makers."""
    pixels = np.add.outer(np.arange(24) * 40, np.arange(16) * 9).astype(np.uint16)
    found = {}
    for syntax in filter(is_encapsulated, ENCODERS):
        dataset = compress(small_image(1, pixels), syntax, [ENCODERS[syntax](pixels, 16)])
        found[syntax] = write(dataset, folder / "original.dcm").read_bytes()
    for name in FILES:
        path = get_testdata_file(name, download=False)
        if path is not None:
            found[name] = Path(path).read_bytes()
    return found


def mutate(data: bytes, seed: int) -> bytes:
    """Return ``data`` damaged in one to three ways that ``seed`` decides, the same for the same seed."""
    random = np.random.default_rng(seed)
    damaged = bytearray(data)
    for _ in range(min(random.geometric(0.7), 3)):
        damaged = _WAYS[random.choice(len(_WAYS), p=_SHARES)](damaged, random)
    return bytes(damaged)


def _place(data: bytearray, random: np.random.Generator) -> int:
    """Return a place after the preamble, more often among the attributes and the codestream's header than later."""
    end = max(len(data), _FIRST + 1)
    limit = end if random.random() < 0.5 else min(end, _FIRST + _HEADER)  # noqa: PLR2004 - half and half
    return int(random.integers(_FIRST, max(limit, _FIRST + 1)))


def _flip_bits(data: bytearray, random: np.random.Generator) -> bytearray:
    for _ in range(random.geometric(0.5)):
        at = _place(data, random)
        if at < len(data):
            data[at] ^= 1 << int(random.integers(8))
    return data


def _set_bytes(data: bytearray, random: np.random.Generator) -> bytearray:
    at, extreme = _place(data, random), (0, 0xFF, 0x7F, 0x80, int(random.integers(256)))
    for n in range(random.integers(1, 5)):
        if at + n < len(data):
            data[at + n] = extreme[random.integers(len(extreme))]
    return data


def _splice(data: bytearray, random: np.random.Generator) -> bytearray:
    """Put a copy of one stretch in the place of another, or between."""
    source, target = _place(data, random), _place(data, random)
    length = int(random.integers(1, 65))
    replaced = length if random.random() < 0.5 else 0  # noqa: PLR2004 - half and half
    return data[:target] + data[source : source + length] + data[target + replaced :]


def _remove(data: bytearray, random: np.random.Generator) -> bytearray:
    at = _place(data, random)
    return data[:at] + data[at + int(random.integers(1, 65)) :]


def _cut(data: bytearray, random: np.random.Generator) -> bytearray:
    return data[: _place(data, random)]


def _lengthen(data: bytearray, random: np.random.Generator) -> bytearray:
    """Change two or four aligned bytes as if they were a length or a number of rows."""
    at = _place(data, random) // 2 * 2
    size = 2 if random.random() < 0.5 else 4  # noqa: PLR2004 - half and half
    values = (0, 1, 0xFFFF, 0xFFFE, 0x7FFF, 0x8000, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, int(random.integers(2**32)))
    data[at : at + size] = (values[random.integers(len(values))] % 256**size).to_bytes(size, "little")
    return data


_WAYS: tuple[Callable[[bytearray, np.random.Generator], bytearray], ...] = (
    _flip_bits,
    _set_bytes,
    _splice,
    _remove,
    _cut,
    _lengthen,
)
_SHARES = (0.4, 0.2, 0.1, 0.05, 0.05, 0.2)
