"""What maps modality values to grey: the window a reader sets, or a VOI LUT of the image (PS3.3 C.11.2)."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import ReadingRoomError
from readingroom.pixels.lut import WHITE, Floats, LookupTable

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

WindowOrigin = Literal["", "image", "reader", "bits", "frame", "series"]
"""Where a window comes from: the image or its presentation state, the reader, or, where there is none, the range of the
bits stored, of this frame's values, or of the values of one frame for all that are scrolled through together."""


class InvalidWindowError(ReadingRoomError, ValueError):
    """A window that the Standard does not allow; the message says which rule."""


@dataclass(frozen=True, slots=True)
class Voi:
    """A VOI window in modality values (HU for CT).

    Raises
    ------
    InvalidWindowError
        For a width below 1 with LINEAR, not above 0 otherwise (PS3.3 C.11.2.1.2, C.11.2.1.3), a number that is not
        finite or a function the Standard does not name.
    """

    center: float
    width: float
    function: VoiFunction = "LINEAR"

    def __post_init__(self) -> None:
        if self.function not in get_args(VoiFunction):
            raise InvalidWindowError(f"There is no VOI LUT Function {self.function!r:.40}.")
        if not (math.isfinite(self.center) and math.isfinite(self.width)):
            raise InvalidWindowError("Window centre and width must be finite numbers.")
        if self.function == "LINEAR" and self.width < 1:
            raise InvalidWindowError(f"A window width must be at least 1, not {self.width:g}.")
        if self.width <= 0:
            raise InvalidWindowError(f"A window width must be above 0, not {self.width:g}.")

    @classmethod
    def of_range(cls, low: float, high: float) -> "Voi":
        """Return the LINEAR window that shows ``low`` as black, ``high`` as white and everything between."""
        return cls(center=(low + high) / 2 + 0.5, width=high - low + 1)

    def apply(self, values: NDArray[Any]) -> Floats:
        """Return display values 0 to 255, not yet rounded, for modality values."""
        x = np.asarray(values, np.float64)
        return _FUNCTIONS[self.function](x, self.center, self.width)


def _linear(x: Floats, center: float, width: float) -> Floats:
    """PS3.3 C.11.2.1.2.1: half a pixel value is taken off the centre, one off the width."""
    half = (width - 1) / 2
    low, high = center - 0.5 - half, center - 0.5 + half
    if width == 1:
        return np.where(x <= low, 0.0, WHITE)
    y = ((x - (center - 0.5)) / (width - 1) + 0.5) * WHITE
    return np.where(x <= low, 0.0, np.where(x > high, WHITE, y))


def _linear_exact(x: Floats, center: float, width: float) -> Floats:
    """PS3.3 C.11.2.1.3.2."""
    y = ((x - center) / width + 0.5) * WHITE
    return np.where(x <= center - width / 2, 0.0, np.where(x > center + width / 2, WHITE, y))


def _sigmoid(x: Floats, center: float, width: float) -> Floats:
    """PS3.3 C.11.2.1.3.1; the exponent is bounded where the result no longer changes."""
    exponent = np.clip(-4.0 * ((x - center) / width), -700.0, 700.0)
    return WHITE / (1.0 + np.exp(exponent))


@dataclass(frozen=True, eq=False, slots=True)
class VoiChoice:
    """One of the alternative views an image offers, a window or a VOI LUT, with its explanation (PS3.3 C.11.2.1)."""

    voi: Voi | LookupTable
    explanation: str = ""

    @property
    def kind(self) -> Literal["window", "lut"]:
        """Return which of the two it is."""
        return "window" if isinstance(self.voi, Voi) else "lut"


def equivalent_window(voi: Voi | LookupTable) -> Voi:
    """Return the window that looks most like a VOI LUT, for a drag to start from; a window is its own.

    It is LINEAR or SIGMOID, whichever is nearer to the LUT in the mean square, through the inputs where the LUT passes
    a tenth, a half and nine tenths of what it spans. A LUT that falls counts as the rising one: a window has no polarity.
    """
    if isinstance(voi, Voi):
        return voi
    rising = voi.entries if voi.entries[-1] >= voi.entries[0] else voi.largest - voi.entries
    low, high = rising.min(), rising.max()
    if low == high:
        return Voi.of_range(voi.first_mapped, voi.last_mapped)
    inputs = np.arange(voi.first_mapped, voi.last_mapped + 1, dtype=np.float64)
    share = np.maximum.accumulate((rising - low) / (high - low))
    tenth, half, nine_tenths = (float(x) for x in np.interp([0.1, 0.5, 0.9], share, inputs))
    spread = max(nine_tenths - tenth, 1e-3)
    candidates = (Voi(half + 0.5, spread / 0.8 + 1), Voi(half, 2 * spread / math.log(9), "SIGMOID"))
    return min(candidates, key=lambda window: float(np.square(window.apply(inputs) / WHITE - share).mean()))


_FUNCTIONS = {"LINEAR": _linear, "LINEAR_EXACT": _linear_exact, "SIGMOID": _sigmoid}
