"""A stack loaded slice by slice, from the slice wanted outwards, into one array that can be shown while it fills."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.frame_bytes import read_frame
from readingroom.dicom.local_frames import LocalFrames, LocalInstance, read_into
from readingroom.dicom.model import EncodedFrame, FrameReference
from readingroom.dicom.part10 import BIG_ENDIAN
from readingroom.dicom.remote_frames import RemoteFrames, side_by_side
from readingroom.dicom.slice_values import SliceValues, slice_values
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import Stack
from readingroom.dicom.volume_plan import placement, plan
from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.codecs import DECODERS, STREAMS, mask_and_sign_extend
from readingroom.pixels.codecs.big_endian import TWO_WAYS
from readingroom.pixels.decoding import DecodeRequest, DecoderPool, default_pool
from readingroom.pixels.volume import Volume

MAX_VOLUME_BYTES = 8 * 2**30
"""The largest volume taken on: 4,000 slices of 1024 x 1024 voxels of 16 bit."""

_FAR = 2**31


@dataclass(frozen=True, slots=True)
class SliceProblem:
    """A slice of a volume (from 0) that could not be loaded, and why; it stays absent."""

    slice: int
    reason: str


class VolumeLoader:
    """Loads a stack in a thread of its own; ``volume`` is there at once and fills.

    Parameters
    ----------
    source
        Where the frames are. One that offers ``LocalFrames`` is read straight into the volume where frames are
        uncompressed; of any other the attributes of every instance are asked for first. One that offers ``RemoteFrames``
        is asked for several frames at once.
    stack
        The frames, in the order of the slices.
    wanted
        The slice that comes first, from 0; None for the middle one. Its neighbours follow, alternately.
    on_slice
        Called in the loader's thread with the number of each slice that is there, or has failed.
    pool
        The decoders of compressed frames.

    Raises
    ------
    UnsupportedImageError
        For a stack that makes no volume; the message says why.
    NotFoundError, SourceUnavailableError, DamagedImageError
        As the source does for the attributes.
    """

    def __init__(
        self,
        source: StudySource,
        stack: Stack,
        wanted: int | None = None,
        on_slice: Callable[[int], None] | None = None,
        pool: DecoderPool | None = None,
    ) -> None:
        affine, along = placement(stack)
        self.stack = stack
        self._source = source
        self._pool = pool or default_pool()
        self._on_slice = on_slice
        self._local = source.local_instances(stack.frames[0].sop_uid) if isinstance(source, LocalFrames) else {}
        if isinstance(source, RemoteFrames):
            source.prepare(stack.frames[0].sop_uid)
        self._values = [self._slice_values(frame) for frame in stack.frames]
        self.plan = plan(self._values)
        shape = (len(stack.frames), stack.frames[0].rows, stack.frames[0].columns)
        if int(np.prod(shape)) * self.plan.dtype.itemsize > MAX_VOLUME_BYTES:
            raise UnsupportedImageError(f"A volume of {shape[0]} slices of this size is larger than any we load.")
        ready = np.zeros(shape[0], np.bool_)
        self.volume = Volume(np.empty(shape, self.plan.dtype), affine, self.plan.padding, ready, along)
        self._taken = np.zeros(shape[0], np.bool_)
        self._wanted = shape[0] // 2 if wanted is None else wanted
        self._problems: list[SliceProblem] = []
        self._failure: BaseException | None = None
        self._is_cancelled = False
        self._thread = threading.Thread(target=self._run, name="volume-loader", daemon=True)

    @property
    def problems(self) -> tuple[SliceProblem, ...]:
        """Return the slices that could not be loaded so far, in the order of the slices."""
        return tuple(sorted(self._problems, key=lambda problem: problem.slice))

    @property
    def is_done(self) -> bool:
        """Return whether every slice is there or has failed, or the loading was cancelled."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def start(self) -> "VolumeLoader":
        """Begin; call it once."""
        self._thread.start()
        return self

    def prefer(self, wanted: int) -> None:
        """Load the slices around ``wanted`` next, because the reader has gone there."""
        self._wanted = wanted

    def cancel(self) -> None:
        """Load no more; slices that are being decoded still come."""
        self._is_cancelled = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is done and return whether it is; raises what stopped it, which no slice's problem does."""
        self._thread.join(timeout)
        if self._failure is not None:
            raise self._failure
        return self.is_done

    def _run(self) -> None:
        decoding: list[int] = []
        try:
            for place, outcome in self._pool.decode_each(self._requests(decoding)):
                self._decoded(decoding[place], outcome)
        except BaseException as error:  # noqa: BLE001 - a thread has nobody above it: whoever waits is told
            self._failure = error

    def _requests(self, decoding: list[int]) -> Iterator[DecodeRequest]:
        """Yield what has to be decoded, noting the slice in ``decoding``; load everything else on the way."""
        for number, fetched in self._fetched():
            try:
                request = self._load(number, fetched)
            except ReadingRoomError as error:
                self._failed(number, str(error))
                continue
            if request is None:
                self._arrived(number)
                continue
            decoding.append(number)
            yield request

    def _fetched(self) -> Iterator[tuple[int, Callable[[], EncodedFrame]]]:
        """Yield each slice in its turn with what returns its frame, from a network several of them side by side."""
        numbers = iter(self._next, None)
        if isinstance(self._source, RemoteFrames):
            yield from side_by_side(numbers, self._encoded, self._source.frames_at_once)
            return
        for number in numbers:
            yield number, partial(self._encoded, number)

    def _next(self) -> int | None:
        """Take the nearest slice to the one wanted that nobody has taken."""
        if self._is_cancelled:
            return None
        distance = np.abs(np.arange(len(self._taken)) - self._wanted)
        number = int(np.where(self._taken, _FAR, distance).argmin())
        if self._taken[number]:
            return None
        self._taken[number] = True
        return number

    def _load(self, number: int, fetched: Callable[[], EncodedFrame]) -> DecodeRequest | None:
        """Load a slice that needs no decoder and return None, or return the request to decode it."""
        frame, values = self.stack.frames[number], self._values[number]
        out = self.volume.values[number]
        instance = self._local.get(frame.sop_uid)
        if instance is not None and self.plan.takes(values) and _is_plain(instance, values):
            read_into(out, instance, frame.frame)
            _as_stored_values(out, instance, values)
            return None
        encoded = fetched()
        if values.description is None:
            self.plan.put(_reals(encoded.data, out.shape, values), values, out)
            return None
        into = None if self.plan.is_modality else out
        return DecodeRequest(encoded.transfer_syntax_uid, encoded.data, values.description, into, encoded.number)

    def _encoded(self, number: int) -> EncodedFrame:
        frame = self.stack.frames[number]
        instance = self._local.get(frame.sop_uid)
        if instance is None or instance.transfer_syntax_uid in STREAMS:
            return self._source.frame(frame.sop_uid, frame.frame)
        return EncodedFrame(instance.transfer_syntax_uid, read_frame(instance.path, instance.pixels, frame.frame))

    def _decoded(self, number: int, outcome: NDArray[Any] | ReadingRoomError) -> None:
        if isinstance(outcome, ReadingRoomError):
            frame = self.stack.frames[number]
            instance = self._local.get(frame.sop_uid)
            name = frame.sop_uid if instance is None else instance.path.name
            self._failed(number, f"{str(outcome).rstrip('.')}, frame {frame.frame} of {name}.")
            return
        if self.plan.is_modality:
            self.plan.put(outcome, self._values[number], self.volume.values[number])
        self._arrived(number)

    def _arrived(self, number: int) -> None:
        self.volume.ready[number] = True
        if self._on_slice is not None:
            self._on_slice(number)

    def _failed(self, number: int, reason: str) -> None:
        self.volume.values[number] = self.plan.fill
        self._problems.append(SliceProblem(number, reason))
        if self._on_slice is not None:
            self._on_slice(number)

    def _slice_values(self, frame: FrameReference) -> SliceValues:
        instance = self._local.get(frame.sop_uid)
        if instance is not None and instance.values is not None:
            return instance.values
        dataset = self._source.metadata(frame.sop_uid)
        with quiet_reading():
            return slice_values(dataset, frame.frame)


