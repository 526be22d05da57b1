"""Videos made here with PyAV, and what OpenCV's own build of the same decoders shows."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.codecs import STREAMS, PixelDescription, decode, video
from readingroom.pixels.decoding import DecoderPool

H264 = "1.2.840.10008.1.2.4.102"
ROWS, COLUMNS, FRAMES = 48, 64, 40
DESCRIPTION = PixelDescription(
    rows=ROWS, columns=COLUMNS, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
    photometric_interpretation="YBR_PARTIAL_420",
)  # fmt: skip
KINDS = {
    "mpeg-2 ts": ("1.2.840.10008.1.2.4.100", "mpeg2video", "mpegts"),
    "mpeg-2 program": ("1.2.840.10008.1.2.4.101", "mpeg2video", "mpeg"),
    "mpeg-2 bare": ("1.2.840.10008.1.2.4.100.1", "mpeg2video", "mpeg2video"),
    "avc ts": (H264, "libx264", "mpegts"),
    "avc mp4": ("1.2.840.10008.1.2.4.104.1", "libx264", "mp4"),
    "avc bare": ("1.2.840.10008.1.2.4.103", "libx264", "h264"),
    "hevc ts": ("1.2.840.10008.1.2.4.107", "libx265", "mpegts"),
    "hevc mp4": ("1.2.840.10008.1.2.4.108", "libx265", "mp4"),
    "hevc bare": ("1.2.840.10008.1.2.4.107", "libx265", "hevc"),
}


def encode(codec: str, container: str, frames: int = FRAMES) -> bytes:
    """Return a video whose frame n (from 1) is a grey of 40 + 4 n, with B frames and a key frame every 8."""
    made = io.BytesIO()
    with av.open(made, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = COLUMNS, ROWS, "yuv420p", 8
        stream.codec_context.max_b_frames, stream.bit_rate = 2, 4_000_000
        stream.codec_context.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        for number in range(1, frames + 1):
            picture = np.full((ROWS, COLUMNS, 3), 40 + 4 * number, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return made.getvalue()


VIDEOS: dict[str, bytes] = {}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[tuple[str, bytes]]:
    """Give the syntax and the bytes of each kind of video."""
    syntax, codec, container = KINDS[request.param]
    if request.param not in VIDEOS:
        VIDEOS[request.param] = encode(codec, container)
    yield syntax, VIDEOS[request.param]
    video._OPEN[:] = []


def shade(syntax: str, data: bytes, number: int) -> float:
    """Return the mean of a frame, which tells its number."""
    return float(decode(syntax, data, DESCRIPTION, number).mean())


def test_each_frame_is_the_one_asked_for(kind: tuple[str, bytes]) -> None:
    """Played forwards, backwards and jumped through, frame n is frame n."""
    syntax, data = kind
    jumps = [FRAMES, 1, 23, 22, 24, 9, 8, 7, 17, 38, 2]
    for number in [*range(1, FRAMES + 1), *range(FRAMES, 0, -1), *jumps]:
        assert abs(shade(syntax, data, number) - (40 + 4 * number)) < 2


def test_jump_equals_playing_up_to_it(kind: tuple[str, bytes]) -> None:
    """A frame entered at a key frame has the very pixels that decoding from the start gives."""
    syntax, data = kind
    played = [decode(syntax, data, DESCRIPTION, number) for number in range(1, FRAMES + 1)]
    for number in (30, 5, 18):
        video._OPEN[:] = []
        assert np.array_equal(played[number - 1], decode(syntax, data, DESCRIPTION, number))


@pytest.mark.parametrize(
    "options", ["open-gop=1", "intra-refresh=1", "bframes=5:b-pyramid=2", "slices=4", "interlaced=1"]
)
@pytest.mark.parametrize("container", ["mpegts", "mp4"])
def test_frames_that_need_others_are_never_shown_without(options: str, container: str) -> None:
    """Frames around a place of entry that refer to what lies before it are decoded from further back."""
    data = encode_motion(f"keyint=12:scenecut=0:{options}", container)
    played = [decode(H264, data, DESCRIPTION, number) for number in range(1, FRAMES + 1)]
    for number in [30, 26, 25, 24, 23, 22, 14, 13, 12, 11, 10, 36, 34, 38, 37, 2]:
        video._OPEN[:] = []
        assert np.array_equal(played[number - 1], decode(H264, data, DESCRIPTION, number))
        for neighbour in (number - 1, number + 1):
            assert np.array_equal(played[neighbour - 1], decode(H264, data, DESCRIPTION, neighbour))


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the places at which a video, none being open yet, is entered from now on."""
    video._OPEN[:] = []
    places: list[int] = []
    original = video._Video._decoded

    def counted(self: video._Video, at: int) -> object:
        places.append(at)
        return original(self, at)

    monkeypatch.setattr(video._Video, "_decoded", counted)
    return places


