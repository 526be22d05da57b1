"""Pacing over whole links, on a clock of its own: a storm of input, a server, a bottleneck each way and a browser.

Everything but the clock, the link and the browser's speed is the product's: pacing, estimates and the choice of codecs.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from readingroom.testing.link import Direction, Link
from readingroom.wire import Painted, ViewRequest
from readingroom_viewer.codec_choice import CodecChoice
from readingroom_viewer.link import FRAMES_PER_S, LONGEST_WINDOW, LinkEstimate
from readingroom_viewer.stream import ViewportStream

RENDER_S = 0.002
MESSAGE_BYTES = 200
SHAPE = (1024, 1024)
RATIOS = {"lz4": 2.6, "png": 3.8, "jpeg": 14.0}
"""Of a noisy CT image of 1024 by 1024 (measured)."""


@dataclass
class Storm:
    """One viewport under a hand that changes the state ``rate`` times a second for ``seconds``."""

    link: Link
    busy_s: float
    rate: int = 200
    seconds: float = 5.0
    now: float = 0.0
    queue: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)
    estimate: LinkEstimate = field(default_factory=LinkEstimate)
    codec: CodecChoice = field(default_factory=CodecChoice)
    wanted: int = 0
    painted: list[tuple[float, int, str]] = field(default_factory=list)
    most_on_their_way: int = 0
    most_held: int = 0
    free_at: float = 0.0
    rendering: bool = False

    def __post_init__(self) -> None:
        """Schedule the hand and the page's pings."""
        self.up, self.down = Direction(self.link), Direction(self.link)
        self.stream = ViewportStream(self.estimate)
        steps = int(self.rate * self.seconds)
        for step in range(1, steps + 1):
            self.at(1 + step / self.rate, lambda step=step: self.move(step))
        for second in range(int(self.seconds) + 3):
            self.at(0.01 + second, self.ping)
        self.at(0.2, self.ping)

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Do something at a moment."""
        heapq.heappush(self.queue, (when, next(self.numbers), act))

    def run(self) -> "Storm":
        """Let time pass until nothing is left to happen."""
        while self.queue:
            self.now, _, act = heapq.heappop(self.queue)
            act()
            self.most_on_their_way = max(self.most_on_their_way, self.stream.on_their_way)
            self.most_held = max(self.most_held, int(self.stream._wanted is not None))
        return self

    def ping(self) -> None:
        """Send a few bytes there and back; the server is told with the next one, here at once."""
        there, sent = self.up.pass_through(MESSAGE_BYTES, self.now), self.now

        def answer() -> None:
            back = self.down.pass_through(MESSAGE_BYTES, self.now)
            self.at(back, lambda: self.estimate.ping(self.now, (self.now - sent) * 1000))

        self.at(there, answer)

    def move(self, seq: int) -> None:
        """Move the hand: a request goes up."""
        self.wanted = seq
        request = ViewRequest("main", seq, "1.2", 0, moving=True)

        def arrive() -> None:
            self.stream.want(request, self.now)
            self.advance()

        self.at(self.up.pass_through(MESSAGE_BYTES, self.now), arrive)

    def advance(self) -> None:
        """Go through the server's loop: one frame is rendered at a time."""
        if self.rendering:
            return
        request = self.stream.next(self.now)
        if request is not None:
            self.rendering = True
            self.at(self.now + RENDER_S, lambda: self.send(request))
        elif (wake := self.stream.wake_at(self.now)) is not None:
            self.at(max(wake, self.now + 1e-6), self.advance)

    def send(self, request: ViewRequest) -> None:
        """Let a frame leave the server."""
        self.rendering = False
        choice = self.codec.choose(SHAPE, request.moving, self.estimate.state)
        size = round(SHAPE[0] * SHAPE[1] / RATIOS[choice.codec])
        self.codec.note(choice.codec, SHAPE[0] * SHAPE[1], size)
        self.stream.sent(request, size, self.now, exact=choice.exact)
        self.at(self.down.pass_through(size, self.now), lambda: self.paint(request.seq, choice.codec))
        self.advance()

    def paint(self, seq: int, codec: str) -> None:
        """Let a frame arrive in the browser, which paints one after the other and says so."""
        arrived = self.now
        self.free_at = max(self.free_at, arrived) + self.busy_s

        def done() -> None:
            self.painted.append((self.now, seq, codec))
            word = Painted("main", seq, codec != "jpeg", arrived * 1000, (self.now - arrived) * 1000)
            self.at(self.up.pass_through(MESSAGE_BYTES, self.now), lambda: self.acknowledge(word))

        self.at(self.free_at, done)

    def acknowledge(self, word: Painted) -> None:
        """Give the browser's word to the server."""
        self.stream.acknowledge(word, self.now)
        self.advance()

    def after_last_input(self, *codecs: str) -> float:
        """Return the seconds from the last input until its state was on the screen, in one of these codecs."""
        return min(at for at, seq, codec in self.painted if seq == self.wanted and codec in codecs) - 1 - self.seconds

    def frame_s(self, codec: str) -> float:
        """Return the seconds of one frame's own work: rendering, the bottleneck, decoding and painting."""
        return RENDER_S + self.link.seconds_for(round(SHAPE[0] * SHAPE[1] / RATIOS[codec])) + self.busy_s


