"""Invitations of guests, each step within the writer's transaction: in the audit before anything of it has an effect."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from readingroom.reading import grants as grant_rules
from readingroom.reading import invitations as rules
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_codes import Outcome as Success
from readingroom.reading.invitations import Invitation, InvitationEvent, InvitationHistory, Keys, Outcome
from readingroom.reading.permissions import Action
from readingroom_hub.records import rows
from readingroom_hub.records.asking import Asker, about, may
from readingroom_hub.records.changes import Changes, GrantWish
from readingroom_hub.records.clock import LatestClock
from readingroom_hub.records.invitation_rows import histories, history_where, keep, keep_event
from readingroom_hub.records.refusals import NothingThereError, NotPossibleError
from readingroom_hub.store.tables import invitation_events, invitations

SERVICE = Asker("", frozenset())
"""Who ends what nobody ended."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom somebody invites: ``name`` and ``email`` are for the record, nothing is sent."""

    invitation_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody who wants to come in has shown: ``browser`` is the secret of their browser."""

    keys: Keys
    browser: str
    address: str


@dataclass(frozen=True, slots=True)
class Entrance:
    """What came of an attempt: the account and until when it lasts, or the words of a refusal."""

    outcome: Outcome
    person: str = ""
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what the inviting service is told."""
        return {"outcome": self.outcome.value, "person": self.person, "words": self.words}