def test_jump_enters_at_a_key_frame(kind: tuple[str, bytes], entered: list[int]) -> None:
    """A video with times is not decoded from its start for a late frame; a bare H.264 or HEVC stream has no times."""
    decode(*kind, DESCRIPTION, FRAMES - 2)
    is_bare = kind[1][:4] == b"\0\0\0\1"
    assert (entered == [0]) == is_bare


def encode_motion(parameters: str, container: str) -> bytes:
    """Return a video of noise that moves, so that a frame without what it refers to looks wrong."""
    made = io.BytesIO()
    ground = np.random.default_rng(6).integers(0, 256, (ROWS + FRAMES, COLUMNS + FRAMES, 3)).astype(np.uint8)
    ground = cv2.GaussianBlur(ground, (5, 5), 0)
    with av.open(made, "w", format=container) as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuv420p"
        stream.codec_context.options = {"x264-params": parameters}
        for number in range(FRAMES):
            picture = np.ascontiguousarray(ground[number : number + ROWS, number : number + COLUMNS])
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return made.getvalue()


def test_colours_agree_with_another_player(kind: tuple[str, bytes], tmp_path: Path) -> None:
    """OpenCV's player shows the same colours, within the rounding of two conversions."""
    _, data = kind
    (tmp_path / "video").write_bytes(data)
    player = cv2.VideoCapture(str(tmp_path / "video"), cv2.CAP_FFMPEG)
    there, shown = player.read()
    player.release()
    assert there
    difference = decode(kind[0], data, DESCRIPTION, 1).astype(int) - shown[..., ::-1]
    assert np.abs(difference).max() <= 3


def test_playing_decodes_each_frame_once(kind: tuple[str, bytes], entered: list[int]) -> None:
    """Playing a video through enters it once, and a step back to a frame just shown enters it no more."""
    syntax, data = kind
    for number in [*range(1, FRAMES + 1), FRAMES - 1]:
        decode(syntax, data, DESCRIPTION, number)
    assert [0] == entered


def test_frames_come_through_the_pool(kind: tuple[str, bytes]) -> None:
    """A child process shows the frame that was asked for."""
    with DecoderPool(1) as pool:
        for number in (9, 2):
            assert np.array_equal(decode(*kind, DESCRIPTION, number), pool.decode(*kind, DESCRIPTION, number))


def test_playing_starts_no_threads() -> None:
    """A child that plays a video has one thread: more would run into its limit of memory."""
    data = encode_motion("keyint=12", "mp4")
    with DecoderPool(1) as pool:
        for number in range(1, FRAMES + 1):
            pool.decode(H264, data, DESCRIPTION, number)
        assert "Threads:\t1\n" in Path(f"/proc/{pool.pids[0]}/status").read_text()


def test_frame_beyond_the_end_is_told(kind: tuple[str, bytes]) -> None:
    """A frame that the attributes promise and the video does not hold is refused in words."""
    syntax, data = kind
    with pytest.raises(DamagedImageError, match=r"Frame 41"):
        decode(syntax, data, DESCRIPTION, FRAMES + 1)


def test_video_of_another_size_is_refused(kind: tuple[str, bytes]) -> None:
    """The size of the stream must be the one in the attributes."""
    other = PixelDescription(
        rows=ROWS, columns=COLUMNS + 2, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
        photometric_interpretation="YBR_PARTIAL_420",
    )  # fmt: skip
    with pytest.raises(DamagedImageError, match="columns"):
        decode(kind[0], kind[1], other, 1)


def test_cut_video_shows_what_is_there_or_says_why_not(kind: tuple[str, bytes]) -> None:
    """Cut in the middle, a video still shows its first frame or is refused; its last frame is refused."""
    syntax, data = kind
    with pytest.raises((DamagedImageError, UnsupportedImageError)):
        decode(syntax, data[: len(data) // 2], DESCRIPTION, FRAMES)


def test_playlist_is_never_opened(tmp_path: Path) -> None:
    """What looks like a playlist naming other files is no video, however the demultiplexer would take it."""
    secret = tmp_path / "secret.ts"
    secret.write_bytes(encode("libx264", "mpegts", 3))
    for text in (f"#EXTM3U\n#EXTINF:1,\n{secret}\n", f"ffconcat version 1.0\nfile {secret}\n"):
        with pytest.raises(UnsupportedImageError, match="container"):
            decode(H264, text.encode(), DESCRIPTION, 1)


def test_huge_video_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A video that would not fit is refused by its size."""
    monkeypatch.setattr(video, "MAX_STREAM_BYTES", 2**20)
    with pytest.raises(UnsupportedImageError, match="more than 1 MiB"):
        decode(H264, bytes(3 * 2**20), DESCRIPTION, 1)


@pytest.mark.parametrize("syntax", sorted(STREAMS))
def test_without_the_extra_it_is_said_how_to_install_it(syntax: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every video syntax names what is missing and the command that brings it."""
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UnsupportedImageError, match=r"needs av, .*pip install 'readingroom\[video\]'"):
        decode(syntax, b"", DESCRIPTION, 1)
