"""What can happen to a picture on its way from the viewer process to the browser, on the product's own messages."""

import hashlib
import json
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import lz4.block
import numpy as np
from numpy.typing import NDArray

from readingroom.errors import WireError
from readingroom.wire import unpack_frame

Header = dict[str, object]
Pixels = NDArray[np.uint8]


@dataclass
class Frame:
    """One picture message taken apart; ``message`` is the whole of it as the server sent it."""

    message: bytes
    header: Header
    pixels: Pixels

    def rewritten(self, **changes: object) -> bytes:
        """Return the message with header fields changed under the header's old hash."""
        return self._packed(self.message[4:36], {**self.header, **changes}, self._payload())

    def renumbered(self, **changes: object) -> bytes:
        """Return the message with header fields changed and hashed anew, as a confused server would send it."""
        head = json.dumps({**self.header, **changes}, separators=(",", ":")).encode()
        return self._packed(hashlib.sha256(head).digest(), {**self.header, **changes}, self._payload())

    def holding(self, pixels: Pixels, **changes: object) -> bytes:
        """Return the message with other pixels, compressed as these were."""
        return self._packed(self.message[4:36], {**self.header, **changes}, encode(str(self.header["codec"]), pixels))

    def lossless_as(self, codec: str, pixels: Pixels, **changes: object) -> bytes:
        """Return a strip of other pixels, in a codec and under a header that are hashed as the server would."""
        head = {**self.header, "codec": codec, **changes}
        digest = hashlib.sha256(json.dumps(head, separators=(",", ":")).encode()).digest()
        return self._packed(digest, head, encode(codec, pixels))

    def _payload(self) -> bytes:
        return self.message[36 + struct.unpack_from("<I", self.message)[0] :]

    @staticmethod
    def _packed(digest: bytes, header: Header, payload: bytes) -> bytes:
        head = json.dumps(header, separators=(",", ":")).encode()
        return struct.pack("<I", len(head)) + digest + head + payload


def decode(header: Header, payload: bytes) -> Pixels:
    """Return the pixels of a whole picture, (rows, columns) or (rows, columns, 3) RGB."""
    shape = (header["rows"], header["columns"], header["samples"])
    match header["codec"]:
        case "lz4":
            size = int(np.prod(shape))  # type: ignore[arg-type]
            payload = lz4.block.decompress(payload, uncompressed_size=size)
        case "png":
            return np.asarray(cv2.imdecode(np.frombuffer(payload, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)
    return np.frombuffer(payload, np.uint8).reshape(shape).squeeze()  # type: ignore[arg-type]


def encode(codec: str, pixels: Pixels) -> bytes:
    """Return pixels in one of the product's lossless codecs."""
    if codec == "png":
        return bytes(cv2.imencode(".png", pixels)[1])
    return lz4.block.compress(pixels.tobytes(), store_size=False) if codec == "lz4" else pixels.tobytes()


Fault = Callable[[Frame, Frame, np.random.Generator], bytes]


def _nudged(now: Frame, _before: Frame, chance: np.random.Generator) -> bytes:
    pixels = now.pixels.copy()
    at = tuple(int(chance.integers(size)) for size in pixels.shape)
    value = int(pixels[at])
    pixels[at] = value + (1 if value == 0 or (value < 255 and chance.random() < 0.5) else -1)
    return now.holding(pixels)


def _lossy(now: Frame, _before: Frame, chance: np.random.Generator) -> bytes:
    jpeg = cv2.imencode(".jpg", now.pixels, [cv2.IMWRITE_JPEG_QUALITY, int(chance.integers(50, 96))])[1]
    pixels = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_UNCHANGED), np.uint8)
    if np.array_equal(pixels, now.pixels):  # a picture of nothing survives any codec
        return _nudged(now, now, chance)
    return now.holding(pixels)


def _other_slice(now: Frame, before: Frame, chance: np.random.Generator) -> bytes:
    if before.pixels.shape != now.pixels.shape or np.array_equal(before.pixels, now.pixels):
        return _nudged(now, before, chance)
    return now.holding(before.pixels)


def _changed_header(now: Frame, _before: Frame, chance: np.random.Generator) -> bytes:
    changes: list[dict[str, object]] = [
        {"position": int(now.header["position"]) + 1},  # type: ignore[call-overload]
        {"spacing": [0.1, 0.1]},
        {"sop_uid": "1.2.3"},
        {"window": {"center": 1.0, "width": 2.0, "function": "LINEAR", "explanation": ""}},
        {"inverted": not now.header["inverted"]},
        {"overlays": not now.header["overlays"]},
        {"rows": now.header["columns"], "columns": now.header["rows"], "count": 1},
        {"sha256": "0" * 64},
        {"source_lossy": "9.0"},
    ]
    return now.rewritten(**changes[int(chance.integers(len(changes)))])


def _flipped(now: Frame, _before: Frame, chance: np.random.Generator) -> bytes:
    changed = bytearray(now.message)
    for bit in chance.choice(len(changed) * 8, size=int(chance.integers(1, 17)), replace=False):
        changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


FAULTS: dict[str, Fault] = {
    "one pixel ±1": _nudged,
    "a lossy codec": _lossy,
    "another slice's pixels": _other_slice,
    "an earlier frame": lambda _now, before, _chance: before.message,
    "an earlier frame under the new number": lambda now, before, _chance: before.rewritten(seq=now.header["seq"]),
    "an earlier frame that the server numbered anew": lambda now, before, _: before.renumbered(seq=now.header["seq"]),
    "another viewport's frame": lambda now, _before, _chance: now.renumbered(viewport="another"),
    "a changed header": _changed_header,
    "flipped bits": _flipped,
    "a cut message": lambda now, _before, chance: now.message[: int(chance.integers(len(now.message)))],
}


