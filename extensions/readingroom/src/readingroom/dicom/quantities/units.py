"""The unit of modality values (PS3.3 C.11.1.1.2, C.8.2.1, C.8.9.1, C.8.8.3) and numbers written for a reader."""

import math
from collections.abc import Mapping

from pydicom import Dataset

from readingroom.dicom.attributes import first_item, functional_group, number, text, values
from readingroom.dicom.quantities.converted import frame_attributes

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"

RESCALE_TYPES: Mapping[str, str] = {
    "OD": "10⁻³ OD",
    "HU": "HU",
    "HU_MOD": "HU (modified)",
    "MGML": "mg/ml",
    "PCT": "%",
    "ED": "10²³ electrons/ml",
    "EDW": "electrons/ml relative to water",
    "Z_EFF": "effective Z",
}
"""Rescale Type and Modality LUT Type; US is unspecified, and a term not in this table is shown as it is."""

PET_UNITS: Mapping[str, str] = {
    "CNTS": "counts",
    "NONE": "",
    "CM2": "cm²",
    "CM2ML": "cm²/ml",
    "PCNT": "%",
    "CPS": "counts/s",
    "BQML": "Bq/ml",
    "MGMINML": "mg/min/ml",
    "UMOLMINML": "µmol/min/ml",
    "MLMING": "ml/min/g",
    "MLG": "ml/g",
    "1CM": "1/cm",
    "UMOLML": "µmol/ml",
    "PROPCNTS": "proportional to counts",
    "PROPCPS": "proportional to counts/s",
    "MLMINML": "ml/min/ml",
    "MLML": "ml/ml",
    "GML": "g/ml",
    "STDDEV": "standard deviations",
}
"""Units (0054,1001) of PET."""

UCUM: Mapping[str, str] = {
    "[hnsf'U]": "HU",
    "1": "",
    "{ratio}": "",
    "no units": "",
    "mm2/s": "mm²/s",
    "um2/s": "µm²/s",
    "10-3.mm2/s": "10⁻³ mm²/s",
    "cm2/ml": "cm²/ml",
    "Bq/ml": "Bq/ml",
    "ms": "ms",
    "/s": "1/s",
    "1/s": "1/s",
    "/min": "1/min",
    "ml/min/100ml": "ml/min/100 ml",
    "ml/(100.ml.min)": "ml/min/100 ml",
}
"""UCUM codes that read better otherwise; any other is shown as it is, without its annotations in braces."""

_SMALLEST, _LARGEST = 1e-3, 1e7
_DIGITS = 4
MINUS = "\u2212"


def modality_unit(dataset: Dataset, frame: int) -> str:
    """Return the unit of a frame's modality values, empty where the image names none."""
    lut = first_item(dataset, "ModalityLUTSequence")
    group = functional_group(dataset, frame, "PixelValueTransformationSequence")
    named = text(group, "RescaleType") if lut is None else text(lut, "ModalityLUTType")
    modality = text(dataset, "Modality")
    units = text(frame_attributes(dataset, frame), "Units") if modality == "PT" else ""
    if units:
        return PET_UNITS.get(units, units)
    if modality == "RTDOSE" and dose_scaling(dataset) is not None:
        return "Gy" if text(dataset, "DoseUnits") == "GY" else ""
    if named:
        return "" if named == "US" else RESCALE_TYPES.get(named, named)
    return "HU" if lut is None and _is_hounsfield(dataset) else ""


def dose_scaling(dataset: Dataset) -> float | None:
    """Return Dose Grid Scaling, by which stored values of an RT Dose become doses (PS3.3 C.8.8.3)."""
    return number(dataset, "DoseGridScaling") if text(dataset, "Modality") == "RTDOSE" else None


def ucum_text(code: str) -> str:
    """Return a UCUM code as a reader writes it: ``{SUVbw}g/ml`` is g/ml."""
    plain = code
    while "{" in plain and "}" in plain[plain.index("{") :]:
        start = plain.index("{")
        plain = plain[:start] + plain[plain.index("}", start) + 1 :]
    return UCUM.get(code, UCUM.get(plain, plain))


def number_text(value: float) -> str:
    """Return a number for a reader: whole numbers as they are, others with four digits, a true minus sign."""
    if not math.isfinite(value):
        return "not a number"
    if value == int(value) and abs(value) < _LARGEST:
        shown = f"{int(value):d}"
    elif _SMALLEST <= abs(value) < _LARGEST:
        decimals = max(_DIGITS - 1 - math.floor(math.log10(abs(value))), 0)
        shown = f"{value:.{decimals}f}"
        shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    else:
        shown = f"{value:.{_DIGITS - 1}e}"
    return shown.replace("-", MINUS)


def quantity_text(value: float, unit: str) -> str:
    """Return a number with its unit; degrees and per cent stand close."""
    return f"{number_text(value)}{'' if unit in {'', '°'} else ' '}{unit}"


def _is_hounsfield(dataset: Dataset) -> bool:
    """Return whether a CT image may leave Rescale Type out, which it may only for HU (PS3.3 C.8.2.1).

    A localizer holds no HU, and an image without Rescale Intercept was never rescaled to any.
    """
    rescaled = number(dataset, "RescaleSlope") is not None and number(dataset, "RescaleIntercept") is not None
    return text(dataset, "SOPClassUID") == CT_IMAGE and "LOCALIZER" not in values(dataset, "ImageType") and rescaled
