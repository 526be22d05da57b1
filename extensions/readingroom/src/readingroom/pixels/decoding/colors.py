"""Colour profiles of strangers meet LittleCMS in a child process too."""

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.decoding.messages import Job
from readingroom.pixels.decoding.pool import DecoderPool
from readingroom.pixels.icc import check_profile


def srgb_isolated(rgb: NDArray[np.uint8], profile: bytes, pool: DecoderPool) -> NDArray[np.uint8]:
    """Return the sRGB of (rows, columns, 3) colours of an ICC profile, as ``icc.to_srgb``.

    Raises
    ------
    DecodingFailedError
        When the child crashed, ran out of memory or took too long.
    UnsupportedImageError, DamagedImageError
        As ``icc.to_srgb``.
    """
    check_profile(profile)
    data = np.ascontiguousarray(rgb).tobytes()
    job = Job(
        function="srgb",
        buffers=(data, profile),
        parameters={"shape": list(rgb.shape)},
        samples=rgb.size,
        output_bytes=rgb.nbytes,
        seconds=pool.limits.seconds_for(rgb.size),
        memory=pool.limits.memory_for(rgb.size, len(data) + len(profile)),
    )
    return pool.run(job)
