"""Who may do what to which study: the one table. No row, no access.

A row gives a role an action over the studies to which its holder stands in a relation. The hub's roles and scopes, the
services' handlers and the gateway all ask here, and a test walks every route of the product to compare.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here. The hub's groups are the plurals."""

    TRAINEE = "trainee"
    CONSULTANT = "consultant"
    COORDINATOR = "coordinator"
    GUEST = "guest"
    RESEARCHER = "researcher"
    ADMINISTRATOR = "administrator"

    @property
    def group(self) -> str:
        """Return the hub's name of the group whose members have this role."""
        return f"{self.value}s"


class Relation(StrEnum):
    """How somebody stands to a study, in the order in which a decision names them: the ordinary before the exceptional.

    ``ANY`` stands in a row for an action that concerns no study, or any study alike.
    """

    ASSIGNED = "assigned"
    ROTA = "rota"
    LEGITIMATE = "legitimate"
    GRANTED = "granted"
    TEACHING = "teaching"
    DEIDENTIFIED = "deidentified"
    BREAK_GLASS = "break-glass"
    ANY = "any"


class Action(StrEnum):
    """What can be done. ``words`` completes "You may not …"."""

    KNOW_STUDY = "know-study"
    OPEN_STUDY = "open-study"
    READ_VALUES = "read-values"
    STORE_DERIVED = "store-derived"
    EXPORT = "export"
    SEARCH_STUDIES = "search-studies"
    BREAK_GLASS = "break-glass"
    REVIEW_BREAK_GLASS = "review-break-glass"
    PROPOSE_GRANT = "propose-grant"
    ISSUE_GRANT = "issue-grant"
    REVOKE_GRANT = "revoke-grant"
    LIST_GRANTS = "list-grants"
    INVITE_GUEST = "invite-guest"
    ASSIGN_STUDY = "assign-study"
    READ_AUDIT = "read-audit"
    READ_OWN_AUDIT = "read-own-audit"
    RECORD_READING = "record-reading"
    KEEP_DISPLAY = "keep-display"
    USE_READING = "use-reading"
    USE_WORKBENCH = "use-workbench"
    USE_RESEARCH = "use-research"
    LIST_PEOPLE = "list-people"
    MANAGE_PEOPLE = "manage-people"
    MANAGE_RETENTION = "manage-retention"

    @property
    def words(self) -> str:
        """Return the action in plain words."""
        return _WORDS[self]


_WORDS = {
    Action.KNOW_STUDY: "see in your list that this study exists",
    Action.OPEN_STUDY: "open this study",
    Action.READ_VALUES: "read values out of this study",
    Action.STORE_DERIVED: "keep a report, a presentation or a segmentation with this study",
    Action.EXPORT: "take this study out of the house",
    Action.SEARCH_STUDIES: "search for studies",
    Action.BREAK_GLASS: "open a study in an emergency",
    Action.REVIEW_BREAK_GLASS: "review emergency access",
    Action.PROPOSE_GRANT: "ask that somebody gets access to this study",
    Action.ISSUE_GRANT: "give access to a study",
    Action.REVOKE_GRANT: "end somebody's access to a study",
    Action.LIST_GRANTS: "see who was given access",
    Action.INVITE_GUEST: "invite a guest",
    Action.ASSIGN_STUDY: "assign a study to a reader",
    Action.READ_AUDIT: "read the audit log",
    Action.READ_OWN_AUDIT: "see what was recorded about you",
    Action.RECORD_READING: "keep a record of your reading",
    Action.KEEP_DISPLAY: "keep the measurements of your display",
    Action.USE_READING: "use a reading room",
    Action.USE_WORKBENCH: "use a workbench, which runs notebooks",
    Action.USE_RESEARCH: "use the research room",
    Action.LIST_PEOPLE: "see the list of people",
    Action.MANAGE_PEOPLE: "manage people and their servers",
    Action.MANAGE_RETENTION: "decide how long records are kept",
}

OF_A_STUDY = frozenset(
    {
        Action.KNOW_STUDY,
        Action.OPEN_STUDY,
        Action.READ_VALUES,
        Action.STORE_DERIVED,
        Action.EXPORT,
        Action.PROPOSE_GRANT,
    }
)
"""The actions that are decided study by study: whoever answers one has asked about exactly that study."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One row: a role may do this to the studies to which its holder stands in this relation."""

    role: Role
    action: Action
    relation: Relation


@dataclass(frozen=True, slots=True)
class Decision:
    """May they? ``relation`` is what allowed it, None for a refusal, whose ``reason`` is plain words to be shown."""

    allowed: bool
    relation: Relation | None
    reason: str = ""


def _rows(role: Role, relations: Iterable[Relation], *actions: Action) -> Iterator[Permission]:
    return (Permission(role, action, relation) for relation in relations for action in actions)


