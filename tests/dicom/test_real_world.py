"""Real World Value Mapping: lines and tables, in the image, in its functional groups and in objects of their own."""

import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.quantities.real_world import RealWorldMap, maps_for, maps_in
from readingroom.errors import DamagedImageError


def item(**attributes: object) -> Dataset:
    """Return a sequence item with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def mapping(label: str, **attributes: object) -> Dataset:
    """Return a mapping of stored values 0 to 3 by a line, or as ``attributes`` say."""
    made = item(LUTLabel=label, RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=3)
    made.MeasurementUnitsCodeSequence = [item(CodeValue="ms", CodingSchemeDesignator="UCUM")]
    made.RealWorldValueSlope, made.RealWorldValueIntercept = 2.0, 1.0
    for keyword, value in attributes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def test_a_line_and_a_table_map_what_they_map() -> None:
    """Stored values inside first..last have a value, others none."""
    stored = np.array([-1, 0, 3, 4], np.int16)
    line = RealWorldMap("", "ms", 0, 3, 2.0, 1.0)
    table = RealWorldMap("", "ms", 0, 3, table=np.array([5.0, 6.0, 7.0, 9.5]))
    assert np.array_equal([np.nan, 1.0, 7.0, np.nan], line.apply(stored), equal_nan=True)
    assert np.array_equal([np.nan, 5.0, 9.5, np.nan], table.apply(stored), equal_nan=True)


def test_every_mapping_of_an_image_is_found() -> None:
    """At the top of an image several may stand; per frame they win over shared ones."""
    top = item(RealWorldValueMappingSequence=[mapping("T1"), mapping("T2", RealWorldValueLUTData=[1.0, 2.0, 3.0, 4.0])])
    assert ["T1", "T2"] == [found.name for found in maps_in(top, 1)]
    assert 4.0 == maps_in(top, 1)[1].apply(np.array([3]))[0]
    shared = item(RealWorldValueMappingSequence=[mapping("shared")])
    own = [item(RealWorldValueMappingSequence=[mapping("own"), mapping("too")]), item()]
    enhanced = item(SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=own)
    assert [["own", "too"], ["shared"]] == [[m.name for m in maps_in(enhanced, frame)] for frame in (1, 2)]


def test_an_object_maps_the_frames_it_refers_to() -> None:
    """By SOP Instance UID and, where given, frame number."""
    image = item(ReferencedSOPInstanceUID="1.2", ReferencedFrameNumber=[2, 3])
    whole = item(ReferencedSOPInstanceUID="1.3")
    referring = item(ReferencedImageSequence=[image, whole], RealWorldValueMappingSequence=[mapping("T1")])
    found = item(ReferencedImageRealWorldValueMappingSequence=[referring])
    counts = [len(maps_for(found, uid, frame, signed=True)) for uid, frame in (("1.2", 1), ("1.2", 3), ("1.3", 9))]
    assert [0, 1, 1] == counts
    assert () == maps_for(found, "1.4", 1, signed=True)


def test_ends_written_without_a_sign_are_those_of_the_pixels() -> None:
    """In a signed image 65,436 means -100; in an unsigned one it is itself; doubles are as they are."""
    made = mapping("T", RealWorldValueFirstValueMapped=65_436)
    assert [-100.0] == [
        found.first for found in maps_in(item(PixelRepresentation=1, RealWorldValueMappingSequence=[made]), 1)
    ]
    assert () == maps_in(item(PixelRepresentation=0, RealWorldValueMappingSequence=[made]), 1)
    real = mapping("T", DoubleFloatRealWorldValueFirstValueMapped=-0.5, DoubleFloatRealWorldValueLastValueMapped=0.5)
    found = maps_in(item(RealWorldValueMappingSequence=[real]), 1)[0]
    assert (-0.5, 0.5) == (found.first, found.last)


@pytest.mark.parametrize(
    "changes",
    [
        {"RealWorldValueSlope": None},
        {"RealWorldValueFirstValueMapped": None},
        {"RealWorldValueFirstValueMapped": 9},
        {"RealWorldValueLUTData": [1.0, 2.0]},
    ],
)
def test_a_damaged_mapping_is_left_out(changes: dict[str, object]) -> None:
    """What maps nothing, ends before it begins or has a short table gives no value and stops no other."""
    found = maps_in(item(RealWorldValueMappingSequence=[mapping("bad", **changes), mapping("good")]), 1)
    assert ["good"] == [each.name for each in found]
    with pytest.raises(DamagedImageError, match="before it begins"):
        RealWorldMap("", "", 3, 2)
