"""The schema of DICOM PS3.15 A.5.1 as a table, and a validator that takes nothing beside it.

Written from the Standard's definitions: which attributes an element has and which it must have, what each may say, and which
children come in which order. The coded values are those of PS3.16 CID 400 (events), 401 (types) and 402 (roles).
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from xml.etree import ElementTree as ET

Check = Callable[[str], bool]

EVENTS = {f"1101{number:02}" for number in range(15)}
TYPES = {f"1101{number}" for number in range(20, 43)}
ROLES = {f"1101{number}" for number in range(50, 56)}
OBJECT_IDS = {f"1101{number}" for number in range(80, 83)}


def token(text: str) -> bool:
    """xsd:token: no line break or tabulator, no blank at an end, no two in a row; we never write an empty one."""
    return text == " ".join(text.split()) and text != ""


def one_of(*values: str) -> Check:
    """Make an enumeration."""
    return lambda text: text in values


def up_to(last: int) -> Check:
    """Make an enumeration of the numbers from 1."""
    return one_of(*(str(number) for number in range(1, last + 1)))


def date_time(text: str) -> bool:
    """xsd:dateTime; the Standard wants it unambiguous, so with its zone."""
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    return re.fullmatch(pattern, text) is not None and datetime.fromisoformat(text).tzinfo is not None


def base64_binary(text: str) -> bool:
    """xsd:base64Binary."""
    return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text


def oid(text: str) -> bool:
    """Match a UID as the pattern of the schema has it."""
    return re.fullmatch(r"[0-2]((\.0)|(\.[1-9][0-9]*))*", text) is not None


def anything(text: str) -> bool:
    """Text."""
    return True


OUTCOMES = one_of("0", "4", "8", "12")
CODED = {"csd-code": token, "codeSystemName": token, "displayName?": token, "originalText": token}
NAME_OR_QUERY = "(ParticipantObjectName |ParticipantObjectQuery )"
NETWORK = {"NetworkAccessPointID?": token, "NetworkAccessPointTypeCode?": up_to(5)}

SCHEMA: dict[str, tuple[dict[str, Check], str, Check | None]] = {
    "AuditMessage": (
        {},
        "EventIdentification (ActiveParticipant )+AuditSourceIdentification (ParticipantObjectIdentification )*",
        None,
    ),
    "EventIdentification": (
        {"EventActionCode?": one_of(*"CRUDE"), "EventDateTime": date_time, "EventOutcomeIndicator": OUTCOMES},
        "EventID (EventTypeCode )*(EventOutcomeDescription )?",
        None,
    ),
    "EventID": (CODED, "", None),
    "EventTypeCode": (CODED, "", None),
    "EventOutcomeDescription": ({}, "", anything),
    "ActiveParticipant": (
        {"UserID": anything, "AlternativeUserID?": anything, "UserName?": anything, "UserIsRequestor": one_of("true", "false")}
        | NETWORK,
        "(RoleIDCode )*(MediaIdentifier )?",
        None,
    ),
    "RoleIDCode": (CODED, "", None),
    "MediaIdentifier": ({}, "MediaType ", None),
    "MediaType": (CODED, "", None),
    "AuditSourceIdentification": ({"AuditEnterpriseSiteID?": token, "AuditSourceID": token}, "(AuditSourceTypeCode )*", None),
    "AuditSourceTypeCode": ({"csd-code": up_to(9)}, "", None),
    "ParticipantObjectIdentification": (
        {
            "ParticipantObjectID": token, "ParticipantObjectTypeCode?": up_to(4), "ParticipantObjectTypeCodeRole?": up_to(26),
            "ParticipantObjectDataLifeCycle?": up_to(15), "ParticipantObjectSensitivity?": token,
        },
        f"ParticipantObjectIDTypeCode {NAME_OR_QUERY}(ParticipantObjectDetail )*(ParticipantObjectDescription )*",
        None,
    ),
    "ParticipantObjectIDTypeCode": (CODED, "", None),
    "ParticipantObjectName": ({}, "", token),
    "ParticipantObjectQuery": ({}, "", base64_binary),
    "ParticipantObjectDetail": ({"type": token, "value": base64_binary}, "", None),
    "ParticipantObjectDescription": (
        {}, "(MPPS )*(Accession )*(SOPClass )*(ParticipantObjectContainsStudy )?(Encrypted )?(Anonymized )?", None,
    ),
    "MPPS": ({"UID": oid}, "", None),
    "Accession": ({"Number": token}, "", None),
    "SOPClass": ({"UID?": oid, "NumberOfInstances": str.isdigit}, "(Instance )*", None),
    "Instance": ({"UID": oid}, "", None),
    "ParticipantObjectContainsStudy": ({}, "(StudyIDs )*", None),
    "StudyIDs": ({"UID": token}, "", None),
}  # fmt: skip


def problems(xml: bytes) -> list[str]:
    """Return everything in which a message departs from the Standard."""
    message = ET.fromstring(xml)  # noqa: S314 - what we wrote ourselves
    found = [f"the root is {message.tag}"] if message.tag != "AuditMessage" else []
    for element in message.iter():
        found += _of_element(element)
    requestors = [each for each in message.iter("ActiveParticipant") if each.get("UserIsRequestor") == "true"]
    if len(requestors) > 1:
        found.append("more than one participant is the requestor (A.5.2)")
    return found + _of_codes(message)


def _of_element(element: ET.Element) -> list[str]:
    if element.tag not in SCHEMA:
        return [f"{element.tag} is no element of the schema"]
    attributes, children, text = SCHEMA[element.tag]
    found = []
    known = {name.rstrip("?"): check for name, check in attributes.items()}
    for name, value in element.attrib.items():
        if name not in known or not known[name](value):
            found.append(f"{element.tag} {name}={value!r}")
    found += [
        f"{element.tag} lacks {name}" for name in attributes if not name.endswith("?") and name not in element.attrib
    ]
    order = "".join(f"{child.tag} " for child in element)
    if not re.fullmatch(children, order):
        found.append(f"{element.tag} has {order!r}")
    said = element.text or ""
    if not (text(said) if text else not said.strip()):
        found.append(f"{element.tag} says {element.text!r}")
    return found


def _of_codes(message: ET.Element) -> list[str]:
    groups = {"EventID": EVENTS, "EventTypeCode": TYPES, "RoleIDCode": ROLES, "ParticipantObjectIDTypeCode": OBJECT_IDS}
    return [
        f"{name} {element.get('csd-code')} is in no context group"
        for name, group in groups.items()
        for element in message.iter(name)
        if element.get("codeSystemName") == "DCM" and element.get("csd-code") not in group
    ]
