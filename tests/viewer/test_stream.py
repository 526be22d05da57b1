"""Pacing: the newest state wins, few frames are on their way, nothing ever queues."""

from readingroom.wire import ViewRequest
from readingroom_viewer.stream import ACKNOWLEDGEMENT_TIMEOUT_S, ViewportStream


def state(seq: int) -> ViewRequest:
    """Return a state with a number."""
    return ViewRequest(viewport="1", seq=seq, series_uid="1.2", position=seq)


def test_the_newest_state_wins() -> None:
    """Of a thousand states that arrive while nothing could be sent, only the last is rendered."""
    stream = ViewportStream(limit=1)
    stream.want(state(0))
    assert state(0) == stream.next(0.0)
    for seq in range(1, 1000):
        stream.want(state(seq))

    assert stream.next(0.1) is None
    stream.acknowledge(0)

    assert state(999) == stream.next(0.2)
    assert not stream.waiting


def test_an_older_state_is_dropped() -> None:
    """A message that was overtaken never brings back what the reader has left."""
    stream = ViewportStream()
    stream.want(state(5))
    stream.want(state(3))

    assert state(5) == stream.next(0.0)
    assert stream.next(0.0) is None


def test_frames_in_flight_are_limited() -> None:
    """A browser that does not paint gets no more frames than the limit, until the time is up."""
    stream = ViewportStream(limit=2)
    sent = []
    for seq in range(10):
        stream.want(state(seq))
        sent.append(stream.next(0.0))

    assert [state(0), state(1), *[None] * 8] == sent
    assert state(9) == stream.next(ACKNOWLEDGEMENT_TIMEOUT_S + 0.1)


def test_an_acknowledgement_covers_earlier_frames() -> None:
    """Painting a frame proves that every earlier one has left the link."""
    stream = ViewportStream(limit=2)
    for seq in (1, 2):
        stream.want(state(seq))
        stream.next(0.0)
    stream.acknowledge(2)
    for seq in (3, 4):
        stream.want(state(seq))

        assert state(seq) == stream.next(0.0)
