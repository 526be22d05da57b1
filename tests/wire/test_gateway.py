"""The wire of the imaging service: every value arrives as it was, and what does not follow the model is refused in words."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import FrameGeometry, FrameReference, Instance, Problem, Series, Study
from readingroom.dicom.part10 import open_file
from readingroom.dicom.source import SourceState
from readingroom.errors import NotFoundError, SourceUnavailableError, WireError
from readingroom.testing.files import small_image, write
from readingroom.wire import gateway
from readingroom.wire.gateway_frames import pack_frames, parse_frames
from readingroom.wire.gateway_header import header_of, pack_header, parse_header, parse_headers, written

STUDY = Study("1.2", "Müller Ä", "\udc80 odd", "1950-01-02", "F", "2026-01-01", "10:11", "", "A1", ("CT", "SR"), 2, 501)
SERIES = Series("1.2.3", "1.2", "CT", -4, "axial", "CHEST", 500, 500, 512, 512, None)
INSTANCE = Instance("1.2.3.4", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.4.90", 1, "a/b c.dcm")
PROBLEM = Problem("x.dcm", "is cut off", "duplicate")
STATE = SourceState(7, indexing=True, files_seen=12, message="")
GEOMETRY = FrameGeometry(
    (1.0, -0.0, 0.0, 0.0, 1.0, 0.0),
    (-12.5, 3.25, 1e-7),
    (0.5, 0.75),
    "patient",
    "1.9",
    1.25,
    None,
    None,
    (1.0, 2.0, 3.0),
)
FRAMES = (
    FrameReference("1.2.3.4", 1, 512, 512, GEOMETRY, (("b-value", "800"),), 1_732_464_000_123_456_789),
    FrameReference("1.2.3.5", 2, 512, 512, replace(GEOMETRY, position=(0.0, 0.0, 5.0)), (("b-value", "800"),), 3),
    FrameReference("1.2.3.6", 3, 8, 6),
)
LISTS = [
    ("studies", (STUDY,), gateway.parse_studies),
    ("series", (SERIES, replace(SERIES, number=None, frame_time_ms=33.3)), gateway.parse_series),
    ("instances", (INSTANCE,), gateway.parse_instances),
    ("problems", (PROBLEM,), gateway.parse_problems),
]


@pytest.mark.parametrize(("kind", "rows", "parse"), LISTS)
def test_every_value_of_the_model_arrives(kind: str, rows: tuple[Any, ...], parse: Callable[[bytes], object]) -> None:
    """Lists of the model's values are equal on both sides, the empty list too."""
    assert rows == parse(gateway.pack_rows(rows, kind))
    assert () == parse(gateway.pack_rows((), kind))


def test_a_state_arrives() -> None:
    """The state of a source is equal on both sides."""
    assert STATE == gateway.parse_state(gateway.pack_rows((STATE,), "state"))


def test_frames_arrive_to_the_last_bit() -> None:
    """Frames keep order, geometry, dimensions and version, and a negative zero its sign."""
    arrived = parse_frames(pack_frames(FRAMES))

    assert FRAMES == arrived
    assert repr(FRAMES) == repr(arrived)


def test_what_many_frames_share_is_sent_once() -> None:
    """A further slice of a series costs its own place and no more."""
    many = [replace(FRAMES[0], sop_uid=f"1.2.3.{n}") for n in range(100)]

    assert len(pack_frames(many)) < len(pack_frames(many[:50])) + 50 * 100


def test_a_change_of_the_model_demands_a_new_version() -> None:
    """Version 1 is these fields; whoever changes them raises the version, so that two releases never misread each other."""
    held = {
        kind.__name__: " ".join(field.name for field in fields(kind))
        for kind in (Study, Series, Instance, Problem, SourceState, FrameReference, FrameGeometry)
    }

    assert gateway.VERSION == 1
    assert held == {
        "Study": "uid patient_name patient_id birth_date sex date time description accession_number modalities "
        "series_count instance_count",
        "Series": "uid study_uid modality number description body_part instance_count frame_count rows columns frame_time_ms",
        "Instance": "sop_uid sop_class_uid transfer_syntax_uid frame_count path",
        "Problem": "path reason kind",
        "SourceState": "revision indexing files_seen message",
        "FrameReference": "sop_uid frame rows columns geometry dimensions version",
        "FrameGeometry": "orientation position spacing spacing_kind frame_of_reference_uid slice_thickness "
        "spacing_between_slices volume_orientation volume_position",
    }


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"[" * 100_000,
        b'{"version":1,"kind":"series","rows":{}}',
        b'{"version":1,"kind":"studies","rows":[]}',
        b'{"version":1,"kind":"series","rows":[[1]]}',
        b'{"version":1,"kind":"series","rows":[7]}',
    ],
)
def test_what_is_no_message_is_refused(message: bytes) -> None:
    """Anything but a message of the kind asked for is a typed error."""
    with pytest.raises(WireError):
        gateway.parse_series(message)


@pytest.mark.parametrize("field", range(len(fields(Series))))
@pytest.mark.parametrize("value", [True, {}, 2**80, float("inf"), "x" * 70_000, [None]])
def test_a_field_of_another_type_is_refused(field: int, value: object) -> None:
    """No field takes what its type does not allow."""
    message = json.loads(gateway.pack_rows((SERIES,), "series"))
    message["rows"][0][field] = value

    with pytest.raises(WireError):
        gateway.parse_series(json.dumps(message).encode())


