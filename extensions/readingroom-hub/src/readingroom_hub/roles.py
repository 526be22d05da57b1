"""Who holds which JupyterHub scope.

The built-in ``admin`` role is given to nobody, and ``user`` is an explicit list in place of ``self``: a person can
neither mint a token nor share a server, because each of these was seen to open more than it says.
"""

from typing import Protocol

from readingroom_hub.servers import GROUPS, PEOPLE, SERVERS

PIXELS = "custom:readingroom:pixels"
"""Held by every person, but asked for by one token only: that of their reading server."""

CUSTOM_SCOPES = {PIXELS: {"description": "Open identifiable pixels"}}

USER_SCOPES = [
    f"{scope}!user"
    for scope in (
        "read:users",
        "read:users:name",
        "read:users:groups",
        "users:activity",
        "read:users:activity",
        "servers",
        "delete:servers",
        "read:servers",
        "access:servers",
        PIXELS,
    )
]
"""A server's token is what it asks for *and* what its owner holds, so the pixels scope must stand here too."""

GROUP_SCOPES: dict[str, list[str]] = {
    "administrators": ["list:users", "read:users:activity", "list:groups", "read:servers", "delete:servers"],
}
"""What a group holds beyond ``USER_SCOPES``. Rights over studies live in the permission table, not here."""

SERVER_OAUTH_SCOPES = ["read:users:groups!user"]
"""What a server learns about its visitor: the groups. Never ``inherit``, ``self`` or a custom scope."""


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


def load_roles() -> list[dict[str, object]]:
    """Return the roles, as ``JupyterHub.load_roles`` takes them: ``user``, and one for each group that holds more."""
    user: dict[str, object] = {
        "name": "user",
        "description": "A person's own servers",
        "scopes": USER_SCOPES,
    }
    return [user, *(_group_role(group, scopes) for group, scopes in GROUP_SCOPES.items())]


def _group_role(group: str, scopes: list[str]) -> dict[str, object]:
    return {
        "name": f"readingroom-{group}",
        "description": f"What {group} hold beyond their own servers",
        "scopes": scopes,
        "groups": [group],
    }
