"""The servers a person can have: the one table of their names, who may start them and what they hold."""

from collections.abc import Collection
from dataclasses import dataclass

from readingroom.reading.permissions import Action, Role, could, groups_with, role_of

PEOPLE = {
    "trainee": "trainees",
    "consultant": "consultants",
    "guest": "guests",
    "researcher": "researchers",
    "coordinator": "coordinators",
    "administrator": "administrators",
}
"""The demo accounts, each with its one group."""

GROUPS = tuple(role.group for role in Role)


class ServerRefusedError(PermissionError):
    """A server that this person cannot have; the message is shown to them."""


@dataclass(frozen=True, slots=True)
class ServerKind:
    """One named server: its words for people, the action that starts it, and whether its token opens pixels."""

    name: str
    title: str
    about: str
    action: Action
    module: str
    opens_pixels: bool = False
    keeps_home: bool = False
    available: bool = True

    def is_for(self, groups: Collection[str]) -> bool:
        """Return whether the permission table gives this server to a person in these groups."""
        role = role_of(groups)
        return role is not None and could(role, self.action)


READING = ServerKind(
    name="reading",
    title="Reading",
    about="Your study list and the viewer.",
    action=Action.USE_READING,
    module="readingroom_viewer.reading_server",
    opens_pixels=True,
)
WORKBENCH = ServerKind(
    name="workbench",
    title="Workbench",
    about="Notebooks with the same viewer, over teaching studies only.",
    action=Action.USE_WORKBENCH,
    module="readingroom_viewer.workbench_server",
    keeps_home=True,
)
RESEARCH = ServerKind(
    name="research",
    title="Research",
    about="Notebooks over de-identified cohorts.",
    action=Action.USE_RESEARCH,
    module="readingroom_viewer.workbench_server",
    keeps_home=True,
    available=False,
)

SERVERS = {kind.name: kind for kind in (READING, WORKBENCH, RESEARCH)}


def choose_server(name: str, groups: Collection[str]) -> ServerKind:
    """Return the server called ``name`` for a person in ``groups``, or raise ``ServerRefusedError``.

    The unnamed server is refused too: its login cookie would be sent to every other server of the same person.
    """
    kind = SERVERS.get(name)
    if kind is None:
        known = ", ".join(each.name for each in SERVERS.values() if each.available)
        called = f"called {name!r}" if name else "without a name"
        raise ServerRefusedError(f"There is no server {called} here. The servers are: {known}.")
    if not kind.available:
        raise ServerRefusedError(f"The {kind.name} server is not available yet. Nothing was started.")
    if not kind.is_for(groups):
        allowed = ", ".join(groups_with(kind.action))
        raise ServerRefusedError(f"The {kind.name} server is for {allowed}. Your own reading server is open to you.")
    return kind


def servers_for(groups: Collection[str]) -> list[ServerKind]:
    """Return the servers that a person in ``groups`` can start, in the order of the table."""
    return [kind for kind in SERVERS.values() if kind.available and kind.is_for(groups)]
