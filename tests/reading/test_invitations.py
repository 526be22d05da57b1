"""Invitations: one use, a code beside the link, few tries, and an end that nothing undoes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from readingroom.reading import invitations as rules
from readingroom.reading.grants import GrantState
from readingroom.reading.invitations import (
    MOST_FAILURES,
    Invitation,
    InvitationEvent,
    InvitationHistory,
    Keys,
    Outcome,
    Standing,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = Keys("a-link-of-256-bits", "12345678")
INVITATION = Invitation(
    "0" * 16, "1" * 16, "guest-abcdefgh", "Dr Ada Lovelace", "ada@example.org", "coordinator",
    rules.digest(KEYS.link), rules.code_digest(KEYS.link, KEYS.code), NOW, NOW + timedelta(hours=1),
)  # fmt: skip
FRESH = InvitationHistory(INVITATION, (), GrantState.ACTIVE)


def after(history: InvitationHistory, *kinds: rules.EventKind, browser: str = "browser") -> InvitationHistory:
    """Return an invitation after more has happened to it."""
    for kind in kinds:
        digests = (rules.digest(browser), rules.code_digest(browser, KEYS.code)) if kind == "accepted" else ("", "")
        event = InvitationEvent(rules.next_number(history.events), NOW, kind, *digests)
        history = replace(history, events=(*history.events, event))
    return history


def test_both_keys_let_in_once() -> None:
    """After that the link opens nothing in another browser, and the same browser comes back with the code, link or none."""
    used = after(FRESH, "accepted")
    assert Outcome.ACCEPTED == rules.attempt(FRESH, KEYS, "browser", NOW)
    assert Outcome.USED == rules.attempt(used, KEYS, "another browser", NOW)
    assert Outcome.RETURNED == rules.attempt(used, Keys("", KEYS.code), "browser", NOW)
    assert Outcome.WRONG_CODE == rules.attempt(used, Keys(KEYS.link, "00000000"), "browser", NOW)


def test_a_link_alone_or_a_code_alone_opens_nothing() -> None:
    """Whoever finds one of them is not let in."""
    assert Outcome.WRONG_CODE == rules.attempt(FRESH, Keys(KEYS.link, ""), "browser", NOW)
    assert Outcome.UNKNOWN == rules.attempt(FRESH, Keys("another", KEYS.code), "browser", NOW)


def test_the_last_wrong_code_closes_the_link_for_good() -> None:
    """The right code comes too late then; a guest who came in begins to count anew."""
    closed = after(FRESH, *["failed"] * MOST_FAILURES)
    assert Outcome.WRONG_CODE == rules.attempt(after(FRESH, *["failed"] * 4), Keys(KEYS.link, "1"), "browser", NOW)
    assert Outcome.CLOSED == rules.attempt(closed, KEYS, "browser", NOW)
    assert 2 == after(FRESH, "failed", "accepted", "failed", "failed").failures
    assert (Standing.CLOSED, True) == (rules.standing(closed, NOW), rules.is_over(closed, NOW))


def test_a_link_that_was_not_used_in_time_is_over_and_a_used_one_is_not() -> None:
    """The end of a link is not the end of the access of a guest who came in."""
    late = INVITATION.expires
    assert Outcome.EXPIRED == rules.attempt(FRESH, KEYS, "browser", late)
    assert (True, False) == (rules.is_over(FRESH, late), rules.is_over(after(FRESH, "accepted"), late))


@pytest.mark.parametrize("state", [GrantState.REVOKED, GrantState.EXPIRED, GrantState.EXHAUSTED])
def test_an_invitation_ends_with_its_access(state: GrantState) -> None:
    """Used or not, it lets nobody in, says why, and its account has to go."""
    for history in (FRESH, after(FRESH, "accepted")):
        ended = replace(history, grant=state)
        assert (Outcome.ENDED, True) == (rules.attempt(ended, KEYS, "browser", NOW), rules.is_over(ended, NOW))
        assert "this invitation has ended" in rules.words(Outcome.ENDED, ended)


def test_every_refusal_says_what_to_do() -> None:
    """No outcome that keeps somebody out is without words, and the tries that are left are counted down."""
    refusals = [each for each in Outcome if not each.lets_in]
    assert [] == [each for each in refusals if len(rules.words(each, FRESH)) < 40]
    assert "1 more try is possible" in rules.words(Outcome.WRONG_CODE, after(FRESH, *["failed"] * 4))


def test_what_is_kept_tells_neither_link_nor_code() -> None:
    """The digest of a code cannot be made without the link; keys are not printed; a typed code may have blanks."""
    keys = rules.new_keys()
    assert rules.code_digest(keys.link, keys.code) != rules.code_digest(rules.new_keys().link, keys.code)
    assert keys.link not in repr(keys)
    assert keys.code not in repr(keys)
    assert "12345678" == rules.digits("1234 56-78")
    assert rules.new_account().startswith(rules.ACCOUNTS)
