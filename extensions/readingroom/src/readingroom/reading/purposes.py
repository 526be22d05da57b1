"""Why somebody looks at a study: the purposes of use that a grant names and every audit message carries.

The codes are HL7's (v3 ActReason, PurposeOfUse), as PS3.15 A.5 has them in ``PurposeOfUse`` of an event's participants.
"""

from enum import StrEnum

CODE_SYSTEM = "2.16.840.1.113883.5.8"
"""The OID of HL7 v3 ActReason."""


class Purpose(StrEnum):
    """A purpose of use by its code; ``words`` says it to a person."""

    TREATMENT = "TREAT"
    EMERGENCY = "ETREAT"
    OPERATIONS = "HOPERAT"
    TRAINING = "TRAIN"
    RESEARCH = "HRESCH"
    PATIENT_REQUEST = "PATRQT"

    @property
    def words(self) -> str:
        """Return the purpose in plain words."""
        return _WORDS[self]


_WORDS = {
    Purpose.TREATMENT: "treatment",
    Purpose.EMERGENCY: "emergency treatment",
    Purpose.OPERATIONS: "running the service",
    Purpose.TRAINING: "training",
    Purpose.RESEARCH: "research",
    Purpose.PATIENT_REQUEST: "the patient asked",
}
