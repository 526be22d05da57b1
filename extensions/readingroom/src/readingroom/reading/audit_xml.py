"""An audit event as the XML message of DICOM PS3.15 A.5.1, for a repository that speaks the Standard.

The schema has no place for a purpose of use or an access grant: they are ``ParticipantObjectDetail`` pairs of the types
``PurposeOfUse`` (a code of HL7 v3) and ``AccessGrant`` of every object of the message, as the Standard allows.
"""

import base64
import re
from datetime import UTC
from ipaddress import ip_address
from xml.etree import ElementTree as ET

from readingroom.reading.audit_codes import (
    AUDIT_LOG_USED,
    BEGIN_TRANSFERRING,
    DCM,
    EXPORT,
    IMPORT,
    INSTANCES_TRANSFERRED,
    KINDS,
    OWN_SCHEME,
    QUERY,
    RFC_3881,
    SECURITY_ALERT,
    Code,
)
from readingroom.reading.audit_message import AuditEvent

APPLICATION = Code("110150", DCM, "Application")
LAUNCHER = Code("110151", DCM, "Application Launcher")
DESTINATION = Code("110152", DCM, "Destination Role ID")
SOURCE = Code("110153", DCM, "Source Role ID")

STUDY_UID = Code("110180", DCM, "Study Instance UID")
SOP_CLASS_UID = Code("110181", DCM, "SOP Class UID")
PATIENT_NUMBER = Code("2", RFC_3881, "Patient Number")
URI = Code("12", RFC_3881, "URI")

PATIENT, REPORT, SECURITY_RESOURCE = ("1", "1"), ("2", "3"), ("2", "13")
"""Participant Object Type Code and its role."""

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
UNKNOWN = "unknown"

