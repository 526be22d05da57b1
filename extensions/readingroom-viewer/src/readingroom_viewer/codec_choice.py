"""Which codec carries the next picture of a viewport: exact whenever the link can, and always at rest."""

from dataclasses import dataclass, field

from readingroom.wire import Codec
from readingroom_viewer.link import FRAMES_PER_S, LinkState

PNG_BELOW = 80e6
"""Bits a second below which the smaller PNG arrives sooner than the LZ4 that is quicker to decode (measured)."""

JPEG_EDGE = 65_500
"""The format's limit, less what an encoder rounds up."""

STEADY = 1.25
"""Once a picture moves with loss, exact ones must hold the rate with so much to spare, or the two would alternate."""

BEST_QUALITY, WORST_QUALITY = 90, 30
LAG_BEST_S, LAG_WORST_S = 0.020, 0.080


@dataclass(frozen=True, slots=True)
class Choice:
    """A codec of the wire; the quality is for ``jpeg``."""

    codec: Codec
    quality: int = 100

    @property
    def exact(self) -> bool:
        """Whether the page will hold the server's pixels."""
        return self.codec != "jpeg"


@dataclass(slots=True)
class CodecChoice:
    """What one viewport's pictures compressed to so far, and from it the choice for the next one."""

    ratios: dict[str, float] = field(default_factory=lambda: {"lz4": 2.5, "png": 4.0, "jpeg": 12.0})
    """Raw bytes to encoded ones. They begin at the low end of what CT, MR and X-ray images gave."""

    _lossy: bool = False

    def note(self, codec: Codec, raw: int, encoded: int) -> None:
        """Remember what a picture of ``raw`` bytes compressed to."""
        self.ratios[codec] = raw / max(1, encoded)

    def choose(self, shape: tuple[int, ...], moving: bool, link: LinkState) -> Choice:
        """Return the codec for a picture of ``shape`` (rows, columns[, 3]); only a ``moving`` one may lose anything."""
        goodput = link.goodput
        if goodput is None:
            return Choice("lz4")
        exact = Choice("lz4" if goodput >= PNG_BELOW else "png")
        raw = shape[0] * shape[1] * (1 if len(shape) == 2 else 3)  # noqa: PLR2004 - rows, columns
        needed = 8 * raw / self.ratios[exact.codec] * FRAMES_PER_S * (STEADY if self._lossy else 1)
        if not moving:
            return exact
        self._lossy = needed > goodput and max(shape) <= JPEG_EDGE
        return Choice("jpeg", quality_for(link.lag)) if self._lossy else exact


def quality_for(lag: float) -> int:
    """Return the JPEG quality for seconds of lag: 90 up to 20 ms, 30 from 80 ms on, straight in between."""
    share = min(1.0, max(0.0, (lag - LAG_BEST_S) / (LAG_WORST_S - LAG_BEST_S)))
    return round(BEST_QUALITY + share * (WORST_QUALITY - BEST_QUALITY))
