"""Invitations in the records: each step in the audit, no key kept, one use, and a clean end; on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from readingroom.reading.audit_codes import Kind
from readingroom.reading.grants import GrantError
from readingroom.reading.invitations import Keys, Outcome
from readingroom.reading.purposes import Purpose
from readingroom_hub.records.asking import Asker
from readingroom_hub.records.changes import Changes, GrantWish
from readingroom_hub.records.invitations import Attempt, Entrance, Guest, Invitations
from readingroom_hub.records.refusals import NotAllowedError, NothingThereError, NotPossibleError
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import TABLES, audit_entries

from .test_decisions import CONSULTANT, COORDINATOR, LOOK, STUDY, TRAINEE, House, someone

ADA = Guest("0123456789abcdef", "Dr Ada Lovelace", "ada@example.org")


class Inviting(House):
    """The records of one house, with one guest invited to the study."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.invitations = Invitations(self.clock, frozenset())
        self.keys = Keys("", "")
        self.person = self.grant_id = ""

    def invite(self, guest: Guest = ADA, asker: Asker = COORDINATOR, seconds: int = 600) -> None:
        """Invite somebody."""
        now = self.clock.now()
        wish = GrantWish(
            "", (STUDY.study_uid,), Purpose.TREATMENT, LOOK, now, now + timedelta(seconds=seconds), None, "?"
        )
        invitation, self.keys = self.write(self.invitations.invite, asker, guest, wish)
        self.person, self.grant_id = invitation.person, invitation.grant_id

    def enter(self, code: str = "", browser: str = "own", *, use: bool = True, link: str | None = None) -> Entrance:
        """Try to come in, with the right code unless another is named."""
        keys = Keys(self.keys.link if link is None else link, code or self.keys.code)
        return self.write(self.invitations.enter, Attempt(keys, browser, "192.0.2.1"), use=use)

    def over(self) -> list[str]:
        """Return the accounts that have to go."""
        return [each.invitation.person for each in self.write(self.invitations.end)]

    def told(self) -> list[str]:
        """Return the kinds of all audit entries."""
        query = select(audit_entries.c.kind).order_by("number")
        return self.store.read_and_wait(lambda connection: list(connection.execute(query).scalars()))


@pytest.fixture
def house(store: Store) -> Inviting:
    """Return a house where a guest was invited for ten minutes."""
    inviting = Inviting(store)
    inviting.invite()
    return inviting


def test_from_the_invitation_to_the_end_each_step_is_in_the_audit(house: Inviting) -> None:
    """Issued, a wrong code, come in, ended: in this order, with the access that it gave and took."""
    house.enter("00000001")
    assert Outcome.ACCEPTED == house.enter().outcome
    assert house.open(someone(house.person, "guests")).decision.allowed
    house.write(Changes(house.clock, frozenset()).revoke, COORDINATOR, house.grant_id, "")
    assert [house.person] == house.over()
    assert ["grant-proposed", "grant-activated", "invitation-issued", "invitation-used", "invitation-used",
            "instances-accessed", "grant-revoked", "person-changed"] == house.told()  # fmt: skip


def test_no_table_holds_a_key(house: Inviting) -> None:
    """Whoever reads the whole database finds neither link nor code."""
    house.enter()
    everything = house.store.read_and_wait(
        lambda connection: "".join(str(row) for table in TABLES for row in connection.execute(select(table)).all())
    )
    assert house.keys.link not in everything
    assert house.keys.code not in everything


def test_only_whoever_invites_guests_may(house: Inviting) -> None:
    """A consultant may ask for access, and invites nobody."""
    for asker in (CONSULTANT, TRAINEE, someone("guest", "guests"), someone("administrator", "administrators")):
        with pytest.raises(NotAllowedError):
            house.invite(Guest("1" * 16, "Somebody", "s@example.org"), asker)


def test_a_form_sent_twice_invites_one_guest(house: Inviting) -> None:
    """The second is told that link and code were shown; no access is given by it."""
    before = len(house.told())
    with pytest.raises(NotPossibleError, match="shown once"):
        house.invite()
    assert before == len(house.told())


def test_looking_uses_nothing_up_and_a_wrong_code_always_counts(house: Inviting) -> None:
    """What the service asks before there is an account changes nothing; guessing there is counted all the same."""
    assert [Outcome.ACCEPTED] * 2 == [house.enter(use=False).outcome for _ in range(2)]
    outcomes = [house.enter("00000001", use=False).outcome for _ in range(6)]
    assert [Outcome.WRONG_CODE] * 5 + [Outcome.CLOSED] == outcomes
    assert Outcome.CLOSED == house.enter().outcome


def test_a_browser_comes_back_and_another_does_not(house: Inviting) -> None:
    """After a lock the guest needs the code alone; nobody else gets in with link and code."""
    house.enter()
    assert Outcome.USED == house.enter(browser="another").outcome
    assert (Outcome.RETURNED, house.person) == (house.enter(link="").outcome, house.enter(link="").person)
    assert Outcome.UNKNOWN == house.enter(link="", browser="another").outcome
    assert Outcome.UNKNOWN == house.enter(link="made-up").outcome


def late(house: Inviting) -> None:
    """Let the time of the access pass."""
    house.clock.machine += timedelta(seconds=700)  # type: ignore[attr-defined] # of SetClock


def revoked(house: Inviting) -> None:
    """Take the access back."""
    house.write(Changes(house.clock, frozenset()).revoke, COORDINATOR, house.grant_id, "")


def guessed(house: Inviting) -> None:
    """Guess codes until the link is closed."""
    for _ in range(5):
        house.enter("00000001")


@pytest.mark.parametrize("ending", [late, revoked, guessed])
def test_the_account_goes_with_the_access_and_the_access_with_the_link(
    house: Inviting, ending: Callable[[Inviting], None]
) -> None:
    """Told once in the audit, asked for until it is done, and never again; no access is left."""
    assert [] == house.over()
    ending(house)
    assert [house.person] == house.over() == house.over()
    assert 1 == house.told().count(Kind.PERSON_CHANGED.value)
    house.write(house.invitations.cleared, ADA.invitation_id)
    house.write(house.invitations.cleared, ADA.invitation_id)
    assert [] == house.over()
    assert not house.open(someone(house.person, "guests")).decision.allowed
    assert not house.enter().outcome.lets_in


def test_a_clock_set_back_opens_no_link_again(house: Inviting) -> None:
    """What has expired stays so."""
    late(house)
    assert Outcome.ENDED == house.enter().outcome
    house.clock.machine -= timedelta(seconds=700)  # type: ignore[attr-defined] # of SetClock
    assert Outcome.ENDED == house.enter().outcome


def test_a_link_lasts_a_minute_at_least(house: Inviting) -> None:
    """Sixty seconds are taken, fifty-nine are not."""
    house.invite(Guest("2" * 16, "Short", "s@example.org"), seconds=60)
    with pytest.raises(GrantError, match="60 seconds"):
        house.invite(Guest("3" * 16, "Shorter", "s@example.org"), seconds=59)


def test_nobody_clears_what_has_not_ended(house: Inviting) -> None:
    """An account that is in use is not written off."""
    with pytest.raises(NothingThereError):
        house.write(house.invitations.cleared, ADA.invitation_id)