_TRANSFERS = (BEGIN_TRANSFERRING, INSTANCES_TRANSFERRED, EXPORT, IMPORT, QUERY)
_NO_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold; a log must be able to tell of it all the same, so it becomes U+FFFD."""


def to_xml(event: AuditEvent) -> bytes:
    """Return the message as UTF-8 with its XML declaration, valid against the schema of PS3.15 A.5.1."""
    message = ET.Element("AuditMessage")
    _event_identification(message, event)
    for element in _participants(event):
        message.append(element)
    source = _element("AuditSourceIdentification", AuditSourceID=event.source)
    source.append(_element("AuditSourceTypeCode", **{"csd-code": "4"}))
    message.append(source)
    for element in _objects(event):
        message.append(element)
    return bytes(ET.tostring(message, encoding="UTF-8", xml_declaration=True))


def _event_identification(message: ET.Element, event: AuditEvent) -> None:
    codes = KINDS[event.kind]
    at = event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = _element(
        "EventIdentification",
        EventActionCode=codes.action,
        EventDateTime=at,
        EventOutcomeIndicator=str(int(event.outcome)),
    )
    told.append(_coded("EventID", codes.event))
    if codes.type is not None:
        told.append(_coded("EventTypeCode", codes.type))
    if codes.own:
        told.append(_coded("EventTypeCode", Code(event.kind.value, OWN_SCHEME, codes.title)))
    if event.words:
        ET.SubElement(told, "EventOutcomeDescription").text = _clean(event.words)
    message.append(told)


def _participants(event: AuditEvent) -> list[ET.Element]:
    """Return who took part: the person, who asked for it, and the program that did it."""
    codes = KINDS[event.kind]
    person_role, program_role = None, APPLICATION
    if codes.event in _TRANSFERS:
        person_role, program_role = DESTINATION, SOURCE
        if codes.action == "C" or codes.event == QUERY:
            person_role, program_role = SOURCE, DESTINATION
    elif codes.type is not None and event.person and codes.type.value in ("110120", "110121"):
        person_role = LAUNCHER
    program = event.server if codes.own and codes.event.value == "110100" and event.server else event.source
    found = [_participant(program, program_role, requestor=not event.person)]
    if event.person:
        person = _participant(event.person, person_role, requestor=True)
        if event.address:
            person.set("NetworkAccessPointID", _token(event.address))
            person.set("NetworkAccessPointTypeCode", "2" if _is_ip(event.address) else "1")
        found.insert(0, person)
    return found


def _participant(user: str, role: Code | None, *, requestor: bool) -> ET.Element:
    element = _element("ActiveParticipant", UserID=user, UserIsRequestor="true" if requestor else "false")
    if role is not None:
        element.append(_coded("RoleIDCode", role))
    return element


def _objects(event: AuditEvent) -> list[ET.Element]:
    """Return what it was about: the log itself, a question, a study, a patient, the subject of an alarm."""
    found, codes = [], KINDS[event.kind]
    if codes.event == AUDIT_LOG_USED:
        found.append(_object(event, "urn:readingroom:audit", URI, SECURITY_RESOURCE, "Security Audit Log"))
    if codes.event == QUERY:
        asked = _object(event, STUDY_ROOT_FIND, SOP_CLASS_UID, REPORT, None)
        found.append(asked)
    if event.study_uid:
        found.append(_study(event))
    if event.patient_id or event.patient_name:
        name = event.patient_name or event.patient_id
        found.append(_object(event, event.patient_id or UNKNOWN, PATIENT_NUMBER, PATIENT, name))
    if codes.event == SECURITY_ALERT or (not found and (event.subject or event.details)):
        subject = event.subject or event.grant_id or event.study_uid or event.server or event.source
        alarm = _object(event, subject, URI, SECURITY_RESOURCE, codes.title)
        if codes.event == SECURITY_ALERT:
            _detail(alarm, "Alert Description", event.words or codes.title)
        found.append(alarm)
    return found


def _study(event: AuditEvent) -> ET.Element:
    life = {"D": "14", "C": "1"}.get(KINDS[event.kind].action, "6")
    element = _object(event, event.study_uid, STUDY_UID, REPORT, event.accession or event.study_uid)
    element.set("ParticipantObjectDataLifeCycle", life)
    told = ET.SubElement(element, "ParticipantObjectDescription")
    if event.accession:
        told.append(_element("Accession", Number=event.accession))
    if event.instances or event.sop_class_uid:
        told.append(_element("SOPClass", UID=event.sop_class_uid, NumberOfInstances=str(event.instances)))
    contains = ET.SubElement(told, "ParticipantObjectContainsStudy")
    contains.append(_element("StudyIDs", UID=event.study_uid))
    return element


def _object(event: AuditEvent, identifier: str, code: Code, role: tuple[str, str], name: str | None) -> ET.Element:
    """Return an object with its name, or with the query where there is none, and why it was touched."""
    element = _element(
        "ParticipantObjectIdentification",
        ParticipantObjectID=identifier,
        ParticipantObjectTypeCode=role[0],
        ParticipantObjectTypeCodeRole=role[1],
    )
    element.append(_coded("ParticipantObjectIDTypeCode", code))
    if name is None:
        ET.SubElement(element, "ParticipantObjectQuery").text = _base64(event.query)
    else:
        ET.SubElement(element, "ParticipantObjectName").text = _token(name)
    for kind_of_detail, value in (("PurposeOfUse", event.purpose), ("AccessGrant", event.grant_id), *event.details):
        if value:
            _detail(element, kind_of_detail, value)
    return element


def _detail(element: ET.Element, kind: str, value: str) -> None:
    element.append(_element("ParticipantObjectDetail", type=kind, value=_base64(value)))


def _coded(name: str, code: Code) -> ET.Element:
    csd = {"csd-code": code.value, "codeSystemName": code.scheme, "originalText": code.meaning}
    return _element(name, **csd)


def _element(name: str, **attributes: str) -> ET.Element:
    return ET.Element(name, {key: _token(value) for key, value in attributes.items() if value})


def _token(text: str) -> str:
    """Return text as an ``xsd:token``: no line breaks, no blanks at its ends or two in a row."""
    return " ".join(_clean(text).split()) or UNKNOWN


def _clean(text: str) -> str:
    return _NO_CHARACTERS.sub("\ufffd", text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


def _is_ip(address: str) -> bool:
    try:
        ip_address(address)
    except ValueError:
        return False
    return True
