"""Studies, series and instances as the attributes that a search returns (PS3.18 Tables 10.6.3-3 to 10.6.3-5)."""

from collections.abc import Collection
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword

from readingroom.dicom.attributes import quiet_reading, values
from readingroom.dicom.model import Instance, Series, Study
from readingroom_hub.imaging.query import Attributes

STUDY_KEYS = frozenset(
    [
        "StudyInstanceUID",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ModalitiesInStudy",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyDescription",
    ]
)
SERIES_KEYS = frozenset(["SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined"])
INSTANCE_KEYS = frozenset(["SOPInstanceUID", "SOPClassUID"])
INSTANCE_HEADER = ("InstanceNumber", "Rows", "Columns", "BitsAllocated")
"""What a search for instances returns that only the object itself says."""


def study_attributes(study: Study, root: str) -> dict[str, tuple[Any, ...]]:
    """Return the attributes of a study; its RetrieveURL is below ``root``."""
    return {
        "StudyDate": _given(study.date.replace("-", "")),
        "StudyTime": _given(study.time.replace(":", "")),
        "AccessionNumber": _given(study.accession_number),
        "InstanceAvailability": ("ONLINE",),
        "ModalitiesInStudy": study.modalities,
        "ReferringPhysicianName": (),
        "RetrieveURL": (f"{root}/studies/{study.uid}",),
        "StudyDescription": _given(study.description),
        "PatientName": _given(study.patient_name.replace(", ", "^", 1)),
        "PatientID": _given(study.patient_id),
        "PatientBirthDate": _given(study.birth_date.replace("-", "")),
        "PatientSex": _given(study.sex),
        "StudyInstanceUID": (study.uid,),
        "StudyID": (),
        "NumberOfStudyRelatedSeries": (study.series_count,),
        "NumberOfStudyRelatedInstances": (study.instance_count,),
    }


def series_attributes(series: Series, root: str) -> dict[str, tuple[Any, ...]]:
    """Return the attributes of a series; its RetrieveURL is below ``root``."""
    return {
        "Modality": _given(series.modality),
        "RetrieveURL": (f"{root}/studies/{series.study_uid}/series/{series.uid}",),
        "SeriesDescription": _given(series.description),
        "BodyPartExamined": _given(series.body_part),
        "StudyInstanceUID": (series.study_uid,),
        "SeriesInstanceUID": (series.uid,),
        "SeriesNumber": () if series.number is None else (series.number,),
        "NumberOfSeriesRelatedInstances": (series.instance_count,),
    }


def instance_attributes(instance: Instance, study_uid: str, series_uid: str, root: str) -> dict[str, tuple[Any, ...]]:
    """Return the attributes of an instance that need no look into it; its RetrieveURL is below ``root``."""
    return {
        "SOPClassUID": (instance.sop_class_uid,),
        "SOPInstanceUID": (instance.sop_uid,),
        "InstanceAvailability": ("ONLINE",),
        "RetrieveURL": (f"{root}/studies/{study_uid}/series/{series_uid}/instances/{instance.sop_uid}",),
        "StudyInstanceUID": (study_uid,),
        "SeriesInstanceUID": (series_uid,),
        "AvailableTransferSyntaxUID": (instance.transfer_syntax_uid,),
        **({"NumberOfFrames": (instance.frame_count,)} if instance.frame_count else {}),
    }


def header_attributes(dataset: Dataset, keywords: Collection[str]) -> dict[str, tuple[Any, ...]]:
    """Return those attributes of an object that it has and that are plain values."""
    with quiet_reading():
        return {keyword: found for keyword in keywords if (found := _plain(values(dataset, keyword)))}


def as_json(attributes: Attributes) -> dict[str, dict[str, Any]]:
    """Return attributes in the DICOM JSON Model (PS3.18 F.2)."""
    return dict(sorted(_entry(keyword, held) for keyword, held in attributes.items()))


def _entry(keyword: str, held: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    vr = dictionary_VR(keyword).partition(" ")[0]
    told: list[Any] = [{"Alphabetic": str(value)} for value in held] if vr == "PN" else list(held)
    if vr in ("IS", "US", "UL", "SS", "SL", "DS", "FL", "FD"):
        told = [_number(value) for value in held]
    return f"{tag_for_keyword(keyword):08X}", {"vr": vr, **({"Value": told} if told else {})}


def _number(value: Any) -> int | float | str:  # noqa: ANN401 - whatever an object holds
    if isinstance(value, int | float):
        return value
    return int(str(value)) if str(value).strip().lstrip("+-").isdigit() else str(value)


def _plain(held: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value if isinstance(value, int | float) else str(value) for value in held if _is_plain(value))


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) or hasattr(value, "family_name")


def _given(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
