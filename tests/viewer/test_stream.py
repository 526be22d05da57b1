"""Pacing: the newest state wins, what is asked in order is kept, few frames are on their way, nothing ever queues."""

import pytest

from readingroom.wire import Painted, ViewRequest
from readingroom_viewer.link import FIRST_WINDOW, LONGEST_WINDOW, LinkEstimate
from readingroom_viewer.stream import ACKNOWLEDGEMENT_TIMEOUT_S, PATIENCE_S, REST_S, ViewportStream


def state(seq: int, *, moving: bool = False) -> ViewRequest:
    """Return a state with a number."""
    return ViewRequest("1", seq, "1.2", position=seq, moving=moving)


def a_link(trip: float, smoothed: float | None = None) -> LinkEstimate:
    """Return a link whose smallest round trip of a frame is ``trip`` seconds."""
    link = LinkEstimate()
    link.frame(0.0, trip)
    if smoothed is not None:
        for _ in range(50):
            link.frame(0.0, smoothed)
    return link


def painted(stream: ViewportStream, seq: int, now: float) -> None:
    """Acknowledge the frame of a state."""
    stream.acknowledge(Painted("1", seq, verified=True), now)


def test_the_newest_state_wins() -> None:
    """Of a thousand states that arrive while nothing could be sent, only the last is rendered."""
    stream = ViewportStream(a_link(0.01))
    stream.want(state(0), 0.0)
    assert state(0) == stream.next(0.0)
    for seq in range(1, 1000):
        stream.want(state(seq), 0.0)

    assert stream.next(0.1) is None
    painted(stream, 0, 0.1)

    assert state(999) == stream.next(0.2)
    assert not stream.waiting


def test_an_older_state_is_dropped() -> None:
    """A message that was overtaken never brings back what the reader has left."""
    stream = ViewportStream()
    stream.want(state(5), 0.0)
    stream.want(state(3), 0.0)

    assert state(5) == stream.next(0.0)
    assert stream.next(0.0) is None


def test_frames_in_flight_are_limited() -> None:
    """A browser that does not paint gets no more frames than the window, until the time is up."""
    stream = ViewportStream()
    sent = []
    for seq in range(10):
        stream.want(state(seq), 0.0)
        sent.append(stream.next(0.0))

    assert [state(0), state(1), *[None] * 8] == sent
    assert FIRST_WINDOW == stream.on_their_way
    assert ACKNOWLEDGEMENT_TIMEOUT_S == stream.wake_at(0.5)
    assert state(9) == stream.next(ACKNOWLEDGEMENT_TIMEOUT_S + 0.1)


def test_an_acknowledgement_covers_earlier_frames() -> None:
    """Painting a frame proves that every earlier one has left the link."""
    stream = ViewportStream()
    for seq in (1, 2):
        stream.want(state(seq), 0.0)
        stream.next(0.0)
    painted(stream, 2, 0.0)
    for seq in (3, 4):
        stream.want(state(seq), 0.0)

        assert state(seq) == stream.next(0.0)


def shown_with_loss() -> ViewportStream:
    """Return a stream whose state 1 is on the screen with loss since 50 ms."""
    stream = ViewportStream(a_link(0.01))
    stream.want(state(1, moving=True), 0.0)
    request = stream.next(0.0)
    assert request is not None
    stream.sent(request, 1000, 0.0, exact=False)
    painted(stream, 1, 0.05)
    return stream


def test_a_picture_with_loss_is_sent_exact_once_the_hand_rests() -> None:
    """At rest nothing lossy stays: the same state is sent again, exact, 120 ms after the last change."""
    stream = shown_with_loss()

    assert stream.next(0.06) is None
    assert REST_S == stream.wake_at(0.06)
    assert state(1, moving=False) == stream.next(REST_S)


def test_a_hand_that_moves_on_gets_no_exact_picture_of_where_it_was() -> None:
    """A newer state takes the place of the exact picture that an older one is owed."""
    stream = shown_with_loss()
    stream.want(state(2, moving=True), 0.1)

    assert state(2, moving=True) == stream.next(1.0)
    assert stream.next(1.0) is None


def test_a_large_picture_that_is_not_wanted_any_more_is_broken_off() -> None:
    """At rest at once; under a moving hand once it has taken the time of two."""
    requests = (state(1), state(1, moving=True))
    stream = ViewportStream()
    assert [False] * 2 == [stream.is_overtaken(request, 9.0) for request in requests]
    stream.want(state(2), 0.0)

    assert [True, False] == [stream.is_overtaken(request, PATIENCE_S) for request in requests]
    assert [True, True] == [stream.is_overtaken(request, PATIENCE_S + 0.01) for request in requests]


@pytest.mark.parametrize(
    ("trip", "smoothed", "window"),
    [(0.004, None, 1), (0.05, None, 1), (0.051, None, 2), (0.12, None, 3), (0.5, None, LONGEST_WINDOW),
     (0.12, 0.18, 3), (0.12, 0.19, 2), (0.004, 0.1, 1), (0.5, 1.0, 3)],
)  # fmt: skip
def test_the_window_follows_the_round_trip(trip: float, smoothed: float | None, window: int) -> None:
    """As many frames as hide the smallest round trip at 20 a second, 1 to 4, one fewer while a queue builds up."""
    assert window == a_link(trip, smoothed).window


def test_the_pages_own_work_is_no_part_of_the_round_trip() -> None:
    """A slow browser does not look like a long way."""
    link = LinkEstimate()
    stream = ViewportStream(link)
    stream.want(state(1), 0.0)
    request = stream.next(0.0)
    assert request is not None
    stream.sent(request, 1000, 0.0, exact=True)
    stream.acknowledge(Painted("1", 1, verified=True, arrived_ms=20, busy_ms=480), 0.5)

    assert 0.02 == pytest.approx(link.smallest_trip)


def test_figures_that_cannot_be_are_not_believed() -> None:
    """What a page says of its clock may be anything; the estimate stays finite and the window within its bounds."""
    link = LinkEstimate()
    for trip in (-1.0, 1e300, 0.01):
        link.ping(0.0, trip)
        link.frame(0.0, -trip)
        link.arrival(1000, trip, -5.0)
        link.arrival(1000, -1e300, 1e300)

    assert 1 <= link.window <= LONGEST_WINDOW
    assert link.goodput is not None
    assert 0 < link.goodput < float("inf")


def test_a_smallest_round_trip_is_forgotten() -> None:
    """A reader who moves to a farther network is not measured by the nearer one for longer than 10 s."""
    link = LinkEstimate()
    link.frame(0.0, 0.005)
    link.frame(5.0, 0.08)
    assert 0.005 == link.smallest_trip
    link.frame(10.1, 0.09)

    assert 0.08 == link.smallest_trip


def test_a_link_that_has_changed_is_believed_at_once() -> None:
    """One transfer that took long at a third of the rate before is no disturbance: what was measured before is forgotten."""
    link = LinkEstimate()
    link.ping(0.0, 20.0)
    for number in range(16):
        link.arrival(100_000, 20.0 * number, 0.03)
    assert link.goodput is not None
    assert link.goodput > 40e6
    link.arrival(100_000, 4_320.0, 4.02)

    assert 200e3 == pytest.approx(link.goodput)


def test_what_says_nothing_about_the_link_is_left_out() -> None:
    """A few bytes share a packet with others, and a ping behind pictures waited for them: neither changes the estimate."""
    link = LinkEstimate()
    link.ping(0.0, 20.0)
    link.arrival(500, 1000.0, 0.0201)
    link.ping(30.0, 900.0, busy=True)

    assert link.goodput is None
    assert 0.02 == link.base_trip
