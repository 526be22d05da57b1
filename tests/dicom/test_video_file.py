"""A video as a DICOM file: one stream in any number of fragments, from a file and from a folder's index."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.dicom.source import StudySource
from readingroom.errors import DamagedImageError, UnreadableFileError
from readingroom.testing.files import compress, small_image, write

ROWS, COLUMNS, FRAMES = 48, 64, 12


def video() -> bytes:
    """Return an H.264 video whose frame n is a grey of 40 + 15 n."""
    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = COLUMNS, ROWS, "yuv420p", 5
        for number in range(1, FRAMES + 1):
            picture = np.full((ROWS, COLUMNS, 3), 40 + 15 * number, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return made.getvalue()


STREAM = video()


def video_image(fragments: int, **changes: object) -> Dataset:
    """Return a video endoscopic image that holds the stream."""
    dataset = compress(
        small_image(1, np.zeros((ROWS, COLUMNS), np.uint8)), "1.2.840.10008.1.2.4.102.1" if fragments > 1 else
        "1.2.840.10008.1.2.4.102", [STREAM + b"\0" * (len(STREAM) % 2)], fragments_per_frame=fragments,
    )  # fmt: skip
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    dataset.NumberOfFrames, dataset.FrameTime = FRAMES, 40
    dataset.LossyImageCompression = "01"
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def check(source: StudySource, sop_uid: str) -> None:
    """Assert that frames asked for in any order are themselves."""
    for number in (1, 2, FRAMES, 7, 6):
        loaded = load_frame(source, sop_uid, number)
        assert abs(loaded.stored.mean() - (40 + 15 * number)) < 3
    assert (ROWS, COLUMNS, 3) == loaded.stored.shape
    assert f"{ROWS * COLUMNS * 3 * FRAMES / (len(STREAM) + len(STREAM) % 2):.1f}" == loaded.source_lossy


@pytest.mark.parametrize("fragments", [1, 7])
def test_frames_of_a_video_file_are_shown(fragments: int, tmp_path: Path) -> None:
    """The stream is put together from its fragments; its ratio is that of all frames to all bytes."""
    source = FileSource(write(video_image(fragments), tmp_path / "video.dcm"))
    check(source, source.sop_uid)


@pytest.mark.parametrize("fragments", [1, 7])
def test_frames_of_an_indexed_video_are_shown(fragments: int, folder: Path, source: FolderSource) -> None:
    """An index keeps where the stream lies, and every frame is found."""
    dataset = video_image(fragments)
    write(dataset, folder / "video.dcm")
    source.refresh()
    assert () == source.problems()
    assert FRAMES == source.series(dataset.StudyInstanceUID)[0].frame_count
    check(source, dataset.SOPInstanceUID)


def test_frame_that_only_the_attributes_know_is_refused(tmp_path: Path) -> None:
    """More frames than the video holds are told when they are asked for."""
    source = FileSource(write(video_image(1, NumberOfFrames=FRAMES + 3), tmp_path / "video.dcm"))
    with pytest.raises(DamagedImageError, match=f"only {FRAMES} frames"):
        load_frame(source, source.sop_uid, FRAMES + 1)


def test_stream_that_is_no_video_is_told_when_it_is_indexed(tmp_path: Path) -> None:
    """A playlist or anything else in the place of a video is refused before a decoder sees it."""
    dataset = video_image(1)
    compress(dataset, "1.2.840.10008.1.2.4.102", [b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n\0"])
    with pytest.raises(UnreadableFileError, match="container"):
        FileSource(write(dataset, tmp_path / "video.dcm"))
