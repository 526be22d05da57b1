"""How often a secret may be tried, and that nobody can use the limit to keep a person out."""

import pytest

from readingroom_hub.attempts import MOST_REMEMBERED, Attempts, Limit, TooManyAttemptsError

THREE = Limit(failures=3, window_s=60)


class Clock:
    """A clock that stands still until it is told."""

    now = 1000.0

    def __call__(self) -> float:
        """Return its time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock of this test."""
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    """Return attempts on that clock."""
    return Attempts(clock)


def fail(attempts: Attempts, *keys: str) -> None:
    """Try and fail once."""
    attempts.begin((key, THREE) for key in keys)


def test_the_fourth_attempt_is_refused_and_says_for_how_long(attempts: Attempts, clock: Clock) -> None:
    """The wait is the rest of the window, and after it the next attempt is taken."""
    for _ in range(3):
        fail(attempts, "a")
    clock.now += 20
    with pytest.raises(TooManyAttemptsError) as refused:
        fail(attempts, "a")

    assert 40 == refused.value.wait_s
    clock.now += 40
    fail(attempts, "a")


def test_knocking_at_a_closed_door_keeps_it_closed_no_longer(attempts: Attempts, clock: Clock) -> None:
    """An attacker who goes on trying does not shut the person out for ever."""
    for _ in range(3):
        fail(attempts, "a")
    for _ in range(59):
        clock.now += 1
        with pytest.raises(TooManyAttemptsError):
            fail(attempts, "a")
    clock.now += 1

    fail(attempts, "a")


def test_one_key_at_its_limit_counts_against_no_other(attempts: Attempts) -> None:
    """A refused attempt on a shut account is not held against the address it came from."""
    for _ in range(3):
        fail(attempts, "account", "address")
    for _ in range(3):
        with pytest.raises(TooManyAttemptsError):
            fail(attempts, "account", "other address")

    fail(attempts, "other address")


def test_success_opens_the_account_and_not_the_address(attempts: Attempts) -> None:
    """Whoever knows one password cannot use it to go on guessing another's."""
    for _ in range(3):
        fail(attempts, "account", "address")
    attempts.succeeded("account")
    fail(attempts, "account")
    with pytest.raises(TooManyAttemptsError):
        fail(attempts, "address")
    attempts.took_back("address")
    fail(attempts, "address")


def test_made_up_names_do_not_fill_the_memory(attempts: Attempts) -> None:
    """The oldest are forgotten."""
    for number in range(MOST_REMEMBERED + 5):
        fail(attempts, f"name {number}")

    assert MOST_REMEMBERED == len(attempts._failed)