@pytest.mark.parametrize("field", range(9))
@pytest.mark.parametrize("value", [True, {}, -1.5, 2**80, [1.0, 2.0], [1.0, 2.0, float("nan")]])
def test_a_frame_of_another_shape_is_refused(field: int, value: object) -> None:
    """No field of a frame takes what its type does not allow; an index that counts from the end is none."""
    message = json.loads(pack_frames(FRAMES))
    message["rows"][0][field] = value

    with pytest.raises(WireError):
        parse_frames(json.dumps(message).encode())


def test_an_index_that_nothing_stands_for_is_refused() -> None:
    """A frame that refers to a geometry that was not sent is refused, and so is one that counts from the end."""
    for number in (-1, 99):
        message = json.loads(pack_frames(FRAMES))
        message["rows"][0][6] = number
        with pytest.raises(WireError):
            parse_frames(json.dumps(message).encode())


def test_a_number_that_is_none_is_not_sent() -> None:
    """An infinite spacing cannot be sent: JSON does not know it, and the other side would refuse it."""
    with pytest.raises(WireError):
        pack_frames([replace(FRAMES[0], geometry=replace(GEOMETRY, slice_thickness=float("inf")))])


def test_another_release_is_told_apart() -> None:
    """A message of another version is refused with words about releases, before any of it is read."""
    with pytest.raises(gateway.GatewayVersionError, match="one release"):
        gateway.parse_series(b'{"version":2,"kind":"series","rows":"?"}')


def test_a_refusal_is_the_same_error_on_both_sides() -> None:
    """A refusal becomes the error that its code stands for, in its words; what is no refusal is an unavailable source."""
    refusal = {"error": {"code": "not_found", "message": "There is no study 1.", "what_to_do": "Reload."}}

    found = gateway.error_from(json.dumps(refusal).encode(), 404)

    assert NotFoundError is type(found)
    assert "There is no study 1. Reload." == str(found)
    assert SourceUnavailableError is type(gateway.error_from(b"<html>", 502))


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small_implicit.dcm",
        "MR_small_bigendian.dcm",
        "image_dfl.dcm",
        "examples_palette.dcm",
        "test-SR.dcm",
    ],
)
def test_attributes_arrive_however_they_were_written(name: str) -> None:
    """The attributes of an instance and its file meta information are equal on both sides, in every encoding."""
    held = open_file(Path(get_testdata_file(name))).dataset

    arrived = parse_header(pack_header("1.2", written(held))).read()

    assert held == arrived
    assert held.file_meta == arrived.file_meta
    assert dict(_texts(held)) == dict(_texts(arrived))


def test_untidy_values_arrive_unchanged(tmp_path: Path) -> None:
    """A value that breaks its own rules is neither mended nor refused on the way."""
    path = write(small_image(1), tmp_path / "untidy.dcm")
    path.write_bytes(path.read_bytes().replace(b"0.5\\0.5", b"0,5\\o.5"))
    held = open_file(path).dataset

    arrived = parse_header(pack_header("1.2", written(held))).read()

    assert b"0,5\\o.5 " == arrived.get_item("PixelSpacing").value


def test_attributes_of_a_series_follow_one_another() -> None:
    """Messages one after the other are as many datasets; one that is cut off is refused."""
    held = open_file(Path(get_testdata_file("CT_small.dcm"))).dataset
    message = pack_header("1.2", written(held))

    assert [("1.2", held)] * 2 == [(each.sop_uid, each.read()) for each in parse_headers(message * 2)]
    without_uid = message.replace(b'"1.2"', b"1.2", 1)
    for wrong in (message[:-1], message[: message.index(b"\n")], message + b"x", b"", without_uid):
        with pytest.raises(WireError):
            parse_header(wrong)


def test_attributes_that_no_image_has_are_refused() -> None:
    """What is sent is counted as what is read from a file: a quarter of a million items are more than any image has."""
    held = written(open_file(Path(get_testdata_file("CT_small.dcm"))).dataset)
    for many, is_refused in ((100, False), (2**18 + 1, True)):
        items = b"\xfe\xff\x00\xe0\0\0\0\0" * many
        sequence = b"\x08\0\x40\x11SQ\0\0" + len(items).to_bytes(4, "little") + items
        message = pack_header("1.2", replace(held, dataset=sequence))
        with pytest.raises(WireError, match="sequence items") if is_refused else nullcontext():
            assert many == len(parse_header(message).read().ReferencedImageSequence)


def test_a_folder_arrives_as_it_is(tmp_path: Path) -> None:
    """What a folder source says of a real file is equal on both sides."""
    folder = tmp_path / "studies"
    for number in range(3):
        write(small_image(number), folder / f"{number}.dcm")
    source = FolderSource(folder, tmp_path / "index.sqlite")
    source.refresh()
    (study,) = source.studies()
    (series,) = source.series(study.uid)
    frames = source.frames(series.uid)

    assert (study,) == gateway.parse_studies(gateway.pack_rows((study,), "studies"))
    assert tuple(frames) == parse_frames(pack_frames(frames))
    assert 3 == len(parse_headers(b"".join(header_of(source, frame.sop_uid) for frame in frames)))
    source.close()


def _texts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Yield what each attribute holds in words, as a reader would see it."""
    for element in dataset.iterall():
        yield str(element.tag), str(element.value)


def test_dcmread_agrees() -> None:
    """Another reader of the same file finds the same attributes."""
    path = get_testdata_file("CT_small.dcm")
    plain = dcmread(path, stop_before_pixels=True)

    arrived = parse_header(pack_header("1.2", written(open_file(Path(path)).dataset))).read()

    assert plain == arrived
