"""Who has an account here and which roles: what has changed, whichever way it was changed.

The last state that was told is kept beside the events, so that a change by the hub's configuration, or by somebody in its
database while it did not run, is told at the next start.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from jupyterhub import orm
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from readingroom.reading.audit_codes import Kind

People = dict[str, list[str]]
"""What each person holds: their groups, ``role …`` for what was given to them alone, and ``administrator of the hub``."""

Change = tuple[Kind, str, str]
"""The kind of an event, the person whom it is about, and words."""

_MATTERS = {
    orm.User: ("name", "admin", "groups", "roles"),
    orm.Group: ("name", "users", "roles"),
    orm.Role: ("name", "users", "groups", "scopes"),
}
_EVERYBODYS = "user"


def people(database: Session) -> People:
    """Return what everybody holds now."""
    return {person.name: sorted(_held(person)) for person in database.query(orm.User)}


def _held(person: orm.User) -> Iterator[str]:
    yield from (group.name for group in person.groups)
    yield from (f"role {role.name}" for role in person.roles if role.name != _EVERYBODYS)
    if person.admin:
        yield "administrator of the hub"


def changes(before: People, after: People) -> list[Change]:
    """Return what has happened between two states."""
    found: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        had, has = before.get(name), after.get(name)
        if had is None or has is None:
            found.append((Kind.PERSON_CHANGED, name, f"Account of {name} {'made' if had is None else 'removed'}"))
        if (had or []) != (has or []):
            words = f"{name} had {', '.join(had or []) or 'no role'}; has {', '.join(has or []) or 'no role'}"
            found.append((Kind.ROLES_CHANGED, name, words))
    return found


def read(text: str | None) -> People:
    """Return the state that was kept, nobody where there is none."""
    found: People = json.loads(text) if text else {}
    return found


def watch(database: Session, tell: Callable[[], None]) -> None:
    """Call ``tell`` before each commit that changes people, groups or roles; what it raises stops the commit."""
    seen = {"changed": False}

    def look(session: Session, *_: object) -> None:
        here_or_gone = any(isinstance(each, tuple(_MATTERS)) for each in (*session.new, *session.deleted))
        seen["changed"] = seen["changed"] or here_or_gone or any(map(_changed, session.dirty))

    def say(session: Session) -> None:
        session.flush()
        if seen["changed"]:
            tell()
            seen["changed"] = False

    def forget(_session: Session) -> None:
        seen["changed"] = False

    event.listen(database, "before_flush", look)
    event.listen(database, "before_commit", say)
    event.listen(database, "after_rollback", forget)


def _changed(thing: object) -> bool:
    names = next((names for kind, names in _MATTERS.items() if isinstance(thing, kind)), ())
    state: Any = inspect(thing)
    return any(state.attrs[name].history.has_changes() for name in names)
