"""MPEG-2, MPEG-4 AVC and HEVC video, one frame by its number, through the optional extra ``video`` (PS3.5 A.4.5 on).

The container is told by its first bytes and named to the demultiplexer: left to guess, that could open a playlist which
names other files. The last video stays open, so that playing it decodes each frame once.
"""

import importlib.util
import io
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.codecs.codestream import check_size
from readingroom.pixels.description import COLOR_SAMPLES, PixelDescription

NEEDS = ("av",)

MAX_STREAM_BYTES = 256 * 2**20
"""A longer video is refused: it is held in memory while it is shown."""

MAX_KEPT_BYTES = 64 * 2**20
"""Decoded frames kept, so that a step back does not decode from the last key frame again."""

_TRANSPORT_PACKET = 188
_PACK_START, _SEQUENCE_START = 0xBA, 0xB3
_HEVC_FIRST = (32, 33, 34, 35, 39)
"""NAL units that an HEVC stream begins with: parameter sets, delimiter, SEI (ITU-T H.265 table 7-1)."""

_HD_ROWS = 720
_BT709, _UNSPECIFIED, _BT601 = 1, 2, 5
_LIMITED, _FULL = 1, 2


def is_available() -> bool:
    """Return whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def decode_frame(data: bytes, description: PixelDescription, number: int) -> NDArray[Any]:
    """Return frame ``number`` (from 1, in the order of display) of a whole video as RGB.

    Raises
    ------
    DamagedImageError
        When the video has not so many frames, is of another size than the image says, or cannot be decoded.
    UnsupportedImageError
        When it is too long to be held, or no video of a kind that the Standard names.
    """
    if len(data) > MAX_STREAM_BYTES:
        raise UnsupportedImageError(
            f"Videos of more than {MAX_STREAM_BYTES // 2**20} MiB are not supported; this one has {len(data) // 2**20}."
        )
    with _LOCK:
        if not _OPEN or _OPEN[0].data != data:
            _OPEN[:] = []
            _OPEN.append(_Video(data))
        return _OPEN[0].rgb(description, number)


def container_format(data: bytes) -> str:
    """Return the demultiplexer for a stream by how it begins: MPEG-TS, MP4, MPEG program or a bare video stream."""
    if data[:1] == b"\x47" and data[_TRANSPORT_PACKET : _TRANSPORT_PACKET + 1] in (b"\x47", b""):
        return "mpegts"
    if data[4:8] == b"ftyp":
        return "mp4"
    start = data.find(b"\x00\x00\x01", 0, 16)
    if start < 0 or len(data) < start + 5:
        raise UnsupportedImageError("The video is in a container that is not supported.")
    code = data[start + 3]
    if code in (_PACK_START, _SEQUENCE_START):
        return "mpeg" if code == _PACK_START else "mpegvideo"
    return "hevc" if code >> 1 & 0x3F in _HEVC_FIRST and not code & 0x81 else "h264"


class _Video:
    """An opened video: its packets, the frames where it can be entered, and a decoder that has come to some frame.

    Frames are numbered in the order of display. A bare stream without times can be entered at its start only.
    """

    def __init__(self, data: bytes) -> None:
        from av.video.reformatter import VideoReformatter  # noqa: PLC0415 - the optional extra

        self.data = data
        self._converter: Any = VideoReformatter()  # one for all: each keeps threads, and a child may have few
        self._packets: list[Any] = []
        self._read_packets()
        times = [packet.pts for packet in self._packets]
        is_timed = None not in times and len(set(times)) == len(times)
        self._number = {time: number for number, time in enumerate(sorted(times), 1)} if is_timed else {}
        keys = [(self._number[p.pts], at) for at, p in enumerate(self._packets) if p.is_keyframe] if is_timed else []
        self._entries = sorted({(1, 0), *keys})
        self._frames: Iterator[tuple[int, Any]] = iter(())
        self._reached = len(self._packets) + 1
        self._kept: OrderedDict[int, Any] = OrderedDict()

    def _read_packets(self) -> None:
        import av  # noqa: PLC0415 - the optional extra

        try:
            with av.open(io.BytesIO(self.data), "r", format=container_format(self.data)) as container:
                stream = container.streams.video[0]
                self._packets = [packet for packet in container.demux(stream) if packet.size]
                context = stream.codec_context
                self._codec, self._extradata = context.name, context.extradata
                self._size = (context.height, context.width)
        except (av.FFmpegError, IndexError, ValueError) as error:
            raise DamagedImageError("The video cannot be opened; it is damaged.") from error

    def rgb(self, description: PixelDescription, number: int) -> NDArray[Any]:
        """Return a frame as RGB; the video's own colour matrix and range, else those usual for its size."""
        check_size(*self._size, COLOR_SAMPLES, description)
        if number > len(self._packets):
            raise DamagedImageError(f"Frame {number} is not there: the video has only {len(self._packets)} frames.")
        frame = self._kept.get(number) or self._near(number) or self._from(0, number)
        if frame is None:
            raise DamagedImageError(f"Frame {number} of the video cannot be decoded.")
        matrix = int(frame.colorspace)
        if matrix == _UNSPECIFIED:
            matrix = _BT709 if description.rows >= _HD_ROWS else _BT601
        shown = self._converter.reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix,
            src_color_range=int(frame.color_range) or _LIMITED,
            dst_color_range=_FULL,
            threads=1,
        )
        pixels: NDArray[Any] = shown.to_ndarray()
        return pixels

    def _near(self, number: int) -> Any:  # noqa: ANN401 - a frame of PyAV, an optional package
        """Return a frame from where the decoder stands or from the key frame before it, whichever is nearer."""
        displayed, at = self._entries[bisect_right(self._entries, (number, len(self._packets))) - 1]
        return self._go_on(number) if displayed <= self._reached <= number else self._from(at, number)

    def _from(self, at: int, number: int) -> Any:  # noqa: ANN401
        """Return a frame, decoded from packet ``at`` on; None when it does not come out."""
        self._frames = self._decoded(at)
        return self._go_on(number)

    def _go_on(self, number: int) -> Any:  # noqa: ANN401
        for displayed, frame in self._frames:
            self._keep(displayed, frame)
            self._reached = displayed + 1
            if displayed >= number:
                return frame if displayed == number else None
        self._reached = len(self._packets) + 1
        return None

    def _decoded(self, at: int) -> Iterator[tuple[int, Any]]:
        """Yield frames with their numbers; those before the first packet's own lack what they refer to, left out."""
        import av  # noqa: PLC0415 - the optional extra

        context: Any = av.CodecContext.create(self._codec, "r")
        context.extradata, context.thread_count = self._extradata, 1
        first = self._number.get(self._packets[at].pts, 1)
        count = 0
        for packet in (*self._packets[at:], None):
            for frame in context.decode(packet):
                count += 1
                displayed = self._number.get(frame.pts, 0) if self._number else count
                if displayed >= (first if at else 1):
                    yield displayed, frame

    def _keep(self, number: int, frame: Any) -> None:  # noqa: ANN401
        self._kept[number] = frame
        height, width = self._size
        while len(self._kept) * height * width * 2 > MAX_KEPT_BYTES and len(self._kept) > 1:
            self._kept.popitem(last=False)


_LOCK = threading.Lock()
_OPEN: list[_Video] = []
