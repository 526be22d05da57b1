"""Invented people and reproducible identifiers, so that a second run of the samples changes nothing."""

import uuid
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

_NAMESPACE = uuid.UUID("5b0d7f6e-6a43-5b52-9c1e-2f0e7f6a9d11")


def fictional_uid(name: str) -> str:
    """Return the same UID for the same name always (PS3.5 B.2, the 2.25 root for UUIDs)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, name).int}"


@dataclass(frozen=True, slots=True)
class FictionalStudy:
    """A patient and a study that never were; ``key`` decides the UIDs, ``date`` is a DA value."""

    key: str
    patient_name: str
    patient_id: str
    birth_date: str
    sex: str
    date: str
    time: str
    description: str
    accession_number: str
    series_description: str

    @property
    def series_uid(self) -> str:
        """Return the Series Instance UID of the study's one series."""
        return fictional_uid(f"{self.key}/series/1")


def new_instance(
    study: FictionalStudy, sop_class_uid: str, number: int, syntax: str = ExplicitVRLittleEndian
) -> Dataset:
    """Return a dataset with the Patient, Study, Series and SOP Common modules of instance ``number`` filled in."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class_uid
    sop_uid = fictional_uid(f"{study.key}/instance/{number}")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = sop_uid
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.ImplementationClassUID = fictional_uid("implementation")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = study.patient_name, study.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = study.birth_date, study.sex
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = fictional_uid(f"{study.key}/study"), study.series_uid
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = study.date
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = study.time
    dataset.StudyDescription, dataset.SeriesDescription = study.description, study.series_description
    dataset.AccessionNumber, dataset.StudyID, dataset.SeriesNumber = study.accession_number, "1", 1
    dataset.ReferringPhysicianName, dataset.Manufacturer = "", "Reading Room sample"
    dataset.InstanceNumber = number
    return dataset