LAN = Link(0.0005, 1e9)
SLOW = Link(0.040, 20e6)
FAST = Link(0.040, 100e6)
THIN = Link(0.060, 5e6)
LINKS = pytest.mark.parametrize(
    ("link", "busy_s"), [(LAN, 0.006), (LAN, 0.1), (SLOW, 0.006), (FAST, 0.006), (THIN, 0.006)],
    ids=["lan", "lan, slow browser", "80 ms 20 Mbit/s", "80 ms 100 Mbit/s", "120 ms 5 Mbit/s"],
)  # fmt: skip


@LINKS
def test_a_storm_leaves_no_queue(link: Link, busy_s: float) -> None:
    """Of 200 inputs a second never more than one is held, and never more frames are on their way than the window."""
    storm = Storm(link, busy_s).run()

    assert 1 == storm.most_held
    assert storm.most_on_their_way <= LONGEST_WINDOW
    assert 0 == storm.stream.on_their_way


@LINKS
def test_the_last_state_is_shown_and_exact(link: Link, busy_s: float) -> None:
    """It is there after a round trip, the frame that was on its way and its own; then it is exact, whatever the link."""
    storm = Storm(link, busy_s).run()
    moving = next(codec for _, seq, codec in reversed(storm.painted) if seq < storm.wanted)
    trip = 2 * link.delay_s

    assert storm.after_last_input("lz4", "png", "jpeg") <= trip + 2 * storm.frame_s(moving) + 1 / FRAMES_PER_S
    assert storm.wanted == storm.painted[-1][1]
    assert storm.painted[-1][2] in {"lz4", "png"}


@pytest.mark.parametrize(
    ("link", "codecs"), [(LAN, {"lz4"}), (replace(FAST, rate_bit_s=60e6), {"png"}), (THIN, {"jpeg"})],
    ids=["lan", "60 Mbit/s", "5 Mbit/s"],
)  # fmt: skip
def test_the_link_decides_the_codec(link: Link, codecs: set[str]) -> None:
    """Exact on links that hold 20 exact frames a second, smaller ones below 80 Mbit/s, loss only where it must be."""
    storm = Storm(link, 0.006).run()
    settled = [codec for at, seq, codec in storm.painted if at > 3 and seq < storm.wanted]

    assert codecs == set(settled)


@LINKS
def test_the_picture_keeps_moving(link: Link, busy_s: float) -> None:
    """On every link, frames of a drag arrive at half the rate at least that link and browser could carry, or at 20 a second."""
    storm = Storm(link, busy_s).run()
    settled = [codec for at, _, codec in storm.painted if 3 < at < 6]
    possible = 1 / max(busy_s, link.seconds_for(round(SHAPE[0] * SHAPE[1] / RATIOS["jpeg"])))

    assert len(settled) / 3 >= min(FRAMES_PER_S, possible / 2) * 0.9
