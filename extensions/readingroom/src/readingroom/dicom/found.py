"""What a PACS answers to a search, as studies and as what is said of instances."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydicom import Dataset

from readingroom.dicom.attributes import text, values, whole
from readingroom.dicom.model import Study
from readingroom.dicom.scan import study_attributes
from readingroom.pixels.codecs import uid_name

_PIXELS = ("7FE00008", "7FE00009", "7FE00010")
_DIFFUSION_GROUPS = frozenset({"0019", "0043", "0065", "2001", "2005"})
"""Where makers of MR scanners say how a slice was weighted (``readingroom.dicom.diffusion``)."""

_DOUBTFUL = frozenset({"ISO_IR 13", "GB18030", "GBK"} | {f"ISO 2022 IR {number}" for number in (13, 58, 87, 149, 159)})


def study_from(dataset: Dataset) -> Study:
    """Return one row of the study list from a search at study level (PS3.4 C.6.2.1.2)."""
    modalities = {str(value).strip() for value in values(dataset, "ModalitiesInStudy")} - {""}
    return Study(
        **asdict(study_attributes(dataset, text(dataset, "StudyInstanceUID"))),
        modalities=tuple(sorted(modalities)),
        series_count=whole(dataset, "NumberOfStudyRelatedSeries") or 0,
        instance_count=whole(dataset, "NumberOfStudyRelatedInstances") or 0,
    )


def has_pixels(item: Mapping[str, Any], dataset: Dataset) -> bool:
    """Return whether an instance is an image, also where a server leaves its pixel data out of what it says."""
    return any(tag in item for tag in _PIXELS) or is_image(dataset)


def is_image(dataset: Dataset) -> bool:
    """Return whether attributes are those of an image."""
    return "Rows" in dataset or "Image Storage" in uid_name(text(dataset, "SOPClassUID"))


def is_told_in_full(item: Mapping[str, Any]) -> bool:
    """Return whether the JSON of an instance tells all that orders its frames, rather than only the object itself.

    An MR image may hold its b-value in private attributes that a server sends apart, as bulk data. Orthanc 1.10 takes the
    backslash of some Asian character sets for a letter and loses every attribute of several values.
    """
    named = item.get("00080005", {}).get("Value") or ()
    if any(str(name).upper() in _DOUBTFUL for name in named):
        return False
    if "00189087" in item or item.get("00080060", {}).get("Value") != ["MR"]:
        return True
    return not any(tag[:4] in _DIFFUSION_GROUPS and "BulkDataURI" in held for tag, held in item.items())
