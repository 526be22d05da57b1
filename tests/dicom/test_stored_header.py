"""Attributes handed on as they lie in a file: whoever reads them sees what ``part10`` sees, or is sent to it."""

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom.data
import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from tests.dicom.conftest import REPOSITORY

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.part10 import open_object
from readingroom.dicom.stored_header import MAX_DEPTH, StoredHeader, stored_header
from readingroom.errors import NotFoundError, SourceUnavailableError, UnreadableFileError, WireError
from readingroom.testing.files import compress, small_image, write
from readingroom.wire.gateway_header import SentHeader

FOLDERS = (Path(pydicom.data.__file__).parent, REPOSITORY / ".make" / "demo-packages")
CHARACTER_SET = 0x00080005
WHOLE, SOME = (
    ["CT_small.dcm", "MR_small_implicit.dcm", "examples_palette.dcm", "test-SR.dcm", "JPEG2000.dcm"],
    ["CT_small.dcm", "MR_small_implicit.dcm", "test-SR.dcm"],
)
PUT_IN = [
    b"\xfe\xff\x0d\xe0\0\0\0\0",
    b"\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\xfe\xff\xdd\xe0\0\0\0\0",
    b"\xe0\x7f\x10\0OW\0\0\x04\0\0\0ABCD",
    b"\x02\0\x10\0UI\x04\x001.2\0",
    b"\x08\0\x05\0CS\x04\0ABCD",
]


def of(data: bytes) -> StoredHeader | None:
    """Return what is handed on of the bytes of a file."""
    return stored_header(lambda length, at: data[at : at + length], len(data))


def opened(data: bytes) -> Dataset:
    """Return the attributes of the bytes of a file as ``metadata`` does."""
    with quiet_reading():
        return open_object(io.BytesIO(data), len(data)).dataset


def told(dataset: Dataset) -> list[Any]:
    """Return all that was read, to the byte, in the order of tags: how values were written, and in which characters."""
    found: list[Any] = [dataset.original_encoding, dataset._character_set]
    with quiet_reading():
        for tag in sorted(dataset.keys()):
            element = dataset[tag] if tag == CHARACTER_SET else dataset.get_item(tag)
            if isinstance(element, RawDataElement):
                found.append(element._replace(value_tell=0))
            elif isinstance(element.value, Sequence):
                found.append((tag, element.VR, element.is_undefined_length, [told(item) for item in element.value]))
            else:
                found.append((tag, element.VR, str(element.value)))
    return found


def meta(dataset: Dataset) -> list[object]:
    """Return the file meta information in words; of damaged values, what is wrong with them."""
    found: list[object] = []
    with quiet_reading():
        for tag in sorted(dataset.file_meta.keys()):
            try:
                found.append((tag, dataset.file_meta[tag].VR, str(dataset.file_meta[tag].value)))
            except Exception as error:  # noqa: BLE001 - whatever a damaged value raises, it is the same on both sides
                found.append((tag, type(error)))
    return found


def same(data: bytes) -> bool:
    """Assert that what is handed on is read as the file is, or refused as it is; return whether anything is."""
    header = of(data)
    if header is None:
        return False
    try:
        held = opened(data)
    except UnreadableFileError:
        with pytest.raises(WireError):
            SentHeader("1.2", header).read()
        return True
    arrived = SentHeader("1.2", header).read()
    assert told(held) == told(arrived)
    assert meta(held) == meta(arrived)
    return True


def files() -> Iterator[Path]:
    """Yield every file of other people that every machine has."""
    for folder in FOLDERS:
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in ("", ".dcm"))


def test_every_file_is_read_from_its_bytes_as_it_is_read_itself() -> None:
    """All files of pydicom and of the demonstration's packages: most are handed on, and none is another by that."""
    handed_on = [same(path.read_bytes()) for path in files()]

    assert sum(handed_on) > len(handed_on) / 2


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_behind_the_attributes_is_handed_on(name: str) -> None:
    """The bytes are those between file meta information and pixel data; without pixel data they reach to the end."""
    data = Path(get_testdata_file(name)).read_bytes()
    header = of(data)

    assert header is not None
    assert data[132:].startswith(header.meta + header.dataset)
    behind = data[132 + len(header.meta) + len(header.dataset) :]
    assert behind[:4] in (b"\xe0\x7f\x10\0", b"")
    assert not any(tag in SentHeader("1.2", header).read() for tag in (0x7FE00008, 0x7FE00009, 0x7FE00010))


@pytest.mark.parametrize("name", SOME)
def test_damaged_files_are_read_from_their_bytes_as_they_are_read_themselves(name: str) -> None:
    """Headers cut off, overwritten, with bytes taken out and put in: what is handed on is read alike or refused alike."""
    data = Path(get_testdata_file(name)).read_bytes()
    header = of(data)
    assert header is not None
    end = 132 + len(header.meta) + len(header.dataset)
    generator = random.Random(name)  # noqa: S311 - the same damages in each run

    handed_on = [same(_damaged(data, end, generator)) for _ in range(400)]

    assert 0 < sum(handed_on) < len(handed_on)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_implicit.dcm", "test-SR.dcm"])
def test_a_file_that_ends_within_its_attributes_is_not_handed_on(name: str) -> None:
    """Wherever it is cut within a value, the one who says so is ``part10``."""
    data = Path(get_testdata_file(name)).read_bytes()
    for length in range(0, 1500, 7):
        assert same(data[:length]) in (True, False)
    header = of(data)
    assert header is not None
    assert of(data[: 132 + len(header.meta) + len(header.dataset) - 1]) is None


