"""The vocabulary of audit messages: what can happen, each with its codes of the Standard (PS3.16 CID 400 to 404).

What the Standard has one code for and we tell apart (a grant proposed, activated, revoked) carries a second Event Type Code
of our own scheme, ``99READINGROOM``, beside the Standard's.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

DCM = "DCM"
OWN_SCHEME = "99READINGROOM"
RFC_3881 = "RFC-3881"


@dataclass(frozen=True, slots=True)
class Code:
    """A coded value (PS3.15 A.5.1): value, coding scheme and meaning."""

    value: str
    scheme: str
    meaning: str


class Outcome(IntEnum):
    """Event Outcome Indicator (PS3.15 A.5.2): 4 it failed and may be tried again, 8 it was ended, 12 no more can be done."""

    SUCCESS = 0
    MINOR_FAILURE = 4
    SERIOUS_FAILURE = 8
    MAJOR_FAILURE = 12


class Kind(StrEnum):
    """What happened. The values are stored, and searched for."""

    APPLICATION_STARTED = "application-started"
    APPLICATION_STOPPED = "application-stopped"
    SERVER_STARTED = "server-started"
    SERVER_STOPPED = "server-stopped"
    AUDIT_LOG_USED = "audit-log-used"
    AUDIT_PRUNED = "audit-pruned"
    RECORDS_REMOVED = "records-removed"
    TRANSFER_BEGAN = "transfer-began"
    INSTANCES_ACCESSED = "instances-accessed"
    ACCESS_REFUSED = "access-refused"
    PICTURE_SEEN = "picture-seen"
    VALUES_READ = "values-read"
    INSTANCES_TRANSFERRED = "instances-transferred"
    OBJECT_STORED = "object-stored"
    STUDY_DELETED = "study-deleted"
    EXPORTED = "exported"
    IMPORTED = "imported"
    QUERIED = "queried"
    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    BREAK_GLASS_STARTED = "break-glass-started"
    BREAK_GLASS_ENDED = "break-glass-ended"
    BREAK_GLASS_REVIEWED = "break-glass-reviewed"
    CALLER_REFUSED = "caller-refused"
    SWEEP_ALARM = "sweep-alarm"
    GRANT_PROPOSED = "grant-proposed"
    GRANT_ACTIVATED = "grant-activated"
    GRANT_REVOKED = "grant-revoked"
    GRANT_ENDED = "grant-ended"
    GRANT_HANDED_OVER = "grant-handed-over"
    ASSIGNMENT_CHANGED = "assignment-changed"
    INVITATION_ISSUED = "invitation-issued"
    INVITATION_USED = "invitation-used"
    PERSON_CHANGED = "person-changed"
    ROLES_CHANGED = "roles-changed"
    SETTINGS_CHANGED = "settings-changed"
    RESTRICTED_FUNCTION = "restricted-function"
    RECORDING_STARTED = "recording-started"
    RECORDING_STOPPED = "recording-stopped"


@dataclass(frozen=True, slots=True)
class KindCodes:
    """How a kind is coded: Event ID, Event Action Code, the Standard's Event Type Code, and words for a person.

    ``own`` is set where the Standard's codes alone would not tell the kind apart.
    """

    event: Code
    action: str
    type: Code | None
    title: str
    own: bool = False


APPLICATION_ACTIVITY = Code("110100", DCM, "Application Activity")
AUDIT_LOG_USED = Code("110101", DCM, "Audit Log Used")
BEGIN_TRANSFERRING = Code("110102", DCM, "Begin Transferring DICOM Instances")
INSTANCES_ACCESSED = Code("110103", DCM, "DICOM Instances Accessed")
INSTANCES_TRANSFERRED = Code("110104", DCM, "DICOM Instances Transferred")
STUDY_DELETED = Code("110105", DCM, "DICOM Study Deleted")
EXPORT = Code("110106", DCM, "Export")
IMPORT = Code("110107", DCM, "Import")
QUERY = Code("110112", DCM, "Query")
SECURITY_ALERT = Code("110113", DCM, "Security Alert")
USER_AUTHENTICATION = Code("110114", DCM, "User Authentication")

_START = Code("110120", DCM, "Application Start")
_STOP = Code("110121", DCM, "Application Stop")
_LOGIN = Code("110122", DCM, "Login")
_LOGOUT = Code("110123", DCM, "Logout")
_NODE = Code("110126", DCM, "Node Authentication")
_OVERRIDE = Code("110127", DCM, "Emergency Override Started")
_CONFIGURATION = Code("110129", DCM, "Security Configuration")
_RESTRICTED = Code("110132", DCM, "Use of Restricted Function")
_RECORDING_STOPPED = Code("110133", DCM, "Audit Recording Stopped")
_RECORDING_STARTED = Code("110134", DCM, "Audit Recording Started")
_OBJECT_SECURITY = Code("110135", DCM, "Object Security Attributes Changed")
_ROLES = Code("110136", DCM, "Security Roles Changed")
_USER_SECURITY = Code("110137", DCM, "User Security Attributes Changed")
_OVERRIDE_ENDED = Code("110138", DCM, "Emergency Override Stopped")


def _alert(kind: Code, title: str, *, own: bool = True) -> KindCodes:
    return KindCodes(SECURITY_ALERT, "E", kind, title, own)


KINDS: dict[Kind, KindCodes] = {
    Kind.APPLICATION_STARTED: KindCodes(APPLICATION_ACTIVITY, "E", _START, "Service started"),
    Kind.APPLICATION_STOPPED: KindCodes(APPLICATION_ACTIVITY, "E", _STOP, "Service stopped"),
    Kind.SERVER_STARTED: KindCodes(APPLICATION_ACTIVITY, "E", _START, "Server started", own=True),
    Kind.SERVER_STOPPED: KindCodes(APPLICATION_ACTIVITY, "E", _STOP, "Server stopped", own=True),
    Kind.AUDIT_LOG_USED: KindCodes(AUDIT_LOG_USED, "R", None, "Audit read"),
    Kind.AUDIT_PRUNED: _alert(_RESTRICTED, "Old audit entries removed"),
    Kind.RECORDS_REMOVED: _alert(_RESTRICTED, "Records removed"),
    Kind.TRANSFER_BEGAN: KindCodes(BEGIN_TRANSFERRING, "E", None, "Transfer began"),
    Kind.INSTANCES_ACCESSED: KindCodes(INSTANCES_ACCESSED, "R", None, "Study opened"),
    Kind.ACCESS_REFUSED: KindCodes(INSTANCES_ACCESSED, "R", None, "Study refused", own=True),
    Kind.PICTURE_SEEN: KindCodes(INSTANCES_ACCESSED, "R", None, "Picture seen", own=True),
    Kind.VALUES_READ: KindCodes(INSTANCES_ACCESSED, "R", None, "Values read out", own=True),
    Kind.INSTANCES_TRANSFERRED: KindCodes(INSTANCES_TRANSFERRED, "R", None, "Images sent to a reading server"),
    Kind.OBJECT_STORED: KindCodes(INSTANCES_TRANSFERRED, "C", None, "Object stored", own=True),
    Kind.STUDY_DELETED: KindCodes(STUDY_DELETED, "D", None, "Study deleted"),
    Kind.EXPORTED: KindCodes(EXPORT, "R", None, "Exported"),
    Kind.IMPORTED: KindCodes(IMPORT, "C", None, "Imported"),
    Kind.QUERIED: KindCodes(QUERY, "E", None, "Searched for studies"),
    Kind.LOGGED_IN: KindCodes(USER_AUTHENTICATION, "E", _LOGIN, "Login"),
    Kind.LOGGED_OUT: KindCodes(USER_AUTHENTICATION, "E", _LOGOUT, "Logout"),
    Kind.BREAK_GLASS_STARTED: _alert(_OVERRIDE, "Break-glass", own=False),
    Kind.BREAK_GLASS_ENDED: _alert(_OVERRIDE_ENDED, "Break-glass ended", own=False),
    Kind.BREAK_GLASS_REVIEWED: _alert(_RESTRICTED, "Break-glass reviewed"),
    Kind.CALLER_REFUSED: _alert(_NODE, "Caller refused", own=False),
    Kind.SWEEP_ALARM: _alert(_RESTRICTED, "Too many pictures of one study"),
    Kind.GRANT_PROPOSED: _alert(_OBJECT_SECURITY, "Access grant proposed"),
    Kind.GRANT_ACTIVATED: _alert(_OBJECT_SECURITY, "Access grant activated"),
    Kind.GRANT_REVOKED: _alert(_OBJECT_SECURITY, "Access grant revoked"),
    Kind.GRANT_ENDED: _alert(_OBJECT_SECURITY, "Access grant ended"),
    Kind.GRANT_HANDED_OVER: _alert(_OBJECT_SECURITY, "Access grant handed over"),
    Kind.ASSIGNMENT_CHANGED: _alert(_OBJECT_SECURITY, "Assignment changed"),
    Kind.INVITATION_ISSUED: _alert(_USER_SECURITY, "Invitation issued"),
    Kind.INVITATION_USED: _alert(_USER_SECURITY, "Invitation used"),
    Kind.PERSON_CHANGED: _alert(_USER_SECURITY, "Account changed"),
    Kind.ROLES_CHANGED: _alert(_ROLES, "Roles changed", own=False),
    Kind.SETTINGS_CHANGED: _alert(_CONFIGURATION, "Settings changed", own=False),
    Kind.RESTRICTED_FUNCTION: _alert(_RESTRICTED, "Restricted function used", own=False),
    Kind.RECORDING_STARTED: _alert(_RECORDING_STARTED, "Audit recording started", own=False),
    Kind.RECORDING_STOPPED: _alert(_RECORDING_STOPPED, "Audit recording stopped", own=False),
}
"""Every kind there is; a test holds the table against the Standard's context groups."""
