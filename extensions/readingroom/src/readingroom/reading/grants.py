"""Access grants: one person, named studies, one purpose, and an end.

A grant is what was written on it and the events since; its state is a pure fold over both. Expired, revoked and
exhausted are final: no event, and no clock that jumps back among the events, brings a grant back to life. Whoever asks
gives the latest time they have ever seen as ``now``, because a clock that is wrong between two events shows in none.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from readingroom.errors import ReadingRoomError
from readingroom.reading.permissions import Action, Decision, Relation
from readingroom.reading.purposes import Purpose

SHORTEST = timedelta(seconds=60)
LONGEST = timedelta(days=90)
"""A second opinion that takes longer is asked for again."""

VIEW_LASTS = timedelta(hours=1)
"""A view is one sitting over the grant's studies: opening them again within the hour is the same view."""

GRANTABLE = frozenset({Action.KNOW_STUDY, Action.OPEN_STUDY, Action.READ_VALUES, Action.STORE_DERIVED})
"""What a grant can cover. Export is not among them, for anybody."""

EventKind = Literal["proposed", "activated", "revoked", "viewed", "handed-over"]
"""What happens to a grant. It is handed over to whoever the event's note names, who answers for it from then on."""


class GrantError(ReadingRoomError):
    """A grant that cannot be written like this."""


class GrantTransitionError(ReadingRoomError):
    """What was asked of a grant is not possible in its state; nothing was changed."""


class GrantState(StrEnum):
    """Where a grant stands; the last three are final."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    EXHAUSTED = "exhausted"


FINAL = frozenset({GrantState.EXPIRED, GrantState.REVOKED, GrantState.EXHAUSTED})


@dataclass(frozen=True, slots=True)
class Grant:
    """What is written on a grant. ``studies`` are Study Instance UIDs, ``maximum_views`` None without a limit.

    ``issuer`` may be empty until it is activated; the event then names who did.

    Raises
    ------
    GrantError
        For times without a zone, an end too near or too far, no study, no action, an action that cannot be granted, no
        view, or a grantee who writes their own.
    """

    id: str
    grantee: str
    studies: tuple[str, ...]
    purpose: Purpose
    actions: frozenset[Action]
    not_before: datetime
    expires: datetime
    maximum_views: int | None = None
    issuer: str = ""
    proposer: str = ""
    question: str = ""

    def __post_init__(self) -> None:
        if self.not_before.tzinfo is None or self.expires.tzinfo is None:
            raise GrantError("A grant needs the zone of its times.")
        if not SHORTEST <= self.expires - self.not_before <= LONGEST:
            raise GrantError(f"A grant lasts from {SHORTEST.seconds} seconds to {LONGEST.days} days.")
        if not self.studies or not all(self.studies) or not self.grantee:
            raise GrantError("A grant names a person and at least one study.")
        if not self.actions or not self.actions <= GRANTABLE:
            raise GrantError("A grant can cover seeing, opening, reading values and keeping results; nothing else.")
        if self.maximum_views is not None and self.maximum_views < 1:
            raise GrantError("A grant allows at least one view.")
        if self.grantee in (self.issuer, self.proposer):
            raise GrantError("Nobody gives access to themselves. Ask a colleague.")


@dataclass(frozen=True, slots=True)
class GrantEvent:
    """Something that happened to a grant. ``number`` counts from 1 within the grant and orders its events."""

    grant_id: str
    number: int
    at: datetime
    actor: str
    kind: EventKind
    note: str = ""


@dataclass(frozen=True, slots=True)
class GrantHistory:
    """A grant with its events."""

    grant: Grant
    events: tuple[GrantEvent, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A grant after its events: ``clock`` is the latest time among them, ``viewed`` when its last view began."""

    state: GrantState
    clock: datetime
    views: int = 0
    viewed: datetime | None = None


def _standing(grant: Grant, events: Iterable[GrantEvent], now: datetime) -> _Standing:
    standing = _Standing(GrantState.PROPOSED, datetime.min.replace(tzinfo=now.tzinfo))
    for event in sorted((each for each in events if each.grant_id == grant.id), key=lambda each: each.number):
        standing = _after(grant, _passed(grant, standing, event.at), event)
    return _passed(grant, standing, now)


def _passed(grant: Grant, before: _Standing, now: datetime) -> _Standing:
    """Return the standing once it is ``now``, or later if it was later already."""
    clock = max(now, before.clock)
    state = before.state
    ends = {GrantState.EXPIRED: grant.expires}
    if state == GrantState.ACTIVE and before.viewed is not None and not _views_left(grant, before):
        ends[GrantState.EXHAUSTED] = before.viewed + VIEW_LASTS
    first = min(ends, key=lambda end: ends[end])
    if state not in FINAL and clock >= ends[first]:
        state = first
    return _Standing(state, clock, before.views, before.viewed)


def _after(grant: Grant, before: _Standing, event: GrantEvent) -> _Standing:
    """Return the standing after an event; one that is not possible, whoever wrote it, changes nothing."""
    state, clock = before.state, before.clock
    if event.kind == "revoked" and state not in FINAL:
        return _Standing(GrantState.REVOKED, clock, before.views, before.viewed)
    if event.kind == "activated" and state == GrantState.PROPOSED and event.actor != grant.grantee:
        return _Standing(GrantState.ACTIVE, clock)
    if event.kind == "viewed" and state == GrantState.ACTIVE and _views_left(grant, before):
        return _Standing(state, clock, before.views + 1, clock)
    return before


