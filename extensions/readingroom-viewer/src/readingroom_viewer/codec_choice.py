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

LOSSY_FRAME_S = 0.1
"""A picture with loss that would take the link longer comes in fewer pixels: a hand feels ten pictures a second."""

MOST_STEP = 8
"""The fewest rows and columns that the wire allows for are an eighth."""

BEST_QUALITY, WORST_QUALITY = 90, 30
LAG_BEST_S, LAG_WORST_S = 0.020, 0.080


@dataclass(frozen=True, slots=True)
class Choice:
    """A codec of the wire; quality and step are for ``jpeg``: of so many rows and columns one is sent."""

    codec: Codec
    quality: int = 100
    step: int = 1

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

    def choose(
        self, shape: tuple[int, ...], moving: bool, link: LinkState, sharing: int = 1, *, behind: bool = False
    ) -> Choice:
        """Return the codec for a picture of ``shape`` (rows, columns[, 3]); only a ``moving`` one may lose anything.

        ``sharing`` is the number of viewports that the link must carry pictures for; ``behind`` says that an exact one
        was broken off because the hand was quicker.
        """
        exact = self.exact(link)
        if not moving:
            return exact
        raw = shape[0] * shape[1] * (1 if len(shape) == 2 else 3)  # noqa: PLR2004 - rows, columns
        needed = 8 * raw / self.ratios[exact.codec] * FRAMES_PER_S * max(1, sharing)
        needed *= STEADY if self._lossy else 1
        thin = link.goodput is not None and needed > link.goodput
        self._lossy = (thin or behind) and max(shape) <= JPEG_EDGE
        if not self._lossy:
            return exact
        return Choice("jpeg", quality_for(link.lag), self._step(raw * max(1, sharing), link.goodput))

    @staticmethod
    def exact(link: LinkState) -> Choice:
        """Return the lossless codec that arrives soonest."""
        return Choice("lz4" if link.goodput is None or link.goodput >= PNG_BELOW else "png")

    def _step(self, raw: int, goodput: float | None) -> int:
        step = 1
        if goodput is not None:
            room = goodput / 8 * LOSSY_FRAME_S
            while step < MOST_STEP and raw / self.ratios["jpeg"] / step**2 > room:
                step *= 2
        return step


def quality_for(lag: float) -> int:
    """Return the JPEG quality for seconds of lag: 90 up to 20 ms, 30 from 80 ms on, straight in between."""
    share = min(1.0, max(0.0, (lag - LAG_BEST_S) / (LAG_WORST_S - LAG_BEST_S)))
    return round(BEST_QUALITY + share * (WORST_QUALITY - BEST_QUALITY))
