"""The header of a JPEG XL codestream, as far as it must be known before decoding (ISO/IEC 18181-1 D.2, D.3)."""

from readingroom.errors import DamagedImageError, UnsupportedImageError

_MARK = b"\xff\x0a"
_HEADER = 64
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_Choice = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]
"""For each of two selecting bits: how many bits follow, and what is added to them (B.2.2)."""

_EXTENT: _Choice = ((9, 1), (13, 1), (18, 1), (30, 1))
_TICKS: _Choice = ((0, 100), (0, 1000), (10, 1), (30, 1))
_TICK_PARTS: _Choice = ((0, 1), (0, 1001), (8, 1), (10, 1))
_INTEGER_BITS: _Choice = ((0, 8), (0, 10), (0, 12), (6, 1))
_FLOAT_BITS: _Choice = ((0, 32), (0, 16), (0, 24), (6, 1))
_CHANNELS: _Choice = ((0, 0), (0, 1), (4, 2), (12, 1))


class JpegXlHeader:
    """Size, bits, orientation (1 as it lies), and whether there is more in the codestream than one picture."""

    def __init__(self, data: bytes) -> None:
        boxed = max(data.find(b"jxlc", 0, 4096), data.find(b"jxlp", 0, 4096))
        start = 0 if data.startswith(_MARK) else data.find(_MARK, max(boxed, 0), 65_536)
        if start < 0 or len(data) < start + 12:
            raise DamagedImageError("The compressed image does not begin like JPEG XL.")
        bits = _Bits(int.from_bytes(data[start + 2 : start + _HEADER], "little"))
        self.rows, self.columns = _size(bits)
        self.orientation, self.bits, self.extra_channels = 1, 8, 0
        self.is_animated = self.is_float = False
        if not bits.take(1):
            self._read_metadata(bits)

    def _read_metadata(self, bits: "_Bits") -> None:
        if bits.take(1):
            self.orientation = bits.take(3) + 1
            if bits.take(1):
                _size(bits)  # the size it is meant to be seen in
            if bits.take(1):
                raise UnsupportedImageError("JPEG XL images with a preview inside are not supported.")
            self.is_animated = bool(bits.take(1))
            if self.is_animated:
                return
        self.is_float = bool(bits.take(1))
        self.bits = bits.choose(_FLOAT_BITS if self.is_float else _INTEGER_BITS)
        if self.is_float:
            bits.take(4)
        bits.take(1)  # whether buffers of 16 bits are enough
        self.extra_channels = bits.choose(_CHANNELS)


class _Bits:
    """Bits taken from the lowest up."""

    def __init__(self, value: int) -> None:
        self._value = value

    def take(self, count: int) -> int:
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        return taken

    def choose(self, choices: _Choice) -> int:
        count, more = choices[self.take(2)]
        return self.take(count) + more


def _size(bits: _Bits) -> tuple[int, int]:
    """Return rows and columns of a SizeHeader."""
    small = bits.take(1)
    rows = _extent(bits, small=small)
    ratio = bits.take(3)
    if not ratio:
        return rows, _extent(bits, small=small)
    numerator, denominator = _RATIOS[ratio - 1]
    return rows, rows * numerator // denominator


def _extent(bits: _Bits, *, small: int) -> int:
    return (bits.take(5) + 1) * 8 if small else bits.choose(_EXTENT)
