"""Who holds which JupyterHub scope.

The built-in ``admin`` role is given to nobody, and ``user`` is an explicit list in place of ``self``: a person can
neither mint a token nor share a server, because each of these was seen to open more than it says.
"""

from collections.abc import Collection
from typing import Protocol

from readingroom.reading.permissions import Action, Role, could, groups_with
from readingroom_hub.servers import GROUPS, PEOPLE, SERVERS

PIXELS = "custom:readingroom:pixels"
"""Held by every person, but asked for by one token only: that of their reading server."""

KEEPER = "keeper"
"""The name by which the administrator's command is known to the hub: nobody's account."""

LEAVERS = "custom:readingroom:leavers"
"""Held by the keeper alone: end an account."""

KEEPER_SCOPES = [LEAVERS, "read:users:name", "read:users:groups"]

INVITATIONS = "invitations"
"""The name of the inviting service."""

CUSTOM_SCOPES = {PIXELS: {"description": "Open identifiable pixels"}, LEAVERS: {"description": "Close accounts"}}

_OWN_SERVERS = (
    "read:users",
    "read:users:name",
    "read:users:groups",
    "users:activity",
    "read:users:activity",
    "servers",
    "delete:servers",
    "read:servers",
    "access:servers",
)

HUB_SCOPES: dict[Action, tuple[str, ...]] = {
    Action.USE_READING: tuple(f"{scope}!user" for scope in _OWN_SERVERS),
    Action.OPEN_STUDY: (f"{PIXELS}!user",),
    Action.READ_OWN_AUDIT: ("access:services!service=records",),
    Action.MANAGE_PEOPLE: ("list:users", "read:users:activity", "list:groups", "read:servers", "delete:servers"),
}
"""The scopes that an action of the permission table needs at the hub; the hub enforces no other action.

A server's token is what it asks for *and* what its owner holds, so the pixels scope must stand here too. The records'
pages are for those who may see what was recorded about them: not for guests.
"""

_EVERYBODYS = [action for action in HUB_SCOPES if groups_with(action) == GROUPS]

USER_SCOPES = [scope for action in _EVERYBODYS for scope in HUB_SCOPES[action]]
"""What every person holds: the scopes of the actions that the table gives to every role."""

GROUP_SCOPES: dict[str, list[str]] = {
    role.group: [
        scope
        for action, scopes in HUB_SCOPES.items()
        if action not in _EVERYBODYS and could(role, action)
        for scope in scopes
    ]
    for role in Role
}
"""What a group holds beyond ``USER_SCOPES``, by the table."""

SERVER_OAUTH_SCOPES = ["read:users:groups!user"]
"""What a server learns about its visitor: the groups. Never ``inherit``, ``self`` or a custom scope."""


SERVICE_SCOPES = ["read:users:name", "read:users:groups", "read:servers", "read:tokens"]
"""What a service that is asked for a study needs to know of whoever asks; it can change nothing at the hub."""


INVITING_SCOPES = ["admin:users", f"delete:servers!group={Role.GUEST.group}"]
"""What the inviting service alone holds: accounts come and go with it, and it stops the servers of guests."""


class NamedServer(Protocol):
    """The part of a JupyterHub spawner that decides its token."""

    name: str


def server_token_scopes(spawner: NamedServer) -> list[str]:
    """Return the scopes of a server's own token; only the reading server's opens identifiable pixels.

    ``!server`` ties the scope to that one server, so that the token says which server it belongs to.
    """
    scopes = ["users:activity!user", "access:servers!server"]
    kind = SERVERS.get(spawner.name)
    if kind is not None and kind.opens_pixels:
        scopes.append(f"{PIXELS}!server")
    return scopes


def load_groups() -> dict[str, dict[str, list[str]]]:
    """Return the six groups with their demo accounts, as ``JupyterHub.load_groups`` takes them."""
    return {group: {"users": [person for person, of in PEOPLE.items() if of == group]} for group in GROUPS}


def load_roles(services: Collection[str] = ()) -> list[dict[str, object]]:
    """Return the roles, as ``JupyterHub.load_roles`` takes them: ``user`` and one for each group that holds more.

    ``services`` are those that the hub gives something: who their callers are, and to the inviting one the guests' accounts.
    """
    user: dict[str, object] = {
        "name": "user",
        "description": "A person's own servers",
        "scopes": USER_SCOPES,
    }
    inviting: dict[str, object] = {
        "name": "readingroom-invitations",
        "description": "Make and remove the accounts of guests",
        "scopes": INVITING_SCOPES,
        "services": [INVITATIONS],
    }
    asking: dict[str, object] = {
        "name": "readingroom-services",
        "description": "Ask who a caller is",
        "scopes": SERVICE_SCOPES,
        "services": [name for name in services if name != INVITATIONS],
    }
    groups = [_group_role(group, scopes) for group, scopes in GROUP_SCOPES.items() if scopes]
    return [user, *groups, *([asking] if asking["services"] else []), *([inviting] if INVITATIONS in services else [])]


def _group_role(group: str, scopes: list[str]) -> dict[str, object]:
    return {
        "name": f"readingroom-{group}",
        "description": f"What {group} hold beyond their own servers",
        "scopes": scopes,
        "groups": [group],
    }