StripFault = Callable[[Frame, Frame, np.random.Generator], list[bytes]]
"""The strip to be changed and one that came before it, of this picture or another; returns what arrives in its place."""


def _of(now: Frame, pixels: Pixels) -> Pixels:
    """Return pixels as many as ``now`` has, from another strip."""
    return np.resize(pixels, now.pixels.shape)


def _rows_of_another(now: Frame, before: Frame, chance: np.random.Generator) -> list[bytes]:
    pixels = _of(now, before.pixels)
    return [_nudged(now, before, chance) if np.array_equal(pixels, now.pixels) else now.holding(pixels)]


def _other_rows(now: Frame, _before: Frame, chance: np.random.Generator) -> list[bytes]:
    strip = dict(now.header["strip"])  # type: ignore[call-overload]
    strip["first_row"] = int(chance.integers(0, 3000))
    return [now.lossless_as(str(now.header["codec"]), now.pixels, strip=strip)]


def _swapped_codec(now: Frame, _before: Frame, _chance: np.random.Generator) -> list[bytes]:
    return [now.renumbered(codec="png" if now.header["codec"] == "lz4" else "lz4")]


STRIP_FAULTS: dict[str, StripFault] = {
    "one pixel ±1 in a strip": lambda now, before, chance: [_nudged(now, before, chance)],
    "the pixels of another strip": _rows_of_another,
    "a strip that lost something": lambda now, before, chance: [_lossy(now, before, chance)],
    "a strip under another codec": _swapped_codec,
    "a strip in other rows": _other_rows,
    "a strip that comes twice": lambda now, _before, _chance: [now.message, now.message],
    "an earlier strip, replayed": lambda now, before, _chance: [before.message, now.message],
    "flipped bits in a strip": lambda now, before, chance: [_flipped(now, before, chance), now.message],
    "a cut strip": lambda now, _before, chance: [now.message[: int(chance.integers(len(now.message)))], now.message],
}
"""The true strip follows where the page cannot even tell what was damaged; else the picture is asked for again."""


@dataclass
class StripMeddler:
    """Changes one strip of every other picture that comes in strips; keeps what the server said of each state."""

    seed: int
    active: bool = False
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STRIP_FAULTS, 0))
    truth: dict[str, str] = field(default_factory=dict)
    _head: Header = field(default_factory=dict)
    _before: Frame | None = None
    _left: int = 0
    _spare: bool = False

    def __post_init__(self) -> None:
        """Begin the chances anew."""
        self._chance = np.random.default_rng(self.seed)

    @property
    def trials(self) -> int:
        """How many pictures were changed."""
        return sum(self.done.values())

    def __call__(self, message: bytes) -> list[bytes]:
        """Return what arrives in place of a message (``Interceptor``)."""
        try:
            header, payload = unpack_frame(message)
        except (WireError, ValueError, UnicodeDecodeError):
            return [message]  # Panel's own
        if header["type"] == "frame":
            self.truth[key_of(header)] = str(header["sha256"])
            self._begin(header)
        if header.get("strip") is None:
            return [message]
        strip = {**header, "rows": header["strip"]["rows"], **{one: self._head[one] for one in ("columns", "samples")}}
        now = Frame(message, header, decode(strip, payload))
        before, self._before = self._before, now
        self._left -= 1
        if not self.active or before is None or self._left != 0:
            return [message]
        name = list(STRIP_FAULTS)[self.trials % len(STRIP_FAULTS)]
        self.done[name] += 1
        return STRIP_FAULTS[name](now, before, self._chance)

    def _begin(self, header: Header) -> None:
        """Choose the strip of this picture that is changed: one of the first four, or none."""
        self._head = header
        self._spare = not self._spare
        self._left = 0 if self._spare else int(self._chance.integers(1, 5))


@dataclass
class Meddler:
    """Changes every picture on its way, and lets the true one follow; keeps what the server said of each state."""

    seed: int
    active: bool = False
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))
    kinds: Counter[str] = field(default_factory=Counter)
    """How many wanted pictures and how many neighbours asked ahead were changed."""
    truth: dict[str, str] = field(default_factory=dict)
    _before: Frame | None = None

    def __post_init__(self) -> None:
        """Begin the chances anew."""
        self._chance = np.random.default_rng(self.seed)

    @property
    def trials(self) -> int:
        """How many pictures were changed."""
        return sum(self.done.values())

    def __call__(self, message: bytes) -> list[bytes]:
        """Return what arrives in place of a message (``Interceptor``)."""
        try:
            header, payload = unpack_frame(message)
        except (WireError, ValueError, UnicodeDecodeError):
            return [message]  # Panel's own
        if header["type"] not in ("frame", "ahead"):
            return [message]
        self.truth[key_of(header)] = str(header["sha256"])
        if header["strip"] is not None:
            return [message]  # large ones are the strip meddler's
        now = Frame(message, header, decode(header, payload))
        before, self._before = self._before, now
        if not self.active or before is None:
            return [message]
        name = list(FAULTS)[self.trials % len(FAULTS)]
        self.done[name] += 1
        self.kinds[str(header["type"])] += 1
        return [FAULTS[name](now, before, self._chance), message]


def key_of(header: Header) -> str:
    """Return what the page's hooks tell of a picture: instance, frame, window and inversion."""
    window = header["window"]
    shown = [window["center"], window["width"], window["function"]] if isinstance(window, dict) else []
    told = [header["sop_uid"], header["frame"], *shown, str(header["inverted"]).lower()]
    return "|".join(f"{one:g}" if isinstance(one, float) else str(one) for one in told)
