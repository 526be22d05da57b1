"""The arithmetic of the link that measurements are made over, without a clock."""

import pytest

from readingroom.testing.link import LEAST_TIMEOUT_S, SEGMENT_BYTES, Cut, Direction, Link

HOME = Link(delay_s=0.010, rate_bit_s=20e6)


def test_a_message_takes_its_serialisation_and_one_delay() -> None:
    """100 kB over 20 Mbit/s and 10 ms arrive 40 + 10 ms after they were sent."""
    assert pytest.approx(7.050) == Direction(HOME).pass_through(100_000, now=7.0)


def test_two_senders_share_one_bottleneck() -> None:
    """What enters second waits for what entered first, whichever connection it is of."""
    direction = Direction(HOME)
    direction.pass_through(100_000, now=0.0)

    assert pytest.approx(0.090) == direction.pass_through(100_000, now=0.0)


def test_cutting_a_message_into_pieces_changes_nothing() -> None:
    """The last of many pieces arrives when the whole message would have."""
    direction = Direction(HOME)
    arrivals = [direction.pass_through(1_000, now=0.0) for _ in range(100)]

    assert pytest.approx(0.050) == arrivals[-1]
    assert arrivals == sorted(arrivals)


def test_an_idle_link_saves_nothing_up() -> None:
    """A pause does not let a later burst through quicker than the rate."""
    direction = Direction(HOME)
    direction.pass_through(100_000, now=0.0)

    assert pytest.approx(60.050) == direction.pass_through(100_000, now=60.0)


def test_a_full_queue_holds_the_sender_back() -> None:
    """The sender waits for exactly what is over the queue's size, and not before."""
    direction = Direction(Link(rate_bit_s=8e6, queue_bytes=50_000))
    direction.pass_through(50_000, now=0.0)
    assert pytest.approx(0.0) == direction.wait(now=0.0)
    direction.pass_through(20_000, now=0.0)

    assert pytest.approx(0.020) == direction.wait(now=0.0)


def test_loss_costs_about_its_share_of_round_trips() -> None:
    """At 1 % of segments, 1 in 100 segments is a round trip late, the others are on time."""
    direction = Direction(Link(delay_s=0.05, loss=0.01), seed=3)
    late = [direction.pass_through(SEGMENT_BYTES, now=0.0) for _ in range(20_000)]

    assert {0.05, 0.15} == {round(at, 6) for at in late}
    assert pytest.approx(200, rel=0.25) == sum(at > 0.1 for at in late)


def test_jitter_stays_within_its_bound() -> None:
    """No piece is earlier than the delay or later than delay and jitter, and both ends are used."""
    direction = Direction(Link(delay_s=0.01, jitter_s=0.02))
    arrivals = [direction.pass_through(10, now=0.0) for _ in range(1_000)]

    assert pytest.approx(0.01, abs=0.001) == min(arrivals)
    assert pytest.approx(0.03, abs=0.001) == max(arrivals)


@pytest.mark.parametrize(("due", "expected"), [(0.9, 0.9), (11.0, 11.0), (1.0, 13.6), (10.9, 11.1)])
def test_a_cut_ends_with_the_first_retransmission_after_it(due: float, expected: float) -> None:
    """What is lost in a cut from 1 to 11 s comes back when TCP tries again: 0.2, 0.6, 1.4 … 12.6 s after it was lost."""
    assert pytest.approx(0.2) == LEAST_TIMEOUT_S
    assert pytest.approx(expected) == Cut(1.0, 11.0).delivered(due)


@pytest.mark.parametrize("wrong", [{"delay_s": -1}, {"loss": 1}, {"rate_bit_s": 0}, {"queue_bytes": 10}])
def test_links_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    """A mistyped condition stops a measurement before it starts."""
    with pytest.raises(ValueError, match=r"link"):
        Link(**wrong)  # type: ignore[arg-type]