_LOOK = (Action.KNOW_STUDY, Action.OPEN_STUDY, Action.READ_VALUES)
_READ = (*_LOOK, Action.STORE_DERIVED)
_OWN = (Action.USE_READING, Action.KEEP_DISPLAY, Action.RECORD_READING)
_STAFF = (*_OWN, Action.READ_OWN_AUDIT)
_DUTY = (Relation.ASSIGNED, Relation.ROTA)
_CARE = (*_DUTY, Relation.LEGITIMATE)
_ALWAYS = (Relation.ANY,)
_TEACHING = (Relation.TEACHING,)

PERMISSIONS: frozenset[Permission] = frozenset(
    (
        *_rows(Role.TRAINEE, (*_DUTY, Relation.TEACHING), *_READ),
        *_rows(Role.TRAINEE, _ALWAYS, *_STAFF, Action.USE_WORKBENCH, Action.SEARCH_STUDIES),
        *_rows(Role.CONSULTANT, (*_CARE, Relation.GRANTED, Relation.TEACHING, Relation.BREAK_GLASS), *_READ),
        *_rows(Role.CONSULTANT, (*_CARE, Relation.TEACHING), Action.PROPOSE_GRANT),
        *_rows(Role.CONSULTANT, _ALWAYS, *_STAFF, Action.USE_WORKBENCH, Action.SEARCH_STUDIES, Action.BREAK_GLASS),
        *_rows(Role.CONSULTANT, _ALWAYS, Action.REVOKE_GRANT, Action.LIST_GRANTS, Action.LIST_PEOPLE),
        *_rows(Role.COORDINATOR, _ALWAYS, *_STAFF, Action.SEARCH_STUDIES, Action.KNOW_STUDY, Action.ASSIGN_STUDY),
        *_rows(Role.COORDINATOR, _ALWAYS, Action.PROPOSE_GRANT, Action.ISSUE_GRANT, Action.REVOKE_GRANT),
        *_rows(Role.COORDINATOR, _ALWAYS, Action.LIST_GRANTS, Action.INVITE_GUEST, Action.LIST_PEOPLE),
        *_rows(Role.COORDINATOR, _ALWAYS, Action.READ_AUDIT, Action.REVIEW_BREAK_GLASS),
        *_rows(Role.COORDINATOR, _TEACHING, *_LOOK),
        *_rows(Role.GUEST, (Relation.GRANTED,), *_READ),
        *_rows(Role.GUEST, _ALWAYS, *_OWN),
        *_rows(Role.RESEARCHER, (Relation.TEACHING, Relation.DEIDENTIFIED), *_LOOK),
        *_rows(Role.RESEARCHER, _ALWAYS, *_STAFF, Action.USE_WORKBENCH, Action.USE_RESEARCH, Action.SEARCH_STUDIES),
        *_rows(Role.ADMINISTRATOR, _TEACHING, *_LOOK),
        *_rows(Role.ADMINISTRATOR, _ALWAYS, *_STAFF, Action.LIST_PEOPLE, Action.MANAGE_PEOPLE),
        *_rows(Role.ADMINISTRATOR, _ALWAYS, Action.READ_AUDIT, Action.REVIEW_BREAK_GLASS, Action.MANAGE_RETENTION),
    )
)
"""The table. ``EXPORT`` has no row: nobody takes a study out, whatever they are."""

_NEXT = {
    Role.TRAINEE: "It is neither assigned to you nor on your rota, and no teaching study. Ask the coordinator for it.",
    Role.CONSULTANT: "Neither the rota, an assignment nor a patient of yours leads to it. Ask the coordinator for it; in an "
    "emergency you may open it yourself for an hour, and say why.",
    Role.COORDINATOR: "Coordinators see what a study is, not its images.",
    Role.GUEST: "Guests open the study that they were invited to, as long as the invitation lasts. Ask who invited you.",
    Role.RESEARCHER: "Researchers open teaching and de-identified studies only.",
    Role.ADMINISTRATOR: "Administrators open teaching studies only.",
}


def decide(role: Role, action: Action, relations: Collection[Relation] = ()) -> Decision:
    """Return whether a role may do this to a study to which its holder stands in these relations.

    The relation named is the most ordinary that allows it, so that an emergency is named only where nothing else would do.
    """
    rows = {row.relation for row in PERMISSIONS if (row.role, row.action) == (role, action)}
    if not rows:
        return Decision(False, None, f"You may not {action.words}: {role.group} never do.")
    allowing = next((relation for relation in Relation if relation in rows & {*relations, Relation.ANY}), None)
    if allowing is None:
        return Decision(False, None, f"You may not {action.words}. {_NEXT[role]}")
    return Decision(True, allowing)


def could(role: Role, action: Action) -> bool:
    """Return whether a role has this action over any study at all."""
    return any((row.role, row.action) == (role, action) for row in PERMISSIONS)


def groups_with(action: Action) -> tuple[str, ...]:
    """Return the hub's groups whose members have this action over any study at all, in the order of the roles."""
    return tuple(role.group for role in Role if could(role, action))


def role_of(groups: Collection[str]) -> Role | None:
    """Return the role that the hub's groups give; None for none of ours, and for several, which nobody may mix.

    What a guest or a researcher must not do would else be open to them through their other group.
    """
    roles = [role for role in Role if role.group in groups]
    return roles[0] if len(roles) == 1 else None