@dataclass(frozen=True)
class Invitations:
    """What happens to invitations. Raises ``RequestError`` for what may not be or cannot be."""

    clock: LatestClock
    rota: frozenset[str]

    def invite(self, connection: Connection, asker: Asker, guest: Guest, wish: GrantWish) -> tuple[Invitation, Keys]:
        """Give an account that does not exist yet access to a study; return its invitation and the keys, told once."""
        may(asker, Action.INVITE_GUEST)
        if history_where(connection, invitations.c.invitation_id == guest.invitation_id, self.clock.now()) is not None:
            raise NotPossibleError(
                "This invitation was made already, and its link and code are shown once. If you did not note them, take the "
                "access back and invite again."
            )
        keys, person = rules.new_keys(), rules.new_account()
        grant = Changes(self.clock, self.rota).propose(connection, asker, replace(wish, grantee=person), issue=True)
        now = self.clock.keep(connection)
        invitation = Invitation(
            guest.invitation_id,
            str(grant["grant_id"]),
            person,
            guest.name,
            guest.email,
            asker.person,
            rules.digest(keys.link),
            rules.code_digest(keys.link, keys.code),
            now,
            min(wish.expires, now + rules.LINK_LASTS),
        )
        keep(connection, invitation)
        told = about(
            Kind.INVITATION_ISSUED, now, asker, subject=person, grant_id=invitation.grant_id, purpose=wish.purpose.value,
            study_uid=wish.studies[0], words=f"for {guest.name}", details=(("e-mail", guest.email),) if guest.email else (),
        )  # fmt: skip
        rows.add_event(connection, told)
        return invitation, keys

    def enter(self, connection: Connection, attempt: Attempt, *, use: bool) -> Entrance:
        """Return what comes of an attempt. With ``use`` a success is written, and the link used up; a failure always is."""
        now = self.clock.keep(connection)
        history = self._meant(connection, attempt)
        outcome = Outcome.UNKNOWN if history is None else rules.attempt(history, attempt.keys, attempt.browser, now)
        if outcome.lets_in and not use:
            return Entrance(outcome, history.invitation.person if history else "")
        history = self._tried(connection, history, attempt, outcome) if history else None
        person = history.invitation.person if history and outcome.lets_in else ""
        entrance = Entrance(outcome, person, rules.words(outcome, history))
        self._attempted(connection, history, entrance, attempt.address)
        return entrance

    def over(self, connection: Connection) -> list[InvitationHistory]:
        """Return the invitations whose accounts have to go, and are not known to be gone."""
        now = self.clock.now()
        cleared = select(invitation_events.c.invitation_id).where(invitation_events.c.kind == "cleared")
        query = select(invitations).where(invitations.c.invitation_id.not_in(cleared))
        return [each for each in histories(connection, query, now) if rules.is_over(each, now)]

    def end(self, connection: Connection) -> list[InvitationHistory]:
        """Say of each of them that it has ended, once, and end what is left of its access."""
        found = self.over(connection)
        for history in found:
            if history.grant not in grant_rules.FINAL:
                words = f"The invitation ended: {rules.standing(history, self.clock.now()).value}."
                Changes(self.clock, self.rota).withdraw(connection, history.invitation.grant_id, words)
            if not history.has("ended"):
                self._happened(connection, history, "ended")
                ended, now = history.invitation, self.clock.keep(connection)
                words = f"The invitation of {ended.name} has ended; the account is removed."
                told = about(
                    Kind.PERSON_CHANGED, now, SERVICE, subject=ended.person, grant_id=ended.grant_id, words=words
                )
                rows.add_event(connection, told)
        return found

    def cleared(self, connection: Connection, invitation_id: str) -> dict[str, Any]:
        """Note that the account is gone."""
        history = history_where(connection, invitations.c.invitation_id == invitation_id, self.clock.now())
        if history is None or not history.has("ended"):
            raise NothingThereError("There is no such invitation that has ended.")
        if not history.has("cleared"):
            self._happened(connection, history, "cleared")
        return {"invitation_id": invitation_id, "cleared": True}

    def all(self, connection: Connection, asker: Asker) -> list[InvitationHistory]:
        """Return every invitation, newest first, for those who invite."""
        may(asker, Action.INVITE_GUEST)
        query = select(invitations).order_by(invitations.c.at.desc())
        return histories(connection, query, self.clock.now())

    def _meant(self, connection: Connection, attempt: Attempt) -> InvitationHistory | None:
        """Return the invitation of a link, or that with which a browser came in when it shows none."""
        now = self.clock.now()
        if attempt.keys.link:
            return history_where(connection, invitations.c.link_digest == rules.digest(attempt.keys.link), now)
        used = select(invitation_events.c.invitation_id).where(
            invitation_events.c.kind == "accepted",
            invitation_events.c.browser_digest == rules.digest(attempt.browser),
        )
        return history_where(connection, invitations.c.invitation_id.in_(used), now)

    def _tried(
        self, connection: Connection, history: InvitationHistory, attempt: Attempt, outcome: Outcome
    ) -> InvitationHistory:
        """Write what an attempt does to an invitation: the link used up, a return, a wrong code; or nothing."""
        if outcome is Outcome.ACCEPTED:
            browser, code = rules.digest(attempt.browser), rules.code_digest(attempt.browser, attempt.keys.code)
            return self._happened(connection, history, "accepted", browser, code)
        if outcome is Outcome.RETURNED:
            return self._happened(connection, history, "returned")
        return self._happened(connection, history, "failed") if outcome is Outcome.WRONG_CODE else history

    def _happened(
        self,
        connection: Connection,
        history: InvitationHistory,
        kind: rules.EventKind,
        browser_digest: str = "",
        code_digest: str = "",
    ) -> InvitationHistory:
        now = self.clock.keep(connection)
        event = InvitationEvent(rules.next_number(history.events), now, kind, browser_digest, code_digest)
        keep_event(connection, history.invitation.id, event)
        return replace(history, events=(*history.events, event))

    def _attempted(
        self, connection: Connection, history: InvitationHistory | None, entrance: Entrance, address: str
    ) -> None:
        person = history.invitation.person if history else ""
        event = about(
            Kind.INVITATION_USED, self.clock.keep(connection), Asker(person, frozenset(), address=address), subject=person,
            outcome=Success.SUCCESS if entrance.outcome.lets_in else Success.SERIOUS_FAILURE,
            grant_id=history.invitation.grant_id if history else "",
            words=entrance.words or f"The guest {entrance.outcome.value}.",
        )  # fmt: skip
        rows.add_event(connection, event)