def test_attributes_longer_than_one_reading_are_handed_on_whole(tmp_path: Path) -> None:
    """A palette of 128 KiB before the pixel data is there to its last byte, and so is one behind the first reading's end."""
    path = write(small_image(1), tmp_path / "long.dcm", RedPaletteColorLookupTableData=bytes(range(256)) * 512)
    assert same(path.read_bytes())
    other = small_image(1)
    del other.PixelData
    other.add_new(0x7FE10010, "LO", "AFTER")
    other.add_new(0x7FE11001, "OB", b"\x07" * 100_000)
    assert same(write(other, tmp_path / "ends.dcm").read_bytes())


@pytest.mark.parametrize("is_implicit", [False, True])
@pytest.mark.parametrize("is_undefined", [False, True])
def test_sequences_within_sequences_are_handed_on(tmp_path: Path, is_implicit: bool, is_undefined: bool) -> None:
    """Items with and without a length, in both encodings, are passed over to where they end."""
    image = _nested(MAX_DEPTH - 1, is_undefined=is_undefined)
    if is_implicit:
        image.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian

    assert same(write(image, tmp_path / "nested.dcm").read_bytes())


def test_sequences_that_lie_too_deep_are_left_to_the_reader(tmp_path: Path) -> None:
    """The bytes of a nest that is deeper than any honest one are not handed on."""
    assert of(write(_nested(MAX_DEPTH + 1, is_undefined=True), tmp_path / "deep.dcm").read_bytes()) is None


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_other_encodings_are_left_to_the_reader(tmp_path: Path, syntax: str) -> None:
    """Big endian and deflated datasets have to be written anew."""
    image = small_image(1)
    image.file_meta.TransferSyntaxUID = syntax

    assert of(write(image, tmp_path / "other.dcm").read_bytes()) is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (ExplicitVRLittleEndian, ExplicitVRBigEndian),
        (JPEG2000, DeflatedExplicitVRLittleEndian),
        (JPEG2000, "1.2.840.10008.1.2.4.95"),
        (JPEG2000, "1.2.840.10008.9.2.4.90"),
        (ExplicitVRLittleEndian, "1.2.840.10008.1.2"),
    ],
)
def test_what_a_file_says_of_its_encoding_counts(tmp_path: Path, written: str, said: str) -> None:
    """A dataset that looks like little endian but is said to be otherwise is left to the reader."""
    image = small_image(1)
    if written != ExplicitVRLittleEndian:
        image = compress(image, written, [b"frame "])
    data = write(image, tmp_path / "said.dcm").read_bytes()
    assert of(data) is not None

    assert of(data.replace(written.encode(), said.encode().ljust(len(written), b"\0"), 1)) is None


def test_fragments_before_the_pixel_data_are_left_to_the_reader(tmp_path: Path) -> None:
    """A value of undefined length that is no sequence ends at the first delimiter, whatever it looks like."""
    empty_sequence = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\xdd\xe0\0\0\0\0"
    inner = b"\xfe\xff\0\xe0\xff\xff\xff\xff" + empty_sequence + b"\xfe\xff\x0d\xe0\0\0\0\0"
    fragments = b"\x09\0\x01\x10OB\0\0\xff\xff\xff\xff" + inner + b"\xfe\xff\xdd\xe0\0\0\0\0"
    data = write(small_image(1), tmp_path / "fragments.dcm").read_bytes()
    place = data.index(b"\x10\0\x10\0PN")

    assert of(data) is not None
    assert of(data[:place] + fragments + data[place:]) is None
    assert same(data[:place] + fragments.replace(b"OB", b"SQ", 1) + data[place:])


def test_a_folder_hands_on_what_its_index_knows_and_nothing_else(
    source: FolderSource, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes are of indexed files only: another UID is not found, and a link out of the folder that came later is refused."""
    path = write(small_image(1), folder / "a" / "1.dcm")
    source.refresh()
    (study,) = source.studies()
    (series,) = source.series(study.uid)
    (instance,) = source.instances(series.uid)
    header = source.stored_header(instance.sop_uid)

    assert header is not None
    assert told(source.metadata(instance.sop_uid)) == told(SentHeader("1.2", header).read())
    for wrong in ("2.25.0", "a/1.dcm", str(path), ""):
        with pytest.raises(NotFoundError):
            source.stored_header(wrong)
    outside = path.rename(folder.parent / "outside.dcm")
    with pytest.raises(SourceUnavailableError, match="cannot be read any more"):
        source.stored_header(instance.sop_uid)
    path.symlink_to(outside)
    with pytest.raises(SourceUnavailableError, match="link out of"):
        source.stored_header(instance.sop_uid)
    monkeypatch.setattr(source, "_path", lambda _row: path)  # made a link after it was looked at
    with pytest.raises(SourceUnavailableError, match="cannot be read any more"):
        source.stored_header(instance.sop_uid)


def _nested(depth: int, *, is_undefined: bool) -> Dataset:
    image = small_image(1)
    inner = Dataset()
    inner.PatientID = "innermost"
    for _ in range(depth):
        outer = Dataset()
        outer.ReferencedImageSequence = [inner, Dataset()]
        outer["ReferencedImageSequence"].is_undefined_length = is_undefined
        inner.is_undefined_length_sequence_item = is_undefined
        inner = outer
    image.update(inner)
    return image


def _damaged(data: bytes, end: int, generator: random.Random) -> bytes:
    at = generator.randrange(132, end)
    kind = generator.randrange(4)
    if kind == 0:
        return data[: generator.randrange(130, min(len(data), end + 40))]
    if kind == 1:
        return data[:at] + data[at + generator.randrange(1, 20) :]
    if kind == 2:
        return data[:at] + generator.choice(PUT_IN) + data[at:]
    return data[:at] + bytes([generator.choice([0, 255, 254, generator.randrange(256)])]) + data[at + 1 :]
