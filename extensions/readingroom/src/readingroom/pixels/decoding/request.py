"""One frame to be decoded."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import ReadingRoomError
from readingroom.pixels.codecs import DECODERS, STREAMS, check_header, decode
from readingroom.pixels.decoding.errors import DecodingFailedError, FailureReason
from readingroom.pixels.decoding.limits import DecodingLimits
from readingroom.pixels.decoding.messages import Job, describe
from readingroom.pixels.description import PixelDescription

VIDEO_SECONDS = 8.0
"""What a frame of a video may take beyond its size: all frames since the last key frame are decoded before it."""

Outcome = NDArray[Any] | ReadingRoomError


@dataclass(frozen=True, eq=False, slots=True)
class DecodeRequest:
    """One frame to decode; into ``out`` when given, whose type must be able to hold every value of the frame's own.

    ``number`` says which frame of a video, from 1.
    """

    transfer_syntax_uid: str
    data: bytes
    description: PixelDescription
    out: NDArray[Any] | None = None
    number: int = 1

    @property
    def is_harmless(self) -> bool:
        """Return whether the frame is uncompressed: reading numbers from a buffer needs no child."""
        return DECODERS.get(self.transfer_syntax_uid) in {"native", "big_endian"}

    def decode_here(self) -> NDArray[Any]:
        """Return the stored values, decoded in this process."""
        try:
            samples = decode(self.transfer_syntax_uid, self.data, self.description, self.number)
        except MemoryError as error:
            raise DecodingFailedError("There is no memory left for the image.", FailureReason.MEMORY) from error
        if self.out is None:
            return samples
        np.copyto(self.out, samples, casting="safe")
        return self.out

    def job(self, limits: DecodingLimits) -> Job:
        """Return the request as a child takes it; raises what its header forbids before a child is asked."""
        check_header(self.transfer_syntax_uid, self.data, self.description)
        samples = self.description.samples
        return Job(
            function="decode",
            buffers=(self.data,),
            parameters={
                "transfer_syntax_uid": self.transfer_syntax_uid,
                "description": describe(self.description),
                "number": self.number,
            },
            samples=samples,
            output_bytes=samples * self.description.container.itemsize,
            seconds=limits.seconds_for(samples) + (VIDEO_SECONDS if self.transfer_syntax_uid in STREAMS else 0.0),
            memory=limits.memory_for(samples, len(self.data)),
        )