def _is_plain(instance: LocalInstance, values: SliceValues) -> bool:
    """Return whether a frame lies in its file as the numbers of an array, in either byte order."""
    description, pixels = values.description, instance.pixels
    return (
        description is not None
        and description.bits_allocated > 1
        and DECODERS.get(instance.transfer_syntax_uid) in {"native", "big_endian"}
        and not (description.bits_allocated == TWO_WAYS and instance.transfer_syntax_uid == BIG_ENDIAN)
        and pixels.frame_bits == description.samples * description.bits_allocated
        and not (pixels.deflated or pixels.swap_bytes)
    )


def _as_stored_values(out: NDArray[Any], instance: LocalInstance, values: SliceValues) -> None:
    """Make stored values of what was read, in place."""
    if DECODERS[instance.transfer_syntax_uid] == "big_endian":
        out.byteswap(inplace=True)
    description = values.description
    if description is not None and description.bits_stored < description.bits_allocated:
        out[...] = mask_and_sign_extend(out, description)


def _reals(data: bytes, shape: tuple[int, ...], values: SliceValues) -> NDArray[Any]:
    count = int(np.prod(shape))
    if len(data) < count * values.real_bytes:
        raise DamagedImageError(
            f"The image says it has {shape[0]} rows but its pixel data holds only {len(data)} bytes."
        )
    return np.frombuffer(data, f"<f{values.real_bytes}", count).reshape(shape)
