"""What an SUV divides the dose by: body weight, lean body mass, surface or ideal weight (PS3.16 CID 85)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydicom import Dataset

from readingroom.dicom.attributes import number, text
from readingroom.errors import NotMeasurableError

SuvType = Literal["BW", "LBM", "LBMJAMES128", "LBMJANMA", "BSA", "IBW"]
"""The terms of SUV Type (0054,1006). LBM is the formula with 120, LBMJAMES128 that of James with 128."""

SUV_UNITS: dict[SuvType, str] = {
    "BW": "g/ml",
    "LBM": "g/ml",
    "LBMJAMES128": "g/ml",
    "LBMJANMA": "g/ml",
    "BSA": "cm²/ml",
    "IBW": "g/ml",
}
SUV_LABELS: dict[SuvType, str] = {
    "BW": "SUVbw",
    "LBM": "SUVlbm",
    "LBMJAMES128": "SUVlbm(James128)",
    "LBMJANMA": "SUVlbm(Janma)",
    "BSA": "SUVbsa",
    "IBW": "SUVibw",
}

LIGHTEST_KG, HEAVIEST_KG = 0.2, 650.0
SHORTEST_M, TALLEST_M = 0.2, 2.75
G_PER_KG = 1000.0
CM2_PER_M2 = 1e4
CM_PER_M = 100.0


@dataclass(frozen=True, slots=True)
class Patient:
    """What the image says about a body: kilograms, metres and sex (M or F), None where it says nothing usable."""

    weight: float | None
    size: float | None
    sex: str


def patient(dataset: Dataset) -> Patient:
    """Return Patient's Weight, Size and Sex; raises ``NotMeasurableError`` for a body that cannot be."""
    weight, size = number(dataset, "PatientWeight") or None, number(dataset, "PatientSize") or None
    if weight is not None and not LIGHTEST_KG <= weight <= HEAVIEST_KG:
        raise NotMeasurableError(f"The image says that the patient weighs {weight:g} kg, so no SUV can be believed.")
    if size is not None and not SHORTEST_M <= size <= TALLEST_M:
        size_says = f"The image says that the patient is {size:g} m tall"
        raise NotMeasurableError(f"{size_says}; Patient's Size must be in metres, so no SUV of this image is given.")
    return Patient(weight, size, text(dataset, "PatientSex"))


def body_measure(kind: SuvType, body: Patient) -> float:
    """Return grams, or square centimetres for BSA.

    Raises
    ------
    NotMeasurableError
        Naming what is missing of weight, size and sex for this kind.
    """
    needs = _NEEDS[kind]
    missing = [word for attribute, word in _WORDS.items() if attribute in needs and not _has(body, attribute)]
    if missing:
        raise NotMeasurableError(f"{SUV_LABELS[kind]} needs {' and '.join(missing)}, which the image does not give.")
    measure = _MEASURES[kind](body.weight or 0.0, (body.size or 0.0) * CM_PER_M, body.sex == "M")
    if measure <= 0:
        raise NotMeasurableError(f"{SUV_LABELS[kind]} has no meaning for a patient of this weight and size.")
    return measure


def _has(body: Patient, attribute: str) -> bool:
    return body.sex in ("M", "F") if attribute == "sex" else getattr(body, attribute) is not None


def _lean_janmahasatian(kg: float, cm: float, male: bool) -> float:
    """Janmahasatian et al., Clin Pharmacokinet 2005;44:1051."""
    bmi = kg / (cm / CM_PER_M) ** 2
    constant, factor = (6680.0, 216.0) if male else (8780.0, 244.0)
    return 9270.0 * kg / (constant + factor * bmi) * G_PER_KG


def _lean_james(factor: float) -> Callable[[float, float, bool], float]:
    """James 1976 with 128 for men; the same with 120 has long been quoted and is the term LBM (PS3.16 CID 85)."""

    def mass(kg: float, cm: float, male: bool) -> float:
        ratio = (kg / cm) ** 2
        return (1.10 * kg - factor * ratio if male else 1.07 * kg - 148.0 * ratio) * G_PER_KG

    return mass


def _surface(kg: float, cm: float, _male: bool) -> float:
    """Du Bois and Du Bois, Arch Intern Med 1916;17:863."""
    return float(0.007184 * kg**0.425 * cm**0.725 * CM2_PER_M2)


def _ideal(_kg: float, cm: float, male: bool) -> float:
    """Sugawara et al., Radiology 1999;213:521."""
    return (48.0 + 1.06 * (cm - 152.0) if male else 45.5 + 0.91 * (cm - 152.0)) * G_PER_KG


_WORDS = {"weight": "Patient's Weight", "size": "Patient's Size", "sex": "Patient's Sex (M or F)"}
_NEEDS: dict[SuvType, tuple[str, ...]] = {
    "BW": ("weight",),
    "LBM": ("weight", "size", "sex"),
    "LBMJAMES128": ("weight", "size", "sex"),
    "LBMJANMA": ("weight", "size", "sex"),
    "BSA": ("weight", "size"),
    "IBW": ("size", "sex"),
}
_MEASURES: dict[SuvType, Callable[[float, float, bool], float]] = {
    "BW": lambda kg, _cm, _male: kg * G_PER_KG,
    "LBM": _lean_james(120.0),
    "LBMJAMES128": _lean_james(128.0),
    "LBMJANMA": _lean_janmahasatian,
    "BSA": _surface,
    "IBW": _ideal,
}
