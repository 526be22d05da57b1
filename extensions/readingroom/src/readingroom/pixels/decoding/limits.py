"""How much time and memory the decoding of one frame may take."""

from dataclasses import dataclass

from readingroom.pixels.description import MAX_SAMPLES

MEBI = 2**20


@dataclass(frozen=True, slots=True)
class DecodingLimits:
    """Limits of one job in a child process; they grow with the samples that the image says it has.

    ``seconds`` and ``seconds_per_megasample`` bound the time from the moment the child starts to work (time that it
    spent waiting for a processor does not count); ``memory`` and ``bytes_per_sample`` the address space in bytes above what the
    child takes when idle. A frame of more than ``harmless_samples`` must not claim more than ``max_ratio`` samples for each
    compressed byte: a codestream of 150 bytes can be a giant that is grey all over.
    JPEG 2000, the slowest codec, decodes 9 megasamples a second and takes 7 bytes a sample.
    """

    max_samples: int = MAX_SAMPLES
    harmless_samples: int = 2**24
    max_ratio: int = 2000
    seconds: float = 1.0
    seconds_per_megasample: float = 0.4
    memory: int = 256 * MEBI
    bytes_per_sample: int = 16

    def seconds_for(self, samples: int) -> float:
        """Return the seconds that a frame of so many samples may take."""
        return self.seconds + self.seconds_per_megasample * samples / 1e6

    def memory_for(self, samples: int, data_bytes: int) -> int:
        """Return the bytes of address space that a frame may take beside the child itself."""
        return self.memory + self.bytes_per_sample * samples + 2 * data_bytes