def _views_left(grant: Grant, standing: _Standing) -> bool:
    return grant.maximum_views is None or standing.views < grant.maximum_views


def _in_view(standing: _Standing, clock: datetime) -> bool:
    return standing.viewed is not None and clock - standing.viewed < VIEW_LASTS


def state(grant: Grant, events: Iterable[GrantEvent], now: datetime) -> GrantState:
    """Return where a grant stands. It stays active during its last view, and is exhausted when that has ended."""
    return _standing(grant, events, now).state


def responsible(grant: Grant, events: Iterable[GrantEvent]) -> str:
    """Return who answers for a grant: whoever it was handed over to last, who activated it, or else who proposed it."""
    own = sorted((each for each in events if each.grant_id == grant.id), key=lambda each: each.number)
    handed = [each.note for each in own if each.kind == "handed-over"]
    activated = [each.actor for each in own if each.kind == "activated"]
    return (handed or activated or [grant.issuer or grant.proposer])[-1]


def begins_view(grant: Grant, events: Iterable[GrantEvent], now: datetime) -> bool:
    """Return whether opening a study now begins a new view, so that a ``viewed`` event has to be written."""
    standing = _standing(grant, events, now)
    return not _in_view(standing, standing.clock)


def may(grant: Grant, events: Iterable[GrantEvent], action: Action, study_uid: str, now: datetime) -> Decision:
    """Return whether the grantee may do this to the study now, with words that say what a refusal means."""
    standing = _standing(grant, events, now)
    refusal = _ENDED.get(standing.state, "")
    if standing.state == GrantState.ACTIVE:
        if study_uid not in grant.studies:
            refusal = "This study is not among those that you were given access to."
        elif action not in grant.actions:
            refusal = f"You may not {action.words}: your access does not cover it."
        elif standing.clock < grant.not_before:
            refusal = f"Your access begins on {grant.not_before:%d %B %Y at %H:%M %Z}."
    return Decision(False, None, refusal) if refusal else Decision(True, Relation.GRANTED)


_ENDED = {
    GrantState.PROPOSED: "Access was asked for, but nobody has given it yet.",
    GrantState.EXPIRED: "Your access to this study has ended. Ask who invited you, if you still need it.",
    GrantState.REVOKED: "Your access to this study was taken back. Ask who invited you.",
    GrantState.EXHAUSTED: "You have used all the views that your access allowed. Ask who invited you for more.",
}


def granting(
    histories: Collection[GrantHistory], person: str, action: Action, study_uid: str, now: datetime
) -> Grant | None:
    """Return the grant that lets a person do this to the study now, the one that ends last; None without any."""
    usable = (
        each.grant
        for each in histories
        if each.grant.grantee == person and may(each.grant, each.events, action, study_uid, now).allowed
    )
    return max(usable, key=lambda grant: grant.expires, default=None)


def why_not(histories: Collection[GrantHistory], person: str, action: Action, study_uid: str, now: datetime) -> str:
    """Return why a person's grants over a study do not allow this, by the newest of them; empty where they have none."""
    theirs = [each for each in histories if each.grant.grantee == person and study_uid in each.grant.studies]
    if not theirs:
        return ""
    newest = max(theirs, key=lambda each: each.grant.expires)
    return may(newest.grant, newest.events, action, study_uid, now).reason


def next_event(  # noqa: PLR0913 - what an event is made of
    grant: Grant, events: Sequence[GrantEvent], kind: EventKind, actor: str, now: datetime, *, note: str = ""
) -> GrantEvent:
    """Return the event to be written next.

    Raises
    ------
    GrantTransitionError
        When the grant's state does not allow it.
    """
    own = [event for event in events if event.grant_id == grant.id]
    standing = _standing(grant, own, now)
    refusal = _why_not_next(grant, standing, bool(own), kind, actor)
    if refusal:
        raise GrantTransitionError(refusal)
    number = max((event.number for event in own), default=0) + 1
    return GrantEvent(grant.id, number, standing.clock, actor, kind, note)


def _why_not_next(grant: Grant, standing: _Standing, proposed: bool, kind: EventKind, actor: str) -> str:
    where = f"This access is {standing.state.value}; it cannot be {kind} any more."
    if (kind == "proposed") == proposed:
        return "This access was asked for already." if proposed else "This access was never asked for."
    if kind == "activated" and actor == grant.grantee:
        return "Nobody gives access to themselves. Ask a colleague."
    if kind == "viewed" and standing.state == GrantState.ACTIVE:
        if standing.clock < grant.not_before:
            return f"This access begins on {grant.not_before:%d %B %Y at %H:%M %Z}."
        return "" if _views_left(grant, standing) else "The last view of this access has begun already."
    possible = {
        "proposed": {GrantState.PROPOSED},
        "activated": {GrantState.PROPOSED},
        "revoked": {GrantState.PROPOSED, GrantState.ACTIVE},
        "viewed": {GrantState.ACTIVE},
        "handed-over": {GrantState.PROPOSED, GrantState.ACTIVE},
    }
    return "" if standing.state in possible[kind] else where
