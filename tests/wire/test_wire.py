"""The wire: what is well formed passes, everything else is refused in words."""

import json
import random
from dataclasses import replace

import pytest

from readingroom import wire
from readingroom.errors import WireError

VIEW = {
    "type": "view",
    "viewport": "1",
    "seq": 7,
    "series_uid": "1.2.3",
    "position": 41,
    "window": {"center": 40, "width": 400.5, "function": "SIGMOID", "explanation": ""},
    "inverted": True,
}


def test_a_view_request_is_read() -> None:
    """Every field of a view request arrives."""
    expected = wire.ViewRequest("1", 7, "1.2.3", 41, wire.Window(40.0, 400.5, "SIGMOID"), inverted=True)

    assert expected == wire.parse_request(json.dumps(VIEW))


@pytest.mark.parametrize(
    "change",
    [
        {"seq": -1},
        {"seq": 1.5},
        {"seq": True},
        {"position": "1"},
        {"position": 2**60},
        {"window": {"center": float("nan"), "width": 1}},
        {"window": {"center": 1, "width": 1, "function": "CUBIC"}},
        {"window": [40, 400]},
        {"series_uid": "1" * 200},
        {"type": "download"},
    ],
)
def test_a_wrong_field_is_refused(change: dict[str, object]) -> None:
    """No field of the wrong kind gets past the wire."""
    with pytest.raises(WireError):
        wire.parse_request(json.dumps({**VIEW, **change}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "7",
        '"view"',
        "{",
        "{}",
        "[" * 50_000,
        '{"type":"studies"' + " " * 70_000 + "}",
        b'{"type":"studies"}',
    ],
)
def test_what_is_not_a_request_is_refused(text: str | bytes) -> None:
    """Garbage, depth, length and binary messages are refused, never raised through."""
    with pytest.raises(WireError):
        wire.parse_request(text)


def test_mutated_requests_never_raise_anything_else() -> None:
    """Ten thousand seeded mutations of a request are read or refused."""
    generator = random.Random(20261124)  # noqa: S311 - repeatable noise, no secret
    text = json.dumps(VIEW)
    for _ in range(10_000):
        letters = list(text)
        for _ in range(generator.randint(1, 6)):
            letters[generator.randrange(len(letters))] = chr(generator.randrange(32, 127))
        try:
            wire.parse_request("".join(letters))
        except WireError:
            continue


def test_what_is_asked_ahead_is_read() -> None:
    """Both messages of the ring arrive."""
    ahead = {"type": "ahead", "viewport": "1", "look": 7, "positions": [4, 5]}
    walked = {"type": "walked", "viewport": "1", "seq": 9, "position": 4, "verified": True}

    assert wire.Ahead("1", 7, (4, 5)) == wire.parse_request(json.dumps(ahead))
    assert wire.Walked("1", 9, 4, verified=True) == wire.parse_request(json.dumps(walked))


@pytest.mark.parametrize("positions", [list(range(13)), [-1], [1.5], ["4"], "45", None])
def test_more_than_a_ring_is_refused(positions: object) -> None:
    """Nobody asks for more neighbours than a ring holds, or for none by number."""
    with pytest.raises(WireError):
        wire.parse_request(json.dumps({"type": "ahead", "viewport": "1", "look": 7, "positions": positions}))


def test_a_frame_survives_the_wire() -> None:
    """Header and pixels come back as they were packed."""
    header, payload = wire.unpack_frame(wire.pack_frame(a_header(), b"pixels"))

    assert b"pixels" == payload
    assert "abc" == header["sha256"]
    assert [0.5, 0.25] == header["spacing"]


def test_a_number_that_json_does_not_have_is_not_sent() -> None:
    """A browser would refuse the whole message and the picture with it."""
    with pytest.raises(ValueError, match="JSON"):
        wire.pack_frame(replace(a_header(), value_range=(0, float("nan"))), b"")


@pytest.mark.parametrize("size", [0, 3, 4, 40])
def test_a_cut_frame_is_refused(size: int) -> None:
    """A message that ends inside its header is refused."""
    with pytest.raises(WireError):
        wire.unpack_frame(wire.pack_frame(a_header(), b"pixels")[:size])


def test_a_changed_header_is_refused() -> None:
    """One bit of a spacing, a place or a name that turns on its way is noticed, wherever it is."""
    message = wire.pack_frame(a_header(), b"pixels")
    for at in range(4, len(message) - len(b"pixels")):
        changed = bytearray(message)
        changed[at] ^= 1
        with pytest.raises(WireError, match="changed"):
            wire.unpack_frame(bytes(changed))


def a_header() -> wire.FrameHeader:
    """Return a header with every field set."""
    return wire.FrameHeader(
        viewport="1",
        seq=1,
        study_uid="1",
        series_uid="2",
        sop_uid="3",
        frame=1,
        position=0,
        count=1,
        rows=2,
        columns=3,
        samples=1,
        codec="raw",
        sha256="abc",
        window=wire.Window(1, 2),
        choices=(),
        drag_start=None,
        choice=None,
        presentation_uid="",
        presentation=None,
        overlay_planes=0,
        overlays=True,
        reformat=None,
        loaded=1.0,
        notes=(),
        value_range=(0, 5),
        inverted=False,
        source_lossy="",
        orientation=(1, 0, 0, 0, 1, 0),
        slice_position=(0, 0, 0),
        spacing=(0.5, 0.25),
        pixel_shape=(1.0, 1.0),
        spacing_kind="patient",
    )
