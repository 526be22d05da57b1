"""Break-glass: a consultant opens, for a stated reason, an identifiable study that nothing else opens to them.

It is allowed by policy, lasts an hour, raises an alarm and is listed until somebody else has reviewed it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from readingroom.errors import ReadingRoomError
from readingroom.reading.permissions import Action, Relation, Role, decide

SHORTEST_REASON = 12
"""Characters: "emergency" alone tells a reviewer nothing."""

FEWEST_LETTERS = 5
"""Different characters: a key held down is no reason."""

LASTS = timedelta(hours=1)


class BreakGlassError(ReadingRoomError):
    """The glass may not be broken, or not like this; the words are for the person who tried."""


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One emergency: who opened which study when, and the reason as they stated it."""

    person: str
    study_uid: str
    at: datetime
    reason: str

    @property
    def ends(self) -> datetime:
        """When it no longer opens the study."""
        return self.at + LASTS

    def opens(self, person: str, study_uid: str, now: datetime) -> bool:
        """Return whether this opens the study to the person now; ``now`` is the latest time ever seen."""
        return (person, study_uid) == (self.person, self.study_uid) and now < self.ends


def break_glass(  # noqa: PLR0913 - what an emergency is made of
    person: str, role: Role, study_uid: str, reason: str, *, relations: Collection[Relation], now: datetime
) -> BreakGlass:
    """Return the emergency to be recorded and alarmed before anything is opened.

    Raises
    ------
    BreakGlassError
        For a role that may not, a study that is open to the person anyway, or a reason that says nothing.
    """
    decision = decide(role, Action.BREAK_GLASS)
    if not decision.allowed:
        raise BreakGlassError(decision.reason)
    if decide(role, Action.OPEN_STUDY, relations).allowed:
        raise BreakGlassError("This study is open to you already. Open it from your list; no reason is needed.")
    stated = " ".join(reason.split())
    if len(stated) < SHORTEST_REASON or len(set(stated.lower()) - {" "}) < FEWEST_LETTERS:
        raise BreakGlassError(
            f"State the reason in at least {SHORTEST_REASON} characters, so that whoever reviews it understands. "
            "Nothing was opened."
        )
    return BreakGlass(person, study_uid, now, stated)


def may_review(emergency: BreakGlass, person: str, role: Role) -> bool:
    """Return whether somebody may review an emergency: a reviewer by the table, and never of their own."""
    return person != emergency.person and decide(role, Action.REVIEW_BREAK_GLASS).allowed
