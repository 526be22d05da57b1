"""A reader's screen as it was measured, and how near it comes to the GSDF (PS3.14; AAPM TG18 and TG270 for the limits)."""

import json
import math
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from readingroom.errors import ReadingRoomError
from readingroom.pixels.gsdf import BRIGHTEST, DARKEST, DisplayCurve, display_curve, exact_jnd, levels_of, luminance
from readingroom.pixels.lut import Floats

CHECKED_LEVELS = 18
"""Driving levels 0, 15, … 255: those of the usual test patterns."""

LEVELS = (CHECKED_LEVELS, 256)
DIAGNOSTIC, REVIEW = 0.10, 0.20
"""The largest departure from the contrast of the GSDF that diagnostic and other screens may have."""

MAX_FILE_BYTES = 65_536


class InvalidProfileError(ReadingRoomError, ValueError):
    """A display profile that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class DisplayProfile:
    """The luminance of a screen at 18 driving levels (0, 15, … 255) or at all 256, in cd/m² without ambient light.

    ``ambient`` is the room light that the dark screen reflects, in cd/m²; ``measured`` is the day.

    Raises
    ------
    InvalidProfileError
        For another number of levels, a luminance that falls, is negative or no number, a screen of one luminance, or one
        that leaves the 0.05 to 4000 cd/m² of PS3.14 with its ambient light.
    """

    name: str
    luminance: tuple[float, ...]
    ambient: float
    measured: date

    def __post_init__(self) -> None:
        if len(self.luminance) not in LEVELS:
            raise InvalidProfileError(
                f"A display profile holds the luminance of 18 driving levels (0, 15, … 255) or of all 256, "
                f"not of {len(self.luminance)}."
            )
        for number in (*self.luminance, self.ambient):
            if not math.isfinite(number) or number < 0:
                raise InvalidProfileError(f"A luminance is a number of cd/m² from 0 upwards, not {number:g}.")
        self._check_order()

    def _check_order(self) -> None:
        step = 255 // (len(self.luminance) - 1)
        for index, (darker, brighter) in enumerate(zip(self.luminance, self.luminance[1:], strict=False)):
            if brighter < darker:
                raise InvalidProfileError(
                    f"The luminance falls from {darker:g} to {brighter:g} cd/m² between the driving levels "
                    f"{index * step} and {(index + 1) * step}: measure them again."
                )
        darkest, brightest = self.total[[0, -1]]
        if darkest == brightest:
            raise InvalidProfileError(f"The screen has one luminance, {brightest:g} cd/m², for all driving levels.")
        if darkest < DARKEST or brightest > BRIGHTEST:
            raise InvalidProfileError(
                f"The screen shows {darkest:g} to {brightest:g} cd/m² with its ambient light; the GSDF is defined from "
                f"{DARKEST:g} to {BRIGHTEST:g}. Measure the ambient light as it is where images are read."
            )

    @property
    def total(self) -> Floats:
        """Return what the reader sees at the measured levels, ambient light included, in cd/m²."""
        return np.asarray(self.luminance, np.float64) + self.ambient

    @cached_property
    def curve(self) -> DisplayCurve:
        """Return which driving level shows a P-value; kept, because every picture on this screen asks for it."""
        return display_curve(levels_of(self.total))

    @classmethod
    def load(cls, path: Path) -> "DisplayProfile":
        """Return the profile in a JSON file; raises ``InvalidProfileError`` for one that holds none, or ``OSError``."""
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        try:
            return cls._of(json.loads(data[:MAX_FILE_BYTES]))
        except InvalidProfileError as error:
            raise InvalidProfileError(f"{path}: {error}") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidProfileError(
                f"{path} is no display profile: JSON with name, measured (YYYY-MM-DD), ambient and luminance, in cd/m²."
            ) from error

    def save(self, path: Path) -> None:
        """Write the profile as a JSON file that ``load`` reads."""
        fields = asdict(self) | {"measured": self.measured.isoformat()}
        path.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def _of(cls, fields: Any) -> "DisplayProfile":  # noqa: ANN401 - whatever a JSON file holds
        if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in fields["luminance"]):
            raise InvalidProfileError("A luminance is a number of cd/m² from 0 upwards.")
        return cls(
            name=str(fields["name"]),
            luminance=tuple(float(number) for number in fields["luminance"]),
            ambient=float(fields["ambient"]),
            measured=date.fromisoformat(fields["measured"]),
        )


@dataclass(frozen=True, slots=True)
class GsdfConformance:
    """How far the contrast of a screen is from that of the GSDF: the largest |δ/δ_GSDF - 1| of 17 steps.

    ``steps`` holds δ/δ_GSDF - 1 of each, the darkest first.
    """

    steps: tuple[float, ...]

    @property
    def max_deviation(self) -> float:
        """Return the largest departure, 0.1 for 10 %."""
        return max(abs(step) for step in self.steps)

    @property
    def diagnostic(self) -> bool:
        """Return whether a diagnostic screen may be so: within 10 %."""
        return self.max_deviation <= DIAGNOSTIC

    @property
    def review(self) -> bool:
        """Return whether a screen for other uses may be so: within 20 %."""
        return self.max_deviation <= REVIEW


def gsdf_conformance(profile: DisplayProfile, *, corrected: bool = False) -> GsdfConformance:
    """Compare the contrast of a screen at 18 levels with the GSDF, ambient light included (AAPM TG18 4.3).

    With ``corrected`` the levels are P-values shown through the profile's own curve, which for a screen measured at 18
    levels judges the curve by itself: have such a screen measured again through the curve.
    """
    levels = levels_of(profile.total)
    at = np.arange(0, 256, 255 // (CHECKED_LEVELS - 1))
    shown = levels[profile.curve.apply(at) if corrected else at]
    ends = exact_jnd(shown[[0, -1]])
    wanted = luminance(np.linspace(ends[0], ends[1], CHECKED_LEVELS))
    return GsdfConformance(tuple(float(ratio) for ratio in _contrast(shown) / _contrast(wanted) - 1))


def _contrast(levels: Floats) -> Floats:
    return 2 * (levels[1:] - levels[:-1]) / (levels[1:] + levels[:-1])
